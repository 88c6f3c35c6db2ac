"""What a person's decision promises when another person decides at the same moment. One suite over every database."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from digitizer.errors import UsageError
from digitizer.ledger import outbox, records, submissions
from digitizer.model import Field, Intake, IntakeState, Record, RecordState, Verdict
from digitizer.service import Service
from digitizer.settings import Settings

DOSSIER = "H60.127.03-260930-0012"
BUNDLE = "b" * 64
RECORD = f"{BUNDLE}/0/0"


@pytest.fixture
def service(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Service]:
    """On PostgreSQL, with one record that waits for a decision."""
    url = request.getfixturevalue("servers").postgres.url()
    with Service.open(Settings(home=tmp_path, ledger=url)) as opened:
        with opened.context.ledger.begin() as tx:
            submissions.add_source(tx, "5" * 64, "55/" + "5" * 64, 10)
            submissions.add_bundle(tx, BUNDLE, ["5" * 64])
            submissions.move_bundle(tx, BUNDLE, ["NEW"], "DONE", result="ACCEPTED")
            submissions.save_artifacts(tx, BUNDLE, {"pdf": ("application/pdf", "66/" + "6" * 64)})
            submissions.add_intake(
                tx,
                Intake(id="i", bundle=BUNDLE, name="a.jpg", dossier=DOSSIER, actor="test", received_at=datetime.now(UTC)),
            )
            submissions.move_intakes(tx, BUNDLE, [IntakeState.RECEIVED], IntakeState.DIGITIZED, actor="test")
            field = Field(name="nksHoTen", raw="NGUYỄN VĂN A", value="NGUYỄN VĂN A", confidence=0.9, accepted=True, by="ocr")
            proposed = Record(id=RECORD, revision=1, fields=(field,), verdict=Verdict.REVIEW, reasons=())
            records.propose(tx, BUNDLE, "birth_certificate", proposed, actor="test")
        yield opened


def between(service: Service, act: Callable[[], object]) -> None:
    """Has `act` happen once, after the next decision has looked at the record and before it moves it."""
    left = [act]

    def before(connection: sa.Connection, cursor: object, statement: str, *_: object) -> None:
        if statement.startswith("UPDATE record") and left:
            left.pop()()

    sa.event.listen(service.context.ledger.engine, "before_cursor_execute", before)


def queued(service: Service) -> list[str]:
    with service.context.ledger.read() as tx:
        return [delivery["kind"] for delivery in outbox.pending(tx)]


def standing(service: Service) -> tuple[RecordState, int]:
    with service.context.ledger.read() as tx:
        kept = records.get(tx, RECORD)
    assert kept is not None
    return kept.state, kept.record.revision


@pytest.mark.service
def test_an_approval_that_loses_against_a_reject_queues_nothing(service: Service) -> None:
    between(service, lambda: service.review.reject(RECORD, by="second", reason="duplicate"))
    with pytest.raises(UsageError):
        service.review.approve(RECORD, by="first")
    assert standing(service) == (RecordState.REFUSED, 1)
    assert queued(service) == []


@pytest.mark.service
def test_an_approval_that_loses_against_a_correction_queues_nothing(service: Service) -> None:
    between(service, lambda: service.review.correct(RECORD, {"nksHoTen": "NGUYỄN VĂN B"}, by="second"))
    with pytest.raises(UsageError):
        service.review.approve(RECORD, by="first")
    assert standing(service) == (RecordState.REVIEW, 2)
    assert queued(service) == []


@pytest.mark.service
def test_a_reject_that_loses_against_an_approval_is_refused(service: Service) -> None:
    between(service, lambda: service.review.approve(RECORD, by="second"))
    with pytest.raises(UsageError):
        service.review.reject(RECORD, by="first", reason="duplicate")
    assert standing(service) == (RecordState.READY, 1)
    assert sorted(queued(service)) == ["attach", "update_fields"]


@pytest.mark.service
def test_an_approval_nobody_disturbs_is_delivered(service: Service) -> None:
    service.review.approve(RECORD, by="first")
    assert standing(service) == (RecordState.READY, 1)
    assert sorted(queued(service)) == ["attach", "update_fields"]
