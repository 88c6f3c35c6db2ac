"""Corrects tone marks and full stops in printed prose, after extraction.

A word is corrected where it is no Vietnamese syllable and another mark makes it one that the recogniser held possible.
Print is misread in its marks above all (`chuyễn` for `chuyển`). The full stop that ends a line is easily taken for one of
the dots that forms have to write on. Lines that a value was read from stay: what a clerk wrote is what stands there.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, takewhile

from digitizer.geometry import intersection
from digitizer.lattice import Column, unpack
from digitizer.model import Box, Document, Letter, Line, PageText
from digitizer.text import strip_accents, syllables

#: a line at most so likely written by hand is print
PRINT = 0.5
#: another mark is possible where the recogniser gave it at least this much (natural logarithm, 3 %)
OPEN = -3.5
#: a full stop that was not read is possible from here on (natural logarithm, 5 %)
STOP = -3.0
#: what a full stop stands behind, besides letters and digits
_CLOSING = ')”"»'


@dataclass(frozen=True, slots=True)
class Seen:
    """A letter that was read, and every letter that may stand in its place with the logarithm of its probability."""

    char: str
    open: Mapping[str, float]


def correct_marks(pages: Sequence[PageText], documents: Sequence[Document]) -> tuple[PageText, ...]:
    """`pages` with the marks of their printed prose corrected: of lines from which no value of `documents` was read."""
    taken = defaultdict[int | None, list[Box]](list)
    for value in (field for document in documents for record in document.records for field in record.fields):
        for number, box in ((value.page, value.box), *((note.page, note.box) for note in value.notes)):
            taken[number] += [box] if box else []
    return tuple(_corrected_page(page, taken[i]) for i, page in enumerate(pages))


def _corrected_page(page: PageText, taken: Sequence[Box]) -> PageText:
    return replace(page, lines=tuple(_corrected(line) if _is_prose(line, taken) else line for line in page.lines))


def _is_prose(line: Line, taken: Sequence[Box]) -> bool:
    printed = line.hand is not None and line.hand <= PRINT
    return printed and not any(intersection(line.box, box) for box in taken)


def _corrected(line: Line) -> Line:
    letters, at = list(line.letters), [i for i, letter in enumerate(line.letters) if letter.char != " "]
    columns = unpack(line.lattice) if line.lattice else []
    seen = [sign for sign in _seen(columns) if sign.char != " "]
    if [sign.char for sign in seen] != [letters[i].char for i in at]:
        return line
    found = dict(zip(at, seen, strict=True))
    for _, run in groupby(range(len(letters)), lambda i: letters[i].char.isalpha()):
        word = list(run)
        if letters[word[0]].char.isalpha() and (other := _other([found[i] for i in word])) is not None:
            number, char, p = other
            letters[word[number]] = replace(letters[word[number]], char=char, confidence=p)
    letters += _stop(columns, letters[-1])
    return line if letters == list(line.letters) else _spelt(line, letters)


def _seen(columns: Sequence[Column]) -> Iterator[Seen]:
    """The letters of the likeliest path through a line's columns, as `best_path` finds them."""
    before, number = "", -1
    held: dict[str, float] = {}
    for column in columns:
        char = column.signs[0][0]
        if char != before or column.number != number + 1:
            if before:
                yield Seen(before, held)
            held = {}
        for sign, p in column.signs:
            held[sign] = max(p, held.get(sign, p))
        before, number = char, column.number
    if before:
        yield Seen(before, held)


def _other(word: Sequence[Seen]) -> tuple[int, str, float] | None:
    """(number of a letter, another for it, its probability) that makes a syllable of what is none: the likeliest, or None."""
    text = "".join(sign.char for sign in word)
    if len(word) == 1 or text.casefold() in syllables():
        return None
    others = (
        (p, i, char)
        for i, sign in enumerate(word)
        for char, p in sign.open.items()
        if char != sign.char and p >= OPEN and strip_accents(char) == strip_accents(sign.char)
        and (text[:i] + char + text[i + 1 :]).casefold() in syllables()
    )  # fmt: skip
    p, number, char = max(others, default=(0.0, -1, ""))
    return (number, char, round(math.exp(p), 4)) if char else None


def _stop(columns: Sequence[Column], last: Letter) -> Iterator[Letter]:
    """The full stop behind the last letter, where there is one that was not read."""
    for column in takewhile(lambda column: column.signs[0][0] in ("", " "), reversed(columns)):
        p = dict(column.signs).get(".", -math.inf)
        if p >= STOP and (last.char.isalnum() or last.char in _CLOSING):
            yield Letter(char=".", x0=last.x1, x1=round(max(column.x, last.x1), 1), confidence=round(math.exp(p), 4))
            return


def _spelt(line: Line, letters: Sequence[Letter]) -> Line:
    text = "".join(letter.char for letter in letters)
    words = tuple(replace(word, text=said) for word, said in zip(line.words, text.split(" "), strict=True))
    return replace(line, text=text, words=words, letters=tuple(letters))
