"""How much a target of deliveries may be asked for, by the settings."""

from __future__ import annotations

from digitizer.pace import Pace, quiet_hours
from digitizer.service.webhooks import TARGET
from digitizer.settings import Settings

#: one callback at a time for each client, whatever the quiet hours of the dossier system are
CALLBACKS = Pace(concurrency=1)


def pace_of(settings: Settings, target: str) -> Pace:
    """The pace of a target."""
    if target.startswith(TARGET):
        return CALLBACKS
    options = settings.targets.get(target, settings.delivery)
    pauses = settings.delivery
    return Pace(
        concurrency=options.concurrency,
        rate_per_minute=options.rate_per_minute,
        quiet=quiet_hours(options.quiet),
        pause_first_s=pauses.pause_first_s,
        pause_most_s=pauses.pause_most_s,
    )
