"""Finds red round seals and removes them from the text under them.

A seal may lie on the text of the last page, or as strips over the edges of several pages. Red ink is dark in green and blue
light. In red light it is nearly as light as paper, so the red channel shows the text under it. Titles and patterns printed in
red stay.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from digitizer.model import Box, Floats, Mark, Pixels
from digitizer.pages.ink import coarse

#: resolution of the copy on which seals are searched
SEALS_DPI = 50.0
#: least and greatest outer diameter, mm, of seals of agencies and small ones on cards (Circular 01/1999/TT-BNV: 32 to 42)
_DIAMETER_MM = (26.0, 48.0)
#: least difference of red ink between red and green light, grey levels over white paper
_REDDER = 28
#: least share of red px on a page that may have a seal
_LEAST_RED = 2e-4
#: number of sectors of a ring
_SECTORS = 72
#: least share of a ring's sectors on the page that have ink on the ring
_RING = 0.62
#: least share of the circle that lies on the page
_SHOWN = 0.22
#: ink that is lighter in red than in green light by more than this, as a share of the paper, is partly the seal's
_BARELY_RED = 0.03
#: ink that is lighter in red than in green light by this, as a share of the paper, is wholly the seal's
_CLEARLY_RED = 0.12
#: most seals on one page
_MOST = 8
#: number of times that a circle is fitted to the outermost ink
_ROUNDS = 4

#: (sectors, radii) px
Whole = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Seal:
    """A circle on a page, px."""

    #: x of the middle, which may lie beyond the edge
    x: float
    #: y of the middle
    y: float
    #: outer radius
    radius: float

    def scaled(self, factor: float) -> Seal:
        """The seal on a copy `factor` times as large."""
        return Seal(factor * self.x, factor * self.y, factor * self.radius)

    def box(self, width: int, height: int) -> Box:
        """The box of its part on a page of `width` x `height` px."""
        x0, x1 = np.clip((self.x - self.radius, self.x + self.radius), 0, width)
        y0, y1 = np.clip((self.y - self.radius, self.y + self.radius), 0, height)
        return Box(float(x0), float(y0), float(x1), float(y1))


def seal_marks(seals: tuple[Seal, ...], width: int, height: int) -> tuple[Mark, ...]:
    """Seals as marks of a page of `width` x `height` px."""
    return tuple(Mark(kind="seal", box=seal.box(width, height)) for seal in seals)


def find_seals(pixels: Pixels, dpi: float) -> tuple[Seal, ...]:
    """The red round seals on an upright page, also strips of them at its edges.

    `pixels`: (H, W, 3) uint8 RGB. `dpi`: dots per inch, 0 for unknown.
    """
    scale = min(1.0, SEALS_DPI / dpi) if dpi > 0 else 1.0
    small = coarse(pixels, scale)
    red = find_red(small)
    if np.count_nonzero(red) < _LEAST_RED * red.size:
        return ()
    mm = (dpi * scale if dpi > 0 else SEALS_DPI) / 25.4
    margin = round(_DIAMETER_MM[1] / 2 * mm)
    framed = cv2.copyMakeBorder(red, margin, margin, margin, margin, cv2.BORDER_CONSTANT, value=0)
    found: list[Seal] = []
    radii = 0.5 * (_DIAMETER_MM[0] - 1) * mm, 0.5 * (_DIAMETER_MM[1] + 1) * mm
    for x, y, radius in _circles(framed, mm):
        rough = Seal(x, y, radius)
        seal = _fitted(framed, rough, margin, radii) if _is_new(rough, found) else None
        if seal is not None and _is_new(seal, found):
            found.append(seal)
    # the middle of a px is half a px from its corner
    return tuple(Seal((s.x - margin + 0.5) / scale, (s.y - margin + 0.5) / scale, s.radius / scale) for s in found[:_MOST])


def _is_new(seal: Seal, found: list[Seal]) -> bool:
    """Whether `seal` overlaps none of `found`."""
    return all(np.hypot(seal.x - s.x, seal.y - s.y) > 0.5 * (seal.radius + s.radius) for s in found)


def find_red(pixels: Pixels) -> Pixels:
    """Mask of red ink. `pixels`: (h, w, 3) uint8 RGB, paper of any tint."""
    red, green, blue = cv2.split(_on_white(pixels))
    darker = cv2.min(cv2.subtract(red, green), cv2.subtract(red, cv2.addWeighted(blue, 0.8, green, 0.2, 0)))
    mask: Pixels = cv2.compare(darker, _REDDER, cv2.CMP_GT)
    return mask


def _on_white(pixels: Pixels) -> Pixels:
    """`pixels` with tint and shadow of the paper removed."""
    kernel = np.ones((15, 15), np.uint8)
    paper = cv2.blur(cv2.morphologyEx(pixels, cv2.MORPH_CLOSE, kernel), (15, 15))
    white: Pixels = cv2.divide(pixels, paper, scale=255)
    return white


def _circles(framed: Pixels, mm: float) -> npt.NDArray[np.float32]:
    """Possible rings, (N, 3): x, y, radius, best first."""
    soft = cv2.GaussianBlur(framed, (0, 0), 1.0)
    low, high = (round(side / 2 * mm) for side in _DIAMETER_MM)
    found = cv2.HoughCircles(
        soft, cv2.HOUGH_GRADIENT, dp=1.5, minDist=5 * mm, param1=120, param2=14, minRadius=low, maxRadius=high
    )
    return np.zeros((0, 3), np.float32) if found is None else found[0][: 4 * _MOST]


def _fitted(framed: Pixels, seal: Seal, margin: int, radii: tuple[float, float]) -> Seal | None:
    """`seal` fitted to its outer ring. None when there is no ring with a radius within `radii`, (least, greatest).

    `framed`: mask with `margin` px around the page.
    """
    low, high = radii
    for _ in range(_ROUNDS):
        edge = _outermost(framed, seal, margin)
        if len(edge) < _SHOWN * _SECTORS / 2:
            return None
        seal = _through(edge, seal)
        if not low <= seal.radius <= high:
            return None
    inked, shown = _ring(framed, seal, margin)
    return seal if shown >= _SHOWN and inked >= _RING else None


def _points(seal: Seal, radii: Floats) -> tuple[Whole, Whole]:
    """(x, y), each (sectors, radii) whole px, on circles with these `radii` about the middle of a seal."""
    angles = np.linspace(0, 2 * np.pi, _SECTORS, endpoint=False)[:, None]
    return np.rint(seal.x + radii * np.cos(angles)).astype(np.int64), np.rint(seal.y + radii * np.sin(angles)).astype(np.int64)


def _on_page(framed: Pixels, x: Whole, y: Whole, margin: int) -> npt.NDArray[np.bool_]:
    height, width = framed.shape
    on: npt.NDArray[np.bool_] = (x >= margin) & (x < width - margin) & (y >= margin) & (y < height - margin)
    return on


def _outermost(framed: Pixels, seal: Seal, margin: int) -> Floats:
    """(N, 2) px of the outermost ink near the ring, sector by sector."""
    radii: Floats = np.arange(0.8 * seal.radius, 1.2 * seal.radius, 0.5, dtype=np.float64)
    x, y = _points(seal, radii)
    inked = _on_page(framed, x, y, margin)
    inked[inked] = framed[y[inked], x[inked]] > 0
    last = len(radii) - 1 - np.argmax(inked[:, ::-1], axis=1)
    some = inked.any(axis=1)
    angles = np.linspace(0, 2 * np.pi, _SECTORS, endpoint=False)[some]
    away = radii[last[some]]
    return np.column_stack([seal.x + away * np.cos(angles), seal.y + away * np.sin(angles)])


def _through(edge: Floats, seal: Seal) -> Seal:
    """The circle through the points of `edge`, (N, 2), that lie nearest to `seal`."""
    off = abs(np.hypot(edge[:, 0] - seal.x, edge[:, 1] - seal.y) - seal.radius)
    near = edge[off <= np.median(off) + 1.0]
    # x² + y² = 2ax + 2by + c
    design = np.column_stack([2 * near, np.ones(len(near))])
    a, b, c = np.linalg.lstsq(design, (near**2).sum(axis=1), rcond=None)[0]
    return Seal(float(a), float(b), float(np.sqrt(max(c + a * a + b * b, 1.0))))


def _ring(framed: Pixels, seal: Seal, margin: int) -> tuple[float, float]:
    """(share of the ring on the page that is inked, share of the ring that is on the page)."""
    x, y = _points(seal, seal.radius - np.array([2.0, 1.0, 0.0]))
    inside = _on_page(framed, x, y, margin)
    inked = inside.copy()
    inked[inside] = framed[y[inside], x[inside]] > 0
    shown = int(inside.any(axis=1).sum())
    return float(inked.any(axis=1).sum() / max(shown, 1)), shown / _SECTORS


def lift_seals(pixels: Pixels, seals: tuple[Seal, ...]) -> Pixels:
    """`pixels` ((H, W, 3) uint8 RGB) without the seals, with the text under them. A copy when there are any."""
    if not seals:
        return pixels
    lifted = pixels.copy()
    height, width = pixels.shape[:2]
    for seal in seals:
        box = Seal(seal.x, seal.y, 1.08 * seal.radius).box(width, height)
        x0, y0, x1, y1 = (round(edge) for edge in (box.x0, box.y0, box.x1, box.y1))
        if x1 - x0 > 4 and y1 - y0 > 4:
            lifted[y0:y1, x0:x1] = _lifted(pixels[y0:y1, x0:x1], Seal(seal.x - x0, seal.y - y0, 1.08 * seal.radius))
    return lifted


def _lifted(patch: Pixels, seal: Seal) -> Pixels:
    """`patch` with red px inside the circle replaced by the red channel, without the seal's own shade in it."""
    paper = np.percentile(patch.reshape(-1, 3)[::7], 80, axis=0).clip(1).astype(np.float32)
    light = np.minimum(patch / paper, 1)
    red = light[..., 0]
    y, x = np.ogrid[: patch.shape[0], : patch.shape[1]]
    inside = np.hypot(x - seal.x, y - seal.y) <= seal.radius
    redder = np.where(inside, red - light[..., 1], 0)
    inked = redder > _CLEARLY_RED
    # darkness of the seal in red light. Text under it is darker
    shade = float(np.percentile(1 - red[inked], 80)) if inked.any() else 0.0
    under = 1 - np.maximum(1 - red - shade, 0) / max(1 - shade, 0.2)
    share = np.clip((redder - _BARELY_RED) / (_CLEARLY_RED - _BARELY_RED), 0, 1)[..., None]
    result: Pixels = (patch * (1 - share) + under[..., None] * paper * share + 0.5).astype(np.uint8)
    return result
