"""Sweeping: what is put right, and what is forgotten in its time."""

from __future__ import annotations

import os
import time

import pytest
import sqlalchemy as sa

from digitizer.errors import RepeatDiffers
from digitizer.ledger import idempotency, jobs, submissions
from digitizer.ledger.api_keys import Verb
from digitizer.ledger.schema import repeat
from digitizer.service import Service

HOUR_S = 3600.0


def test_an_idempotency_key_is_remembered_for_its_hours_and_then_forgotten(service: Service) -> None:
    hours = service.settings.api.repeat_hours
    with service.context.ledger.begin() as tx:
        idempotency.note(tx, "motcua", "lan-1", "one", "intake")
        tx.execute(sa.update(repeat).values(at=time.time() - (hours - 1) * HOUR_S))
    service.recovery.sweep()
    with pytest.raises(RepeatDiffers), service.context.ledger.begin() as tx:
        idempotency.check(tx, "motcua", "lan-1", "another")
    with service.context.ledger.begin() as tx:
        tx.execute(sa.update(repeat).values(at=time.time() - (hours + 1) * HOUR_S))
    service.recovery.sweep()
    with service.context.ledger.begin() as tx:
        idempotency.check(tx, "motcua", "lan-1", "another")


def test_a_job_whose_lease_ran_out_is_queued_again(service: Service) -> None:
    with service.context.ledger.begin() as tx:
        submissions.add_source(tx, "b" * 64, "k", 1)
        submissions.add_bundle(tx, "b" * 64, ["b" * 64])
        jobs.add(tx, "open", "b" * 64, lane=1)
        assert jobs.claim(tx, worker="dead", lease_s=-1) is not None
    assert service.recovery.sweep()["leases"] == 1
    assert service.status.now().jobs["QUEUED"] == 1


def test_scratch_folders_of_yesterday_are_cleared_and_todays_are_kept(service: Service) -> None:
    old, new = service.settings.scratch / "old", service.settings.scratch / "new"
    for folder in (old, new):
        folder.mkdir(parents=True)
    os.utime(old, (time.time() - 25 * HOUR_S,) * 2)
    assert service.recovery.sweep()["scratch"] == 1
    assert new.exists() and not old.exists()


def test_the_events_are_sealed(service: Service) -> None:
    service.api_keys.add("motcua", agencies=["*"], verbs=[Verb.READ], by="test")
    assert service.recovery.sweep()["events"] > 0
    assert service.recovery.sweep()["events"] == 0
