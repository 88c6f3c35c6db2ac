"""Finds the administrative units in a place: `Thôn 5, xã Phù Lưu, huyện Hàm Yên` -> xã Phù Lưu, huyện Hàm Yên."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from digitizer.extract import units

#: kinds of units, in full and short with a dot
_KINDS = "|".join(sorted(map(re.escape, (*units.KINDS, *(f"{short}." for short in units.SHORT))), key=len, reverse=True))
#: kind and name of a unit
_UNIT = re.compile(rf"(?:^|[\s,])({_KINDS})\s*([^,]+?)\s*(?=$|,|\s(?:{_KINDS})\s)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Named:
    """A unit as a place names it."""

    #: commune, district or province. None: no unit of its kind has that name
    level: str | None
    #: its name as `units.same_name` gives it
    plain: str
    #: its kind as written
    kind: str
    #: its name as written
    name: str
    #: whether it begins the place or follows a comma
    parted: bool


def named(place: str) -> Iterator[Named]:
    """The units in `place`, in their order, which is the smallest first."""
    for match in _UNIT.finditer(place):
        kind, name = match.groups()
        low = kind.casefold().rstrip(".")
        full = units.SHORT.get(low, low) if kind.endswith(".") else low
        plain = units.same_name(name.strip(" ."))
        level = next((level for level in units.KINDS[full] if plain in units.names(level)), None)
        yield Named(level, plain, kind, name, place[: match.start(1)].rstrip().endswith(",") or not match.start())
