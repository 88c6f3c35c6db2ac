"""Finds the value of each field on the page by its printed label.

A value ends at the next label on its row. A long value goes on over the rows below. It ends before a label of its column, a
heading or a wide gap, or after a row with room for another word.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import replace

from rapidfuzz.distance import Levenshtein

from digitizer.doctypes import DocType, FieldSpec
from digitizer.extract import units
from digitizer.extract.labels import Hit, find_labels, labels_in
from digitizer.extract.rows import Found, Piece, Row, piece, rows_of, stops, whole
from digitizer.extract.unlabelled import PLACE_DATE, STRATEGIES, signed
from digitizer.geometry import same_row
from digitizer.model import Line, PageText
from digitizer.text import fold

#: a record is taken for two when at least this many labels stand in it more often than its type has fields for them
_MIXED = 3
#: a row that leaves more than this share of its column free on the right is the last row of its value
_ROOM = 0.45
#: greatest gap between boxes of one value in one row, in heights of the row
_APART = 12
#: greatest overlap of boxes of one row, in heights of the row
_LAPPED = 1.6
#: phrases that describe an identity paper (folded). After its number they are part of the value, not labels
_OF_PAPER = ("noi cap", "ngay cap", "cap ngay")
#: value types whose values may fill several rows
LONG = frozenset({"place", "text", "date_words", "id_number", "signer", "time", "name"})


def locate(pages: Sequence[tuple[int, PageText]], doctype: DocType) -> Iterator[Found]:
    """The fields of one record, each at most once. `pages`: (position of the PageText in the bundle, PageText)."""
    rows, margin = rows_of(pages, doctype)
    hits = [hit for i in range(len(rows)) for hit in labels_in(rows, i, doctype)]
    taken: set[str] = set()
    for spec, pieces in _values(rows, hits, doctype):
        if pieces or spec.name not in taken:
            taken.add(spec.name)
            yield Found(field=spec, pieces=tuple(pieces))
    for spec in doctype.fields:
        if spec.name not in taken and (spec.where in STRATEGIES or spec.heading):
            pieces = STRATEGIES.get(spec.where, signed)(rows, margin, spec, doctype)
            if pieces:
                yield Found(field=spec, pieces=tuple(pieces))


def from_cells(cells: Mapping[str, Sequence[tuple[int, Line]]], doctype: DocType) -> Iterator[Found]:
    """The fields of one row of a wide table. `cells`: field -> (position of the PageText, line) of its cell."""
    for spec in doctype.fields:
        rows = [Row(page=page, line=line, folded=fold(line.text)) for page, line in cells.get(spec.name, ())]
        if pieces := [piece for row in rows for piece in whole(row)]:
            yield Found(field=spec, pieces=tuple(pieces))


def mixed(pages: Sequence[tuple[int, PageText]], doctype: DocType) -> bool:
    """Whether pages that are read as one record hold two. Then labels stand there more often than the type has fields."""
    rows, _ = rows_of(pages, doctype)
    counts = Counter(hit.label for i in range(len(rows)) for hit in find_labels(rows[i].folded, i, doctype) if " " in hit.label)
    meant = Counter(label for spec in doctype.fields for label in spec.label)
    starts = {label for section in doctype.sections for label in section.start}
    return sum(counts[label] > meant[label] for label in counts if label in meant and label not in starts) >= _MIXED


def _values(rows: Sequence[Row], hits: Sequence[Hit], doctype: DocType) -> Iterator[tuple[FieldSpec, list[Piece]]]:
    """(field, pieces of its value) for all labels, in reading order. A label printed over two rows counts once."""
    known = list(_known(hits, doctype))
    labelled = {hit.row for hit, _ in known}
    for i, (hit, spec) in enumerate(known):
        following = known[i + 1] if i + 1 < len(known) else None
        if spec is None or spec.where == "below" or (following is not None and following[1] is spec):
            continue
        yield spec, _value(rows, hit, following[0] if following else None, labelled, spec, doctype)


def _known(hits: Sequence[Hit], doctype: DocType) -> Iterator[tuple[Hit, FieldSpec | None]]:
    """The labels that count where they stand, each with its field. None: it begins a section or belongs to no field."""
    filled: set[str] = set()
    section: str | None = None
    last: FieldSpec | None = None
    for hit in hits:
        section = next((part.name for part in doctype.sections if hit.label in part.start), section)
        spec = _field(doctype, hit.label, section, filled)
        if last is not None and last.type == "id_number" and hit.label in _OF_PAPER and (spec is None or spec.section != section):
            continue
        if last is not None and hit.label in last.label and last.section in (section, None) and spec is None:
            spec = last  # a label printed over two rows
        elif last is not None and spec is not last:
            filled.add(last.name)
        if spec is not None or hit.label in doctype.other or any(hit.label in part.start for part in doctype.sections):
            yield hit, spec
            last = spec


def _field(doctype: DocType, label: str, section: str | None, filled: set[str]) -> FieldSpec | None:
    """The field of a label that has no value yet, or None.

    A field of this section goes first, then one without a section, then, before any heading, one of any section. `số` alone is
    the number of the record only before the first section. Later it is part of `CMND số: …`.
    """
    fitting = [spec for spec in doctype.fields if label in spec.label and spec.name not in filled and spec.where != "cell"]
    for spec in fitting:
        if spec.section == section:
            return spec
    for spec in fitting:
        if spec.section is None and " " in label:
            return spec
    return fitting[0] if fitting and section is None else None


def _value(
    rows: Sequence[Row], hit: Hit, following: Hit | None, labelled: Container[int], spec: FieldSpec, doctype: DocType
) -> list[Piece]:
    row = rows[hit.row]
    if following is not None and following.row == hit.row:
        return piece(row, hit.end, following.start)
    last = following.row if following is not None else len(rows)
    pieces = _unlapped(piece(row, hit.end, len(row.line.text)) + _same_row(rows, hit, last, spec, doctype))
    if pieces and spec.type not in LONG:
        return pieces
    return pieces + _rows_below(rows, hit, pieces, labelled, spec, doctype)


def _rows_below(
    rows: Sequence[Row], hit: Hit, begun: Sequence[Piece], labelled: Container[int], spec: FieldSpec, doctype: DocType
) -> list[Piece]:
    """The rest of a value in the rows below, down to the next label of its column."""
    row, held, pieces = rows[hit.row], {id(p.line) for p in begun}, list(begun)
    previous, height = pieces[-1].line.box if pieces else row.line.box, row.line.box.height
    for at, below in list(enumerate(rows))[hit.row + 1 :]:
        box = below.line.box
        if id(below.line) in held:
            continue
        if below.page != row.page or stops(below, doctype) or PLACE_DATE.match(below.folded):
            break
        if box.x0 > row.line.box.x1 or box.centre[0] < row.line.box.x0:
            continue  # another column
        if at in labelled or (spec.type in ("place", "name") and ":" in below.folded) or box.y0 - previous.y1 > 1.6 * height:
            break
        if pieces and _is_over(rows, row, pieces[-1], below, spec):
            break
        pieces += whole(below)
        previous = box
        if spec.type not in LONG:
            break
    return pieces[len(begun) :]


def _is_over(rows: Sequence[Row], row: Row, last: Piece, below: Row, spec: FieldSpec) -> bool:
    """Whether a value that begins in `row` ends with `last`, before the row `below`."""
    if spec.type == "place" and units.ends_a_place(fold(last.text)):
        return True
    if spec.type == "text" or _goes_on(last, below, spec):
        return False
    return _had_room(rows, row, last)


def _goes_on(last: Piece, below: Row, spec: FieldSpec) -> bool:
    """Whether the words show that a value goes on: a comma, a kind of administrative unit, capitals of a name."""
    if spec.type == "place":
        words = [word.strip(" .,") for word in below.line.text.casefold().split()[:2]]
        kinds = {*units.KINDS, *units.SHORT}
        return last.text.rstrip().endswith(",") or " ".join(words) in kinds or words[0] in kinds
    return spec.type in ("name", "signer") and all(w[0].isupper() for w in below.line.text.split() if w[0].isalpha())


def _had_room(rows: Sequence[Row], row: Row, last: Piece) -> bool:
    """Whether a value leaves so much room at the right of its column that another word would have fit."""
    own, start = last.line.box, min(row.line.box.x0, last.line.box.x0)
    edge = max(r.line.box.x1 for r in rows if r.page == row.page)
    beside = [r.line.box.x0 for r in rows if r.page == row.page and r.line.box.x0 > own.x1 and same_row(r.line.box, own)]
    edge = min([edge, *beside])
    return last.end == len(last.line.text) and edge - own.x1 > _ROOM * (edge - start)


def _same_row(rows: Sequence[Row], hit: Hit, last: int, spec: FieldSpec, doctype: DocType) -> list[Piece]:
    """The boxes to the right of a label's line in its row, up to a wide gap."""
    at = hit.row
    box = reach = rows[at].line.box
    found: list[Piece] = []
    # a value may stand far from a label without text, and a date far from its number: `Số: 56/2009 ………… ngày 13/07/2009`
    far = not piece(rows[at], hit.end, len(rows[at].line.text)) or any(f.part_of == spec.name for f in doctype.fields)
    for row in rows[at + 1 : last]:
        if (
            row.page == rows[at].page
            and -_LAPPED * box.height < row.line.box.x0 - reach.x1 < (_APART * box.height if found or not far else math.inf)
            and abs(row.line.box.centre[1] - box.centre[1]) < 0.5 * box.height
            and not stops(row, doctype)
            and not any(Levenshtein.normalized_similarity(row.folded.strip(" .:"), tick) >= 0.8 for tick in doctype.ticks)
        ):
            found += whole(row)
            reach = row.line.box
    return found


def _unlapped(pieces: Sequence[Piece]) -> list[Piece]:
    """`pieces` with the words of overlapping boxes once: `…, xã` and `xã Côn Lôn, …`."""
    found = list(pieces[:1])
    for after in pieces[1:]:
        before = found[-1]
        if same_row(before.line.box, after.line.box) and after.box.x0 < before.box.x1 and after.box.x1 > before.box.x1:
            found[-1:] = _parted(before, after)
        else:
            found.append(after)
    return found


def _parted(before: Piece, after: Piece) -> list[Piece]:
    """`before` up to where `after` begins, and `after` without the words that still lie within `before`."""
    kept = [m for m in _words(before) if before.line.letters[m.start()].x0 < after.box.x0 - 0.1 * after.box.height]
    if not kept or len(after.line.letters) != len(after.line.text):
        return [before, after]
    before = replace(before, end=kept[-1].end())
    held = before.box.x1
    rest = [m for m in _words(after) if after.line.letters[m.end() - 1].x1 > held + 0.3 * after.box.height]
    return [before, replace(after, start=rest[0].start())] if rest else [before]


def _words(held: Piece) -> list[re.Match[str]]:
    if len(held.line.letters) != len(held.line.text):
        return []
    return list(re.compile(r"\S+").finditer(held.line.text, held.start, held.end))
