"""A sheet of paper in px: what is drawn on it, and every line of text that is written on it.

Lengths are given in mm and turned into px by `Sheet.px`. Positions are px from the left upper corner, y down.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from training.drawing.ink import Ink, Mask, Stroke, Writer, squeeze

Box = tuple[int, int, int, int]
#: reading order within one page
SECTIONS = ("header", "body", "signatures", "margin", "footer")
A4, A3 = (210.0, 297.0), (420.0, 297.0)
BLACK = Ink((22, 22, 24), 0.94)


@dataclass(slots=True)
class Run:
    """Text of one writer on one line, and the box of its ink."""

    text: str
    box: Box
    hand: bool
    #: follows what is before it without a space
    tight: bool = False


@dataclass(slots=True)
class Line:
    """One line of text, from left to right."""

    section: str
    runs: list[Run] = field(default_factory=list)
    #: page of a spread, 0 the left one
    part: int = 0

    @property
    def text(self) -> str:
        """All runs, one space between."""
        return " ".join("".join(("" if run.tight else " ") + run.text for run in self.runs).split())

    @property
    def hand(self) -> bool:
        """Whether any of it is handwritten."""
        return any(run.hand for run in self.runs)

    @property
    def box(self) -> Box:
        """Box of the ink, px of the sheet."""
        return around([run.box for run in self.runs])

    @property
    def order(self) -> tuple[int, int]:
        """Place in reading order. Lines of equal order keep the order of drawing."""
        return self.part, SECTIONS.index(self.section)


class Sheet:
    """A blank sheet. Drawing changes `pixels` `(H, W, 3)` uint8 RGB in place.

    Args:
        size_mm: width and height.
        dpi: resolution it will be scanned with.
        tone: colour of the paper.
    """

    def __init__(self, size_mm: tuple[float, float], dpi: int, tone: tuple[int, int, int] = (250, 250, 248)) -> None:
        self.dpi = dpi
        width, height = (round(side * dpi / 25.4) for side in size_mm)
        self.pixels: NDArray[np.uint8] = np.full((height, width, 3), tone, np.uint8)
        self.lines: list[Line] = []

    @property
    def width(self) -> int:
        """Width, px."""
        return self.pixels.shape[1]

    @property
    def height(self) -> int:
        """Height, px."""
        return self.pixels.shape[0]

    def px(self, mm: float) -> float:
        """Millimetres as px."""
        return mm * self.dpi / 25.4

    def points(self, size: float) -> float:
        """A type size in points as px."""
        return size * self.dpi / 72

    def line(self, section: str) -> Line:
        """A new line of text, empty until something is written on it."""
        self.lines.append(Line(section))
        return self.lines[-1]

    def reading(self) -> list[Line]:
        """The written lines in reading order."""
        return sorted((line for line in self.lines if line.text), key=lambda line: line.order)

    def write(
        self,
        writer: Writer,
        text: str,
        x: float,
        baseline: float,
        line: Line | None = None,
        *,
        narrow: float = 1.0,
        tight: bool = False,
    ) -> Box:
        """Writes `text` from x along a baseline and notes it on `line`, where one is given. Returns the box of its ink."""
        strokes = squeeze(writer.write(text), narrow)
        boxes = [self.lay(writer.ink, stroke, round(x), round(baseline)) for stroke in strokes]
        box = around(boxes)
        if line is not None:
            line.runs.append(Run(" ".join(text.split()), box, writer.hand, tight))
        return box

    def lay(self, ink: Ink, stroke: Stroke, x: int, y: int) -> Box:
        """Lay one stroke. Returns the box of its ink."""
        ink.lay(self.pixels, stroke.mask, x + stroke.x, y + stroke.y)
        return _ink_box(stroke.mask, x + stroke.x, y + stroke.y)

    def rule(self, x0: float, y0: float, x1: float, y1: float, width_mm: float = 0.3, ink: Ink = BLACK) -> None:
        """A straight upright or level line between two points."""
        half = max(1.0, self.px(width_mm)) / 2
        left, right = sorted((x0, x1))
        top, bottom = sorted((y0, y1))
        mask = np.full(
            (
                max(1, round(bottom - top + (2 * half if left != right or top == bottom else 0))),
                max(1, round(right - left + (2 * half if left == right else 0))),
            ),
            255,
            np.uint8,
        )
        ink.lay(self.pixels, mask, round(left - (half if left == right else 0)), round(top - (half if top == bottom else 0)))

    def frame(self, x0: float, y0: float, x1: float, y1: float, width_mm: float = 0.3, ink: Ink = BLACK) -> None:
        """A rectangle of lines."""
        for a, b, c, d in ((x0, y0, x1, y0), (x0, y1, x1, y1), (x0, y0, x0, y1), (x1, y0, x1, y1)):
            self.rule(a, b, c, d, width_mm, ink)

    def dots(self, x0: float, x1: float, baseline: float, step_mm: float, dot_mm: float, ink: Ink = BLACK) -> None:
        """A dotted line, as forms have under values."""
        step, radius = max(2.0, self.px(step_mm)), self.px(dot_mm) / 2
        if x1 - x0 < step:
            return
        scale, height = 4, max(3, round(4 * radius) + 2)
        mask = np.zeros((height * scale, (round(x1 - x0) + 2) * scale), np.uint8)
        for x in np.arange(radius, x1 - x0, step):
            cv2.circle(mask, (round(x * scale), height * scale // 2), max(1, round(radius * scale)), 255, -1)
        small = cv2.resize(mask, (mask.shape[1] // scale, height), interpolation=cv2.INTER_AREA)
        ink.lay(self.pixels, small, round(x0), round(baseline) - height // 2)


def spread(left: Sheet, right: Sheet) -> Sheet:
    """Two facing pages as one sheet."""
    both = Sheet((1, 1), left.dpi)
    both.pixels = np.ascontiguousarray(np.concatenate((left.pixels, right.pixels), axis=1))
    both.lines = left.reading()
    for line in right.reading():
        runs = [
            Run(r.text, (r.box[0] + left.width, r.box[1], r.box[2] + left.width, r.box[3]), r.hand, r.tight) for r in line.runs
        ]
        both.lines.append(Line(line.section, runs, part=1))
    return both


def around(boxes: Sequence[Box]) -> Box:
    """The smallest box around boxes. Empty ones do not count."""
    found = [b for b in boxes if b[2] > b[0]] or [(0, 0, 0, 0)]
    return min(b[0] for b in found), min(b[1] for b in found), max(b[2] for b in found), max(b[3] for b in found)


def _ink_box(mask: Mask, x: int, y: int) -> Box:
    inked = mask > 48
    columns, rows = np.flatnonzero(inked.any(axis=0)), np.flatnonzero(inked.any(axis=1))
    if not columns.size:
        return x, y, x, y
    return x + int(columns[0]), y + int(rows[0]), x + int(columns[-1]) + 1, y + int(rows[-1]) + 1
