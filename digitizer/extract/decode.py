"""From the recogniser's probabilities to the likeliest texts that a field may hold (prefix beam search over CTC columns).

Not a correction of strings afterwards: a text is found only when the columns hold every one of its letters, and comes with its
probability. What has no support in the pixels is not found, and the field keeps what was read freely, or nothing.
Method: Graves et al. 2006 (CTC), Hannun et al. 2014 (prefix beam search).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias, TypeVar

from digitizer.lattice import Column

#: texts kept a column, and how much less likely than the best they may be (natural log)
BEAM, WIDTH = 24, 12.0
#: a character that a column does not hold is this unlikely: never chosen where the pixels say something else
FLOOR = math.log(2e-4)
_NEVER = -math.inf

S = TypeVar("S")


class Language(Protocol[S]):
    """Which texts there may be: `Grammar` (these only) or `Prose` (all, some less likely).

    `step` takes a character into the text, `skip` passes over one that belongs to a dotted line; None where that may not be.
    Both give the state after it and what it adds to the prior, natural log; `end` what is added where the text ends.
    """

    def begin(self) -> S: ...  # noqa: D102
    def step(self, state: S, char: str) -> tuple[S, float] | None: ...  # noqa: D102
    def skip(self, state: S, char: str) -> tuple[S, float] | None: ...  # noqa: D102
    def end(self, state: S) -> float | None: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class Reading:
    """A text; natural logs of its probability given the columns alone, and of how likely it is before anything is seen."""

    text: str
    seen: float
    prior: float

    @property
    def log_p(self) -> float:
        """Both together."""
        return self.seen + self.prior


#: a text, its last character, the state after it, and how many marks were passed over
Key: TypeAlias = tuple[str, str, S, int]


class _Path:
    """Probability (log) of the paths that spell a text, by whether they end in the blank, and the prior of the text."""

    __slots__ = ("blank", "letter", "prior")

    def __init__(self, prior: float = 0.0, blank: float = _NEVER) -> None:
        self.blank, self.letter, self.prior = blank, _NEVER, prior

    @property
    def total(self) -> float:
        return _add(self.blank, self.letter)


def decode(columns: Sequence[Column], language: Language[S], *, most: int = 8) -> tuple[Reading, ...]:
    """The likeliest texts of `language` in `columns`, likeliest first; none when no text of it is there."""
    beam: dict[Key[S], _Path] = {("", "", language.begin(), 0): _Path(blank=0.0)}
    last = None
    for column in columns:
        if last is not None and column.number > last + 1:
            # columns left out are blank beyond doubt
            for path in beam.values():
                path.blank, path.letter = path.total, _NEVER
        beam = _step(beam, column, language)
        last = column.number
    found: dict[str, Reading] = {}
    for (text, _, state, _), path in beam.items():
        rest = language.end(state)
        if rest is not None:
            one, other = Reading(text, path.total, path.prior + rest), found.get(text)
            found[text] = one if other is None else _joined(one, other)
    return tuple(sorted(found.values(), key=lambda r: (-r.log_p, r.text))[:most])


def _joined(one: Reading, other: Reading) -> Reading:
    """One text that was found in two ways: each with what it is likely by itself."""
    seen = _add(one.seen, other.seen)
    return Reading(one.text, seen, _add(one.log_p, other.log_p) - seen)


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
            # the same letter twice needs a blank between
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
    """The log probability of the likeliest path through the columns: what a reading without constraint reaches."""
    return sum(column.signs[0][1] for column in columns)
