"""A sheet photographed on a desk with a phone, at an angle, with the place of every point known."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from training.drawing.paper import Sheet

Pixels = NDArray[np.uint8]
#: wood light and dark, cloth, stone
DESKS = ((166, 124, 82), (92, 62, 40), (62, 82, 128), (118, 120, 122))


@dataclass(frozen=True, slots=True, kw_only=True)
class Photo:
    """`matrix` (3, 3): from px of the drawn sheet to px of the photo."""

    pixels: Pixels
    matrix: NDArray[np.float64]

    def points(self, xy: NDArray[np.float64]) -> NDArray[np.float64]:
        """Points `(n, 2)` of the sheet as px of the photo."""
        found: NDArray[np.float64] = cv2.perspectiveTransform(np.asarray(xy, np.float64)[None], self.matrix)[0]
        return found


def photograph(sheet: Sheet, rng: np.random.Generator, *, tilt: float = 0.07, skew_deg: float | None = None) -> Photo:
    """One photo, all of the sheet on it.

    Args:
        sheet: what was drawn. It stays as it is.
        rng: source of every choice.
        tilt: how far a corner strays from its place at most, as a share of the shorter side.
        skew_deg: clockwise turn of the sheet, else drawn, up to 6 degrees.
    """
    width, height = sheet.width, sheet.height
    margin = round(0.13 * width)
    size = width + 2 * margin, height + 2 * margin
    angle = np.radians(rng.uniform(-6, 6) if skew_deg is None else skew_deg)
    corners = np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float64)
    turn = np.array(((np.cos(angle), -np.sin(angle)), (np.sin(angle), np.cos(angle))))
    placed = 0.94 * (corners - (width / 2, height / 2)) @ turn.T + (size[0] / 2, size[1] / 2)
    placed += rng.uniform(-tilt, tilt, (4, 2)) * min(width, height)
    matrix = cv2.getPerspectiveTransform(corners.astype(np.float32), placed.astype(np.float32)).astype(np.float64)
    image = _lay(sheet.pixels, matrix, _desk(rng, size), sheet.px(1))
    if rng.random() < 0.4:
        _finger(image, rng, placed)
    return Photo(pixels=_exposed(image, rng), matrix=matrix)


def _desk(rng: np.random.Generator, size: tuple[int, int]) -> Pixels:
    """A surface with a grain that runs one way."""
    grain = cv2.resize(
        rng.normal(0, 1, (size[1] // 3, size[0] // 60 + 2)).astype(np.float32), size, interpolation=cv2.INTER_CUBIC
    )
    colour = np.array(DESKS[int(rng.integers(len(DESKS)))], np.float32)
    return np.clip(colour * (1 + 0.06 * grain[..., None]), 0, 255).astype(np.uint8)


def _lay(page: Pixels, matrix: NDArray[np.float64], desk: Pixels, mm: float) -> Pixels:
    """The page on the desk, with its shadow."""
    size = desk.shape[1], desk.shape[0]
    cover = cv2.warpPerspective(np.full(page.shape[:2], 255, np.uint8), matrix, size, flags=cv2.INTER_LINEAR)
    shadow = cv2.GaussianBlur(np.roll(cover, (round(1.2 * mm), round(0.8 * mm)), axis=(0, 1)), (0, 0), 1.5 * mm)
    ground = desk * (1 - 0.35 * shadow[..., None].astype(np.float32) / 255)
    seen = cv2.warpPerspective(page, matrix, size, flags=cv2.INTER_LINEAR)
    share = cover[..., None].astype(np.float32) / 255
    return (seen * share + ground * (1 - share)).astype(np.uint8)


def _finger(image: Pixels, rng: np.random.Generator, corners: NDArray[np.float64]) -> None:
    """The tip of a finger on one of the long sides."""
    side = int(rng.integers(2))
    start, end = corners[[1, 0][side]], corners[[2, 3][side]]
    middle = start + (end - start) * rng.uniform(0.3, 0.75)
    long = 0.07 * np.linalg.norm(end - start)
    cv2.ellipse(
        image,
        tuple(map(int, middle)),
        (int(long), int(0.45 * long)),
        rng.uniform(-20, 20),
        0,
        360,
        (208, 158, 132),
        -1,
        cv2.LINE_AA,
    )


def _exposed(image: Pixels, rng: np.random.Generator) -> Pixels:
    """Light from one side, a soft lens, grain."""
    height, width = image.shape[:2]
    y, x = np.linspace(-1, 1, height, dtype=np.float32)[:, None], np.linspace(-1, 1, width, dtype=np.float32)[None]
    slope = rng.uniform(-0.14, 0.14, 2).astype(np.float32)
    lit = image * (np.float32(0.88) + slope[0] * x + slope[1] * y)[..., None]
    soft = cv2.GaussianBlur(lit, (0, 0), float(rng.uniform(0.5, 0.9)))
    return np.clip(soft + rng.standard_normal((height, width, 1), np.float32) * 2.2, 0, 255).astype(np.uint8)
