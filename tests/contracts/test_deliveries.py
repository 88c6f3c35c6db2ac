"""What leaves for a dossier system: approved values only, at the revision that was approved. One suite over every database."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from digitizer.ledger import outbox, records, submissions
from digitizer.model import Field, Intake, IntakeState, Record, RecordState, Verdict
from digitizer.service import Service
from digitizer.settings import Settings, TargetOptions

FIRST, SECOND = "H60.127.03-260930-0012", "H60.127.03-260930-0013"
BUNDLE = "b" * 64
RECORD = f"{BUNDLE}/0/0"


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.service)])
def service(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Service]:
    """With a folder of dossiers, one of books, and one record that waits for a decision."""
    url = "sqlite:" if request.param == "sqlite" else request.getfixturevalue("servers").postgres.url()
    with Service.open(Settings(home=tmp_path, ledger=url, targets={"books": TargetOptions(url="moj:")})) as opened:
        (tmp_path / "a.pdf").write_bytes(b"%PDF-1.7 a")
        pdf = opened.context.store.put_file(tmp_path / "a.pdf")
        with opened.context.ledger.begin() as tx:
            submissions.add_source(tx, BUNDLE, f"bb/{BUNDLE}", 10)
            submissions.add_bundle(tx, BUNDLE, [BUNDLE])
            submissions.move_bundle(tx, BUNDLE, ["NEW"], "DONE", result="ACCEPTED")
            submissions.save_artifacts(tx, BUNDLE, {"pdf": ("application/pdf", pdf)})
            field = Field(name="nksHoTen", raw="NGUYỄN VĂN A", value="NGUYỄN VĂN A", confidence=0.9, accepted=True, by="ocr")
            proposed = Record(id=RECORD, revision=1, fields=(field,), verdict=Verdict.REVIEW, reasons=())
            records.propose(tx, BUNDLE, "birth_certificate", proposed, actor="test")
        submit(opened, dossier=FIRST)
        yield opened


def submit(service: Service, *, dossier: str | None = None, book: str | None = None) -> None:
    """One more intake of the bundle."""
    name = dossier or book or ""
    intake = Intake(id=name[-32:], bundle=BUNDLE, name="a.jpg", dossier=dossier, book=book, actor="test",
                    received_at=datetime.now(UTC))  # fmt: skip
    with service.context.ledger.begin() as tx:
        submissions.add_intake(tx, intake)
        submissions.move_intakes(tx, BUNDLE, [IntakeState.RECEIVED], IntakeState.DIGITIZED, actor="test")


def refused(service: Service) -> list[tuple[str, str]]:
    """(kind, reason code) of deliveries that ended without being sent."""
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
