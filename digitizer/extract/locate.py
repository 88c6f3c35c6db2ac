"""Label -> value: where on the page each field of a document stands.

A printed label ends in a colon mostly; the words before a colon are compared, folded, with the labels of the type. A value
reaches to the next label on its row, and over the rows below it until the next label, heading or wide gap.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from rapidfuzz.distance import Levenshtein

from digitizer.doctypes import DocType, FieldSpec
from digitizer.geometry import margin_column, union
from digitizer.model import Box, Line, PageText
from digitizer.text import fold, strip_accents

#: how alike a printed label and a declared one must be
ALIKE = 0.78
#: confidence of a line below which it is a scrawl, not a name
_LEGIBLE = 0.75
#: labels that stand there once too often before a record is taken for two
_MIXED = 3
#: types whose values may fill several rows
#: `I. `, `1. `, `a) ` before a label
_MARKER = re.compile(r"(?:[ivx]{1,4}|\d{1,2}|[a-z])[.)]\s+")
LONG = frozenset({"place", "text", "date_words", "id_number", "signer", "time", "name"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A stretch of one line: letters `start` to `end`."""

    page: int
    line: Line
    start: int
    end: int

    @property
    def text(self) -> str:
        """Its letters."""
        return self.line.text[self.start : self.end]

    @property
    def box(self) -> Box:
        """Where its letters stand; the whole line where letters are not known."""
        letters = (
            [k for k in self.line.letters[self.start : self.end] if k.char != " "]
            if len(self.line.letters) == len(self.line.text)
            else []
        )
        if not letters:
            return self.line.box
        return Box(min(k.x0 for k in letters), self.line.box.y0, max(k.x1 for k in letters), self.line.box.y1)

    @property
    def confidences(self) -> list[float]:
        """Of its letters, without dots and spaces."""
        if len(self.line.letters) != len(self.line.text):
            return [self.line.confidence]
        return [k.confidence for k in self.line.letters[self.start : self.end] if k.char not in " .…·"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A field's raw value and the pieces it was read from."""

    field: FieldSpec
    pieces: tuple[Piece, ...]

    @property
    def raw(self) -> str:
        """The value as printed."""
        return " ".join(p.text.strip() for p in self.pieces).strip()

    @property
    def box(self) -> Box | None:
        """Around the pieces on the first page."""
        first = [p.box for p in self.pieces if p.page == self.pieces[0].page]
        return union(first) if first else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """A printed label: letters `start` to `end` of line number `row`."""

    row: int
    start: int
    end: int
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A line of the body, with its page and its text folded letter by letter."""

    page: int
    line: Line
    folded: str


def locate(pages: Sequence[tuple[int, PageText]], doctype: DocType) -> Iterator[Found]:
    """The fields of one record. `pages`: (position of the PageText in the bundle, PageText)."""
    rows, margin = _rows(pages, doctype)
    hits = [hit for i in range(len(rows)) for hit in _labels(rows, i, doctype)]
    taken: set[str] = set()
    for spec, pieces in _values(rows, hits, doctype):
        if pieces or spec.name not in taken:
            taken.add(spec.name)
            yield Found(field=spec, pieces=tuple(pieces))
    for spec in doctype.fields:
        if spec.name not in taken and spec.where in _STRATEGIES:
            pieces = _STRATEGIES[spec.where](rows, margin, spec, doctype)
            if pieces:
                yield Found(field=spec, pieces=tuple(pieces))


def from_cells(cells: Mapping[str, Sequence[tuple[int, Line]]], doctype: DocType) -> Iterator[Found]:
    """The fields of a row of a wide table. `cells`: (position of the PageText, line) of each cell, by name of the field."""
    for spec in doctype.fields:
        rows = [Row(page=page, line=line, folded=fold(line.text)) for page, line in cells.get(spec.name, ())]
        if pieces := [piece for row in rows for piece in _whole(row)]:
            yield Found(field=spec, pieces=tuple(pieces))


def mixed(pages: Sequence[tuple[int, PageText]], doctype: DocType) -> bool:
    """Whether what is read as one record holds two: labels stand there more often than the type has fields for them."""
    rows, _ = _rows(pages, doctype)
    counts = Counter(hit.label for i in range(len(rows)) for hit in find_labels(rows[i].folded, i, doctype) if " " in hit.label)
    meant = Counter(label for spec in doctype.fields for label in spec.label)
    starts = {label for section in doctype.sections for label in section.start}
    return sum(counts[label] > meant[label] for label in counts if label in meant and label not in starts) >= _MIXED


def _rows(pages: Sequence[tuple[int, PageText]], doctype: DocType) -> tuple[list[Row], list[Row]]:
    """(body, margin column), in reading order."""
    body: list[Row] = []
    margin: list[Row] = []
    for number, page in pages:
        aside = {id(line) for line in margin_column(page.lines)} if doctype.book else set()
        for line in page.lines:
            row = Row(page=number, line=line, folded=strip_accents(line.text).lower())
            # the page number stands below the margin column, and belongs to the body
            (margin if id(line) in aside and "trang so" not in row.folded else body).append(row)
    return body, margin


def _labels(rows: Sequence[Row], at: int, doctype: DocType) -> list[Hit]:
    """The labels in a row, and one that begins in the row above it."""
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
    # counted once, as a label over two rows: see `_values`
    begins = Hit(row=at - 1, start=start, end=len(above.folded), label=label)
    return [begins, Hit(row=at, start=0, end=colon + 1, label=label), *(hit for hit in hits if hit.start > colon)]


def _broken_label(above: str, below: str, labels: Sequence[str]) -> tuple[int, str] | None:
    """(start in `above`, label) of a label that fills the end of one row and the next row up to its colon."""
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
    """The labels in one line: words before a colon, and words the line begins with."""
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
    """(start, label) of the label that ends at a colon."""
    best: tuple[float, int, str] | None = None
    text = folded[begin:colon].rstrip()
    starts = [m.start() for m in re.finditer(r"(?<!\S)\S", text)]
    for label in labels:
        for start in starts:
            candidate = text[start:].strip(" .")
            if abs(len(candidate) - len(label)) > max(2, len(label) // 4):
                continue
            alike = Levenshtein.normalized_similarity(candidate, label)
            # among equally alike ones the longer label says more
            if alike >= _needed(label) and (best is None or (alike + len(label) * 0.003, -start) > (best[0], -best[1])):
                best = (alike + len(label) * 0.003, begin + start, label)
    return (best[1], best[2]) if best else None


def _label_at_start(folded: str, labels: Sequence[str]) -> tuple[int, str] | None:
    """(end, label) of a label of two words or more that the line begins with, colon or not."""
    best: tuple[float, int, str] | None = None
    ends = [m.end() for m in re.finditer(r"[^\s.…·]+", folded)]  # dots may follow: `Họ và tên.....Lò Thị Mai`
    skip = marker.end() if (marker := _MARKER.match(folded)) else 0
    for label in labels:
        # `V/v xác minh …`, `SỐ 070123456`
        if " " not in label and "/" not in label and not re.match(rf"{re.escape(label)}\s+\d{{6}}", folded):
            continue
        for end in ends:
            if abs(end - skip - len(label)) > 2:
                continue
            alike = Levenshtein.normalized_similarity(folded[skip:end].strip(" .:"), label)
            if alike >= 0.85 and (best is None or alike + len(label) * 0.003 > best[0]):
                best = (alike + len(label) * 0.003, end, label)
    return (best[1], best[2]) if best else None


def _needed(label: str) -> float:
    """Short labels have no room for errors."""
    return 1.0 if len(label) <= 2 else 0.66 if len(label) <= 4 else ALIKE


def _values(rows: Sequence[Row], hits: Sequence[Hit], doctype: DocType) -> Iterator[tuple[FieldSpec, list[Piece]]]:
    """(field, pieces of its value) of all labels, in reading order; a label printed over two rows counts once."""
    known = list(_known(hits, doctype))
    for i, (hit, spec) in enumerate(known):
        following = known[i + 1] if i + 1 < len(known) else None
        if spec is None or spec.where == "below" or (following is not None and following[1] is spec):
            continue
        yield spec, _value(rows, hit, following[0] if following else None, spec, doctype)


def _known(hits: Sequence[Hit], doctype: DocType) -> Iterator[tuple[Hit, FieldSpec | None]]:
    """The labels that mean something where they stand, with their fields; None for one that only begins a section."""
    filled: set[str] = set()
    section: str | None = None
    last: FieldSpec | None = None
    for hit in hits:
        section = next((part.name for part in doctype.sections if hit.label in part.start), section)
        spec = _field(doctype, hit.label, section, filled)
        if last is not None and hit.label in last.label and last.section in (section, None) and spec is None:
            spec = last  # a label printed over two rows
        elif last is not None and spec is not last:
            filled.add(last.name)
        if spec is not None or hit.label in doctype.other or any(hit.label in part.start for part in doctype.sections):
            yield hit, spec
            last = spec


def _field(doctype: DocType, label: str, section: str | None, filled: set[str]) -> FieldSpec | None:
    """The field a label stands for: of this section, else of none, else of one not yet begun (fields before any heading).

    `số` alone is the number of the record only before the first section: later it is part of `CMND số: …`.
    """
    fitting = [spec for spec in doctype.fields if label in spec.label and spec.name not in filled and spec.where != "cell"]
    for spec in fitting:
        if spec.section == section:
            return spec
    for spec in fitting:
        if spec.section is None and " " in label:
            return spec
    return fitting[0] if fitting and section is None else None


def _value(rows: Sequence[Row], hit: Hit, following: Hit | None, spec: FieldSpec, doctype: DocType) -> list[Piece]:
    row = rows[hit.row]
    if following is not None and following.row == hit.row:
        return _piece(row, hit.end, following.start)
    pieces = _piece(row, hit.end, len(row.line.text)) + _same_row(rows, hit.row, following, doctype)
    last = following.row if following is not None else len(rows)
    height = row.line.box.height
    previous = rows[max([hit.row, *(i for i in range(hit.row, last) if any(p.line is rows[i].line for p in pieces))])]
    for below in rows[hit.row + 1 : last]:
        if any(p.line is below.line for p in pieces):
            continue
        if (pieces and spec.type not in LONG) or _stops(below, doctype):
            break
        if spec.type in ("place", "name") and ":" in below.folded:
            break  # a label nobody declared
        gap = below.line.box.y0 - previous.line.box.y1
        if below.page != row.page or gap > 1.6 * height:
            break
        if below.line.box.x0 > row.line.box.x1 or below.line.box.x1 < row.line.box.x0 + height:
            continue  # another column
        pieces += _piece(below, 0, len(below.line.text))
        previous = below
        if spec.type not in LONG:
            break
    return pieces


def _same_row(rows: Sequence[Row], at: int, following: Hit | None, doctype: DocType) -> list[Piece]:
    """What stands to the right of a label's line in a box of its own."""
    box = rows[at].line.box
    last = following.row if following is not None else len(rows)
    beside = [
        r
        for r in rows[at + 1 : last]
        if r.page == rows[at].page
        and r.line.box.x0 >= box.x1 - box.height
        and abs(r.line.box.centre[1] - box.centre[1]) < 0.5 * box.height
        and not _stops(r, doctype)
        and not any(Levenshtein.normalized_similarity(r.folded.strip(" .:"), tick) >= 0.8 for tick in doctype.ticks)
    ]
    return [piece for r in beside for piece in _piece(r, 0, len(r.line.text))]


def _piece(row: Row, start: int, end: int) -> list[Piece]:
    """Letters `start` to `end` without the dots and spaces around them; nothing when nothing is left."""
    text = row.line.text
    while start < end and text[start] in " .…·:_":
        start += 1
    while end > start and text[end - 1] in " .…·:_":
        end -= 1
    return [Piece(page=row.page, line=row.line, start=start, end=end)] if end > start else []


def _stops(row: Row, doctype: DocType) -> bool:
    text = fold(row.line.text)
    return any(Levenshtein.normalized_similarity(text[: len(stop) + 2].strip(" :."), stop) >= 0.8 for stop in doctype.stop)


# --- values without a label before them -----------------------------------------------------------------------------


def _whole(row: Row) -> list[Piece]:
    return _piece(row, 0, len(row.line.text))


def _is_name(text: str) -> bool:
    words = text.strip(" .").split()
    return 2 <= len(words) <= 6 and all(w[0].isupper() and w.replace(".", "").isalpha() for w in words)


def _below(rows: Sequence[Row], margin: Sequence[Row], spec: FieldSpec, doctype: DocType) -> list[Piece]:
    """The name under a heading: `Người thực hiện`, `(Ký, ghi rõ họ, tên)`, signature, name."""
    for i, row in enumerate(rows):
        if any(Levenshtein.normalized_similarity(row.folded.strip(" .:"), label) >= 0.85 for label in spec.label):
            x0, x1 = row.line.box.x0, row.line.box.x1
            middle, reach = (x0 + x1) / 2, max(x1 - x0, 8 * row.line.box.height) / 2
            under = [
                r
                for r in rows[i + 1 :]
                if r.page == row.page and abs(r.line.box.centre[0] - middle) <= reach and _is_name(r.line.text)
            ]
            return _whole(under[-1]) if under else []
    return []


def _margin(rows: Sequence[Row], margin: Sequence[Row], spec: FieldSpec, doctype: DocType) -> list[Piece]:
    """What is written under `Ghi chú`: a note begins with a capital and ends with the next one that does after a full row."""
    start = next(
        (i for i, row in enumerate(margin) if Levenshtein.normalized_similarity(row.folded.strip(" .:"), "ghi chu") >= 0.8), None
    )
    if start is None:
        return []
    # a signature under the note is read as a short word nobody is sure of
    under = [
        r
        for r in margin[start + 1 :]
        if sum(c.isalpha() for c in r.line.text) >= 2 and (r.line.confidence >= 0.7 or " " in r.line.text.strip())
    ]
    return [piece for row in under for piece in _whole(row)]


def _letterhead(rows: Sequence[Row], margin: Sequence[Row], spec: FieldSpec, doctype: DocType) -> list[Piece]:
    """The agency block: lines at the top left, above the number."""
    if not rows:
        return []
    number = next((r for r in rows if re.match(r"s[o06]\s*[:.]", r.folded)), None)
    middle = (min(r.line.box.x0 for r in rows) + max(r.line.box.x1 for r in rows)) / 2
    top = [
        r
        for r in rows
        if number is not None and r.page == number.page and r.line.box.y1 <= number.line.box.y0 + 0.5 * number.line.box.height
    ]
    return [piece for r in top if r.line.box.centre[0] < middle and r.line.box.x1 < middle * 1.15 for piece in _whole(r)]


_PLACE_DATE = re.compile(
    r"^(.*?),?\s*(ng[a-z]{1,2}(?:/date)?\s+\d{1,2}\s+th[a-z]{2,3}(?:/month)?\s+\d{1,2}\s+n[a-z]{2}(?:/year)?\s+\d{4})"
)


def _place_date(rows: Sequence[Row], margin: Sequence[Row], spec: FieldSpec, doctype: DocType) -> list[Piece]:
    """`Đà Vị, ngày 19 tháng 05 năm 2025`: the place or the date."""
    for row in rows:
        match = _PLACE_DATE.match(row.folded)
        if match and len(match.group(1)) < 40 and not match.group(1).startswith("can cu"):
            group = 2 if spec.type == "date" else 1
            return _piece(row, match.start(group), match.end(group))
    return []


def _under_title(rows: Sequence[Row], margin: Sequence[Row], spec: FieldSpec, doctype: DocType) -> list[Piece]:
    """The abstract between title and body."""
    titles = [fold(t) for t in doctype.title]
    start = next(
        (
            i
            for i, r in enumerate(rows)
            if max(Levenshtein.normalized_similarity(fold(r.line.text).strip(" .:"), t) for t in titles) >= 0.85
        ),
        None,
    )
    if start is None:
        return []
    pieces: list[Piece] = []
    for row in rows[start + 1 :]:
        letters = [c for c in row.line.text if c.isalpha()]
        if _stops(row, doctype) or (pieces and letters and all(c.isupper() for c in letters)):
            break
        pieces += _whole(row)
    return pieces


def _signature(rows: Sequence[Row], margin: Sequence[Row], spec: FieldSpec, doctype: DocType) -> list[Piece]:
    """The signer's name: the last name on the right half of the last page."""
    if not rows:
        return []
    last = max(r.page for r in rows)
    middle = (min(r.line.box.x0 for r in rows) + max(r.line.box.x1 for r in rows)) / 2
    names = [
        r
        for r in rows
        if r.page == last
        and r.line.box.centre[0] > middle
        and r.line.confidence >= _LEGIBLE
        and _is_name(r.line.text)
        and not r.line.text.isupper()
    ]
    return _whole(max(names, key=lambda r: r.line.box.y0)) if names else []


def _signature_title(rows: Sequence[Row], margin: Sequence[Row], spec: FieldSpec, doctype: DocType) -> list[Piece]:
    """The signer's office: the last `CHỦ TỊCH` alone on its line."""
    offices = [
        r
        for r in rows
        if fold(r.line.text).strip(" .") in ("chu tich", "pho chu tich", "giam doc", "pho giam doc", "truong phong")
    ]
    return _whole(offices[-1]) if offices else []


def _alone(rows: Sequence[Row], margin: Sequence[Row], spec: FieldSpec, doctype: DocType) -> list[Piece]:
    """The one line that is nothing but what the field's pattern says: `BX 123456`."""
    found = [r for r in rows if spec.pattern is not None and spec.pattern.fullmatch(r.line.text.strip(" .:"))]
    return _whole(found[0]) if found else []


_STRATEGIES = {
    "alone": _alone,
    "below": _below,
    "margin": _margin,
    "letterhead": _letterhead,
    "place_date": _place_date,
    "under_title": _under_title,
    "signature": _signature,
    "signature_title": _signature_title,
}
