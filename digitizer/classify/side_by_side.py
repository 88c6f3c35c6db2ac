"""Two papers that lay side by side on the glass, read as one page: each becomes a PageText of its own.

Both keep the px of the page they were read on, so that boxes and `to_scan` stay true; only lines, boxes and marks are divided.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from digitizer.classify.doubts import national_titles
from digitizer.geometry import cut_out
from digitizer.model import PageText


def split_side_by_side(texts: Sequence[PageText], positions: Sequence[int]) -> tuple[tuple[PageText, ...], tuple[int, ...]]:
    """`texts` and their `positions`, pages that hold two papers divided; where no clear strip divides them a page stays whole."""
    found = [(half, position) for text, position in zip(texts, positions, strict=True) for half in _halves(text)]
    return tuple(text for text, _ in found), tuple(position for _, position in found)


def _halves(page: PageText) -> tuple[PageText, ...]:
    cut = _strip(page)
    if cut is None:
        return (page,)
    left, right = cut_out(page, lambda box: box.centre[0] < cut), cut_out(page, lambda box: box.centre[0] >= cut)
    return replace(left, part=2 * page.part), replace(right, part=2 * page.part + 1)


def _strip(page: PageText) -> float | None:
    """Middle of the widest strip, px, that no line crosses between the national titles of two papers; None without one."""
    titles = national_titles(page.lines)
    if titles is None:
        return None
    left, right = titles[0].box.x1, titles[1].box.x0
    between = [line.box for line in page.lines if line.box.x1 > left and line.box.x0 < right]
    free, reached = [], left
    for x0, x1 in [*sorted((box.x0, box.x1) for box in between), (right, right)]:
        free.append((x0 - reached, (x0 + reached) / 2))
        reached = max(reached, x1)
    width, middle = max(free)
    return middle if width >= titles[0].box.height else None
