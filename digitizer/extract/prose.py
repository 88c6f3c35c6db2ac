"""How likely names, places and text are before anything is seen: Vietnamese syllables, names, administrative units.

The same interface as a `Grammar`, but everything may be written: what is unusual is only less likely. The weights are small
against the pixels' (natural logs of a few), so that a letter the reader is sure of is never argued away.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache

from digitizer import text
from digitizer.extract import units

#: no Vietnamese syllable; capitals inside a word; a unit nobody knows; one that lies elsewhere; no comma between units
NO_SYLLABLE, NO_CASE, NO_UNIT, ELSEWHERE, NO_COMMA = -3.0, -2.5, -2.5, -2.5, -2.0
#: names have syllables of other languages more often than other text
NO_NAME_SYLLABLE = -2.2
#: `T Tuyên Quang` for `T. Tuyên Quang`
NO_DOT = -1.5
#: a place that ends below the province may go on where nobody looked
NO_PROVINCE = -1.5
#: a word places are made of; a place or relation that begins small: written by hand, `u` and `U` differ by their size alone
PLACE_WORD, SMALL_BEGINNING = 2.5, -2.5
#: a dot or comma in the middle of a part of a place; passing over one, which the dots to write on are read as
STRAY, PASSED = -6.0, -3.0
#: weight of how common a syllable is in names
COMMON = 0.25
#: a word that relations are made of, and any other; a word of offices
RELATION_WORD, NO_RELATION, OFFICE_WORD = 1.0, -3.0, 2.0
#: a digit or sign in a name
NO_NAME = -5.0


#: words of which places are made besides the names of units
# fmt: off
PLACE_WORDS = frozenset({
    "thôn", "bản", "xóm", "tổ", "dân", "phố", "khu", "ấp", "làng", "đội", "số", "nhà", "đường", "bệnh", "viện", "đa",
    "khoa", "trạm", "y", "tế", "trung", "tâm", "ủy", "ban", "nhân", "xã", "phường", "thị", "trấn", "huyện", "quận", "thành",
    "tỉnh", "tại", "ubnd",
})
#: small words with which a part of a place begins, after a comma
PLACE_HEADS = frozenset({
    "thôn", "bản", "xóm", "tổ", "dân", "khu", "ấp", "làng", "đội", "số", "nhà", "đường", "phố", "ngõ", "bệnh", "trạm", "trung",
    "xã", "phường", "thị", "huyện", "quận", "thành", "tỉnh", "đặc", "tại", "nay", "nước",
})
#: words relations between persons are made of
RELATIONS = frozenset({
    "con", "cháu", "chắt", "cha", "mẹ", "bố", "bản", "thân", "vợ", "chồng", "ông", "bà", "nội", "ngoại", "anh", "chị", "em",
    "ruột", "đẻ", "nuôi", "dâu", "rể", "trai", "gái", "cô", "dì", "chú", "bác", "cậu", "mợ", "thím", "họ", "hàng", "người",
    "giám", "hộ", "được", "chăm", "sóc", "đại", "diện", "đứng", "đầu", "cơ", "sở", "bảo", "trợ", "thích", "cán", "bộ",
})
#: words of offices, beside a signer's name
OFFICES = frozenset({"chủ", "tịch", "phó", "quyền", "công", "chức", "tư", "pháp", "hộ", "trưởng", "phòng", "giám", "đốc"})
# fmt: on


#: letters that stand alone as words: `Y tế`, `Lò A Páo`
_VOWELS = frozenset("aăâeêioôơuưyàáảãạèéẻẽẹìíỉĩịòóỏõọùúủũụỳýỷỹỵ")


@cache
def known_syllables() -> frozenset[str]:
    """Vietnamese syllables and those of names in other languages, lower case."""
    return text.syllables() | name_counts().keys()


@cache
def name_counts() -> Mapping[str, tuple[int, int]]:
    """How often a syllable stands in names: anywhere, and as a surname."""
    rows = (units.DATA / "name-syllables.tsv").read_text(encoding="utf-8").splitlines()[1:]
    return {word: (int(anywhere), int(first)) for word, anywhere, first in (row.split("\t") for row in rows)}


@cache
def _beginnings() -> frozenset[str]:
    return frozenset(word[:i] for word in known_syllables() for i in range(1, len(word) + 1))


@dataclass(frozen=True, slots=True)
class State:
    """How far a text is: what its last character cost, the word and the unit being written."""

    cost: float = 0.0
    word: str = ""
    #: the word so far can still become a syllable; costs are taken once a word
    known: bool = True
    #: the word's letters so far: `A` capitals, `a` capital first or small, `x` mixed
    shape: str = ""
    #: the word before, lower case
    before: str = ""
    gap: bool = True
    #: levels the unit being written may have, and its name so far, lower case; none outside a unit's name
    levels: tuple[str, ...] = ()
    unit: str = ""
    #: (level, plain name) of the unit before it
    last: tuple[str, str] | None = None
    #: no comma since that unit
    joined: bool = False
    #: a dot or comma stands before what comes next; a small word follows it
    marked: bool = False
    small: bool = False


START = State()
#: steps that are remembered
KNOWN = 100_000


class Prose:
    """What may be written in a field of kind `name`, `place`, `relation`, `office` or `text`."""

    def __init__(self, kind: str) -> None:
        self._kind = kind
        self._no_syllable = NO_NAME_SYLLABLE if kind == "name" else NO_SYLLABLE
        self._forget()

    def _forget(self) -> None:
        self._states: list[State] = [START]
        self._numbers: dict[State, int] = {START: 0}
        self._known: dict[tuple[int, str], tuple[int, float] | None] = {}

    def begin(self) -> int:
        """The state before the first letter; states are numbers, valid until the next text begins."""
        if len(self._known) > KNOWN:
            self._forget()
        return 0

    def step(self, state: int, char: str) -> tuple[int, float] | None:
        """The state after `char`; None for a second space."""
        key = (state, char)
        if key not in self._known:
            after = self._after(self._states[state], char)
            self._known[key] = None if after is None else (self._number(after), after.cost)
        return self._known[key]

    def skip(self, state: int, char: str) -> tuple[int, float] | None:
        """`state`, where the mark `char` of a place may be a dot to write on; then it costs a little."""
        return (state, PASSED) if self._kind == "place" and char in ".,·…" else None

    def end(self, state: int) -> float:
        """What the text costs, ending here."""
        last = self._closed(self._word_over(self._states[state], ","))
        return last.cost + NO_PROVINCE * (last.last is not None and last.last[0] != "province")

    def _number(self, state: State) -> int:
        paid = replace(state, cost=0.0) if state.cost else state
        number = self._numbers.setdefault(paid, len(self._states))
        if number == len(self._states):
            self._states.append(paid)
        return number

    def _after(self, state: State, char: str) -> State | None:
        if char.isalpha() or (char in "'’" and state.word):
            return self._letter(state, char)
        if char == " " and state.gap:
            return None
        state = self._word_over(state, char)
        if self._kind == "name" and char not in " .'-,":
            state = replace(state, cost=state.cost + NO_NAME)
        if char not in " -" and not (char == "." and state.levels and not state.unit):
            state = replace(self._closed(state), levels=(), joined=False)
        return replace(state, gap=char == " ", marked=char in ".," or (state.marked and char == " "))

    def _letter(self, state: State, char: str) -> State:
        low, cost = char.casefold(), state.cost
        word = state.word + low
        shape = _shape(state.shape, char)
        known = state.known and (word in _beginnings() or (self._kind == "place" and bool(state.levels)))
        cost += self._no_syllable * (state.known and not known)
        cost += NO_CASE * (shape == "x" and state.shape != "x")
        if self._kind in ("place", "relation"):
            cost += SMALL_BEGINNING * (state == START and char.islower())
        if not state.word and char.islower() and (self._kind == "name" or (state.levels and not state.unit.strip())):
            cost += NO_CASE  # a name begins with a capital
        small = char.islower() and state.marked if not state.word else state.small
        state = replace(state, cost=cost, word=word, known=known, shape=shape, gap=False, marked=False, small=small)
        return self._unit_letter(state, low) if state.levels else state

    def _unit_letter(self, state: State, low: str) -> State:
        unit = state.unit + low
        levels = tuple(level for level in state.levels if unit in units.beginnings(level))
        if levels:
            return replace(state, unit=unit, levels=levels)
        return replace(state, cost=state.cost + NO_UNIT, levels=(), unit="", last=None)

    def _word_over(self, state: State, char: str) -> State:
        """After the last letter of a word: was it one, does a unit begin or go on."""
        if not state.word:
            return state
        cost, word = state.cost, state.word
        single = len(word) == 1 and (char == "." or word in _VOWELS)
        if state.known and not state.levels and not single and word not in known_syllables():
            cost += self._no_syllable
        if self._kind == "name":
            count = name_counts().get(word, (0, 0))
            cost += COMMON * (math.log1p(count[0] if state.before else max(count[1], count[0] // 20)) - 6.0)
        if self._kind == "office":
            cost += OFFICE_WORD * (word in OFFICES)
        if self._kind == "relation":
            cost += RELATION_WORD if word in RELATIONS else NO_RELATION
        if self._kind == "place" and not state.levels:
            cost += PLACE_WORD * (word in PLACE_WORDS)
            cost += STRAY * (state.small and word not in PLACE_HEADS)
        previous, capital = state.before, state.shape in ("C", "A")
        state = replace(state, cost=cost, word="", known=True, shape="", before=word)
        if state.levels:
            return self._unit_word_over(state, char)
        return self._kind_word(state, previous, word, char, capital=capital) if self._kind == "place" else state

    def _unit_word_over(self, state: State, char: str) -> State:
        more = state.unit + (char if char in " -" else "")
        onward = tuple(level for level in state.levels if char in " -" and more in units.beginnings(level))
        if onward:
            return replace(state, unit=more, levels=onward)
        return self._closed(state)

    def _closed(self, state: State) -> State:
        """A unit's name is over: is there such a unit, and does the one before it lie in it?"""
        if not state.levels or not state.unit:
            return state
        name = units.same_name(state.unit.strip(" -"))
        level = next((level for level in state.levels if name in units.names(level)), None)
        if level is None:
            return replace(state, cost=state.cost + NO_UNIT, levels=(), unit="", last=None)
        astray = state.last is not None and name not in units.inside().get(state.last, frozenset((name,)))
        return replace(state, cost=state.cost + ELSEWHERE * astray, levels=(), unit="", last=(level, name), joined=True)

    def _kind_word(self, state: State, previous: str, word: str, char: str, *, capital: bool) -> State:
        """`xã`, `thị trấn`, `H.`: a unit's name follows."""
        kind = next((k for k in (f"{previous} {word}", word) if k in units.KINDS), None)
        cost = state.cost + NO_COMMA * state.joined
        if kind is None and (char == "." or (capital and char == " ")):
            kind = units.SHORT.get(word)
            cost += NO_DOT * (kind is not None and char == " ")
        if kind is None:
            return state
        return replace(state, cost=cost, levels=units.KINDS[kind], unit="", joined=False)


def _shape(shape: str, char: str) -> str:
    if shape == "":
        return "C" if char.isupper() else "a"
    if shape == "C":  # one capital: both may follow
        return "A" if char.isupper() else "a"
    return shape if shape == "x" or (shape == "A") == char.isupper() else "x"


@cache
def prose_of(kind: str) -> Prose:
    """The one `Prose` of a kind, which remembers the steps it has taken."""
    return Prose(kind)
