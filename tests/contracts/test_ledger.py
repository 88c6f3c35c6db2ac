"""What every ledger promises: one schema, leases, fencing, an outbox, chained events. One suite over every database."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from threading import Barrier

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext

from digitizer.errors import AmbiguousId, ConfigError, LedgerDown, NotFound, RepeatDiffers
from digitizer.ledger import Ledger, events, idempotency, jobs, open_ledger, outbox, records, submissions
from digitizer.ledger.database import MIGRATIONS
from digitizer.ledger.outbox import NewDelivery
from digitizer.ledger.schema import event, metadata
from digitizer.model import Field, Intake, IntakeState, Lane, Record, RecordState, Verdict
from digitizer.pace import Pace
from tests.servers import Servers

BULK, COUNTER = jobs.LANES[Lane.BULK], jobs.LANES[Lane.COUNTER]
BUNDLE = "b" * 64


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.service)])
def url(request: pytest.FixtureRequest) -> str:
    """Of an empty ledger."""
    return "sqlite:" if request.param == "sqlite" else request.getfixturevalue("servers").postgres.url()


@pytest.fixture
def woken() -> list[int]:
    """How many jobs each transaction has queued, once it was committed."""
    return []


@pytest.fixture
def ledger(url: str, tmp_path: Path, woken: list[int]) -> Iterator[Ledger]:
    opened = open_ledger(url, tmp_path, on_jobs=woken.append)
    yield opened
    opened.close()


@pytest.fixture
def bundle(ledger: Ledger) -> str:
    with ledger.begin() as tx:
        submissions.add_source(tx, "5" * 64, "55/" + "5" * 64, 10)
        submissions.add_bundle(tx, BUNDLE, ["5" * 64])
    return BUNDLE


def an_intake(name: str = "a.jpg", dossier: str | None = None) -> Intake:
    return Intake(
        id=f"i-{name}-{dossier}", bundle=BUNDLE, name=name, dossier=dossier, actor="test", received_at=datetime.now(UTC)
    )


def claim(ledger: Ledger, worker: str = "w", lease_s: float = 60.0) -> jobs.Job | None:
    with ledger.begin() as tx:
        return jobs.claim(tx, worker=worker, lease_s=lease_s)


def test_the_migrations_make_the_declared_schema(ledger: Ledger) -> None:
    with ledger.read() as tx:
        found = compare_metadata(MigrationContext.configure(tx, opts={"compare_type": True}), metadata)
    assert found == []


def test_opening_again_changes_nothing(ledger: Ledger, bundle: str, url: str, tmp_path: Path) -> None:
    again = open_ledger(url, tmp_path)
    with again.read() as tx:
        assert [s.id for s in submissions.sources_of(tx, bundle)] == ["5" * 64]
    again.close()


def downgrade(ledger: Ledger, to: str) -> None:
    """Brings a ledger back to an earlier schema."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with ledger.engine.begin() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, to)


def test_a_register_case_queued_before_an_update_keeps_its_key(ledger: Ledger, url: str, tmp_path: Path) -> None:
    key = "import_package/_/KS/1999/01/b/0/0/1"
    with ledger.begin() as tx:
        outbox.add(tx, NewDelivery(kind="import_package", target="books", order_key="KS/1999/01", key=key), actor="test")
        (before,) = outbox.pending(tx)
    downgrade(ledger, "0009")
    updated = open_ledger(url, tmp_path)
    with updated.begin() as tx:
        (after,) = outbox.claim(tx, "books", pace=Pace(), lease_s=60, now=time.time())
    assert (after.kind, after.key, after.id) == ("add_register_case", key, before["delivery"])
    updated.close()


def test_a_ledger_that_cannot_be_opened_is_down(tmp_path: Path) -> None:
    (tmp_path / "ledger.db").write_bytes(b"this is no database, and long enough to be taken for one" * 20)
    with pytest.raises(LedgerDown):
        open_ledger("sqlite:", tmp_path)


@pytest.mark.service
def test_many_may_open_a_new_ledger_at_once(servers: Servers, tmp_path: Path) -> None:
    url = servers.postgres.url()
    with ThreadPoolExecutor(6) as pool:
        for opened in pool.map(lambda _: open_ledger(url, tmp_path), range(6)):
            with opened.read() as tx:
                assert compare_metadata(MigrationContext.configure(tx), metadata) == []
            opened.close()


def test_what_many_put_at_once_is_there_once(ledger: Ledger) -> None:
    def put(_: int) -> tuple[bool, bool]:
        with ledger.begin() as tx:
            submissions.add_source(tx, "5" * 64, "55/" + "5" * 64, 10)
            new = submissions.add_bundle(tx, BUNDLE, ["5" * 64])
            jobs.add(tx, "open", BUNDLE, lane=BULK)
            submissions.save_page(tx, "5" * 64, 0, "engine", state="READ", texts="key", error=None)
            return new, submissions.add_intake(tx, an_intake())

    with ThreadPoolExecutor(8) as pool:
        news = list(pool.map(put, range(24)))
    assert [sum(new) for new in zip(*news, strict=True)] == [1, 1]
    with ledger.read() as tx:
        assert jobs.waiting(tx) == 1


def test_of_two_who_write_the_same_delivery_or_request_at_once_one_does(ledger: Ledger) -> None:
    """The second waits for the first to be certain, and neither fails."""

    def write(digest: str) -> bool:
        with ledger.begin() as tx:
            new = outbox.add(tx, NewDelivery(kind="callback", target="t", order_key="o", key="k"), actor="w")
            idempotency.note(tx, "motcua", "key", digest, "i")
            time.sleep(0.02)  # long enough for the others to come in between
            return new

    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(write, ["same"] * 12)) == 1
        with pytest.raises(RepeatDiffers):
            list(pool.map(write, ["other"]))
    with ledger.read() as tx:
        assert outbox.counts(tx) == {"PENDING": 1}


def test_whoever_queues_jobs_wakes_somebody_when_it_is_certain(ledger: Ledger, bundle: str, woken: list[int]) -> None:
    with ledger.begin() as tx:
        jobs.add(tx, "read", bundle, lane=BULK, source="s", first=0, count=1)
        jobs.add(tx, "read", bundle, lane=BULK, source="s", first=1, count=1)
        assert woken == []
    with pytest.raises(RuntimeError), ledger.begin() as tx:
        jobs.add(tx, "read", bundle, lane=BULK, source="s", first=2, count=1)
        raise RuntimeError
    assert woken == [2]
    claim(ledger, "dead")
    with ledger.begin() as tx:
        jobs.release(tx, "dead")
    assert woken == [2, 1]


def test_who_is_woken_finds_the_jobs(bundle: str, url: str, tmp_path: Path) -> None:
    """A worker of another machine is woken after the commit. Before it, it would find nothing and sleep again."""
    other, found = open_ledger(url, tmp_path), list[int]()

    def look(count: int) -> None:
        with other.read() as tx:
            found.append(jobs.waiting(tx))

    telling = open_ledger(url, tmp_path, on_jobs=look)
    with telling.begin() as tx:
        jobs.add(tx, "read", bundle, lane=BULK, source="s", first=0, count=1)
        jobs.add(tx, "read", bundle, lane=BULK, source="s", first=1, count=1)
    telling.close()
    other.close()
    assert found == [2]


@pytest.mark.parametrize("url", ["clay-tablet:", "postgresql+unheard_of://localhost/x"])
def test_an_unknown_kind_of_ledger_is_refused(url: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError):
        open_ledger(url, tmp_path)


def test_a_server_that_does_not_answer_is_down(tmp_path: Path) -> None:
    with pytest.raises(LedgerDown):
        open_ledger("postgresql+psycopg://digitizer@127.0.0.1:1/x", tmp_path)


# --- jobs -----------------------------------------------------------------------------------------------------------


def test_the_counter_goes_before_the_bulk(ledger: Ledger, bundle: str) -> None:
    with ledger.begin() as tx:
        jobs.add(tx, "read", bundle, lane=BULK, source="s", first=0, count=1)
        jobs.add(tx, "read", bundle, lane=COUNTER, source="s", first=1, count=1)
    first, second = claim(ledger), claim(ledger)
    assert first is not None
    assert second is not None
    assert (first.lane, second.lane) == (COUNTER, BULK)
    assert claim(ledger) is None


def test_what_was_begun_is_ended_before_more_is_begun(ledger: Ledger, bundle: str) -> None:
    with ledger.begin() as tx:
        submissions.add_bundle(tx, "c" * 64, ["5" * 64])
        jobs.add(tx, "open", "c" * 64, lane=BULK)
        jobs.add(tx, "read", bundle, lane=BULK, source="s", first=0, count=1)
        jobs.add(tx, "finish", bundle, lane=BULK)
    assert [job.kind for job in (claim(ledger), claim(ledger), claim(ledger)) if job] == ["finish", "read", "open"]


def test_adding_a_job_twice_is_adding_it_once(ledger: Ledger, bundle: str) -> None:
    with ledger.begin() as tx:
        for _ in range(3):
            jobs.add(tx, "open", bundle, lane=BULK)
    with ledger.read() as tx:
        assert jobs.waiting(tx) == 1


def test_a_job_is_claimed_by_one_of_many(ledger: Ledger, bundle: str) -> None:
    with ledger.begin() as tx:
        for first in range(20):
            jobs.add(tx, "read", bundle, lane=BULK, source="s", first=first, count=1)
    with ThreadPoolExecutor(8) as pool:
        claimed = [job for job in pool.map(lambda n: claim(ledger, f"w{n}"), range(40)) if job is not None]
    assert sorted(job.first for job in claimed) == list(range(20))


def test_a_single_statement_outside_a_transaction_is_kept(ledger: Ledger, bundle: str) -> None:
    """A claim that nobody committed gave the same job to the next worker."""
    with ledger.begin() as tx:
        for first in range(2):
            jobs.add(tx, "read", bundle, lane=BULK, source="s", first=first, count=1)
    claimed = []
    for worker in ("one", "two", "three"):
        with ledger.read() as tx:
            claimed.append(jobs.claim(tx, worker=worker, lease_s=60.0))
    assert [job and job.first for job in claimed] == [0, 1, None]
    with ledger.read() as tx:
        assert not jobs.queued(tx)


def test_a_late_worker_is_fenced_off(ledger: Ledger, bundle: str) -> None:
    with ledger.begin() as tx:
        jobs.add(tx, "open", bundle, lane=BULK)
    slow = claim(ledger, "slow", lease_s=-1)
    quick = claim(ledger, "quick")
    assert slow is not None
    assert quick is not None
    assert (slow.id, quick.attempts) == (quick.id, 2)
    with ledger.begin() as tx:
        assert not jobs.renew(tx, slow, lease_s=60)
        assert not jobs.close(tx, slow)
        assert jobs.close(tx, quick)
        assert not jobs.close(tx, quick), "a job ends once"


def test_a_dead_workers_jobs_are_put_back_with_their_attempts(ledger: Ledger, bundle: str) -> None:
    with ledger.begin() as tx:
        jobs.add(tx, "open", bundle, lane=BULK)
    claim(ledger, "dead")
    with ledger.begin() as tx:
        assert jobs.release(tx, "dead") == 1
        assert jobs.release(tx, "dead") == 0
    again = claim(ledger, "next")
    assert again is not None
    assert again.attempts == 2


def test_a_page_is_not_to_blame_for_machines_that_go_down_but_not_without_end(ledger: Ledger, bundle: str) -> None:
    with ledger.begin() as tx:
        jobs.add(tx, "open", bundle, lane=BULK)
    for _ in range(jobs.MOST_CLAIMS):
        held = claim(ledger, "orphan")
        assert held is not None
        assert held.attempts == 1
        with ledger.begin() as tx:
            assert jobs.release(tx, "orphan", blameless=True) == 1
    attempts = []
    for _ in range(2):
        held = claim(ledger, "orphan")
        assert held is not None
        attempts.append(held.attempts)
        with ledger.begin() as tx:
            jobs.release(tx, "orphan", blameless=True)
    assert attempts == [2, 3]


def test_a_job_given_back_has_not_been_attempted(ledger: Ledger, bundle: str) -> None:
    with ledger.begin() as tx:
        jobs.add(tx, "open", bundle, lane=BULK)
    held = claim(ledger)
    assert held is not None
    with ledger.begin() as tx:
        jobs.give_back(tx, held)
    again = claim(ledger)
    assert again is not None
    assert again.attempts == 1


def test_a_job_over_many_scans_is_split_into_one_each(ledger: Ledger, bundle: str) -> None:
    with ledger.begin() as tx:
        jobs.add(tx, "read", bundle, lane=BULK, source="s", first=16, count=3)
    held = claim(ledger)
    assert held is not None
    with ledger.begin() as tx:
        jobs.split(tx, held)
    parts = [claim(ledger) for _ in range(3)]
    assert [(p.first, p.count, p.attempts) for p in parts if p] == [(16, 1, 1), (17, 1, 1), (18, 1, 1)]
    assert claim(ledger) is None


def go_on(ledger: Ledger, bundle: str, worker: str = "w") -> jobs.Job | None:
    with ledger.begin() as tx:
        return jobs.go_on(tx, "finish", bundle, worker=worker, lease_s=60, lane=BULK)


def test_who_goes_on_holds_the_next_job_with_its_attempt_counted(ledger: Ledger, bundle: str, woken: list[int]) -> None:
    held = go_on(ledger, bundle)
    assert held is not None
    assert (held.kind, held.bundle, held.attempts, held.fence) == ("finish", bundle, 1, 1)
    assert claim(ledger, "other") is None, "nobody else gets it"
    assert woken == [], "and nobody is woken for it"
    assert go_on(ledger, bundle, "other") is None
    with ledger.begin() as tx:
        assert jobs.release(tx, "w") == 1
    again = claim(ledger, "other")
    assert again is not None
    assert (again.id, again.attempts) == (held.id, 2), "what kills its worker runs out of attempts"


def test_going_on_with_a_job_that_was_done_before_does_it_again_under_a_new_fence(ledger: Ledger, bundle: str) -> None:
    first = go_on(ledger, bundle)
    assert first is not None
    with ledger.begin() as tx:
        assert jobs.close(tx, first)
    second = go_on(ledger, bundle)
    assert second is not None
    assert (second.id, second.attempts, second.fence) == (first.id, 1, 2)
    with ledger.begin() as tx:
        assert not jobs.close(tx, first)
        assert jobs.close(tx, second)


def test_of_many_who_go_on_with_a_job_one_holds_it(ledger: Ledger, bundle: str) -> None:
    with ThreadPoolExecutor(6) as pool:
        held = [job for job in pool.map(lambda n: go_on(ledger, bundle, f"w{n}"), range(12)) if job is not None]
    assert len(held) == 1


def test_expired_leases_are_counted_and_put_back(ledger: Ledger, bundle: str) -> None:
    with ledger.begin() as tx:
        jobs.add(tx, "open", bundle, lane=BULK)
    claim(ledger, lease_s=-1)
    with ledger.begin() as tx:
        assert jobs.backlog(tx)["EXPIRED"] == 1
        assert jobs.requeue_expired(tx) == 1
        assert jobs.backlog(tx) == {"QUEUED": 1, "EXPIRED": 0}


def test_a_clock_set_back_does_not_keep_jobs_from_others(ledger: Ledger, bundle: str) -> None:
    with ledger.begin() as tx:
        jobs.add(tx, "open", bundle, lane=BULK)
    claim(ledger, "before the clock went back a week", lease_s=7 * 86_400)
    with ledger.begin() as tx:
        assert jobs.requeue_expired(tx, lease_s=60) == 1


@pytest.mark.service
def test_of_two_who_end_the_last_jobs_at_once_one_sees_that_all_are_done(servers: Servers, tmp_path: Path) -> None:
    ledger = open_ledger(servers.postgres.url(), tmp_path)
    with ledger.begin() as tx:
        submissions.add_source(tx, "5" * 64, "55/" + "5" * 64, 10)
        submissions.add_bundle(tx, BUNDLE, ["5" * 64])
        for first in (0, 1):
            jobs.add(tx, "read", BUNDLE, lane=BULK, source="s", first=first, count=1)
    both = Barrier(2)

    def end(worker: str) -> int:
        held = claim(ledger, worker)
        assert held is not None
        with ledger.begin() as tx:
            assert jobs.close(tx, held)
            both.wait(20)
            submissions.hold_bundle(tx, BUNDLE)
            return jobs.unfinished(tx, BUNDLE, ["read"])

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(end, ["a", "b"])) == [0, 1]
    ledger.close()


# --- intakes and pages ----------------------------------------------------------------------------------------------


def test_an_intake_is_noted_once(ledger: Ledger, bundle: str) -> None:
    with ledger.begin() as tx:
        assert submissions.add_intake(tx, an_intake())
        assert not submissions.add_intake(tx, an_intake())
        assert submissions.get_intake(tx, an_intake().id).name == "a.jpg"


def test_an_arrow_is_followed_only_from_its_state(ledger: Ledger, bundle: str) -> None:
    with ledger.begin() as tx:
        submissions.add_intake(tx, an_intake())
        moved = submissions.move_intakes(tx, bundle, [IntakeState.RUNNING], IntakeState.DIGITIZED, actor="w")
        assert moved == []
        moved = submissions.move_intakes(tx, bundle, [IntakeState.RECEIVED], IntakeState.RUNNING, actor="w")
        assert [i.id for i in moved] == [an_intake().id]
        assert submissions.intake_state(tx, an_intake().id) == IntakeState.RUNNING


def test_a_page_has_one_reading_an_engine(ledger: Ledger, bundle: str) -> None:
    with ledger.begin() as tx:
        for state in ("FAILED", "READ"):
            submissions.save_page(tx, "5" * 64, 0, "engine-1", state=state, texts="key", error=None)
        submissions.save_page(tx, "5" * 64, 0, "engine-2", state="BLANK", texts="key", error=None)
        assert {n: r["state"] for n, r in submissions.page_readings(tx, "5" * 64, "engine-1").items()} == {0: "READ"}
        assert {n: r["state"] for n, r in submissions.page_readings(tx, "5" * 64, "engine-2").items()} == {0: "BLANK"}


def test_a_transaction_that_fails_changes_nothing(ledger: Ledger, bundle: str) -> None:
    with pytest.raises(RuntimeError), ledger.begin() as tx:
        submissions.add_intake(tx, an_intake())
        raise RuntimeError
    with ledger.read() as tx:
        assert submissions.intakes(tx, bundle_id=bundle) == []


# --- records --------------------------------------------------------------------------------------------------------


def a_record(value: str = "NGUYỄN THỊ HOÀ") -> Record:
    name = Field(name="nksHoTen", raw=value, value=value, confidence=0.9, accepted=True)
    return Record(id=f"{BUNDLE}/0/0", fields=(name,), verdict=Verdict.REVIEW)


def test_a_record_is_kept_as_it_was_proposed(ledger: Ledger, bundle: str) -> None:
    with ledger.begin() as tx:
        records.propose(tx, bundle, "birth_register", a_record(), actor="w")
        (kept,) = records.find(tx, bundle_id=bundle, states=[])
    assert kept.record == a_record()
    assert (kept.doctype, kept.state) == ("birth_register", RecordState.REVIEW)


def test_what_a_person_corrected_survives_a_second_reading(ledger: Ledger, bundle: str) -> None:
    with ledger.begin() as tx:
        records.propose(tx, bundle, "birth_register", a_record(), actor="w")
        corrected = replace(a_record("NGUYỄN THỊ HÒA"), revision=2)
        assert records.revise(tx, corrected, 1, by="can.bo")
        assert not records.revise(tx, corrected, 1, by="somebody else"), "only the newest revision can be revised"
        records.propose(tx, bundle, "birth_register", a_record("NGUYÊN THI HOA"), actor="w")
        (kept,) = records.find(tx, bundle_id=bundle, states=[])
    assert kept.record.fields[0].value == "NGUYỄN THỊ HÒA"


def test_a_second_reading_replaces_what_nobody_touched(ledger: Ledger, bundle: str) -> None:
    with ledger.begin() as tx:
        for value in ("NGUYÊN THI HOA", "NGUYỄN THỊ HOÀ"):
            records.propose(tx, bundle, "birth_register", a_record(value), actor="w")
        (kept,) = records.find(tx, bundle_id=bundle)
        assert records.get(tx, "no such record") is None
    assert (kept.record.fields[0].value, kept.record.revision, kept.state) == ("NGUYỄN THỊ HOÀ", 1, RecordState.REVIEW)


def test_a_second_reading_withdraws_only_proposals_of_its_file_that_nobody_touched(ledger: Ledger, bundle: str) -> None:
    with ledger.begin() as tx:
        submissions.add_source(tx, "6" * 64, "66/" + "6" * 64, 10)
        submissions.add_bundle(tx, "6" * 64, ["6" * 64])
        for name in ("repeated", "gone", "corrected", "approved"):
            records.propose(tx, bundle, "birth_register", replace(a_record(), id=name), actor="w")
        records.propose(tx, "6" * 64, "birth_register", replace(a_record(), id="of another file"), actor="w")
        assert records.revise(tx, replace(a_record(), id="corrected", revision=2), 1, by="can.bo")
        assert records.move(tx, "approved", 1, [RecordState.REVIEW], RecordState.READY, actor="lanh.dao", action="approved")
        records.withdraw(tx, bundle, ["repeated"], actor="w")
        assert [kept.record.id for kept in records.find(tx)] == ["approved", "corrected", "of another file", "repeated"]
        assert records.at(tx, "gone", 1) is None
        proposed, withdrawn = events.history(tx, "gone")
    assert (proposed["action"], proposed["detail"]) == ("proposed", {"verdict": "REVIEW", "doctype": "birth_register"})
    assert withdrawn["action"] == "withdrawn"


def test_a_record_is_moved_only_at_the_revision_that_was_looked_at(ledger: Ledger, bundle: str) -> None:
    def approve(at: int) -> bool:
        with ledger.begin() as tx:
            return records.move(tx, f"{BUNDLE}/0/0", at, [RecordState.REVIEW], RecordState.READY, actor="t", action="approved")

    with ledger.begin() as tx:
        records.propose(tx, bundle, "birth_register", a_record(), actor="w")
        assert records.revise(tx, replace(a_record("NGUYỄN THỊ HÒA"), revision=2), 1, by="can.bo")
    assert not approve(1)
    with ledger.read() as tx:
        assert [kept.state for kept in records.find(tx)] == [RecordState.REVIEW]
        assert "approved" not in [event["action"] for event in events.history(tx, f"{BUNDLE}/0/0")]
    assert approve(2)
    assert not approve(2), "it waits for a decision no longer"
    with ledger.read() as tx:
        assert [kept.state for kept in records.find(tx)] == [RecordState.READY]


# --- outbox ---------------------------------------------------------------------------------------------------------


# more of it in test_outbox.py


def test_a_delivery_is_written_once_for_its_key(ledger: Ledger, bundle: str) -> None:
    with ledger.begin() as tx:
        submissions.add_intake(tx, an_intake(dossier="D1"))
        intake = an_intake(dossier="D1").id
        new = NewDelivery(kind="attach", target="t", order_key="D1", key="k", intake=intake, dossier="D1")
        assert outbox.add(tx, new, actor="w")
        assert not outbox.add(tx, new, actor="w")


# --- events ---------------------------------------------------------------------------------------------------------


def sealed(ledger: Ledger, count: int = 5) -> None:
    with ledger.begin() as tx:
        for number in range(count):
            events.note(tx, "looked", f"r{number}", actor="can.bo", field="nksHoTen")
        assert events.seal(tx) == count
        assert events.seal(tx) == 0


def test_the_hash_of_an_event_is_the_one_sealed_logs_have() -> None:
    """A change of its form would make every log that was sealed before look forged."""
    at = "2026-09-30T01:02:03+00:00"
    row = {"at": at, "actor": "can.bo", "action": "placed", "subject": "i", "detail": {"b": 1, "a": "Hồ"}}
    written = '["0",1,"2026-09-30T01:02:03+00:00","can.bo","placed","i",{"a":"Hồ","b":1}]'
    assert events.digest("0", 1, row) == hashlib.sha256(written.encode()).hexdigest()  # type: ignore[arg-type]


def test_an_idempotency_key_belongs_to_its_client(ledger: Ledger) -> None:
    with ledger.begin() as tx:
        idempotency.note(tx, "motcua", "lan-1", "one", "i1")
        idempotency.check(tx, "another", "lan-1", "two")
        idempotency.note(tx, "another", "lan-1", "two", "i2")
        idempotency.check(tx, "motcua", "lan-1", "one")
        with pytest.raises(RepeatDiffers):
            idempotency.check(tx, "another", "lan-1", "one")


def test_an_untouched_log_verifies(ledger: Ledger) -> None:
    sealed(ledger)
    sealed(ledger, 2)
    with ledger.read() as tx:
        assert events.verify(tx) == (7, None)


@pytest.mark.parametrize(
    ("statement", "first_wrong"),
    [
        (sa.update(event).where(event.c.seq == 3).values(actor="somebody else"), 3),
        (sa.delete(event).where(event.c.seq == 2), 2),
        (sa.update(event).where(event.c.seq == 4).values(hash="0" * 64), 4),
    ],
    ids=["changed", "removed", "rehashed"],
)
def test_a_changed_log_is_found_out(ledger: Ledger, statement: sa.Update | sa.Delete, first_wrong: int) -> None:
    sealed(ledger)
    with ledger.begin() as tx:
        tx.execute(statement)
    with ledger.read() as tx:
        assert events.verify(tx)[1] == first_wrong


def test_the_log_of_one_subject_is_in_order(ledger: Ledger) -> None:
    with ledger.begin() as tx:
        for action in ("received", "approved"):
            events.note(tx, action, "r1", actor="a")
            time.sleep(0.001)
    with ledger.read() as tx:
        assert [row["action"] for row in events.history(tx, "r1")] == ["received", "approved"]


def test_sqlite_keeps_what_was_written_through_a_power_cut(tmp_path: Path) -> None:
    ledger = open_ledger("sqlite:", tmp_path)
    with ledger.read() as tx:
        assert tx.execute(sa.text("pragma synchronous")).scalar_one() == 2, "FULL"
        assert tx.execute(sa.text("pragma journal_mode")).scalar_one() == "wal"
        assert tx.execute(sa.text("pragma foreign_keys")).scalar_one() == 1
    ledger.close()
    assert os.path.exists(tmp_path / "ledger.db")  # noqa: PTH110


@pytest.mark.parametrize("look_up", [submissions.get_intake, submissions.get_source, submissions.bundle_row])
def test_an_id_that_is_not_there_is_no_fault_of_the_ledger(ledger: Ledger, look_up: Callable[..., object]) -> None:
    with pytest.raises(NotFound), ledger.read() as tx:
        look_up(tx, "nothing")


def test_an_id_is_found_by_any_beginning_that_fits_it_alone(ledger: Ledger, bundle: str) -> None:
    first, second = an_intake("a.jpg"), replace(an_intake("b.jpg"), id="i-a")
    with ledger.begin() as tx:
        assert submissions.add_intake(tx, first)
        assert submissions.intake_like(tx, "i-a.j") == first.id
        assert submissions.add_intake(tx, second)
        assert submissions.intake_like(tx, "i-a.j") == first.id
        assert submissions.intake_like(tx, "i-a") == second.id, "a whole id is no beginning"
        with pytest.raises(AmbiguousId) as several:
            submissions.intake_like(tx, "i-")
        assert several.value.facts["candidates"] == f"i-a, {first.id}"
        for strange in ("x", "", "i-%", "i_a"):
            with pytest.raises(NotFound):
                submissions.intake_like(tx, strange)


def test_records_are_found_by_the_beginning_of_their_bundle_and_their_place(ledger: Ledger, bundle: str) -> None:
    with ledger.begin() as tx:
        for place in ("0/1", "0/10", "1/0"):
            proposed = Record(id=f"{bundle}/{place}", revision=1, fields=(), verdict=Verdict.REVIEW, reasons=())
            records.propose(tx, bundle, None, proposed, actor="test")
        assert records.records_like(tx, f"{bundle[:2]}/0/1") == [f"{bundle}/0/1"]
        assert records.records_like(tx, f"{bundle}/0/10") == [f"{bundle}/0/10"]
        assert records.records_like(tx, f"{bundle[:2]}/0") == [f"{bundle}/0/1", f"{bundle}/0/10"]
        assert len(records.records_like(tx, bundle[:2])) == 3
        assert records.records_like(tx, "") == records.records_like(tx, f"{bundle[:2]}/2") == []


def test_a_bundle_is_called_as_it_was_first_submitted(ledger: Ledger, bundle: str) -> None:
    first, later = an_intake("first.jpg"), an_intake("later.jpg")
    with ledger.begin() as tx:
        submissions.add_intake(tx, replace(later, received_at=datetime(2026, 2, 1, tzinfo=UTC)))
        submissions.add_intake(tx, replace(first, received_at=datetime(2026, 1, 1, tzinfo=UTC)))
        assert submissions.names_of(tx, [bundle, "none"]) == {bundle: "first.jpg"}
