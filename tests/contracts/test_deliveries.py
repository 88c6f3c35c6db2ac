"""What leaves for a dossier system: approved values only, at the revision that was approved. One suite over every database."""

from __future__ import annotations

import hashlib
import json
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from digitizer.connectors import Delivery
from digitizer.errors import ConnectorDown, StoreDown
from digitizer.ledger import outbox, records, submissions
from digitizer.ledger.schema import delivery
from digitizer.model import Field, Intake, IntakeState, Receipt, Record, RecordState, Verdict
from digitizer.service import Service, Submission
from digitizer.service.context import DOSSIERS, Connectors
from digitizer.settings import Settings, TargetOptions

FIRST, SECOND = "H60.127.03-260930-0012", "H60.127.03-260930-0013"
PDF = b"%PDF-1.7 a"
BUNDLE = hashlib.sha256(PDF).hexdigest()
RECORD = f"{BUNDLE}/0/0"


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.service)])
def settings(tmp_path: Path, request: pytest.FixtureRequest) -> Settings:
    """With a folder of dossiers and one of books."""
    url = "sqlite:" if request.param == "sqlite" else request.getfixturevalue("servers").postgres.url()
    return Settings(home=tmp_path, ledger=url, targets={"books": TargetOptions(url="moj:")})


@contextmanager
def digitized(settings: Settings, clock: Callable[[], float] = time.time) -> Iterator[Service]:
    """A service that has read one file, with one record that waits for a decision."""
    with Service.open(settings, clock=clock) as service:
        (settings.home / "a.pdf").write_bytes(PDF)
        pdf = service.context.store.put_file(settings.home / "a.pdf")
        with service.context.ledger.begin() as tx:
            submissions.add_source(tx, BUNDLE, pdf, len(PDF))
            submissions.add_bundle(tx, BUNDLE, [BUNDLE])
            submissions.move_bundle(tx, BUNDLE, ["NEW"], "DONE", result="ACCEPTED")
            submissions.save_artifacts(tx, BUNDLE, {"pdf": ("application/pdf", pdf)})
            field = Field(name="nksHoTen", raw="NGUYỄN VĂN A", value="NGUYỄN VĂN A", confidence=0.9, accepted=True, by="ocr")
            proposed = Record(id=RECORD, revision=1, fields=(field,), verdict=Verdict.REVIEW, reasons=())
            records.propose(tx, BUNDLE, "birth_certificate", proposed, actor="test")
        yield service


@pytest.fixture
def service(settings: Settings) -> Iterator[Service]:
    """With one file of a dossier. Its PDF has left for it."""
    with digitized(settings) as service:
        submit(service, dossier=FIRST)
        service.deliveries.deliver()
        yield service


def submit(service: Service, *, dossier: str | None = None, book: str | None = None) -> None:
    """One more intake of the file."""
    if dossier is not None:
        service.submissions.receive([service.settings.home / "a.pdf"], "a.pdf", Submission(actor="test", dossier=dossier))
        return
    intake = Intake(id="book", bundle=BUNDLE, name="a.pdf", book=book, actor="test", received_at=datetime.now(UTC))
    with service.context.ledger.begin() as tx:
        submissions.add_intake(tx, intake)
        submissions.move_intakes(tx, BUNDLE, [IntakeState.RECEIVED], IntakeState.DIGITIZED, actor="test")


def refused(service: Service) -> list[tuple[str, str | None]]:
    """(kind, reason code) of deliveries that were not sent."""
    with service.context.ledger.read() as tx:
        return [(one["kind"], one["error"]) for one in outbox.pending(tx)]


def values_sent(home: Path, dossier: str = FIRST) -> list[str]:
    """Names of the child in the values that the dossier system has."""
    folder = home / "dossiers" / dossier / "records"
    return [json.loads(path.read_text(encoding="utf-8"))["values"]["nksHoTen"] for path in folder.glob("*.json")]


def test_approved_values_are_sent_to_every_dossier_of_the_file(service: Service, tmp_path: Path) -> None:
    submit(service, dossier=SECOND)
    service.review.approve(RECORD, by="first")
    service.deliveries.deliver()
    assert refused(service) == []
    assert values_sent(tmp_path) == values_sent(tmp_path, SECOND) == ["NGUYỄN VĂN A"]
    assert [kept.state for kept in service.review.records()] == [RecordState.ATTACHED]


def test_values_corrected_after_their_approval_are_not_sent_until_approved_again(service: Service, tmp_path: Path) -> None:
    service.review.approve(RECORD, by="first")
    service.review.correct(RECORD, {"nksHoTen": "NGUYỄN VĂN B"}, by="second")
    service.deliveries.deliver()
    assert refused(service) == [("update_fields", "not_approved")]
    assert values_sent(tmp_path) == []
    assert [kept.state for kept in service.review.records()] == [RecordState.REVIEW]
    service.review.approve(RECORD, by="first")
    with service.context.ledger.begin() as tx:
        outbox.hasten(tx, actor="test")
    service.deliveries.deliver()
    assert refused(service) == [("update_fields", "not_approved")], "the old values stay behind"
    assert values_sent(tmp_path) == ["NGUYỄN VĂN B"]


def test_a_record_rejected_after_its_approval_is_not_sent(service: Service, tmp_path: Path) -> None:
    service.review.approve(RECORD, by="first")
    service.review.correct(RECORD, {"nksHoTen": "NGUYỄN VĂN B"}, by="second")
    service.review.reject(RECORD, by="second", reason="duplicate")
    service.deliveries.deliver()
    assert refused(service) == [("update_fields", "not_approved")]
    assert values_sent(tmp_path) == []


def test_an_approval_taken_back_at_the_same_revision_is_not_sent(service: Service, tmp_path: Path) -> None:
    service.review.approve(RECORD, by="first")
    with service.context.ledger.begin() as tx:
        assert records.move(tx, RECORD, 1, [RecordState.READY], RecordState.VOID, actor="test", action="voided")
    service.deliveries.deliver()
    assert refused(service) == [("update_fields", "not_approved")]
    assert values_sent(tmp_path) == []


def test_a_case_corrected_after_its_approval_does_not_reach_its_book(service: Service, tmp_path: Path) -> None:
    submit(service, book="KS/1999/01")
    service.review.approve(RECORD, by="first")
    service.review.correct(RECORD, {"nksHoTen": "NGUYỄN VĂN B"}, by="second")
    service.deliveries.deliver()
    assert sorted(refused(service)) == [("add_register_case", "not_approved"), ("update_fields", "not_approved")]
    assert not list(tmp_path.glob("moj/**/*.pdf"))


@pytest.mark.parametrize(("waits", "queued"), [(False, ["attach"]), (True, [])])
def test_a_file_waits_for_an_approval_where_its_metadata_goes_with_it(settings: Settings, waits: bool, queued: list[str]) -> None:
    mapping = settings.home / "mappings" / "waits.toml"
    mapping.parent.mkdir()
    text = f'after_approval = {str(waits).lower()}\n[attach]\npath = "/d/{{dossier}}"\n[auth]\nkind = "none"\n'
    mapping.write_text(text, encoding="utf-8")
    own = settings.model_copy(update={"connector": "rest+https://mot-cua.example.gov.vn?mapping=waits"})
    with digitized(own) as service:
        submit(service, dossier=FIRST)
        assert [kind for kind, _ in refused(service)] == queued
        service.review.approve(RECORD, by="first")
        assert sorted(kind for kind, _ in refused(service)) == ["attach", "update_fields"]


class Recovering:
    """A dossier system that is not there the first time."""

    after_approval = False
    entered_by_hand = False

    def __init__(self) -> None:
        self.asked: list[Delivery] = []

    def attach(self, delivery: Delivery) -> Receipt:
        self.asked.append(delivery)
        if len(self.asked) == 1:
            delivery.keep({"location": "/uploads/7"})
            raise ConnectorDown
        return Receipt(delivery=delivery.id, dossier=delivery.dossier, external_id="7", at=datetime.now(UTC))

    def close(self) -> None:
        """Holds no connection."""


def test_a_second_attempt_is_a_repeat_of_the_first(settings: Settings) -> None:
    """A connector then looks whether the file is there already. It may have arrived without its receipt."""
    system, now = Recovering(), [time.time()]
    with digitized(settings, lambda: now[0]) as service:
        service.context.connectors = Connectors(settings, {DOSSIERS: system})
        submit(service, dossier=FIRST)
        assert service.deliveries.deliver() == []
        now[0] += 60
        assert len(service.deliveries.deliver()) == 1
    first, second = system.asked
    assert (first.repeat, second.repeat) == (False, True)
    assert (first.id, first.key, first.sha256) == (second.id, second.key, second.sha256)
    assert (first.progress, second.progress) == ({}, {"location": "/uploads/7"})


def test_a_delivery_that_fails_waits_twice_as_long_each_time(settings: Settings) -> None:
    now, waits = [time.time()], list[float]()
    with digitized(settings, lambda: now[0]) as service:
        service.context.connectors = Connectors(settings, {DOSSIERS: Away()})
        submit(service, dossier=FIRST)
        for _ in range(4):
            assert service.deliveries.deliver() == []
            with service.context.ledger.read() as tx:
                due = tx.execute(sa.select(delivery.c.next_try)).scalar_one()
            waits.append(due - now[0])
            now[0] = due + 1
        assert refused(service) == [("attach", "connector_down")]
    assert [round(wait / 30 / 2**n) for n, wait in enumerate(waits)] == [1, 1, 1, 1], waits


class Away:
    """A dossier system that is not there."""

    after_approval = False
    entered_by_hand = False

    def attach(self, delivery: Delivery) -> Receipt:
        raise ConnectorDown

    def close(self) -> None:
        """Holds no connection."""


def test_a_fault_of_our_own_is_no_attempt(settings: Settings) -> None:
    with digitized(settings) as service:
        submit(service, dossier=FIRST)
        stored = service.context.store.local(f"{BUNDLE[:2]}/{BUNDLE}")
        assert stored is not None
        stored.rename(stored.with_name("away"))
        with pytest.raises(StoreDown):
            service.deliveries.deliver()
        with service.context.ledger.read() as tx:
            left = tx.execute(sa.select(delivery.c.attempts, delivery.c.state, delivery.c.lease_until)).one()
        assert left == (0, "PENDING", None)
        stored.with_name("away").rename(stored)
        assert len(service.deliveries.deliver()) == 1


def test_only_approved_values_go_with_a_file(settings: Settings) -> None:
    """A file of two records, one of them approved: what the other one says stays here."""
    system, now = Recovering(), [time.time()]
    with digitized(settings, lambda: now[0]) as service:
        service.context.connectors = Connectors(settings, {DOSSIERS: system})
        with service.context.ledger.begin() as tx:
            source = submissions.get_source(tx, BUNDLE)
            submissions.opened(tx, replace(source, media_type="application/pdf", pages=3, signed=False))
            for number, so in enumerate(("15/2026", "16/2026"), start=1):
                values = {"so": so, "noiCap": f"UBND xã {number}", "noiDung": f"Việc {number}"}
                fields = tuple(Field(name=n, raw=v, value=v, confidence=0.9, accepted=True, by="ocr") for n, v in values.items())
                proposed = Record(id=f"{BUNDLE}/{number}/0", revision=1, fields=fields, verdict=Verdict.REVIEW, reasons=())
                records.propose(tx, BUNDLE, "birth_certificate", proposed, actor="test")
        submit(service, dossier=FIRST)
        service.deliveries.deliver()
        service.review.approve(f"{BUNDLE}/2/0", by="first")
        now[0] += 60
        service.deliveries.deliver()
        told = [one.metadata for one in system.asked]
    names = ("doc_number", "notation", "organ", "subject", "confidence", "pages")
    assert [told[0][name] for name in names] == ["", "", None, None, None, 3]
    assert [told[-1][name] for name in names] == ["16", "2026", "UBND xã 2", "Việc 2", "0.90", 3]
    assert {one["doctype"] for one in told} == {"birth_certificate"}
    assert all(one["title"] for one in told)


def test_a_file_of_unknown_type_may_go_and_its_number_keeps_its_notation(settings: Settings) -> None:
    system, now = Recovering(), [time.time()]
    with digitized(settings, lambda: now[0]) as service:
        service.context.connectors = Connectors(settings, {DOSSIERS: system})
        with service.context.ledger.begin() as tx:
            records.withdraw(tx, BUNDLE, [], actor="test")
            number = Field(name="so", raw="15/QĐ-UBND/2026", value="15/QĐ-UBND/2026", confidence=0.9, accepted=True, by="ocr")
            proposed = Record(id=f"{BUNDLE}/1/0", revision=1, fields=(number,), verdict=Verdict.REVIEW, reasons=())
            records.propose(tx, BUNDLE, None, proposed, actor="test")
        submit(service, dossier=FIRST)
        service.review.approve(f"{BUNDLE}/1/0", by="first")
        service.deliveries.deliver()
        now[0] += 60
        assert [one.external_id for one in service.deliveries.deliver()] == ["7"]
    about = system.asked[-1].metadata
    assert (about["doctype"], about["title"], about["doc_number"], about["notation"]) == (None, None, "15", "QĐ-UBND/2026")


def test_a_file_lies_under_the_component_it_was_submitted_for(settings: Settings) -> None:
    with digitized(settings) as service:
        submission = Submission(actor="test", dossier=FIRST, component="KS")
        intake, new = service.submissions.receive([settings.home / "a.pdf"], "a.pdf", submission)
        assert (new, intake.component, intake.name) == (True, "KS", "a.pdf")
        (receipt,) = service.deliveries.deliver()
    assert receipt.external_id == f"{FIRST}/KS/a.pdf"
    assert (settings.home / "dossiers" / receipt.external_id).read_bytes() == PDF


class Slow:
    """A dossier system that takes a file when it is told to."""

    after_approval = False
    entered_by_hand = False

    def __init__(self) -> None:
        self.asked, self.go_on = threading.Semaphore(0), threading.Event()

    def attach(self, delivery: Delivery) -> Receipt:
        self.asked.release()
        assert self.go_on.wait(60)
        return Receipt(delivery=delivery.id, dossier=delivery.dossier, external_id="7", at=datetime.now(UTC))

    def close(self) -> None:
        """Holds no connection."""


def test_a_delivery_that_takes_longer_than_its_lease_is_sent_by_one(settings: Settings) -> None:
    short = settings.model_copy(update={"delivery": settings.delivery.model_copy(update={"lease_s": 3.0})})
    system = Slow()
    with digitized(short) as service, Service.open(short) as other, ThreadPoolExecutor(1) as pool:
        for one in (service, other):
            one.context.connectors = Connectors(short, {DOSSIERS: system})
        submit(service, dossier=FIRST)
        sent = pool.submit(service.deliveries.deliver)
        assert system.asked.acquire(timeout=60)
        try:
            time.sleep(4.5)
            assert other.deliveries.deliver() == [], "the lease was renewed"
        finally:
            system.go_on.set()
        assert len(sent.result(60)) == 1
    assert not system.asked.acquire(blocking=False), "it was asked once"
