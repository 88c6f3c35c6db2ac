"""How much a target may be asked for: its own settings before those of all, callbacks one at a time."""

from __future__ import annotations

from pathlib import Path

from digitizer.pace import Pace
from digitizer.service.pace import pace_of
from digitizer.settings import DeliveryOptions, Settings, TargetOptions


def test_a_target_has_its_own_pace_and_the_pauses_of_all(tmp_path: Path) -> None:
    delivery = DeliveryOptions(concurrency=7, rate_per_minute=90, quiet="07:30-09:00", pause_first_s=3, pause_most_s=33)
    own = TargetOptions(url="handover:", concurrency=2, rate_per_minute=6, quiet="22:00-05:00")
    settings = Settings(home=tmp_path, delivery=delivery, targets={"gplx": own})
    assert pace_of(settings, "dossiers") == Pace(
        concurrency=7, rate_per_minute=90, quiet=((450, 540),), pause_first_s=3, pause_most_s=33
    )
    assert pace_of(settings, "gplx") == Pace(
        concurrency=2, rate_per_minute=6, quiet=((1320, 300),), pause_first_s=3, pause_most_s=33
    )


def test_a_client_is_told_one_thing_at_a_time_at_any_hour(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, delivery=DeliveryOptions(concurrency=7, quiet="00:00-24:00"))
    assert pace_of(settings, "callback:motcua") == Pace(concurrency=1)
