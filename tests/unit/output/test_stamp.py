"""The visible mark on the first page."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pymupdf
import pytest

from digitizer.output import PdfStyle
from tests.unit.output.builders import copied, text_of, written
from tests.validators import findings


@pytest.mark.slow
@pytest.mark.parametrize("rotation", [0, 90])
def test_the_mark_is_seen_at_the_top_left_and_does_not_join_the_text(tmp_path: Path, rotation: int) -> None:
    text = text_of("", rotation=rotation)
    plain, _ = written(tmp_path, texts=[text])
    before = pixels(plain)
    marked, _ = written(tmp_path, texts=[text], style=PdfStyle(titles={}, mark="ĐÃ SỐ HÓA"))
    changed = np.argwhere(np.abs(pixels(marked) - before).sum(axis=2) > 60)
    top, left = changed.min(axis=0)
    bottom, right = changed.max(axis=0)
    assert (10 < top < bottom < 50) and (10 < left < right < 140)
    assert len(changed) < 0.7 * (bottom - top) * (right - left), "letters, not a box"
    assert copied(marked) == copied(plain)
    assert findings(marked) == []


def pixels(pdf: Path) -> np.ndarray:  # type: ignore[type-arg]
    with pymupdf.open(pdf) as opened:
        shown = opened[0].get_pixmap(dpi=72)
    return np.frombuffer(shown.samples, np.uint8).reshape(shown.height, shown.width, 3).astype(int)
