"""Commands that put right what failed or died half-way: retry, reprocess, sweep."""

from __future__ import annotations

import getpass

import click

from digitizer.cli import Spoken, answer, language, settings, speak
from digitizer.messages import say
from digitizer.service import Service


@click.command(cls=Spoken)
@click.argument("intake", required=False)
@click.option("--by", default=getpass.getuser)
@click.pass_context
def retry(ctx: click.Context, intake: str | None, by: str) -> None:
    """Queues one failed file again, or all failed files and deliveries."""
    with Service.open(settings(ctx)) as service:
        if intake is None:
            count = service.recovery.retry_failed(by=by)
        else:
            service.recovery.retry(service.submissions.find_id(intake), by=by)
            count = 1
        deliveries = service.deliveries.hasten(by=by)
    speak(ctx, "queued_again", count=count, deliveries=deliveries)


@click.command(cls=Spoken)
@click.argument("intake")
@click.option("--by", default=getpass.getuser)
@click.option("--reason", required=True)
@click.pass_context
def reprocess(ctx: click.Context, intake: str, by: str, reason: str) -> None:
    """Queues a file to be read anew. What people approved stays."""
    with Service.open(settings(ctx)) as service:
        service.recovery.reprocess(service.submissions.find_id(intake), by=by, reason=reason)
    speak(ctx, "queued_again", count=1, deliveries=0)


@click.command(cls=Spoken)
@click.option("--json", "as_json", is_flag=True)
@click.pass_context
def sweep(ctx: click.Context, as_json: bool) -> None:
    """Puts right what died half-way, and seals the event log."""
    with Service.open(settings(ctx)) as service:
        found = service.recovery.sweep()
    answer(found, as_json, say("swept", language(ctx), **found))
