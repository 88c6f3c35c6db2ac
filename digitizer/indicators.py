"""Indicators of digitization (QĐ 766/QĐ-TTg, Thông tư 01/2023/TT-VPCP). Counts are kept, percentages derived. Pure.

*Tỷ lệ số hóa hồ sơ* = dossiers with components digitised / dossiers received. *Tỷ lệ số hóa kết quả* = results digitised /
dossiers resolved. A dossier belongs to the month (Asia/Ho_Chi_Minh) of its receipt, a result to the month of its resolution.
A definition says when a dossier counts as digitised. It has a version, and figures of two versions are never mixed.
"""

from __future__ import annotations

import calendar
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import ROUND_HALF_UP, Decimal

#: the zone in which months begin
HANOI = timezone(timedelta(hours=7))
#: version -> when a dossier's components count as digitised, as of a moment
DEFINITIONS = {
    "1": "at least one component was taken by the dossier system, or proved to be done elsewhere",
    "2": "every required component (procedures catalogue; without an entry: at least one) was",
}
#: the version used where none is asked for
CURRENT = "1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A dossier, and what the event log says of it as of a moment."""

    code: str
    agency: str
    procedure: str | None = None
    received_on: date | None = None
    resolved_on: date | None = None
    #: components the dossier system took, or somebody proved to be done elsewhere
    done: frozenset[str] = frozenset()
    #: components handed over to a system that cannot attach, and not proved yet
    handed: frozenset[str] = frozenset()
    result_done: bool = False
    result_handed: bool = False
    #: whether the dossier system's list has it, not only our own log
    listed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """Figures of an agency and a month. A denominator is None without a list of dossiers."""

    received: int | None = None
    components_digitised: int = 0
    components_handed: int = 0
    resolved: int | None = None
    results_digitised: int = 0
    results_handed: int = 0

    @property
    def components_rate(self) -> str | None:
        """Tỷ lệ số hóa hồ sơ, percent."""
        return rate(self.components_digitised, self.received)

    @property
    def results_rate(self) -> str | None:
        """Tỷ lệ số hóa kết quả, percent."""
        return rate(self.results_digitised, self.resolved)

    def __add__(self, other: Counts) -> Counts:
        def both(a: int | None, b: int | None) -> int | None:
            return None if a is None and b is None else (a or 0) + (b or 0)

        return Counts(**{f.name: both(getattr(self, f.name), getattr(other, f.name)) for f in fields(self)})  # type: ignore[arg-type]


def rate(part: int, whole: int | None) -> str | None:
    """Percent with two decimals, rounded half up: 1,706 of 1,785 is 95.57. None for a denominator of 0 or None."""
    if not whole:
        return None
    return str((Decimal(part) * 100 / Decimal(whole)).quantize(Decimal("0.01"), ROUND_HALF_UP))


def agrees(part: int, whole: int, printed: str) -> bool:
    """Whether a printed percentage is right for its counts, rounded or cut off at the decimals it is printed with."""
    number = Decimal(printed.replace(",", ".").strip().removesuffix("%"))
    exponent = Decimal(1).scaleb(int(number.as_tuple().exponent))
    exact = Decimal(part) * 100 / Decimal(whole)
    return abs(exact - number) < exponent


def month_of(moment: datetime) -> str:
    """`YYYY-MM` in Hanoi."""
    return f"{moment.astimezone(HANOI):%Y-%m}"


def span(month: str) -> tuple[date, date]:
    """First and last day of `YYYY-MM`. Raises ValueError."""
    year, number = (int(part) for part in month.split("-"))
    return date(year, number, 1), date(year, number, calendar.monthrange(year, number)[1])


def end_of(month: str) -> datetime:
    """The moment at which a month ends in Hanoi, in UTC."""
    return datetime.combine(span(month)[1] + timedelta(days=1), datetime.min.time(), HANOI).astimezone(UTC)


def above(agency: str) -> list[str]:
    """An agency and those it belongs to, itself first: `H60.127.03`, `H60.127`, `H60`; `000.03.127.H60`, `H60`."""
    parts = agency.split(".")
    if parts[-1][:1].isalpha() and len(parts) > 1:  # leaf first (QCVN 102:2016)
        return [agency, parts[-1]]
    return [".".join(parts[:n]) for n in range(len(parts), 0, -1)]


def count(
    dossiers: Iterable[Known], month: str, *, definition: str = CURRENT, required: Mapping[str, Sequence[str]] | None = None
) -> dict[str, Counts]:
    """Figures of a month for every agency and those above it. `required`: procedure -> codes of required components."""
    first, last = span(month)
    found: dict[str, Counts] = {}
    for dossier in sorted(dossiers, key=lambda one: not one.listed):
        one = _one(dossier, first, last, definition, required or {})
        if one is not None:
            for agency in above(dossier.agency):
                so_far = found.get(agency, Counts())
                # where there is a list, a dossier that is not on it must not raise a rate. `reconcile` reports it
                if dossier.listed or (so_far.received is None and so_far.resolved is None):
                    found[agency] = so_far + one
    return dict(sorted(found.items()))


def is_digitised(dossier: Known, definition: str, required: Mapping[str, Sequence[str]]) -> bool:
    """Whether its components count as digitised."""
    wanted = required.get(dossier.procedure or "") if definition == "2" else None
    return set(wanted) <= dossier.done if wanted else bool(dossier.done)


def _one(dossier: Known, first: date, last: date, definition: str, required: Mapping[str, Sequence[str]]) -> Counts | None:
    received = dossier.received_on is not None and first <= dossier.received_on <= last
    resolved = dossier.resolved_on is not None and first <= dossier.resolved_on <= last
    if not (received or resolved):
        return None
    digitised = is_digitised(dossier, definition, required)
    return Counts(
        received=int(received) if dossier.listed else None,
        components_digitised=int(received and digitised),
        components_handed=int(received and not digitised and bool(dossier.handed)),
        resolved=int(resolved) if dossier.listed else None,
        results_digitised=int(resolved and dossier.result_done),
        results_handed=int(resolved and not dossier.result_done and dossier.result_handed),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Portal:
    """A dossier as the national portal's file has it."""

    code: str
    components: bool | None = None
    result: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Disagreement:
    """A dossier that the portal and we count differently, and why."""

    code: str
    #: components, result, dossier
    what: str
    portal: bool | None
    ours: bool | None
    #: only_on_portal, not_on_portal, not_counted_there, handed_over, pending, dead, incomplete, not_delivered
    why: str
    facts: Mapping[str, str] = field(default_factory=dict)
