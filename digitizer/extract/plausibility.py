"""Measures how implausible a name or a place is, whatever the recogniser saw.

Recognisers lose accents first. `Nguyên` is no surname, but `Nguyễn` is. `Lưỡng Vương` is no commune of a town that has
`Lưỡng Vượng`. Nothing is corrected here. Implausibility lowers the confidence (`acceptance.py`).
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

#: (implausibility of the value as a whole, number of odd details). Both are 0 for a usual value
Implausibility = tuple[float, float]
#: a usual value
PLAUSIBLE: Implausibility = (0.0, 0.0)
#: most odd details that are counted
_MOST = 3
#: least count of the surnames in `lists.SURNAMES`, in the unit of `name-syllables.tsv`
_RARE = 5
#: a surname nobody has is misread when one of the same letters with other accents has at least this count
_COMMON = 5
#: share of a syllable's count in names that it has at least as a surname
_AS_SURNAME = 1 / 20


def misread_surname(name: str) -> bool:
    """Whether a name begins with no surname, but a common surname has the same letters with other accents."""
    first = nfc(name).casefold().partition(" ")[0]
    own, other = _counts().get(first, (0, 0)), _likes().get(fold(first), (0, 0))
    return own[0] == 0 and other[0] >= _COMMON


def surname_doubt(name: str) -> str | None:
    """The problem code of a name with a misread surname, else None."""
    return "surname_unknown" if misread_surname(name) else None


def of_name(text: str) -> Implausibility:
    """(worst log ratio, number of syllables that no name has).

    The ratio compares the commonest syllable of the same letters with the syllable as read, as a natural logarithm.
    """
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
    """Syllable -> its counts in names: (as a surname, anywhere)."""
    known = {word: (first, anywhere) for word, (anywhere, first) in name_counts().items()}
    for word in map(str.casefold, SURNAMES):
        first, anywhere = known.get(word, (0, 0))
        known[word] = max(first, _RARE), max(anywhere, _RARE)
    return known


@cache
def _likes() -> Mapping[str, tuple[int, int]]:
    """Letters without accents -> the highest counts of any syllable with these letters: (as a surname, anywhere)."""
    most: dict[str, tuple[int, int]] = defaultdict(lambda: (0, 0))
    for word, count in _counts().items():
        surname, anywhere = most[fold(word)]
        most[fold(word)] = max(surname, count[0]), max(anywhere, count[1])
    return dict(most)


def of_place(text: str) -> Implausibility:
    """(number of units that do not exist or lie elsewhere, number of odd details), each at most `_MOST`.

    Odd details are words that are no syllables, odd capitals, and missing commas.
    """
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
    """Whether a hamlet stands before `unit` without a comma: `Tổ dân phố 10 phường An Tường`."""
    before = text[: text.find(f"{unit.kind} {unit.name}")].rpartition(",")[2]
    return re.search(r"\b(?:thôn|bản|xóm|tổ|khu|ấp) ", before, re.IGNORECASE) is not None


def _capital_inside(kind: str) -> bool:
    """Whether a kind of unit begins small and has a capital inside: `thành Phố`."""
    return kind[:1].islower() and not kind.islower()
