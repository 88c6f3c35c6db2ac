"""The unit of today for a place as written: `Xã Đà Vị, huyện Na Hang, tỉnh Tuyên Quang` lies in `Xã Hồng Thái, Tỉnh Tuyên Quang`.

The place itself is never changed. Certain only where one unit follows: a province by the mergers, a commune by the code that
lives on in the new one; a commune that went into another one is known by its province alone.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import cache

from digitizer.doctypes import DocType
from digitizer.extract import units
from digitizer.extract.units import Unit
from digitizer.model import Field

#: a field with the unit of today is named after the place it belongs to, as the Ministry's sheets do (`nksNoiSinhDVHC`)
SUFFIX = "DVHC"
BY = f"units:{units.REFORM}"
_KINDS = "|".join(sorted(map(re.escape, (*units.KINDS, *(f"{short}." for short in units.SHORT))), key=len, reverse=True))
_UNIT = re.compile(rf"(?:^|[\s,])({_KINDS})\s*([^,]+?)\s*(?=$|,|\s(?:{_KINDS})\s)", re.IGNORECASE)


def with_successors(fields: Sequence[Field], doctype: DocType) -> tuple[Field, ...]:
    """`fields`, each place followed by the unit of today where that is certain and another one; for reading, never accepted."""
    places = {spec.name for spec in doctype.fields if spec.type == "place"}
    found: list[Field] = []
    for field in fields:
        if field.by == BY:
            continue
        found.append(field)
        now = successor(field.value) if field.name in places and isinstance(field.value, str) else None
        if now is not None:
            found.append(Field(name=field.name + SUFFIX, raw="", value=now, confidence=field.confidence, accepted=False, by=BY))
    return tuple(found)


def successor(place: str) -> str | None:
    """The unit of today; None where none is named, it is the same, or several may be meant."""
    named = {level: name for level, name in _named(place)}
    province = named.get("province")
    today = units.province_successors().get(province, ()) if province else ()
    if len(today) != 1:
        return None
    (unit,) = [u for u in units.after()["province"] if u.plain == today[0]]
    commune = _commune(named, unit)
    if commune is None and (today[0] == province or "district" not in named):
        return unit.name if today[0] != province else None
    found = f"{commune.name}, {unit.name}" if commune else unit.name
    same = commune is not None and commune.plain == named.get("commune") and today[0] == province and "district" not in named
    return None if same else found


def _named(place: str) -> Iterator[tuple[str, str]]:
    """(level, plain name) of the units a place names, the smallest first."""
    for kind, name in _UNIT.findall(place):
        low = kind.casefold().rstrip(".")
        full = units.SHORT.get(low, low) if kind.endswith(".") else low
        plain = units.same_name(name.strip(" ."))
        level = next((level for level in units.KINDS[full] if plain in units.names(level)), None)
        if level is not None:
            yield level, plain


def _commune(named: Mapping[str, str], province: Unit) -> Unit | None:
    """The commune of today that goes on with the code of the one named; the one of that name where no district is given."""
    name = named.get("commune")
    if name is None:
        return None
    now = {u.code: u for u in units.after()["commune"] if u.parent == province.code}
    if "district" not in named:
        same = [u for u in now.values() if u.plain == name]
        return same[0] if len(same) == 1 else None
    codes = _codes().get((name, named["district"], named["province"]), ())
    return now.get(codes[0]) if len(codes) == 1 else None


@cache
def _codes() -> Mapping[tuple[str, str, str], tuple[str, ...]]:
    """(commune, district, province), plain names until 06/2025 -> codes."""
    old = units.before()
    provinces = {u.code: u.plain for u in old["province"]}
    districts = {u.code: (u.plain, provinces[u.parent]) for u in old["district"]}
    found: dict[tuple[str, str, str], list[str]] = defaultdict(list)
    for unit in old["commune"]:
        found[unit.plain, *districts[unit.parent]].append(unit.code)
    return {key: tuple(codes) for key, codes in found.items()}
