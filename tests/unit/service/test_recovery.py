"""Sweeping: what is put right, and what is forgotten in its time."""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from digitizer.errors import Conflict, RepeatDiffers
from digitizer.ledger import events, idempotency, jobs, submissions
from digitizer.ledger.api_keys import Verb
from digitizer.ledger.schema import repeat
from digitizer.model import Intake, IntakeState, Lane
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


BUNDLE = "b" * 64


def failed(service: Service, *, state: IntakeState = IntakeState.FAILED) -> None:
    """One file of the counter with a page that was read and one that failed."""
    with service.context.ledger.begin() as tx:
        submissions.add_source(tx, BUNDLE, "k", 1)
        submissions.add_bundle(tx, BUNDLE, [BUNDLE])
        now = datetime.now(UTC)
        submissions.add_intake(tx, Intake(id="i", bundle=BUNDLE, name="a", actor="t", lane=Lane.COUNTER, received_at=now))
        submissions.save_page(tx, BUNDLE, 0, "engine", state="READ", texts="t", error=None)
        submissions.save_page(tx, BUNDLE, 1, "engine", state="FAILED", texts="t", error={"code": "damaged_page"})
        submissions.move_bundle(tx, BUNDLE, ["NEW"], "FAILED", error={"code": "damaged_page", "facts": {}})
        submissions.move_intakes(tx, BUNDLE, [IntakeState.RECEIVED], state, actor="w")


def after(service: Service) -> tuple[str, object, IntakeState | None, list[int], int]:
    """State and error of the bundle, state of the intake, scans that are still read, lane of the queued job."""
    with service.context.ledger.begin() as tx:
        row, pages = submissions.bundle_row(tx, BUNDLE), submissions.page_readings(tx, BUNDLE, "engine")
        held = jobs.claim(tx, worker="w", lease_s=60)
        assert held is not None
        return row["state"], row["error"], submissions.intake_state(tx, "i"), sorted(pages), held.lane


def test_a_retry_reads_failed_pages_again_and_keeps_the_others(service: Service) -> None:
    failed(service)
    assert service.recovery.retry_failed(by="can.bo") == 1
    assert after(service) == ("NEW", None, IntakeState.RECEIVED, [0], jobs.LANES[Lane.COUNTER])
    with pytest.raises(Conflict):
        service.recovery.retry("i", by="can.bo")


def test_reprocessing_reads_every_page_again(service: Service) -> None:
    failed(service, state=IntakeState.DIGITIZED)
    service.recovery.reprocess("i", by="can.bo", reason="new_engine")
    assert after(service) == ("NEW", None, IntakeState.RECEIVED, [], jobs.LANES[Lane.COUNTER])
    with service.context.ledger.read() as tx:
        last = events.history(tx, "i")[-1]
    assert (last["action"], last["actor"], last["detail"]) == ("reprocessed", "can.bo", {"reason": "new_engine"})


def test_a_bundle_whose_work_was_lost_is_begun_again(service: Service) -> None:
    failed(service, state=IntakeState.RUNNING)
    with service.context.ledger.begin() as tx:
        submissions.move_bundle(tx, BUNDLE, ["FAILED"], "READING", error=None)
    assert service.recovery.sweep()["jobs"] == 1
    assert service.recovery.sweep()["jobs"] == 0
    assert after(service)[0] == "NEW"
