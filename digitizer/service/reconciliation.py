"""Our figures against a portal's file: the dossiers that differ, and why, and totals whose own arithmetic does not hold."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from digitizer import dossiers, indicators
from digitizer.errors import UsageError
from digitizer.indicators import CURRENT, Disagreement, Known, Portal
from digitizer.ledger import events
from digitizer.ledger import indicators as kept
from digitizer.service.context import ServiceContext
from digitizer.service.indicators import known_dossiers, period, rows, yes
from digitizer.text import fold

#: first words of a line of totals
_TOTAL = ("tong", "cong", "toan tinh", "total")


@dataclass(frozen=True, slots=True, kw_only=True)
class Total:
    """A line of a file of totals, and what is wrong with it."""

    agency: str
    digitised: int
    received: int
    printed: str
    #: what the counts give, percent
    derived: str | None
    #: wrong_percentage or wrong_sum. Empty when it holds
    wrong: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciled:
    """What a portal's file says that we do not, and the other way round."""

    month: str
    as_of: str
    #: dossiers in the file, of which both sides count alike
    compared: int
    differ: tuple[Disagreement, ...]


class Reconciliation:
    """Compares our figures with a portal's file."""

    def __init__(self, context: ServiceContext) -> None:
        self.context = context

    def reconcile(self, file: Path, month: str, *, by: str, definition: str = CURRENT) -> Reconciled:
        """Compares a portal's list of dossiers of a month with ours. Raises UsageError, FileAccess, UnsupportedFormat."""
        first, last = period(month)
        portal = {one.code: one for one in (_portal(line, n) for n, line in enumerate(rows(file, "code"), start=2))}
        moment = events.now()
        with self.context.ledger.begin() as tx:
            known = {one.code: one for one in known_dossiers(tx, as_of=moment, first=first, last=last)}
            opened, required = kept.open_deliveries(tx), kept.required(tx)
            events.note(tx, "reconciled", month, actor=by, file=file.name[:120], count=len(portal))
        found: list[Disagreement] = []
        for code in sorted({*portal, *known}):
            found += _compare(code, portal.get(code), known.get(code), opened, definition, required)
        return Reconciled(month=month, as_of=moment, compared=len(portal), differ=tuple(found))

    def check_totals(self, file: Path) -> list[Total]:
        """Holds a file of totals (agency, received, digitised, printed percentage) against its own arithmetic.

        Raises UsageError, FileAccess, UnsupportedFormat.
        """
        lines = [_numbers(line, n) for n, line in enumerate(rows(file, "agency", "received", "digitised"), start=2)]
        parts = [line for line in lines if not _is_total(line.agency)]
        sums = (sum(line.digitised for line in parts), sum(line.received for line in parts))
        return [_judged(line, sums if line not in parts and parts else None) for line in lines]


def _is_total(agency: str) -> bool:
    return fold(agency).startswith(_TOTAL)


def _numbers(line: Mapping[str, str], number: int) -> Total:
    try:
        digitised, received = (int(re.sub(r"[., ]", "", line[name])) for name in ("digitised", "received"))
    except ValueError as exc:
        raise UsageError("counts must be whole numbers", sentence="counts_wrong", line=number) from exc
    printed = line.get("printed", "").strip().removesuffix("%").strip()
    return Total(agency=line["agency"], digitised=digitised, received=received, printed=printed,
                 derived=indicators.rate(digitised, received), wrong="")  # fmt: skip


def _judged(line: Total, sums: tuple[int, int] | None) -> Total:
    if sums is not None and sums != (line.digitised, line.received):
        return replace(line, wrong="wrong_sum")
    try:
        holds = not line.printed or not line.received or indicators.agrees(line.digitised, line.received, line.printed)
    except ArithmeticError:
        holds = False
    return line if holds else replace(line, wrong="wrong_percentage")


def _portal(line: Mapping[str, str], number: int) -> Portal:
    code = line["code"].upper()
    if not dossiers.valid(code):
        raise UsageError("this is no dossier code", sentence="dossier_code_in_line", line=number)
    said = {name: yes(line[name]) if name in line else None for name in ("components", "result")}
    return Portal(code=code, **said)


def _compare(
    code: str,
    portal: Portal | None,
    known: Known | None,
    opened: Mapping[tuple[str, str], tuple[str, str | None]],
    definition: str,
    required: Mapping[str, list[str]],
) -> list[Disagreement]:
    if known is None:
        return [Disagreement(code=code, what="dossier", portal=True, ours=False, why="only_on_portal")]
    if portal is None:
        return [Disagreement(code=code, what="dossier", portal=False, ours=True, why="not_on_portal")]
    ours = {"components": indicators.is_digitised(known, definition, required), "result": known.result_done}
    theirs = {"components": portal.components, "result": portal.result}
    return [
        Disagreement(code=code, what=what, portal=theirs[what], ours=ours[what], **_why(what, known, ours[what], opened))
        for what in ("components", "result")
        if theirs[what] is not None and theirs[what] != ours[what]
    ]


def _why(what: str, known: Known, ours: bool, opened: Mapping[tuple[str, str], tuple[str, str | None]]) -> dict[str, Any]:
    """Why one side counts and the other does not."""
    if ours:
        return {"why": "not_counted_there"}
    if known.result_handed if what == "result" else known.handed:
        return {"why": "handed_over"}
    is_result = what == "result"
    mine = {component: state for (dossier, component), state in opened.items()
            if dossier == known.code and dossiers.is_result(component) == is_result}  # fmt: skip
    for component, (state, code) in sorted(mine.items()):
        why = "dead" if state == "DEAD" else "pending"
        return {"why": why, "facts": {"component": component, **({"code": code} if code else {})}}
    return {"why": "incomplete" if what == "components" and known.done else "not_delivered"}
