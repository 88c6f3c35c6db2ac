"""`status`: where everything stands, and what is stuck."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import click

from digitizer import serialization
from digitizer.cli import Spoken, answer, language, settings
from digitizer.cli.deliveries import delivery_line
from digitizer.messages import describe, local_time, say
from digitizer.model import Problem
from digitizer.service import Service
from digitizer.service.status import Status
from digitizer.words import counted, short_id, word

#: files named of those that wait for a person, and deliveries of those that wait
SHOWN = 20
#: files named of those that failed for one reason
NAMED = 5


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
    lines += _failed(now, lang)
    lines += [say("status_partial", lang, name=file["name"], intake=short_id(file["id"])) for file in now.partial[:SHOWN]]
    lines += [delivery_line("status_pending", one, lang) for one in now.pending[:SHOWN]]
    lines += [say("status_pending_more", lang, count=len(now.pending) - SHOWN)] if len(now.pending) > SHOWN else []
    lines += [say("status_unplaced", lang, count=now.unplaced_count)] if now.unplaced else []
    for file in now.unplaced[:SHOWN]:
        lines.append(say("status_unplaced_file", lang, name=file["name"], intake=short_id(file["id"])))
        lines += [say("status_unplaced_reason", lang, reason=say(f"routing_{rule}", lang)) for rule in file["routing"] or ()]
    answer(asdict(now), as_json, "\n".join(lines))


def _failed(now: Status, lang: str) -> list[str]:
    """Files that failed, by reason: each by name where they are few, else how many there are and the last of them."""
    by_code: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for file in now.failed:
        by_code[(file["error"] or {}).get("code", "unknown")].append(file)
    lines = []
    for code, files in by_code.items():
        if now.failures[code] <= NAMED:
            for file in files:
                lines.append(
                    say("status_failed", lang, name=file["name"], intake=short_id(file["id"]), reason=_reason(file, lang))
                )
            continue
        names = ", ".join(file["name"] for file in files[:NAMED])
        lines.append(say("status_failed_many", lang, count=now.failures[code], reason=_reason(files[0], lang), files=names))
    return lines


def _reason(failed: Mapping[str, Any], lang: str) -> str:
    """Why a file failed, as a sentence."""
    error = failed["error"]
    return describe(serialization.from_plain(Problem, error), lang) if error else ""
