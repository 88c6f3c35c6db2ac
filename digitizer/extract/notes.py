"""Splits the margin of a register into notes, each with its day. Notes record later changes (Luật Hộ tịch 2014, Article 26 ff.).

A note begins with one of certain words, after the day of the note before it, or below the signature that ends it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from digitizer.extract import types
from digitizer.extract.acceptance import confidence
from digitizer.extract.rows import Found, Piece
from digitizer.extract.values import ValueEvidence, value_of
from digitizer.model import Note
from digitizer.text import fold

#: words that begin a note, folded
_BEGINS = re.compile(
    r"(?:ngay \d|da (?:cap|ghi|cai|thay|bo|dang)|bo sung|thay doi|cai chinh|xac dinh lai|ghi chu|dang ky lai|theo quyet dinh|"
    r"can cu|duoc (?:nhan|cong)|nhan (?:con|cha|me|nuoi)|cham dut|ly hon|ket hon|chet)"
)
#: the last row of a note ends with its day or a full stop
_ENDS = re.compile(r"(?:\d{4}|[.;])\W*$")
#: greatest gap between rows of one note, in heights of a row. A signature makes the gap between notes wider
_APART = 1.3
#: least log odds for telling handwriting from print: nine to one
_CLEAR = math.log(9)
#: least number of letters of a note
_LETTERS = 4
#: a day in digits or with `ngày`, `tháng`, `năm`
_DAY = re.compile(r"\d{1,2}\s*[/.\-]\s*\d{1,2}\s*[/.\-]\s*\d{4}|ngày\s+\d{1,2}\s+tháng\s+\d{1,2}\s+năm\s+\d{4}", re.IGNORECASE)


def notes_of(found: Found) -> tuple[tuple[Note, ...], ValueEvidence]:
    """The notes in the pieces of a margin, in order, and the evidence of the least sure of them."""
    read = [(pieces, value_of("text", Found(field=found.field, pieces=pieces))) for pieces in _parted(found.pieces)]
    # a number without letters is the number of a page
    held = [(pieces, v) for pieces, v in read if isinstance(v.value, str) and sum(c.isalpha() for c in v.value) >= _LETTERS]
    notes = tuple(_note(pieces, str(v.value), confidence("notes", v.evidence), found) for pieces, v in held)
    least = min((valued for _, valued in held), key=lambda v: confidence("notes", v.evidence), default=None)
    return notes, least.evidence if least is not None else ValueEvidence(())


def _note(pieces: Sequence[Piece], text: str, sure: float, found: Found) -> Note:
    own = Found(field=found.field, pieces=tuple(pieces))
    return Note(text=text, date=day_of(text), confidence=sure, page=pieces[0].page, box=own.box, hand=hand_of(pieces))


def hand_of(pieces: Sequence[Piece]) -> str | None:
    """`pen` or `print` by all lines of a note together. None when they do not agree enough."""
    said = [min(max(piece.line.hand, 0.02), 0.98) for piece in pieces if piece.line.hand is not None]
    odds = sum(math.log(p / (1 - p)) for p in said)
    return None if abs(odds) < _CLEAR else "pen" if odds > 0 else "print"


def day_of(text: str) -> str | None:
    """The day of a note, ISO: the day it begins with, else the last one it names. None when it names none."""
    days = [value for match in _DAY.findall(text) if isinstance(value := types.read("date", match)[0], str)]
    begins = re.match(r"ngay \d", fold(text)) is not None
    return (days[0] if begins else days[-1]) if days else None


def _parted(pieces: Sequence[Piece]) -> list[tuple[Piece, ...]]:
    """`pieces` grouped by note."""
    groups: list[list[Piece]] = []
    for piece in pieces:
        if groups and not _begins(groups[-1], piece):
            groups[-1].append(piece)
        else:
            groups.append([piece])
    return [tuple(group) for group in groups]


def _begins(before: Sequence[Piece], piece: Piece) -> bool:
    last, said = before[-1], fold(piece.text)
    if last.page != piece.page:
        return _BEGINS.match(said) is not None
    apart = piece.line.box.y0 - last.line.box.y1 > _APART * last.line.box.height
    over = _ENDS.search(last.text) is not None
    return (apart and (over or _BEGINS.match(said) is not None)) or (over and _BEGINS.match(said) is not None)
