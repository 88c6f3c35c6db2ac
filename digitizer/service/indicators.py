"""Indicators by agency and month, their lists, frozen figures, the procedures catalogue and the worklist."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from digitizer import dossiers, indicators, spreadsheets
from digitizer.connectors import Dossier, ListsDossiers
from digitizer.errors import UsageError
from digitizer.indicators import CURRENT, DEFINITIONS, Counts, Known
from digitizer.ledger import Transaction, events
from digitizer.ledger import indicators as kept
from digitizer.ledger.indicators import Component
from digitizer.service.context import ServiceContext
from digitizer.text import fold

#: what offices write above a column, folded -> our name
HEADERS = {
    "code": ("code", "ma ho so", "so ho so", "ma hs"),
    "agency": ("agency", "ma don vi", "ma co quan", "don vi", "co quan"),
    "procedure": ("procedure", "ma tthc", "ma thu tuc", "thu tuc"),
    "received_on": ("received_on", "ngay tiep nhan", "ngay nhan"),
    "resolved_on": ("resolved_on", "ngay giai quyet", "ngay tra", "ngay tra ket qua", "ngay ket thuc"),
    "components": ("components", "so hoa tphs", "co so hoa tphs", "so hoa thanh phan", "so hoa thanh phan ho so"),
    "result": ("result", "so hoa ket qua", "ket qua da so hoa", "so hoa kq"),
    "component": ("component", "ma thanh phan", "ma tphs", "ma giay to"),
    "name": ("name", "ten thanh phan", "ten giay to"),
    "doctype": ("doctype", "loai giay to"),
    "required": ("required", "bat buoc"),
    "is_result": ("is_result", "la ket qua"),
    "received": ("received", "tiep nhan", "so tiep nhan", "tong tiep nhan"),
    "digitised": ("digitised", "da so hoa", "so da so hoa"),
    "printed": ("printed", "ty le", "ty le (%)", "ty le so hoa"),
}
_YES = {"1", "x", "co", "yes", "true", "da so hoa", "dung"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Figures of a month."""

    month: str
    definition: str
    as_of: str
    counts: Mapping[str, Counts]
    #: frozen figures of the same month and definition, oldest first
    frozen: Sequence[Mapping[str, Any]] = ()

    def restated(self) -> dict[str, tuple[Counts | None, Counts | None]]:
        """Agencies whose figures are no longer those first frozen: (frozen, now)."""
        if not self.frozen:
            return {}
        first = self.frozen[0]["counts"]
        names = sorted({*first, *self.counts})
        return {n: (first.get(n), self.counts.get(n)) for n in names if first.get(n) != self.counts.get(n)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Lacking:
    """A component or result that a dossier lacks, and why."""

    dossier: str
    agency: str
    component: str
    #: no_paper, FAILED, in_work, needs_a_person, pending, dead, handed_over
    why: str
    facts: Mapping[str, str] = field(default_factory=dict)


class Indicators:
    """Figures that can be defended dossier by dossier."""

    def __init__(self, context: ServiceContext) -> None:
        self.context = context

    def report(self, month: str, *, as_of: datetime | None = None, definition: str = CURRENT) -> Report:
        """Figures of `YYYY-MM` for every agency, as the event log stood at `as_of`. Raises UsageError."""
        if definition not in DEFINITIONS:
            raise UsageError(f"definitions are {', '.join(DEFINITIONS)}", definition=definition)
        first, last = period(month)
        moment = (as_of or datetime.now(UTC)).astimezone(UTC).isoformat()
        with self.context.ledger.read() as tx:
            known = known_dossiers(tx, as_of=moment, first=first, last=last)
            counts = indicators.count(known, month, definition=definition, required=kept.required(tx))
            frozen = kept.frozen(tx, month, definition)
        return Report(month=month, definition=definition, as_of=moment, counts=counts, frozen=frozen)

    def freeze(self, month: str, *, by: str, definition: str = CURRENT) -> Report:
        """Keeps the figures of a month that is over. A second time is a restatement. Raises UsageError."""
        period(month)
        if indicators.end_of(month) > datetime.now(UTC):
            raise UsageError("this month is not over yet", sentence="month_not_over", month=month)
        report = self.report(month, definition=definition)
        with self.context.ledger.begin() as tx:
            kept.freeze(tx, month, definition, report.as_of, report.counts, by=by)
        return report

    def fetch_dossiers(self, month: str) -> int:
        """Asks every system that lists its dossiers for a month's. Returns how many. Raises NotSupported, ConnectorDown."""
        first, last = period(month)
        connectors = [self.context.connectors.of(name) for name in self.context.connectors.names]
        able = [connector for connector in connectors if isinstance(connector, ListsDossiers)]
        if not able:
            raise UsageError(
                "no dossier system of ours lists its dossiers; give the list as a file: --dossiers FILE",
                sentence="no_list_of_dossiers",
            )
        found = [row(d) for connector in able for d in connector.list_dossiers(first, last)]
        with self.context.ledger.begin() as tx:
            return kept.save_dossiers(tx, found, origin="connector")

    def import_dossiers(self, file: Path, *, by: str) -> int:
        """Takes the list of dossiers from CSV or XLSX. Returns how many. Raises UsageError, FileAccess, UnsupportedFormat."""
        found = [row(_from_row(line, number)) for number, line in enumerate(rows(file, "code"), start=2)]
        with self.context.ledger.begin() as tx:
            events.note(tx, "dossiers_imported", file.name[:120], actor=by, count=len(found))
            return kept.save_dossiers(tx, found, origin="import")

    def import_procedures(self, file: Path, *, by: str) -> tuple[int, int]:
        """Takes the procedures catalogue from CSV or XLSX. Returns (procedures, components). Raises UsageError."""
        found: dict[str, list[Component]] = {}
        for number, line in enumerate(rows(file, "procedure", "component"), start=2):
            doctype = line.get("doctype") or None
            if doctype is not None and doctype not in self.context.doctypes:
                raise UsageError(
                    "no such document type; see `digitizer doctypes check`",
                    sentence="doctype_not_known",
                    line=number,
                    doctype=doctype,
                )
            if not line["procedure"] or not line["component"]:
                raise UsageError("a line needs procedure and component", sentence="line_incomplete", line=number)
            code = line["component"]
            one = Component(
                procedure=line["procedure"],
                code=code,
                name=line.get("name") or code,
                doctype=doctype,
                required="required" not in line or yes(line["required"]),
                result=yes(line.get("is_result", "")) or dossiers.is_result(code),
            )
            found.setdefault(one.procedure, []).append(one)
        with self.context.ledger.begin() as tx:
            for procedure, lines in found.items():
                unique = {line.code: line for line in lines}
                kept.replace_procedure(tx, procedure, list(unique.values()))
            events.note(tx, "procedures_imported", file.name[:120], actor=by, count=len(found))
        return len(found), sum(len(lines) for lines in found.values())

    def catalogue(self) -> list[Component]:
        """All lines of the procedures catalogue."""
        with self.context.ledger.read() as tx:
            return kept.catalogue(tx)

    def worklist(self, month: str) -> list[Lacking]:
        """Dossiers of a month that lack components or results, and why."""
        first, last = period(month)
        with self.context.ledger.read() as tx:
            known = known_dossiers(tx, as_of=events.now(), first=first, last=last)
            listed = {d["code"]: d["components"] for d in kept.dossiers(tx, first=first, last=last)}
            catalogue, opened, submitted = kept.catalogue(tx), kept.open_deliveries(tx), kept.waiting_intakes(tx)
        found = []
        for one in known:
            for code, is_result in _wanted(one, listed.get(one.code, ()), catalogue):
                if one.result_done if is_result else code in one.done:
                    continue
                why, facts = _why((one.code, code), opened, submitted)
                found.append(Lacking(dossier=one.code, agency=one.agency, component=code, why=why, facts=facts))
        return found


def period(month: str) -> tuple[date, date]:
    """First and last day of a month. Raises UsageError."""
    try:
        return indicators.span(month)
    except ValueError as exc:
        raise UsageError("write the month as 2026-09", sentence="month_wrong", month=month) from exc


def rows(file: Path, *needed: str) -> list[dict[str, str]]:
    """The lines of a file with the columns that HEADERS knows, under our names. Raises UsageError where one is missing."""
    names = {written: name for name, all_written in HEADERS.items() for written in all_written}
    found = [
        {names[fold(k)]: v for k, v in line.items() if fold(k) in names} for line in spreadsheets.read(file, whole_headers=True)
    ]
    missing = [name for name in needed if found and name not in found[0]]
    if not found or missing:
        columns = ", ".join(needed)
        raise UsageError(f"this file needs the columns {columns}", sentence="columns_missing", file=file.name, columns=columns)
    return found


def yes(text: str) -> bool:
    """Whether a cell says yes."""
    return fold(text) in _YES


def row(dossier: Dossier) -> dict[str, Any]:
    """A dossier as its ledger row. One that says no agency belongs to the one in its code."""
    return {
        "code": dossier.code,
        "agency": dossier.agency or dossier.code.partition("-")[0],
        "procedure": dossier.procedure,
        "received_on": dossier.received_on.isoformat() if dossier.received_on else None,
        "resolved_on": dossier.resolved_on.isoformat() if dossier.resolved_on else None,
        "components": list(dossier.components),
    }


def known_dossiers(tx: Transaction, *, as_of: str, first: date, last: date) -> list[Known]:
    """Dossiers of a period with what was done for them by `as_of`. An unlisted one counts by the day in its code."""
    listed = {d["code"]: d for d in kept.dossiers(tx, first=first, last=last)}
    known = {code: _listed(d) for code, d in listed.items()}
    elsewhere = {d["code"] for d in kept.dossiers(tx)} - set(listed)
    for one in kept.done(tx, as_of=as_of):
        if one.dossier in elsewhere:
            continue
        before = known.get(one.dossier) or Known(
            code=one.dossier, agency=one.dossier.partition("-")[0], received_on=_day_in(one.dossier)
        )
        known[one.dossier] = _with(before, one)
    return [known[code] for code in sorted(known)]


def _listed(d: Mapping[str, Any]) -> Known:
    received, resolved = (date.fromisoformat(d[name]) if d[name] else None for name in ("received_on", "resolved_on"))
    return Known(
        code=d["code"], agency=d["agency"], procedure=d["procedure"], received_on=received, resolved_on=resolved, listed=True
    )


def _with(known: Known, one: kept.Done) -> Known:
    code = frozenset({one.component or "_"})
    if one.is_result:
        is_done = known.result_done or one.action != "handed_over"
        if not known.listed and known.resolved_on is None:  # nobody said when: the day its result went out
            known = replace(known, resolved_on=datetime.fromisoformat(one.at).astimezone(indicators.HANOI).date())
        return replace(known, result_done=is_done, result_handed=known.result_handed or one.action == "handed_over")
    if one.action == "handed_over":
        return replace(known, handed=known.handed | code)
    return replace(known, done=known.done | code)


def _day_in(code: str) -> date | None:
    """The day of receipt in a dossier code: `…-260930-0012`."""
    match = dossiers.CODE.fullmatch(code)
    return datetime.strptime(match.group(1), "%y%m%d").date() if match and dossiers.valid(code) else None


def _wanted(one: Known, handed_in: Sequence[str], catalogue: Sequence[Component]) -> list[tuple[str, bool]]:
    """(component code, whether it is the result) that a dossier should have: catalogue and what was handed in."""
    lines = [line for line in catalogue if line.procedure == one.procedure]
    papers = {line.code for line in lines if line.required and not line.result} | set(handed_in)
    results = [line.code for line in lines if line.result] or ["KQ"]
    if not papers and not one.done:
        papers = {"_"}
    resolved = one.resolved_on is not None
    return [(code, False) for code in sorted(papers)] + [(code, True) for code in results if resolved]


def _why(
    key: tuple[str, str], opened: Mapping[tuple[str, str], tuple[str, str | None]], submitted: Mapping[tuple[str, str], str]
) -> tuple[str, dict[str, str]]:
    if key in opened:
        state, code = opened[key]
        why = {"PENDING": "pending", "DEAD": "dead", "HANDED": "handed_over"}[state]
        return why, {"code": code} if code else {}
    state_of_file = submitted.get(key)
    if state_of_file is None:
        return "no_paper", {}
    return {"FAILED": "unreadable", "DIGITIZED": "needs_a_person"}.get(state_of_file, "in_work"), {}


def _from_row(line: Mapping[str, str], number: int) -> Dossier:
    code = line["code"].upper()
    if not dossiers.valid(code):
        raise UsageError("this is no dossier code", sentence="dossier_code_in_line", line=number)
    return Dossier(
        code=code,
        agency=line.get("agency") or None,
        procedure=line.get("procedure") or None,
        received_on=_day(line.get("received_on", ""), number) or _day_in(code),
        resolved_on=_day(line.get("resolved_on", ""), number),
    )


def _day(text: str, line: int) -> date | None:
    if not text:
        return None
    for form in ("%Y-%m-%d", "%d/%m/%Y", "%d.%m.%Y", "%d-%m-%Y"):
        try:
            return datetime.strptime(text.split()[0], form).date()
        except ValueError:
            continue
    raise UsageError("write days as 30/09/2026 or 2026-09-30", sentence="day_wrong", line=line)
