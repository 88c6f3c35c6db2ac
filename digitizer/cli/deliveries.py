"""Commands about deliveries: what is open and why, bringing back what died, noting what was done elsewhere."""

from __future__ import annotations

import getpass
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from digitizer.cli import SpokenGroup, answer, language, settings, speak
from digitizer.errors import UsageError
from digitizer.ledger import outbox, targets
from digitizer.messages import catalogue, say
from digitizer.service import Service


@click.group(cls=SpokenGroup)
def deliveries() -> None:
    """What dossier systems and others still have to get."""


@deliveries.command("list")
@click.option("--json", "as_json", is_flag=True)
@click.pass_context
def list_(ctx: click.Context, as_json: bool) -> None:
    """What is open, why, and how each target is doing."""
    lang = language(ctx)
    with Service.open(settings(ctx)) as service, service.ledger.read() as tx:
        open_ones, doing, counts = outbox.pending(tx), targets.overview(tx), outbox.counts(tx)
    lines = [say("target_line", lang, **_spoken(target, lang)) for target in doing]
    lines += [delivery_line("delivery_line", one, lang) for one in open_ones]
    answer({"counts": counts, "targets": doing, "open": open_ones}, as_json, "\n".join(lines))
    speak(ctx, "deliveries_listed", count=len(open_ones), dead=counts.get(outbox.DEAD, 0))


@deliveries.command()
@click.argument("delivery", nargs=-1)
@click.option("--all", "everything", is_flag=True)
@click.option("--code", "error_code")
@click.option("--by", default=getpass.getuser)
@click.pass_context
def replay(ctx: click.Context, delivery: tuple[str, ...], everything: bool, error_code: str | None, by: str) -> None:
    """Brings dead deliveries back."""
    if not (delivery or everything or error_code):
        raise UsageError("name deliveries, or say --all or --code")
    with Service.open(settings(ctx)) as service, service.ledger.begin() as tx:
        count = outbox.replay(tx, list(delivery) or None, actor=by, code=error_code)
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
        service.done_elsewhere(delivery, evidence=evidence, reason=reason, by=by)
    speak(ctx, "done_elsewhere", delivery=delivery)


@deliveries.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--target", required=True)
@click.option("--by", default=getpass.getuser)
@click.pass_context
def handover(ctx: click.Context, file: Path, target: str, by: str) -> None:
    """One signed package of what waits to be entered by hand."""
    with Service.open(settings(ctx)) as service:
        rows = service.hand_over(target, file, by=by)
    speak(ctx, "handed_over", count=len(rows), dossiers=len({row["dossier"] for row in rows}), file=file)


def delivery_line(message: str, delivery: Mapping[str, Any], lang: str) -> str:
    """A delivery that is still open, in the words of `message`, with the reason as a sentence where there is one."""
    return say(message, lang, **{**delivery, "reason": _reason(delivery["error"], lang)}).rstrip()


def _reason(code: str | None, lang: str) -> str:
    return "" if code is None else catalogue(lang).get(code, code)


def _spoken(target: dict[str, Any], lang: str) -> dict[str, Any]:
    until = datetime.fromtimestamp(target["paused_until"], targets.HANOI)
    return {
        **target,
        "state": say(f"circuit_{target['circuit'].lower()}", lang),
        "until": f"{until:%H:%M %d/%m}" if target["circuit"] == "OPEN" else "",
        "at_once": int(target["pace"]),
        "reason": _reason(target["error"], lang),
    }
