"""Finds today's unit of a written place: `Xã Đà Vị, huyện Na Hang, tỉnh Tuyên Quang` is `Xã Hồng Thái, Tỉnh Tuyên Quang`.

The place itself is never changed. A unit is given only when it is the only one that follows. Provinces follow the mergers,
communes the table of the National Statistics Office. For a divided commune only the province is given, with a problem.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from digitizer.doctypes import DocType
from digitizer.extract import units
from digitizer.extract.places import named as units_of
from digitizer.extract.units import Unit
from digitizer.model import Field, Problem

#: suffix of a field with today's unit after the name of its place, as in the Ministry's sheets (`nksNoiSinhDVHC`)
SUFFIX = "DVHC"
#: `by` of a province: day of the reform and source (digitizer/data/README.md)
BY_PROVINCE = f"units:{units.REFORM}:NQ 202/2025/QH15"
#: `by` of a commune: day of the reform and source (digitizer/data/README.md)
BY_COMMUNE = f"units:{units.REFORM}:NSO"


@dataclass(frozen=True, slots=True)
class Successor:
    """A unit of today."""

    name: str
    #: BY_PROVINCE or BY_COMMUNE
    by: str
    #: the commune was divided among several of today, so only the province is given
    divided: bool = False


def with_successors(fields: Sequence[Field], doctype: DocType) -> tuple[Field, ...]:
    """`fields`, each place followed by today's unit when it is certain and another one. Such a field is never accepted."""
    places = {spec.name for spec in doctype.fields if spec.type == "place"}
    found: list[Field] = []
    for field in fields:
        if field.by in (BY_PROVINCE, BY_COMMUNE):
            continue
        found.append(field)
        now = successor(field.value) if field.name in places and isinstance(field.value, str) else None
        if now is not None:
            found.append(_field(field, now))
    return tuple(found)


def _field(place: Field, now: Successor) -> Field:
    name = place.name + SUFFIX
    problems = (Problem(code="unit_divided", field=name),) if now.divided else ()
    return Field(
        name=name, raw="", value=now.name, confidence=place.confidence, accepted=False, problems=problems, by=now.by
    )  # fmt: skip


def successor(place: str) -> Successor | None:
    """Today's unit of a place. None: no unit is named, it is the same, or several provinces may be meant."""
    named = {unit.level: unit.plain for unit in units_of(place) if unit.level is not None}
    here = _province(named.get("province", ""))
    if "province" in named and here is None:
        return None
    ends = _ends(named, here) if "commune" in named else set()
    if len(ends) == 1:
        ((became, whole),) = ends
        if whole:
            return _commune(became[0], named)
    return _of_province(named, here, divided=bool(ends) and all(len(became) > 1 for became, _ in ends))


def _ends(named: Mapping[str, str], here: Unit | None) -> set[tuple[tuple[str, ...], bool]]:
    """(codes of today, whether one holds all of it) of each old commune that may be meant.

    Empty when the place is written as since the reform, or names neither district nor province.
    """
    if "district" not in named and (here is None or _as_today(named, here)):
        return set()
    meant = [code for code, where in _old_communes().get(named["commune"], ()) if _agrees(where, named, here)]
    return {units.commune_successors().get(code, ((), False)) for code in meant}


def _as_today(named: Mapping[str, str], here: Unit) -> bool:
    return here.plain == named["province"] and any(
        u.plain == named["commune"] and u.parent == here.code for u in units.after()["commune"]
    )


def _commune(code: str, named: Mapping[str, str]) -> Successor | None:
    unit = _today()["commune", code]
    province = _today()["province", unit.parent]
    same = (unit.plain, province.plain) == (named["commune"], named.get("province")) and "district" not in named
    return None if same else Successor(f"{unit.name}, {province.name}", BY_COMMUNE)


def _of_province(named: Mapping[str, str], here: Unit | None, *, divided: bool) -> Successor | None:
    """Today's province alone, when it is another one or the place names a commune with a district, which exists no more."""
    if here is None or (here.plain == named["province"] and not {"commune", "district"} <= named.keys()):
        return None
    return Successor(here.name, BY_PROVINCE, divided)


def _province(name: str) -> Unit | None:
    """Today's province that holds the one of that name. None when several may be meant."""
    today = units.province_successors().get(name, ())
    return next(u for u in units.after()["province"] if u.plain == today[0]) if len(today) == 1 else None


def _agrees(where: tuple[str, str], named: Mapping[str, str], here: Unit | None) -> bool:
    """Whether a commune in (district, province) may be the named one. The named province may be the old one or today's."""
    district, province = where
    return named.get("district", district) == district and (here is None or _province(province) == here)


@cache
def _old_communes() -> Mapping[str, tuple[tuple[str, tuple[str, str]], ...]]:
    """Plain name of a commune until 06/2025 -> (code, (district, province)) of each commune of that name."""
    old = units.before()
    provinces = {u.code: u.plain for u in old["province"]}
    districts = {u.code: (u.plain, provinces[u.parent]) for u in old["district"]}
    found: dict[str, list[tuple[str, tuple[str, str]]]] = defaultdict(list)
    for unit in old["commune"]:
        found[unit.plain].append((unit.code, districts[unit.parent]))
    return {name: tuple(held) for name, held in found.items()}


@cache
def _today() -> Mapping[tuple[str, str], Unit]:
    """(level, code) -> unit since 01/07/2025."""
    return {(u.level, u.code): u for held in units.after().values() for u in held}
