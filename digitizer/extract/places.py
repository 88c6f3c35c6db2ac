"""The administrative units a place names: `Thôn 5, xã Phù Lưu, huyện Hàm Yên` -> xã Phù Lưu, huyện Hàm Yên."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from digitizer.extract import units

_KINDS = "|".join(sorted(map(re.escape, (*units.KINDS, *(f"{short}." for short in units.SHORT))), key=len, reverse=True))
_UNIT = re.compile(rf"(?:^|[\s,])({_KINDS})\s*([^,]+?)\s*(?=$|,|\s(?:{_KINDS})\s)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Named:
    """A unit as a place names it: its level, None where no unit of its kind has that name, and its plain name."""

    level: str | None
    plain: str
    #: kind and name as written, and whether a comma stands before
    kind: str
    name: str
    parted: bool


def named(place: str) -> Iterator[Named]:
    """The units that `place` names, the smallest first."""
    for match in _UNIT.finditer(place):
        kind, name = match.groups()
        low = kind.casefold().rstrip(".")
        full = units.SHORT.get(low, low) if kind.endswith(".") else low
        plain = units.same_name(name.strip(" ."))
        level = next((level for level in units.KINDS[full] if plain in units.names(level)), None)
        yield Named(level, plain, kind, name, place[: match.start(1)].rstrip().endswith(",") or not match.start())
