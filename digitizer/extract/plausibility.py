"""How odd a name or a place is, apart from what the reader saw: what a person would look at twice.

Accents are what recognisers lose first: `Nguyên` is no surname where `Nguyễn` is one, `Lưỡng Vương` no commune of a town that has
`Lưỡng Vượng`. Nothing is corrected by this; it weighs in the confidence (`acceptance.py`).
"""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Mapping
from functools import cache

from digitizer.extract import units
from digitizer.extract.lists import SURNAMES
from digitizer.extract.places import Named, named
from digitizer.extract.prose import known_syllables, name_counts
from digitizer.text import fold, nfc

#: two numbers, 0 for what is usual: how a value is odd as a whole, and in how many details
Implausibility = tuple[float, float]
PLAUSIBLE: Implausibility = (0.0, 0.0)
#: more odd details say nothing more
_MOST = 3
#: what a surname nobody counted is taken to stand for, among the counts of `name-syllables.tsv`
_RARE = 5
#: a surname that is none is a misread one where another of the same letters, with other accents, has this count
_COMMON = 5
#: how much of a syllable's count as any part of a name it may have as a surname
_AS_SURNAME = 1 / 20


def misread_surname(name: str) -> bool:
    """Whether a name begins with what is no surname, while there is one of the same letters with other accents."""
    first = nfc(name).casefold().partition(" ")[0]
    own, other = _counts().get(first, (0, 0)), _likes().get(fold(first), (0, 0))
    return own[0] == 0 and other[0] >= _COMMON


def surname_doubt(name: str) -> str | None:
    """The problem of a name with a misread surname; None for any other name."""
    return "surname_unknown" if misread_surname(name) else None


def of_name(text: str) -> Implausibility:
    """How much commoner the commonest syllable of the same letters is (natural log), at worst; syllables no name has."""
    words = nfc(text).casefold().split()
    worst = max((_overtaken(word, first=not i) for i, word in enumerate(words)), default=0.0)
    return worst, float(min(_MOST, sum(word not in _counts() for word in words)))


def _overtaken(word: str, *, first: bool) -> float:
    own, other = (_weight(counts.get(key, (0, 0)), first) for counts, key in ((_counts(), word), (_likes(), fold(word))))
    return max(0.0, math.log((other + 1) / (own + 1)))


def _weight(count: tuple[int, int], first: bool) -> float:
    surname, anywhere = count
    return max(surname, anywhere * _AS_SURNAME) if first else anywhere


@cache
def _counts() -> Mapping[str, tuple[int, int]]:
    """Syllable -> how often it stands in names: as a surname, and anywhere."""
    known = {word: (first, anywhere) for word, (anywhere, first) in name_counts().items()}
    for word in map(str.casefold, SURNAMES):
        first, anywhere = known.get(word, (0, 0))
        known[word] = max(first, _RARE), max(anywhere, _RARE)
    return known


@cache
def _likes() -> Mapping[str, tuple[int, int]]:
    """Letters without accents -> the most that any syllable of these letters counts."""
    most: dict[str, tuple[int, int]] = defaultdict(lambda: (0, 0))
    for word, count in _counts().items():
        surname, anywhere = most[fold(word)]
        most[fold(word)] = max(surname, count[0]), max(anywhere, count[1])
    return dict(most)


def of_place(text: str) -> Implausibility:
    """Units that do not exist or lie elsewhere; words that are no syllables or oddly written, commas that are missing."""
    wrong, odd, last = 0, 0, None
    for unit in named(nfc(text)):
        known = unit.level is not None and unit.name[:1].isupper() | unit.name[:1].isdigit()
        below = units.inside().get(last, frozenset((unit.plain,))) if last is not None else frozenset((unit.plain,))
        wrong += not known or unit.plain not in below
        odd += not unit.parted and (last is not None or _after_hamlet(text, unit))
        odd += _capital_inside(unit.kind) + any(word[0].islower() for word in unit.name.split())
        last = (unit.level, unit.plain) if unit.level is not None else None
    words = re.findall(r"[^\W\d]+", nfc(text))
    odd += sum(
        word.casefold() not in known_syllables() or not (word.islower() or word.istitle() or word.isupper()) for word in words
    )
    return float(min(_MOST, wrong)), float(min(_MOST, odd))


def _after_hamlet(text: str, unit: Named) -> bool:
    """`Tổ dân phố 10 phường An Tường`: what lies in a unit is followed by a comma."""
    before = text[: text.find(f"{unit.kind} {unit.name}")].rpartition(",")[2]
    return re.search(r"\b(?:thôn|bản|xóm|tổ|khu|ấp) ", before, re.IGNORECASE) is not None


def _capital_inside(kind: str) -> bool:
    """`thành Phố`: a capital within what begins small."""
    return kind[:1].islower() and not kind.islower()
