"""Whether a place ends with units that lie in one another: commune, district, province, or the last two of them.

It is a prior over texts, letter by letter, as in `prose.py`: such an end is likelier by PATH. Kinds (`xã`, `H.`), case, commas
and the place of a tone do not matter. Before the units anything may stand.
The state of a text is all ways to see its end as units.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from digitizer.extract import units

#: change of the prior (natural log) for a place with such an end. A letter that the reader is sure of outweighs it
PATH = 4.0
#: letters of units from which it counts wholly, before the place ends
WHOLE = 20
#: level -> levels that may follow it. Since 07/2025 a commune lies in its province
ABOVE: Mapping[str, tuple[str, ...]] = {"commune": ("district", "province"), "district": ("province",), "province": ()}
#: words of the kinds of units, in full and short
_KIND_WORDS = frozenset(word for kind in units.KINDS for word in kind.split()) | frozenset(units.SHORT)
_KIND_BEGINNINGS = frozenset(word[:i] for word in _KIND_WORDS for i in range(1, len(word) + 1))


@dataclass(frozen=True, slots=True)
class Way:
    """One way to see the end of a text as units."""

    #: level of the unit that is being written. Empty behind the province
    level: str
    #: its name so far, lower case
    name: str = ""
    #: (level, plain name) of the unit before it
    below: tuple[str, str] | None = None
    #: letters of all its units
    letters: int = 0


#: ways to see a text
Ways = frozenset[Way]
#: ways before the first letter
START: Ways = frozenset(Way(level) for level in ABOVE)


def after(ways: Ways, char: str) -> Ways:
    """The ways after one more character."""
    low = char.casefold()
    if low.isalnum():
        grown = (Way(way.level, way.name + low, way.below, way.letters + 1) for way in ways)
        return frozenset(way for way in grown if _possible(way))
    return frozenset(new for way in ways for new in _word_over(way)) | START


def worth(ways: Ways) -> float:
    """Change of the prior for a text that may go on."""
    return PATH * min(max((way.letters for way in ways), default=0), WHOLE) / WHOLE


def worth_at_end(ways: Ways) -> float:
    """Change of the prior when the text ends here: PATH where two units or three end."""
    return PATH if any(way.level == "" for way in after(ways, " ")) else 0.0


def _word_over(way: Way) -> list[Way]:
    """What may follow after a word."""
    if not way.name:
        return [way]
    found = []
    if way.name in _KIND_WORDS:
        found.append(Way(way.level, "", way.below, way.letters - len(way.name)))
    if f"{way.name} " in units.beginnings(way.level):
        found.append(Way(way.level, f"{way.name} ", way.below, way.letters))
    name = units.same_name(way.name)
    if name in units.names(way.level) and (way.below is None or name in _above(way.below)):
        found += [Way(level, "", (way.level, name), way.letters) for level in ABOVE[way.level]]
        if way.level == "province" and way.below is not None:
            found.append(Way("", "", None, way.letters))
    return found


def _possible(way: Way) -> bool:
    """Whether a unit, or the kind of one, begins so."""
    if " " not in way.name and way.name in _KIND_BEGINNINGS:
        return bool(way.level)
    if not way.level or way.name not in units.beginnings(way.level):
        return False
    return way.below is None or way.name in _beginnings_above(way.below)


def _above(below: tuple[str, str]) -> frozenset[str]:
    return units.inside().get(below, frozenset())


@cache
def _beginnings_above(below: tuple[str, str]) -> frozenset[str]:
    """All beginnings of the units above one, with the tone in either place."""
    return frozenset(name[:i] for plain in _above(below) for name in units.spellings(plain) for i in range(len(name) + 1))
