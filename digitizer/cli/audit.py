"""`audit`: the event log."""

from __future__ import annotations

import click

from digitizer.cli import SpokenGroup, settings, speak
from digitizer.errors import OutputInvalid
from digitizer.service import Service


@click.group(cls=SpokenGroup)
def audit() -> None:
    """The event log."""


@audit.command("verify")
@click.pass_context
def verify_events(ctx: click.Context) -> None:
    """Checks the chain of events. Exit 4 when one was changed."""
    with Service.open(settings(ctx)) as service:
        count, broken = service.audit.verify()
    speak(ctx, "events_verified" if broken is None else "events_broken", count=count, seq=broken or 0)
    ctx.exit(0 if broken is None else OutputInvalid.exit_code)
