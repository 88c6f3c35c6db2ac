"""Commands that look after a running installation: status, retry, reprocess, sweep, attach, audit."""

from __future__ import annotations

import getpass
import threading
from dataclasses import asdict

import click

from digitizer import dossiers
from digitizer.cli import Spoken, SpokenGroup, answer, language, settings, speak
from digitizer.cli.deliveries import delivery_line
from digitizer.errors import ConnectorDown, OutputInvalid, UsageError
from digitizer.ledger import events, outbox
from digitizer.messages import say
from digitizer.service import Service


@click.command(cls=Spoken)
@click.option("--json", "as_json", is_flag=True)
@click.pass_context
def status(ctx: click.Context, as_json: bool) -> None:
    """Where everything stands, and what is stuck."""
    lang = language(ctx)
    with Service.open(settings(ctx)) as service:
        now = service.status()
    lines = [
        say(
            f"status_{name}",
            lang,
            counts=", ".join(f"{state} {n}" for state, n in sorted(getattr(now, name).items()) if n) or "—",
        )
        for name in ("intakes", "records", "jobs", "deliveries")
    ]
    lines += [say("status_working", lang, worker=worker, kind=kind, left=f"{left:.0f}") for worker, kind, left in now.working]
    lines += [say("status_oldest", lang, at=now.oldest)] if now.oldest else []
    if now.queue is not None:
        lines.append(say("status_queue", lang, hints=now.queue["hints"], workers=len(now.queue["workers"])))
    lines += [say(f"stuck_{code}", lang) for code in now.stuck]
    lines += [say("status_failed", lang, name=f["name"], code=(f["error"] or {}).get("code", "")) for f in now.failed]
    lines += [delivery_line("status_pending", one, lang) for one in now.pending]
    lines += [say("status_unplaced", lang, count=len(now.unplaced))] if now.unplaced else []
    answer(asdict(now), as_json, "\n".join(lines))


@click.command(cls=Spoken)
@click.argument("intake", required=False)
@click.option("--by", default=getpass.getuser)
@click.pass_context
def retry(ctx: click.Context, intake: str | None, by: str) -> None:
    """Queues failed files and deliveries again; one file, or all that failed."""
    with Service.open(settings(ctx)) as service:
        chosen = [intake] if intake else [str(f["id"]) for f in service.status().failed]
        for intake_id in chosen:
            service.retry(intake_id, by=by)
        with service.ledger.begin() as tx:
            deliveries = outbox.hasten(tx, actor=by)
    speak(ctx, "queued_again", count=len(chosen), deliveries=deliveries)


@click.command(cls=Spoken)
@click.argument("intake")
@click.option("--by", default=getpass.getuser)
@click.option("--reason", required=True)
@click.pass_context
def reprocess(ctx: click.Context, intake: str, by: str, reason: str) -> None:
    """Queues a file to be read anew; what people approved stays."""
    with Service.open(settings(ctx)) as service:
        service.reprocess(intake, by=by, reason=reason)
    speak(ctx, "queued_again", count=1, deliveries=0)


@click.command(cls=Spoken)
@click.option("--json", "as_json", is_flag=True)
@click.pass_context
def sweep(ctx: click.Context, as_json: bool) -> None:
    """Puts right what died half-way, and seals the event log."""
    with Service.open(settings(ctx)) as service:
        found = service.sweep()
    answer(found, as_json, say("swept", language(ctx), **found))


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
    """Sends what is due and shows the receipts; exit 24 when the dossier system is down or refuses."""
    lang = language(ctx)
    if dossier is not None and (intake is None or not dossiers.valid(dossier)):
        raise UsageError("name a file and the code of its dossier", dossier=dossier)
    with Service.open(settings(ctx)) as service:
        if intake is not None:
            service.place(intake, dossier=dossier, component=component, by=by)
        if follow:
            service.keep_delivering(threading.Event())
        service.deliver()
        with service.ledger.read() as tx:
            receipts, pending = outbox.receipts(tx), outbox.pending(tx)
    lines = [say("receipt_line", lang, **{**one, "component": one["component"] or "—"}) for one in receipts]
    lines += [delivery_line("status_pending", one, lang) for one in pending]
    answer({"receipts": receipts, "pending": pending}, as_json, "\n".join(lines))
    speak(ctx, "receipts_listed", count=len(receipts), pending=len(pending))
    ctx.exit(ConnectorDown.exit_code if pending else 0)


@click.group(cls=SpokenGroup)
def audit() -> None:
    """The event log."""


@audit.command("verify")
@click.pass_context
def verify_events(ctx: click.Context) -> None:
    """Checks the chain of events; exit 4 when one was changed."""
    with Service.open(settings(ctx)) as service:
        with service.ledger.begin() as tx:
            events.seal(tx)
        with service.ledger.read() as tx:
            count, broken = events.verify(tx)
    speak(ctx, "events_verified" if broken is None else "events_broken", count=count, seq=broken or 0)
    ctx.exit(0 if broken is None else OutputInvalid.exit_code)
