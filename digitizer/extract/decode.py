"""Decodes CTC columns to the likeliest texts that a field may hold, by prefix beam search.

Strings are not corrected afterwards. A text is found only when the columns hold every one of its letters, and it comes with its
probability. A text without support in the pixels is not found. Then the field keeps the free reading, or nothing.
Method: Graves et al. 2006 (CTC), Hannun et al. 2014 (prefix beam search).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias, TypeVar

from digitizer.lattice import Column

#: most texts kept after each column
BEAM = 24
#: texts less likely than the best by more than this, natural log, are dropped
WIDTH = 12.0
#: log probability of a character that a column does not hold. The pixels outweigh it
FLOOR = math.log(2e-4)
#: log probability of the impossible
_NEVER = -math.inf

S = TypeVar("S")


class Language(Protocol[S]):
    """The texts that are allowed: `Grammar` (only some) or `Prose` (all, some less likely).

    `step` adds a character to the text. `skip` passes over a character of a dotted line. Both return the next state and the
    change of the prior (natural log), or None when that is not allowed. `end` returns the change when the text ends here, or
    None when it may not end.
    """

    def begin(self) -> S: ...  # noqa: D102
    def step(self, state: S, char: str) -> tuple[S, float] | None: ...  # noqa: D102
    def skip(self, state: S, char: str) -> tuple[S, float] | None: ...  # noqa: D102
    def end(self, state: S) -> float | None: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class DecodedText:
    """A decoded text."""

    text: str
    #: log probability given the columns alone
    seen: float
    #: log probability of the text by its language alone
    prior: float

    @property
    def log_p(self) -> float:
        """Sum of `seen` and `prior`."""
        return self.seen + self.prior


#: (text, its last character, state of the language, number of skipped marks)
Key: TypeAlias = tuple[str, str, S, int]


class _Path:
    """Log probabilities of the paths that spell a text: `blank` ends in the blank, `letter` does not. `prior` is the text's."""

    __slots__ = ("blank", "letter", "prior")

    def __init__(self, prior: float = 0.0, blank: float = _NEVER) -> None:
        self.blank, self.letter, self.prior = blank, _NEVER, prior

    @property
    def total(self) -> float:
        return _add(self.blank, self.letter)


def decode(columns: Sequence[Column], language: Language[S], *, most: int = 8) -> tuple[DecodedText, ...]:
    """The likeliest texts of `language` in `columns`, at most `most`, likeliest first. Empty when the columns hold none."""
    beam: dict[Key[S], _Path] = {("", "", language.begin(), 0): _Path(blank=0.0)}
    last = None
    for column in columns:
        if last is not None and column.number > last + 1:
            # the lattice leaves out columns that are surely blank
            for path in beam.values():
                path.blank, path.letter = path.total, _NEVER
        beam = _step(beam, column, language)
        last = column.number
    found: dict[str, DecodedText] = {}
    for (text, _, state, _), path in beam.items():
        rest = language.end(state)
        if rest is not None:
            one, other = DecodedText(text, path.total, path.prior + rest), found.get(text)
            found[text] = one if other is None else _joined(one, other)
    return tuple(sorted(found.values(), key=lambda r: (-r.log_p, r.text))[:most])


def _joined(one: DecodedText, other: DecodedText) -> DecodedText:
    """Joins two readings of one text that were found in different ways. Their probabilities add up."""
    seen = _add(one.seen, other.seen)
    return DecodedText(one.text, seen, _add(one.log_p, other.log_p) - seen)


def _step(beam: dict[Key[S], _Path], column: Column, language: Language[S]) -> dict[Key[S], _Path]:
    """The beam after one more column."""
    grown: dict[Key[S], _Path] = {}
    held = dict(column.signs)
    blank = held.get("", FLOOR)
    signs = [sign for sign in column.signs if sign[0]]

    def into(key: Key[S], prior: float) -> _Path:
        path = grown.get(key)
        if path is None:
            path = grown[key] = _Path(prior)
        return path

    for key, path in beam.items():
        text, last, state, passed = key
        total = path.total
        stay = into(key, path.prior)
        stay.blank = _add(stay.blank, total + blank)
        if last:
            stay.letter = _add(stay.letter, path.letter + held.get(last, FLOOR))
        for char, p in signs:
            # a repeated letter needs a blank in between
            before = path.blank if char == last else total
            if before == _NEVER:
                continue
            if (after := language.step(state, char)) is not None:
                on = into((text + char, char, after[0], passed), path.prior + after[1])
                on.letter = _add(on.letter, before + p)
            if (after := language.skip(state, char)) is not None:
                on = into((text, char, after[0], passed + (after[1] != 0)), path.prior + after[1])
                on.letter = _add(on.letter, before + p)
    ranked = sorted(((path.total + path.prior, key) for key, path in grown.items()), key=_rank)[:BEAM]
    return {key: grown[key] for rank, key in ranked if rank > ranked[0][0] - WIDTH}


def _rank(one: tuple[float, object]) -> float:
    return -one[0]


def _add(a: float, b: float) -> float:
    """log(exp(a) + exp(b))."""
    if a < b:
        a, b = b, a
    return a if b == _NEVER else a + math.log1p(math.exp(b - a))


def best_path(columns: Sequence[Column]) -> float:
    """The log probability of the likeliest path through the columns, without any constraint."""
    return sum(column.signs[0][1] for column in columns)
