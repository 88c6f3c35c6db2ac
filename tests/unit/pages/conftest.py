"""Pages drawn for tests: rows of letter-like marks, nothing a library could know beforehand."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from digitizer.model import Scan
from digitizer.pages import ScanFile
from digitizer.settings import Limits, PageOptions

TEXT = (
    "UY BAN NHAN DAN xa Son Duong",
    "Ho, chu dem, ten: NGUYEN THI HOA",
    "Ngay sinh: 15/08/1987 dan toc Tay",
    "Noi cu tru: thon Minh Khai",
)


def drawn(width: int = 868, height: int = 1228, rows: int = 26, ink: int = 25) -> NDArray[np.uint8]:
    """A white page with rows of text, (H, W, 3) uint8."""
    page = np.full((height, width, 3), 250, np.uint8)
    for row in range(rows):
        y = 120 + row * (height - 240) // max(rows, 1)
        text = TEXT[row % len(TEXT)] + ("" if row % 3 else " - tinh Tuyen Quang, ngay 01 thang 9")
        cv2.putText(page, text, (90, y), cv2.FONT_HERSHEY_COMPLEX, width / 1500, (ink, ink, ink), 2, cv2.LINE_AA)
    return page


def turned(page: NDArray[np.uint8], degrees: float) -> NDArray[np.uint8]:
    """`page` turned clockwise by `degrees` about its middle, white around."""
    height, width = page.shape[:2]
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), -degrees, 1.0)
    return cv2.warpAffine(page, matrix, (width, height), flags=cv2.INTER_CUBIC, borderValue=(250, 250, 250))


def scan_of(pixels: NDArray[np.uint8], dpi: float | None = 150.0) -> Scan:
    return Scan(source="5" * 64, index=0, pixels=np.ascontiguousarray(pixels), dpi=dpi)


@pytest.fixture
def opened() -> Callable[..., ScanFile]:
    """`opened(path, pages=3)` opens a file under limits of the test's own."""

    def call(path: Path, *, render_dpi: int = 100, **limits: int | float) -> ScanFile:
        return ScanFile(path, source="5" * 64, options=PageOptions(limits=Limits(**limits), render_dpi=render_dpi))

    return call
