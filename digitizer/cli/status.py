"""`status`: where everything stands, and what is stuck."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import click

from digitizer import serialization
from digitizer.cli import Spoken, answer, language, settings
from digitizer.cli.deliveries import delivery_line
from digitizer.cli.words import counted, short_id, word
from digitizer.messages import describe, local_time, say
from digitizer.model import Problem
from digitizer.service import Service

#: files named of those that wait for a person
SHOWN = 20


@click.command(cls=Spoken)
@click.option("--json", "as_json", is_flag=True)
@click.pass_context
def status(ctx: click.Context, as_json: bool) -> None:
    """Shows where everything stands, and what is stuck."""
    lang = language(ctx)
    with Service.open(settings(ctx)) as service:
        now = service.status.now()
    lines = [
        say(f"status_{kind}s" if kind != "delivery" else "status_deliveries", lang, counts=counted(kind, counts, lang))
        for kind, counts in (
            ("intake", now.intakes),
            ("record", now.records),
            ("job", now.jobs),
            ("delivery", now.deliveries),
        )
    ]
    lines += [
        say("status_working", lang, worker=worker, kind=word("job", kind, lang), left=f"{left:.0f}")
        for worker, kind, left in now.working
    ]
    lines += [say("status_oldest", lang, at=local_time(now.oldest))] if now.oldest else []
    if now.queue is not None:
        lines.append(say("status_queue", lang, hints=now.queue["hints"], workers=len(now.queue["workers"])))
    lines += [say(f"stuck_{code}", lang) for code in now.stuck]
    lines += [say("status_failed", lang, name=f["name"], intake=short_id(f["id"]), reason=_reason(f, lang)) for f in now.failed]
    lines += [delivery_line("status_pending", one, lang) for one in now.pending]
    lines += [say("status_unplaced", lang, count=len(now.unplaced))] if now.unplaced else []
    for file in now.unplaced[:SHOWN]:
        lines.append(say("status_unplaced_file", lang, name=file["name"], intake=short_id(file["id"])))
        lines += [say("status_unplaced_reason", lang, reason=say(f"routing_{rule}", lang)) for rule in file["routing"] or ()]
    answer(asdict(now), as_json, "\n".join(lines))


def _reason(failed: Mapping[str, Any], lang: str) -> str:
    """Why a file failed, as a sentence."""
    error = failed["error"]
    return describe(serialization.from_plain(Problem, error), lang) if error else ""
