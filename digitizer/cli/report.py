"""Commands about figures: report, reconcile, procedures."""

from __future__ import annotations

import getpass
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from digitizer import indicators
from digitizer.cli import Spoken, SpokenGroup, answer, language, settings, speak
from digitizer.errors import UsageError
from digitizer.indicators import Counts
from digitizer.messages import catalogue, local_time, say
from digitizer.service import Service
from digitizer.service.indicators import Report
from digitizer.words import doctype_title, word


@click.command(cls=Spoken)
@click.option("--month")
@click.option("--agency")
@click.option("--as-of")
@click.option("--definition", type=click.Choice(list(indicators.DEFINITIONS)), default=indicators.CURRENT)
@click.option("--dossiers", "dossiers_file", type=click.Path(path_type=Path))
@click.option("--refresh", is_flag=True)
@click.option("--freeze", is_flag=True)
@click.option("--worklist", is_flag=True)
@click.option("--by", default=getpass.getuser)
@click.option("--json", "as_json", is_flag=True)
@click.pass_context
def report(
    ctx: click.Context,
    month: str | None,
    agency: str | None,
    as_of: str | None,
    definition: str,
    dossiers_file: Path | None,
    refresh: bool,
    freeze: bool,
    worklist: bool,
    by: str,
    as_json: bool,
) -> None:
    """Shows digitization rates by agency and month."""
    month = month or indicators.month_of(datetime.now(UTC))
    with Service.open(settings(ctx)) as service:
        if dossiers_file is not None:
            speak(ctx, "dossiers_taken", count=service.indicators.import_dossiers(dossiers_file, by=by))
        if refresh:
            speak(ctx, "dossiers_taken", count=service.indicators.fetch_dossiers(month))
        if worklist:
            _show_worklist(ctx, service, month, agency, as_json)
            return
        if freeze:
            done = service.indicators.freeze(month, by=by, definition=definition)
            speak(ctx, "figures_frozen", month=month, count=len(done.counts))
        found = service.indicators.report(month, as_of=_moment(as_of), definition=definition)
    answer(_plain(found, agency), as_json, "\n".join(_lines(found, agency, language(ctx))))
    if all(counts.received is None for counts in found.counts.values()):
        speak(ctx, "report_no_list")


def _moment(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as exc:
        raise UsageError("write the moment as 2026-10-01T00:00:00+07:00", sentence="moment_wrong", as_of=text) from exc
    return moment if moment.tzinfo else moment.replace(tzinfo=indicators.HANOI)


def _show_worklist(ctx: click.Context, service: Service, month: str, agency: str | None, as_json: bool) -> None:
    lang = language(ctx)
    found = [one for one in service.indicators.worklist(month) if agency is None or agency in indicators.above(one.agency)]
    lines = [say("worklist_line", lang, **{**asdict(one), "reason": _why(one.why, one.facts, lang)}) for one in found]
    answer([asdict(one) for one in found], as_json, "\n".join(lines))
    speak(ctx, "worklist_count", count=len(found))


def _why(why: str, facts: Mapping[str, str], lang: str) -> str:
    code = facts.get("code")
    return say(f"why_{why}", lang) + (f" ({catalogue(lang).get(code, code)})" if code else "")


def _chosen(counts: Mapping[str, Counts], agency: str | None) -> dict[str, Counts]:
    return {name: c for name, c in counts.items() if agency is None or agency in indicators.above(name)}


def _plain(found: Report, agency: str | None) -> dict[str, Any]:
    figures = {
        name: {**asdict(c), "components_rate": c.components_rate, "results_rate": c.results_rate}
        for name, c in _chosen(found.counts, agency).items()
    }
    frozen = [{"as_of": f["as_of"], "by": f["by"], "at": f["at"]} for f in found.frozen]
    restated = {name: [asdict(c) if c else None for c in pair] for name, pair in found.restated().items()}
    return {
        "month": found.month,
        "definition": found.definition,
        "meaning": indicators.DEFINITIONS[found.definition],
        "as_of": found.as_of,
        "agencies": figures,
        "frozen": frozen,
        "restated": restated,
    }


def _lines(found: Report, agency: str | None, lang: str) -> list[str]:
    lines = [say("report_heading", lang, month=found.month, definition=found.definition, as_of=local_time(found.as_of))]
    lines += [_line(name, counts, lang) for name, counts in _chosen(found.counts, agency).items()]
    if found.frozen:
        restated = found.restated()
        lines.append(say("report_frozen", lang, at=local_time(found.frozen[0]["at"]), count=len(restated)))
        for name, (was, now) in restated.items():
            lines.append(say("report_restated", lang, agency=name, was=_short(was), now=_short(now)))
    return lines


def _line(name: str, counts: Counts, lang: str) -> str:
    def shown(value: object) -> str:
        return "—" if value is None else str(value)

    return say(
        "report_line",
        lang,
        agency=name,
        received=shown(counts.received),
        components=counts.components_digitised,
        components_rate=f"{counts.components_rate} %" if counts.components_rate else "—",
        handed=counts.components_handed + counts.results_handed,
        resolved=shown(counts.resolved),
        results=counts.results_digitised,
        results_rate=f"{counts.results_rate} %" if counts.results_rate else "—",
    )


def _short(counts: Counts | None) -> str:
    if counts is None:
        return "—"
    return f"{counts.components_digitised}/{counts.received or 0}, {counts.results_digitised}/{counts.resolved or 0}"


@click.command(cls=Spoken)
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--month")
@click.option("--definition", type=click.Choice(list(indicators.DEFINITIONS)), default=indicators.CURRENT)
@click.option("--totals", is_flag=True)
@click.option("--by", default=getpass.getuser)
@click.option("--json", "as_json", is_flag=True)
@click.pass_context
def reconcile(ctx: click.Context, file: Path, month: str | None, definition: str, totals: bool, by: str, as_json: bool) -> None:
    """Lists dossiers that a portal counts differently, and why."""
    lang = language(ctx)
    with Service.open(settings(ctx)) as service:
        if totals:
            _show_totals(ctx, service, file, as_json)
            return
        found = service.reconciliation.reconcile(
            file, month or indicators.month_of(datetime.now(UTC)), by=by, definition=definition
        )
    sign = {True: "✓", False: "✗", None: "?"}
    lines = [
        say(
            "reconciled_line",
            lang,
            code=d.code,
            what=word("part", d.what, lang),
            portal=sign[d.portal],
            ours=sign[d.ours],
            reason=_why(d.why, d.facts, lang),
        )
        for d in found.differ
    ]
    answer(asdict(found), as_json, "\n".join(lines))
    speak(ctx, "reconciled", compared=found.compared, count=len(found.differ))


def _show_totals(ctx: click.Context, service: Service, file: Path, as_json: bool) -> None:
    lang = language(ctx)
    found = service.reconciliation.check_totals(file)
    lines = [say("total_line", lang, **{**asdict(t), "reason": say(f"total_{t.wrong}", lang) if t.wrong else ""}) for t in found]
    answer([asdict(total) for total in found], as_json, "\n".join(lines))
    speak(ctx, "totals_checked", count=len(found), wrong=sum(bool(total.wrong) for total in found))


@click.group(cls=SpokenGroup)
def procedures() -> None:
    """The procedures catalogue."""


@procedures.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--by", default=getpass.getuser)
@click.pass_context
def import_(ctx: click.Context, file: Path, by: str) -> None:
    """Takes the catalogue of procedures from a table."""
    with Service.open(settings(ctx)) as service:
        count, components = service.indicators.import_procedures(file, by=by)
    speak(ctx, "procedures_imported", procedures=count, components=components)


@procedures.command("list")
@click.option("--json", "as_json", is_flag=True)
@click.pass_context
def list_(ctx: click.Context, as_json: bool) -> None:
    """Lists the catalogue of procedures."""
    with Service.open(settings(ctx)) as service:
        found, doctypes = service.indicators.catalogue(), service.doctypes
    titles = [doctype_title(c.doctype, doctypes, language(ctx)) if c.doctype else "" for c in found]
    lines = [
        f"{c.procedure}  {c.code}  {'*' if c.required else ' '}  {c.name}  {title}".rstrip()
        for c, title in zip(found, titles, strict=True)
    ]
    answer([asdict(component) for component in found], as_json, "\n".join(lines))
