"""`status`: where everything stands, and what is stuck."""

from __future__ import annotations

from dataclasses import asdict

import click

from digitizer.cli import Spoken, answer, language, settings
from digitizer.cli.deliveries import delivery_line
from digitizer.messages import say
from digitizer.service import Service


@click.command(cls=Spoken)
@click.option("--json", "as_json", is_flag=True)
@click.pass_context
def status(ctx: click.Context, as_json: bool) -> None:
    """Where everything stands, and what is stuck."""
    lang = language(ctx)
    with Service.open(settings(ctx)) as service:
        now = service.status.now()
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
