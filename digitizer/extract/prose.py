"""Prior of names, places and text: how likely they are by Vietnamese syllables, names and administrative units alone.

It has the interface of a `Grammar`, but allows every text. Unusual ones are only less likely. The weights are natural logs of a
few, small against those of the pixels. They never overrule a letter that the recogniser is sure of.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache

from digitizer import text
from digitizer.extract import unit_paths, units

# Changes of the prior, natural logs.

#: a word that is no Vietnamese syllable
NO_SYLLABLE = -3.0
#: capitals inside a word, or a name that begins small
NO_CASE = -2.5
#: a unit that does not exist
NO_UNIT = -2.5
#: a unit that does not lie in the next one
ELSEWHERE = -2.5
#: no comma between units
NO_COMMA = -2.0
#: a word of a name that is no known syllable. Names have syllables of other languages more often than text
NO_NAME_SYLLABLE = -2.2
#: an abbreviation without its dot: `T Tuyên Quang` for `T. Tuyên Quang`
NO_DOT = -1.5
#: a place that ends below the province. Its end may be missing
NO_PROVINCE = -1.5
#: a word of PLACE_WORDS
PLACE_WORD = 2.5
#: a place or relation that begins small. In handwriting `u` and `U` differ in size only
SMALL_BEGINNING = -2.5
#: a dot or comma within a part of a place
STRAY = -6.0
#: a skipped dot or comma, which may be a dot of the form's line
PASSED = -3.0
#: weight of how common a syllable is in names
COMMON = 0.25
#: a word of RELATIONS
RELATION_WORD = 1.0
#: a word in a relation that is none of RELATIONS
NO_RELATION = -3.0
#: a word of OFFICES
OFFICE_WORD = 2.0
#: a digit or sign in a name
NO_NAME = -5.0


#: words of places besides the names of units
# fmt: off
PLACE_WORDS = frozenset({
    "thôn", "bản", "xóm", "tổ", "dân", "phố", "khu", "ấp", "làng", "đội", "số", "nhà", "đường", "bệnh", "viện", "đa",
    "khoa", "trạm", "y", "tế", "trung", "tâm", "ủy", "ban", "nhân", "xã", "phường", "thị", "trấn", "huyện", "quận", "thành",
    "tỉnh", "tại", "ubnd",
})
#: words, written small, with which a part of a place begins after a comma
PLACE_HEADS = frozenset({
    "thôn", "bản", "xóm", "tổ", "dân", "khu", "ấp", "làng", "đội", "số", "nhà", "đường", "phố", "ngõ", "bệnh", "trạm", "trung",
    "xã", "phường", "thị", "huyện", "quận", "thành", "tỉnh", "đặc", "tại", "nay", "nước",
})
#: words of relations between persons
RELATIONS = frozenset({
    "con", "cháu", "chắt", "cha", "mẹ", "bố", "bản", "thân", "vợ", "chồng", "ông", "bà", "nội", "ngoại", "anh", "chị", "em",
    "ruột", "đẻ", "nuôi", "dâu", "rể", "trai", "gái", "cô", "dì", "chú", "bác", "cậu", "mợ", "thím", "họ", "hàng", "người",
    "giám", "hộ", "được", "chăm", "sóc", "đại", "diện", "đứng", "đầu", "cơ", "sở", "bảo", "trợ", "thích", "cán", "bộ",
})
#: words of offices beside a signer's name
OFFICES = frozenset({"chủ", "tịch", "phó", "quyền", "công", "chức", "tư", "pháp", "hộ", "trưởng", "phòng", "giám", "đốc"})
# fmt: on


#: letters that are words by themselves: `Y tế`, `Lò A Páo`
_VOWELS = frozenset("aăâeêioôơuưyàáảãạèéẻẽẹìíỉĩịòóỏõọùúủũụỳýỷỹỵ")


@cache
def known_syllables() -> frozenset[str]:
    """Vietnamese syllables and those of names in other languages, lower case."""
    return text.syllables() | name_counts().keys()


@cache
def name_counts() -> Mapping[str, tuple[int, int]]:
    """Syllable -> its counts in names: (anywhere, as a surname)."""
    rows = (units.DATA / "name-syllables.tsv").read_text(encoding="utf-8").splitlines()[1:]
    return {word: (int(anywhere), int(first)) for word, anywhere, first in (row.split("\t") for row in rows)}


@cache
def _beginnings() -> frozenset[str]:
    return frozenset(word[:i] for word in known_syllables() for i in range(1, len(word) + 1))


@dataclass(frozen=True, slots=True)
class TextState:
    """The state of a text after its last character."""

    #: change of the prior by the last character
    cost: float = 0.0
    #: letters of the current word, lower case
    word: str = ""
    #: the word can still become a syllable. A word that cannot is charged once
    known: bool = True
    #: letters of the word so far: `C` one capital, `A` capitals, `a` capital first or small, `x` mixed
    shape: str = ""
    #: the word before, lower case
    before: str = ""
    #: the last character is a space, or there is none
    gap: bool = True
    #: levels that the current unit may have. Empty outside the name of a unit
    levels: tuple[str, ...] = ()
    #: name of the current unit so far, lower case
    unit: str = ""
    #: (level, plain name) of the unit before it
    last: tuple[str, str] | None = None
    #: there is no comma since that unit
    joined: bool = False
    #: a dot or comma stands before the next word
    marked: bool = False
    #: the current word is small and follows a dot or comma
    small: bool = False
    #: ways to see the end of a place as units
    ways: unit_paths.Ways = unit_paths.START


#: state before the first character
START = TextState()
#: most steps that a `Prose` remembers
KNOWN = 20_000


class Prose:
    """The prior of texts of a kind: `name`, `place`, `relation`, `office` or `text`."""

    def __init__(self, kind: str) -> None:
        self._kind = kind
        self._no_syllable = NO_NAME_SYLLABLE if kind == "name" else NO_SYLLABLE
        self._forget()

    def _forget(self) -> None:
        self._states: list[TextState] = [START]
        self._numbers: dict[TextState, int] = {START: 0}
        self._known: dict[tuple[int, str], tuple[int, float] | None] = {}

    def begin(self) -> int:
        """The state before the first letter. States are numbers. They are valid until the next text begins."""
        if len(self._known) > KNOWN:
            self._forget()
        return 0

    def step(self, state: int, char: str) -> tuple[int, float] | None:
        """(state after `char`, change of the prior), or None for a second space."""
        key = (state, char)
        if key not in self._known:
            after = self._after(self._states[state], char)
            if after is not None and self._kind == "place":
                after = _on_path(after, char)
            self._known[key] = None if after is None else (self._number(after), after.cost)
        return self._known[key]

    def skip(self, state: int, char: str) -> tuple[int, float] | None:
        """(`state`, PASSED) when `char` is a mark in a place, which may be a dot of the form's line. Else None."""
        return (state, PASSED) if self._kind == "place" and char in ".,·…" else None

    def end(self, state: int) -> float:
        """Change of the prior when the text ends here."""
        held = self._states[state]
        last = self._closed(self._word_over(held, ","))
        cost = last.cost + NO_PROVINCE * (last.last is not None and last.last[0] != "province")
        return cost + (unit_paths.worth_at_end(held.ways) - unit_paths.worth(held.ways) if self._kind == "place" else 0.0)

    def _number(self, state: TextState) -> int:
        paid = replace(state, cost=0.0) if state.cost else state
        number = self._numbers.setdefault(paid, len(self._states))
        if number == len(self._states):
            self._states.append(paid)
        return number

    def _after(self, state: TextState, char: str) -> TextState | None:
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

    def _letter(self, state: TextState, char: str) -> TextState:
        low, cost = char.casefold(), state.cost
        word = state.word + low
        shape = _shape(state.shape, char)
        known = state.known and (word in _beginnings() or (self._kind == "place" and bool(state.levels)))
        cost += self._no_syllable * (state.known and not known)
        cost += NO_CASE * (shape == "x" and state.shape != "x")
        if self._kind in ("place", "relation"):
            cost += SMALL_BEGINNING * (state == START and char.islower())
        if not state.word and char.islower() and (self._kind == "name" or (state.levels and not state.unit.strip())):
            cost += NO_CASE  # names begin with a capital
        small = char.islower() and state.marked if not state.word else state.small
        state = replace(state, cost=cost, word=word, known=known, shape=shape, gap=False, marked=False, small=small)
        return self._unit_letter(state, low) if state.levels else state

    def _unit_letter(self, state: TextState, low: str) -> TextState:
        unit = state.unit + low
        levels = tuple(level for level in state.levels if unit in units.beginnings(level))
        if levels:
            return replace(state, unit=unit, levels=levels)
        return replace(state, cost=state.cost + NO_UNIT, levels=(), unit="", last=None)

    def _word_over(self, state: TextState, char: str) -> TextState:
        """The state after a word that `char` ends. Charges the word, and begins or continues a unit."""
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

    def _unit_word_over(self, state: TextState, char: str) -> TextState:
        more = state.unit + (char if char in " -" else "")
        onward = tuple(level for level in state.levels if char in " -" and more in units.beginnings(level))
        if onward:
            return replace(state, unit=more, levels=onward)
        return self._closed(state)

    def _closed(self, state: TextState) -> TextState:
        """The state after the name of a unit. Charges a unit that does not exist, or that does not hold the one before it."""
        if not state.levels or not state.unit:
            return state
        name = units.same_name(state.unit.strip(" -"))
        level = next((level for level in state.levels if name in units.names(level)), None)
        if level is None:
            return replace(state, cost=state.cost + NO_UNIT, levels=(), unit="", last=None)
        astray = state.last is not None and name not in units.inside().get(state.last, frozenset((name,)))
        return replace(state, cost=state.cost + ELSEWHERE * astray, levels=(), unit="", last=(level, name), joined=True)

    def _kind_word(self, state: TextState, previous: str, word: str, char: str, *, capital: bool) -> TextState:
        """The state after a word that may be a kind of unit (`xã`, `thị trấn`, `H.`). The name of a unit follows a kind."""
        kind = next((k for k in (f"{previous} {word}", word) if k in units.KINDS), None)
        cost = state.cost + NO_COMMA * state.joined
        if kind is None and (char == "." or (capital and char == " ")):
            kind = units.SHORT.get(word)
            cost += NO_DOT * (kind is not None and char == " ")
        if kind is None:
            return state
        return replace(state, cost=cost, levels=units.KINDS[kind], unit="", joined=False)


def _on_path(state: TextState, char: str) -> TextState:
    """The state of a place after `char`, with the change by the units that it ends with."""
    ways = unit_paths.after(state.ways, char)
    return replace(state, ways=ways, cost=state.cost + unit_paths.worth(ways) - unit_paths.worth(state.ways))


def _shape(shape: str, char: str) -> str:
    if shape == "":
        return "C" if char.isupper() else "a"
    if shape == "C":  # after one capital both cases may follow
        return "A" if char.isupper() else "a"
    return shape if shape == "x" or (shape == "A") == char.isupper() else "x"


@cache
def prose_of(kind: str) -> Prose:
    """The shared `Prose` of a kind. It remembers its steps."""
    return Prose(kind)
