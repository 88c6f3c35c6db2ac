"""Commands about deliveries: sending what is due, what is open and why, bringing back what died."""

from __future__ import annotations

import getpass
import threading
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from digitizer import dossiers
from digitizer.cli import Spoken, SpokenGroup, answer, language, settings, speak
from digitizer.errors import ConnectorDown, UsageError
from digitizer.ledger.outbox import DEAD
from digitizer.messages import catalogue, local_time, say
from digitizer.service import Service
from digitizer.words import short_id, word


@click.group(cls=SpokenGroup)
def deliveries() -> None:
    """What dossier systems and others still have to get."""


@deliveries.command("list")
@click.option("--json", "as_json", is_flag=True)
@click.pass_context
def list_(ctx: click.Context, as_json: bool) -> None:
    """Lists what is open and why, and how each target is doing."""
    lang = language(ctx)
    with Service.open(settings(ctx)) as service:
        now = service.deliveries.overview()
    lines = [say("target_line", lang, **_spoken(target, lang)).rstrip() for target in now.targets]
    lines += [delivery_line("delivery_line", one, lang) for one in now.pending]
    answer({"counts": now.counts, "targets": now.targets, "open": now.pending}, as_json, "\n".join(lines))
    speak(ctx, "deliveries_listed", count=len(now.pending), dead=now.counts.get(DEAD, 0))


@deliveries.command()
@click.argument("delivery", nargs=-1)
@click.option("--all", "everything", is_flag=True)
@click.option("--code", "error_code")
@click.option("--by", default=getpass.getuser)
@click.pass_context
def replay(ctx: click.Context, delivery: tuple[str, ...], everything: bool, error_code: str | None, by: str) -> None:
    """Brings dead deliveries back."""
    if not (delivery or everything or error_code):
        raise UsageError("name deliveries, or say --all or --code", sentence="deliveries_or_all")
    with Service.open(settings(ctx)) as service:
        chosen = [service.deliveries.find_id(beginning) for beginning in delivery]
        count = service.deliveries.replay(chosen or None, by=by, code=error_code)
    speak(ctx, "replayed", count=count)


@deliveries.command()
@click.argument("delivery")
@click.option("--evidence", type=click.Path(path_type=Path), required=True)
@click.option("--reason", required=True)
@click.option("--by", required=True)
@click.pass_context
def elsewhere(ctx: click.Context, delivery: str, evidence: Path, reason: str, by: str) -> None:
    """Notes, with evidence, that a delivery was done by another way."""
    with Service.open(settings(ctx)) as service:
        whole = service.deliveries.find_id(delivery)
        service.deliveries.done_elsewhere(whole, evidence=evidence, reason=reason, by=by)
    speak(ctx, "done_elsewhere", delivery=short_id(whole))


@deliveries.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--target", required=True)
@click.option("--by", default=getpass.getuser)
@click.pass_context
def handover(ctx: click.Context, file: Path, target: str, by: str) -> None:
    """Writes one signed package of what waits to be entered by hand."""
    with Service.open(settings(ctx)) as service:
        rows = service.deliveries.hand_over(target, file, by=by)
    speak(ctx, "handed_over", count=len(rows), dossiers=len({row["dossier"] for row in rows}), file=file)


@click.command(cls=Spoken)
@click.argument("intake", required=False)
@click.option("--dossier")
@click.option("--component")
@click.option("--follow", is_flag=True)
@click.option("--by", default=getpass.getuser)
@click.option("--json", "as_json", is_flag=True)
@click.pass_context
def attach(
    ctx: click.Context, intake: str | None, dossier: str | None, component: str | None, follow: bool, by: str, as_json: bool
) -> None:
    """Sends what is due and shows the receipts. Exit 24 when the dossier system is down or refuses."""
    lang = language(ctx)
    if dossier is not None and (intake is None or not dossiers.valid(dossier)):
        raise UsageError("name a file and the code of its dossier", sentence="file_and_dossier", dossier=dossier)
    with Service.open(settings(ctx)) as service:
        if intake is not None:
            service.review.place(service.submissions.find_id(intake), dossier=dossier, component=component, by=by)
        if follow:
            service.deliveries.keep_delivering(threading.Event())
        service.deliveries.deliver()
        receipts, pending = service.deliveries.receipts(), service.deliveries.overview().pending
    lines = [say("receipt_line", lang, **_receipt(one, lang)) for one in receipts]
    lines += [delivery_line("status_pending", one, lang) for one in pending]
    answer({"receipts": receipts, "pending": pending}, as_json, "\n".join(lines))
    speak(ctx, "receipts_listed", count=len(receipts), pending=len(pending))
    ctx.exit(ConnectorDown.exit_code if pending else 0)


def delivery_line(message: str, delivery: Mapping[str, Any], lang: str) -> str:
    """A delivery that is still open, in the words of `message`, with the reason as a sentence where there is one."""
    shown = {
        **delivery,
        "delivery": short_id(delivery["delivery"]),
        "name": delivery["name"] or "—",
        "kind": word("kind", delivery["kind"], lang),
        "state": word("delivery", delivery["state"], lang),
        "reason": _reason(delivery["error"], lang),
    }
    return say(message, lang, **shown).rstrip()


def _receipt(receipt: Mapping[str, Any], lang: str) -> dict[str, Any]:
    return {
        **receipt,
        "at": local_time(receipt["at"]),
        "kind": word("kind", receipt["kind"], lang),
        "component": receipt["component"] or "—",
    }


def _reason(code: str | None, lang: str) -> str:
    return "" if code is None else catalogue(lang).get(code, code)


def _spoken(target: dict[str, Any], lang: str) -> dict[str, Any]:
    until = datetime.fromtimestamp(target["paused_until"], UTC).isoformat()
    return {
        **target,
        "state": say(f"circuit_{target['circuit'].lower()}", lang),
        "until": local_time(until) if target["circuit"] == "OPEN" else "",
        "at_once": int(target["pace"]),
        "reason": _reason(target["error"], lang),
    }
