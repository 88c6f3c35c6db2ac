"""Administrative units of Vietnam: provinces, districts and communes until 30/06/2025, provinces and communes since then.

`digitizer/data/README.md` names the sources of the data. A plain name is the name without its kind: `Sơn Dương` of
`huyện Sơn Dương`, in the form of `same_name`.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from digitizer.text import fold, nfc

#: folder of the data
DATA = Path(__file__).resolve().parent.parent / "data"
#: first day with two levels (Nghị quyết 202/2025/QH15)
REFORM = "2025-07-01"
#: kind as written in a place -> levels it may stand for
KINDS: Mapping[str, tuple[str, ...]] = {
    "xã": ("commune",), "phường": ("commune",), "thị trấn": ("commune",), "đặc khu": ("commune",),
    "huyện": ("district",), "quận": ("district",), "thị xã": ("district",),
    "thành phố": ("district", "province"), "tỉnh": ("province",),
}  # fmt: skip
#: abbreviation, with or without a dot -> kind
SHORT: Mapping[str, str] = {
    "x": "xã", "p": "phường", "tt": "thị trấn", "h": "huyện", "q": "quận", "tx": "thị xã", "tp": "thành phố", "t": "tỉnh",
}  # fmt: skip
#: cities that are provinces, folded. After any other city a province of the same name may follow
CENTRAL = ("ha noi", "hai phong", "da nang", "ho chi minh", "can tho", "hue")
#: kind at the begin of a name
_KIND = re.compile(rf"^(?:{'|'.join(sorted(KINDS, key=len, reverse=True))}) ", re.IGNORECASE)
#: vowel pairs with the tone on the second vowel: `Hoá`
_OLD_PLACE = re.compile(r"(o)([àáảãạ])(?=\W|$)|(o)([èéẻẽẹ])(?=\W|$)|(?<!q)(u)([ỳýỷỹỵ])(?=\W|$)")
#: vowel -> the vowel with each tone
_MARKED = {"o": "òóỏõọ", "u": "ùúủũụ"}


@dataclass(frozen=True, slots=True)
class Unit:
    """A province, district or commune."""

    #: province, district or commune
    level: str
    code: str
    #: with its kind
    name: str
    #: code of the unit one level up
    parent: str

    @property
    def plain(self) -> str:
        """Its name without its kind, in the form of `same_name`."""
        return same_name(without_kind(self.name))


def without_kind(name: str) -> str:
    """The name without its kind: `Thị trấn Na Hang` -> `Na Hang`, `Quận 1` -> `1`."""
    return _KIND.sub("", name, count=1)


def same_name(name: str) -> str:
    """The form in which names are compared. Accents stay. Case and place of the tone do not: `Chiêm Hoá` = `Chiêm Hóa`."""
    return _OLD_PLACE.sub(_moved, nfc(name).casefold())


def _moved(match: re.Match[str]) -> str:
    first, second = (group for group in match.groups() if group)
    row = next(row for row in ("àáảãạ", "èéẻẽẹ", "ỳýỷỹỵ") if second in row)
    plain = {"à": "a", "è": "e", "ỳ": "y"}[row[0]]
    return _MARKED[first][row.index(second)] + plain


@cache
def before() -> Mapping[str, tuple[Unit, ...]]:
    """Level -> units until 30/06/2025."""
    return _load("units-until-2025-06.tsv")


@cache
def after() -> Mapping[str, tuple[Unit, ...]]:
    """Level -> units since 01/07/2025."""
    return _load("units-since-2025-07.tsv")


@cache
def commune_successors() -> Mapping[str, tuple[tuple[str, ...], bool]]:
    """Code of a commune until 30/06/2025 -> (codes of today's communes it lies in, whether it lies wholly in the only one)."""
    rows = (DATA / "communes-2025-07.tsv").read_text(encoding="utf-8").splitlines()[1:]
    split = (row.split("\t") for row in rows)
    return {was: (tuple(became.split("; ")), whole == "1") for was, became, whole in split}


@cache
def province_successors() -> Mapping[str, tuple[str, ...]]:
    """Plain name of a former province -> plain names of today's provinces with its land. One name: the successor is certain."""
    rows = (DATA / "mergers.tsv").read_text(encoding="utf-8").splitlines()[1:]
    found: dict[str, list[str]] = defaultdict(list)
    for row in rows:
        _, was, became = row.split("\t")[:3]
        found[same_name(was)] += [same_name(name) for name in became.split("; ")]
    return {was: tuple(sorted(_today(was, found))) for was in found}


def _today(name: str, merged: Mapping[str, list[str]]) -> set[str]:
    """The ends of a chain of mergers: Hà Tuyên -> Hà Giang and Tuyên Quang -> Tuyên Quang."""
    onward = [n for n in merged.get(name, ()) if n != name]
    return (
        {name}
        if not onward
        else {end for n in onward for end in _today(n, merged)} | ({name} if name in merged.get(name, ()) else set())
    )


def _load(file: str) -> Mapping[str, tuple[Unit, ...]]:
    found: dict[str, list[Unit]] = defaultdict(list)
    for row in (DATA / file).read_text(encoding="utf-8").splitlines()[1:]:
        unit = Unit(*row.split("\t"))
        found[unit.level].append(unit)
    return {level: tuple(units) for level, units in found.items()}


@cache
def inside() -> Mapping[tuple[str, str], frozenset[str]]:
    """(level, plain name) -> plain names of all units above those of this name, in both periods."""
    found: dict[tuple[str, str], set[str]] = defaultdict(set)
    for period in (before(), after()):
        by_code = {(u.level, u.code): u for units in period.values() for u in units}
        for unit in by_code.values():
            for parent in _parents(unit, by_code):
                found[unit.level, unit.plain].add(parent.plain)
    # people write an old commune with its new province too
    for (level, name), parents in list(found.items()):
        found[level, name] = parents | {new for old in parents for new in province_successors().get(old, ())}
    return {key: frozenset(parents) for key, parents in found.items()}


def _parents(unit: Unit, by_code: Mapping[tuple[str, str], Unit]) -> Iterator[Unit]:
    above = {"commune": ("district", "province"), "district": ("province",), "province": ()}[unit.level]
    parent = next((by_code[level, unit.parent] for level in above if (level, unit.parent) in by_code), None)
    if parent is not None:
        yield parent
        yield from _parents(parent, by_code)


@cache
def names(level: str) -> frozenset[str]:
    """Plain names of all units of a level in both periods, with those of former provinces."""
    known = {u.plain for period in (before(), after()) for u in period.get(level, ())}
    return frozenset(known | (set(province_successors()) if level == "province" else set()))


@cache
def _endings() -> re.Pattern[str]:
    provinces = "|".join(sorted({re.escape(fold(name)) for name in names("province")}))
    return re.compile(rf"\b(?:tinh|t\.) *(?:{provinces})\W*$|\b(?:thanh pho|tp\.?) *(?:{'|'.join(CENTRAL)})\W*$")


def ends_a_place(folded: str) -> bool:
    """Whether a folded place ends with its province, so that nothing can follow."""
    return _endings().search(folded) is not None


@cache
def beginnings(level: str) -> frozenset[str]:
    """All beginnings of the names of a level, with the tone in either place."""
    return frozenset(name[:i] for plain in names(level) for name in spellings(plain) for i in range(len(name) + 1))


def spellings(name: str) -> tuple[str, ...]:
    """A plain name with the tone in either place: `hóa`, `hoá`. One spelling when both are equal."""
    old = re.sub(
        r"([òóỏõọ])([ae])(?=\W|$)|(?<!q)([ùúủũụ])(y)(?=\W|$)",
        lambda m: _back(next(g for g in (m.group(1), m.group(3)) if g), m.group(2) or m.group(4)),
        name,
    )
    return (name,) if old == name else (name, old)


def _back(first: str, second: str) -> str:
    base = "o" if first in _MARKED["o"] else "u"
    row = {"a": "àáảãạ", "e": "èéẻẽẹ", "y": "ỳýỷỹỵ"}[second]
    return base + row[_MARKED[base].index(first)]
