"""Splits a page with two papers that lay side by side on the scanner. Each paper becomes a PageText.

Both halves keep the size and coordinates of the page, so boxes and `to_scan` stay valid. Lines, cells and marks are divided.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from itertools import count

from digitizer.classify.doubts import national_titles
from digitizer.geometry import cut_out
from digitizer.model import PageText


def split_side_by_side(texts: Sequence[PageText], positions: Sequence[int]) -> tuple[tuple[PageText, ...], tuple[int, ...]]:
    """`texts` and the `positions` of their scans, with each page of two papers split in its halves, the left one first.

    A page without a clear strip between the papers stays whole. `PageText.part` numbers the pages of a scan from the left.
    """
    halves = [(half, position) for text, position in zip(texts, positions, strict=True) for half in _halves(text)]
    numbers: defaultdict[int, count[int]] = defaultdict(count)
    pages = tuple(replace(half, part=next(numbers[position])) for half, position in halves)
    return pages, tuple(position for _, position in halves)


def _halves(page: PageText) -> tuple[PageText, ...]:
    cut = _strip(page)
    if cut is None:
        return (page,)
    return cut_out(page, lambda box: box.centre[0] < cut), cut_out(page, lambda box: box.centre[0] >= cut)


def _strip(page: PageText) -> float | None:
    """x, px, of the middle of the widest strip without lines between the national titles of two papers.

    None: there are no two papers, or the strip is narrower than a title is high.
    """
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
