"""Deliveries to a dossier system in its worst mood, with senders killed: exactly once, whole, in order, each with a receipt.

`make faults` runs 5,000 of them; its result is in `benchmarks/results/`.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.dossier_server import WORST
from tests.faults.delivery_run import is_exact, run


@pytest.mark.timeout(300)
def test_two_hundred_attachments_arrive_exactly_once_whatever_happens(tmp_path: Path) -> None:
    short = {"storm_s": 0.2, "retry_after_s": 0.1, "drip_s": 0.5, "maintenance_every_s": 8.0, "maintenance_s": 0.5}
    mood = replace(WORST, slow_s=1.5, slow=0.01, **short)
    found = run(tmp_path, 200, mood=mood, senders=2, kill_every=(40, 60), timeout_s=1.2, limit_s=240)
    assert found["kills"] >= 3
    assert is_exact(found), found
