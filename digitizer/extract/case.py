"""The part of a document that one record is read from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from digitizer.model import Line, PageText, Problem
from digitizer.text import fold

#: words written across a cancelled record, folded
_CANCELLED = frozenset({"huy", "da huy", "huy bo", "khong dung", "viet sai huy"})
#: the same, where folding would make another word of it: `bố`
_CANCELLED_EXACTLY = frozenset({"bỏ"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """The part of a document that one record is read from."""

    #: (position of the PageText in the bundle, PageText with this record's lines, boxes and marks only)
    pages: tuple[tuple[int, PageText], ...]
    #: for a row of a wide table: field -> (position of the PageText, line) of its cell
    cells: Mapping[str, tuple[tuple[int, Line], ...]] = field(default_factory=dict)
    #: fields whose cell says `như trên`: their lines are those of the row above
    repeated: frozenset[str] = frozenset()
    problems: tuple[Problem, ...] = ()


def cancelled(number: int, page: PageText) -> Iterator[Problem]:
    """The problem of a cancelled record: `Hủy` alone on a line, or strokes across it."""
    texts = [line.text.strip(" .,:;!()/-") for line in page.lines]
    written = any(fold(text) in _CANCELLED or text.lower() in _CANCELLED_EXACTLY for text in texts)
    if written or any(mark.kind == "strike" for mark in page.marks):
        yield Problem(code="cancelled", page=number)
