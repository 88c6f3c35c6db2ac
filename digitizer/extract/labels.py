"""Finds printed labels in rows of text.

Most labels end in a colon. The words before a colon are compared, folded, with the labels of the type.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from rapidfuzz.distance import Levenshtein

from digitizer.doctypes import DocType
from digitizer.extract.rows import Row

#: least likeness of a printed label and a declared one
ALIKE = 0.78
#: least likeness when both end in the same short word: `Quyh số`
ENDS_ALIKE = 0.6
#: a label of at most this many letters may be the end of a longer one: `Quyh số: 01/2001`
_TINY = 4
#: a label of at least this many letters is found even if its value touches it: `Nơi ĐKHK thường trúThôn Bản Thàng`
_LONG = 12
#: numbering before a label: `I. `, `1. `, `a) `
_MARKER = re.compile(r"(?:[ivx]{1,4}|\d{1,2}|[a-z])[.)]\s+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """A printed label that was found."""

    #: index of its row
    row: int
    #: first letter of the label in the row
    start: int
    #: letter after the label
    end: int
    #: the declared label, folded
    label: str


def labels_in(rows: Sequence[Row], at: int, doctype: DocType) -> list[Hit]:
    """The labels in row `at`, and one that begins in the row above it."""
    row, hits = rows[at], find_labels(rows[at].folded, at, doctype)
    above = rows[at - 1] if at else None
    if above is None or above.page != row.page or (hits and hits[0].start == 0):
        return hits
    colon = row.folded.find(":")
    if colon < 0 or row.line.box.y0 - above.line.box.y1 > 1.2 * row.line.box.height:
        return hits
    found = _broken_label(above.folded, row.folded[:colon], doctype.labels)
    if found is None:
        return hits
    start, label = found
    # `locate.py` counts these two as one label over two rows
    begins = Hit(row=at - 1, start=start, end=len(above.folded), label=label)
    return [begins, Hit(row=at, start=0, end=colon + 1, label=label), *(hit for hit in hits if hit.start > colon)]


def _broken_label(above: str, below: str, labels: Sequence[str]) -> tuple[int, str] | None:
    """(start in `above`, label) of a label that ends one row and fills the next up to its colon, or None."""
    joined = f"{above} {below}".rstrip(" .")
    best: tuple[float, int, str] | None = None
    for label in labels:
        start = len(joined) - len(label)
        if not len(below) < len(label) <= len(joined) or len(above) - start < 4:
            continue
        alike = Levenshtein.normalized_similarity(joined[start:], label)
        if alike >= 0.85 and (best is None or alike > best[0]):
            best = (alike, max(start, 0), label)
    return (best[1], best[2]) if best else None


def find_labels(folded: str, row: int, doctype: DocType) -> list[Hit]:
    """The labels in one folded line: words before a colon, words the line begins with, and inline labels anywhere."""
    hits: list[Hit] = []
    begin = 0
    for colon in [*(m.start() for m in re.finditer(":", folded))]:
        found = _label_before(folded, begin, colon, doctype.labels)
        if found:
            hits.append(Hit(row=row, start=found[0], end=colon + 1, label=found[1]))
            begin = colon + 1
    first = min((hit.start for hit in hits), default=len(folded))
    start = _label_at_start(folded[:first], doctype.labels)
    if start:
        hits.insert(0, Hit(row=row, start=0, end=start[0], label=start[1]))
    for spec in doctype.fields:
        for label in spec.label if spec.where == "inline" else ():
            if (at := folded.find(label)) >= 0 and not any(h.start <= at < h.end for h in hits):
                hits.append(Hit(row=row, start=at, end=at + len(label), label=label))
    return sorted(hits, key=lambda h: h.start)


def _label_before(folded: str, begin: int, colon: int, labels: Sequence[str]) -> tuple[int, str] | None:
    """(start, label) of the label that ends at the colon, or None."""
    best: tuple[float, int, str] | None = None
    text = folded[begin:colon].rstrip()
    starts = [m.start() for m in re.finditer(r"(?<!\S)\S", text)]
    short = {f" {label}" for label in labels if len(label) <= _TINY}
    for label in labels:
        for start in starts:
            candidate = text[start:].strip(" .")
            if abs(len(candidate) - len(label)) > max(2, len(label) // 4):
                continue
            ended = any(candidate.endswith(end) and label.endswith(end) for end in short)
            if (alike := _alike(candidate, label)) < (ENDS_ALIKE if ended else _needed(label)):
                continue
            # of equally alike labels the longer one wins, and `quyen so` wins over its end `so`
            weight = alike + len(label) * 0.003 + 0.4 * ended
            if best is None or (weight, -start) > (best[0], -best[1]):
                best = (weight, begin + start, label)
    return (best[1], best[2]) if best else None


def _alike(candidate: str, label: str) -> float:
    """Likeness, 0-1, of two labels. Of a label in two languages (`họ tên/full name`) the first one counts more."""
    alike = Levenshtein.normalized_similarity(candidate, label)
    if "/" not in candidate or "/" not in label:
        return alike
    halves = [[part.strip() for part in text.split("/", 1)] for text in (candidate, label)]
    first, second = (Levenshtein.normalized_similarity(a, b) for a, b in zip(*halves, strict=True))
    return max(alike, 0.7 * first + 0.3 * second)


def _label_at_start(folded: str, labels: Sequence[str]) -> tuple[int, str] | None:
    """(end, label) of a label that the line begins with, with or without a colon, or None.

    A label of one word without a slash counts only before a number of six digits or more.
    """
    best: tuple[float, int, str] | None = None
    ends = [m.end() for m in re.finditer(r"[^\s.…·]+", folded)]  # dots may follow: `Họ và tên.....Lò Thị Mai`
    skip = marker.end() if (marker := _MARKER.match(folded)) else 0
    for label in labels:
        said = folded[skip : skip + len(label)]
        if "/" in label and len(label) <= _TINY and said[:2] == label[:2] and Levenshtein.distance(said, label) <= 1:
            return skip + len(label), label  # `V/y xác minh …`
        # `V/v xác minh …`, `SỐ 070123456`
        if " " not in label and "/" not in label and not re.match(rf"{re.escape(label)}\s+\d{{6}}", folded):
            continue
        touching = [skip + len(label)] if len(label) >= _LONG and folded.startswith(label, skip) else []
        for end in [*ends, *touching]:
            if abs(end - skip - len(label)) > 2:
                continue
            alike = Levenshtein.normalized_similarity(folded[skip:end].strip(" .:"), label)
            if alike >= 0.85 and (best is None or alike + len(label) * 0.003 > best[0]):
                best = (alike + len(label) * 0.003, end, label)
    return (best[1], best[2]) if best else None


def _needed(label: str) -> float:
    """Least likeness for a label. The shortest must be equal."""
    return 1.0 if len(label) <= 2 else 0.66 if len(label) <= 4 else ALIKE
