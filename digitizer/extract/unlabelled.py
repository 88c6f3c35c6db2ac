"""Finds values that have no label: under a heading, in the margin, in the letterhead, in place and date, in the signature.

Each function takes the rows of the body, those of the margin, the field and its type. It returns the pieces of the value.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from rapidfuzz.distance import Levenshtein

from digitizer.doctypes import DocType, FieldSpec
from digitizer.extract.rows import MARGIN, Piece, Row, piece, stops, whole
from digitizer.text import fold

#: least confidence of a line that is a name, not a scrawl
_LEGIBLE = 0.75
#: least likeness of a printed heading and a declared one
_ALIKE = 0.85
#: greatest distance of a name below its heading, in heights of the heading
_SIGNED = 10
#: rest of the margin's heading in rows of its own, folded
_MARGIN_REST = ("nhung thay doi sau nay", "nhung thay doi", "thay doi sau nay", "doi sau nay", "sau nay", "nay")


def _is_name(text: str) -> bool:
    words = text.strip(" .").split()
    return 2 <= len(words) <= 6 and all(w[0].isupper() and w.replace(".", "").isalpha() for w in words)


def _below(rows: Sequence[Row], margin: Sequence[Row], spec: FieldSpec, doctype: DocType) -> list[Piece]:
    """The name under a heading: `Người thực hiện`, `(Ký, ghi rõ họ, tên)`, signature, name."""
    return _under(rows, spec.label)[1:]


def signed(rows: Sequence[Row], margin: Sequence[Row], spec: FieldSpec, doctype: DocType) -> list[Piece]:
    """The name under the signer's office, and the office: `Trương Xuân Thuật`, `Chủ tịch`."""
    return _under(rows, spec.heading)[::-1]


def _under(rows: Sequence[Row], headings: Sequence[str]) -> list[Piece]:
    """[heading, name under it] for the last heading with a name. Empty when there is none."""
    for at in reversed(range(len(rows))):
        heading = max((found for said in headings if (found := _heading(rows, at, said))), key=lambda h: h[0], default=None)
        if heading is None:
            continue
        box = heading[1].box
        reach = max(box.width, 8 * box.height) / 2
        under = [
            r
            for r in rows[at + 1 :]
            if r.page == rows[at].page
            and abs(r.line.box.centre[0] - box.centre[0]) <= reach
            and r.line.box.y0 - box.y1 < _SIGNED * box.height
            and _is_name(r.line.text)
        ]
        if under:
            return [heading[1], *whole(under[-1])]
    return []


def _heading(rows: Sequence[Row], at: int, said: str) -> tuple[float, Piece] | None:
    """(strength, piece) of a heading that fills row `at` or ends it, or None. The next row may hold its last words."""
    folded = rows[at].folded.rstrip(" .:")
    if ":" in folded or any(c.isdigit() for c in folded):
        return None
    alone = Levenshtein.normalized_similarity(folded.strip(), said)
    if alone >= _ALIKE:
        (found,) = whole(rows[at])
        return alone * len(said), found
    for cut in (len(said), *(m.start() for m in re.finditer(" ", said))):
        start = len(folded) - cut
        if cut < 0.6 * len(said) or start <= 0 or folded[start - 1] != " ":
            continue
        alike = Levenshtein.normalized_similarity(folded[start:], said[:cut])
        if alike >= _ALIKE and (cut == len(said) or _goes_on(rows, at, said[cut:].strip())):
            (found,) = piece(rows[at], start, len(folded))
            return alike * len(said), found
    return None


def _goes_on(rows: Sequence[Row], at: int, rest: str) -> bool:
    """Whether the rest of a heading stands alone right under its first row."""
    box = rows[at].line.box
    below = [r for r in rows[at + 1 : at + 5] if 0 < r.line.box.centre[1] - box.centre[1] < 2.5 * box.height]
    return any(Levenshtein.normalized_similarity(r.folded.strip(" .:"), rest) >= _ALIKE for r in below)


def _margin(rows: Sequence[Row], margin: Sequence[Row], spec: FieldSpec, doctype: DocType) -> list[Piece]:
    """The text under `Ghi chú` or `Ghi chú những thay đổi sau này`, without signatures."""
    # the label of a tick box may begin like the heading: `Ghi chú kết hôn`
    folded = [row.folded.strip(" .:*-()") for row in margin]
    alone = (i for i, text in enumerate(folded) if Levenshtein.normalized_similarity(text, MARGIN) >= 0.8)
    start = next(alone, next((i for i, text in enumerate(folded) if text.startswith(f"{MARGIN} {_MARGIN_REST[0][:4]}")), None))
    if start is None:
        return []
    # a signature under the note is read as a short word of low confidence
    under = [
        r
        for r in margin[start + 1 :]
        if sum(c.isalnum() for c in r.line.text) >= 2
        and (r.line.confidence >= 0.7 or " " in r.line.text.strip())
        and r.folded.strip(" .:)") not in _MARGIN_REST
    ]
    return [found for row in under for found in whole(row)]


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
    return [piece for r in top if r.line.box.centre[0] < middle and r.line.box.x1 < middle * 1.15 for piece in whole(r)]


#: place and date in folded text: `Đà Vị, ngày 19 tháng 05 năm 2025`
PLACE_DATE = re.compile(
    r"^(.{0,40}?),?\s*(ng[a-z]{1,2}(?:.?date)?\s+\d{1,2}\s+th[a-z]{2,3}(?:.?month)?\s+\d{1,2}\s+n[a-z]{2}(?:.?year)?\s+\d{4})"
)


def _place_date(rows: Sequence[Row], margin: Sequence[Row], spec: FieldSpec, doctype: DocType) -> list[Piece]:
    """The place or the date in `Đà Vị, ngày 19 tháng 05 năm 2025`, by the type of the field."""
    for row in rows:
        match = PLACE_DATE.match(row.folded)
        if match and len(match.group(1)) < 40 and not match.group(1).startswith("can cu"):
            group = 2 if spec.type == "date" else 1
            return piece(row, match.start(group), match.end(group))
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
        if stops(row, doctype) or (pieces and letters and all(c.isupper() for c in letters)):
            break
        pieces += whole(row)
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
    return whole(max(names, key=lambda r: r.line.box.y0)) if names else []


def _signature_title(rows: Sequence[Row], margin: Sequence[Row], spec: FieldSpec, doctype: DocType) -> list[Piece]:
    """The signer's office: the last `CHỦ TỊCH` alone on its line."""
    offices = [
        r
        for r in rows
        if fold(r.line.text).strip(" .") in ("chu tich", "pho chu tich", "giam doc", "pho giam doc", "truong phong")
    ]
    return whole(offices[-1]) if offices else []


def _alone(rows: Sequence[Row], margin: Sequence[Row], spec: FieldSpec, doctype: DocType) -> list[Piece]:
    """The first line that as a whole has the form of the field's pattern: `BX 123456`."""
    found = [r for r in rows if spec.pattern is not None and spec.pattern.fullmatch(r.line.text.strip(" .:"))]
    return whole(found[0]) if found else []


#: `where` of a field -> function that finds its value
STRATEGIES: Mapping[str, Callable[[Sequence[Row], Sequence[Row], FieldSpec, DocType], list[Piece]]] = {
    "alone": _alone,
    "below": _below,
    "margin": _margin,
    "letterhead": _letterhead,
    "place_date": _place_date,
    "under_title": _under_title,
    "signature": _signature,
    "signature_title": _signature_title,
}
