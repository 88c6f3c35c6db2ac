"""What a person decides about one record or file, and that it stays with that one."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from digitizer.errors import UsageError
from digitizer.ledger import events, outbox, records, submissions
from digitizer.ledger.records import Kept
from digitizer.model import Field, Intake, IntakeState, Record, RecordState, Verdict
from digitizer.service import Service

FIRST, SECOND = "H60.127.03-260930-0012", "H60.127.03-260930-0013"
BUNDLE = "b" * 64
IDS = (f"{BUNDLE}/0/0", f"{BUNDLE}/1/0")


@pytest.fixture
def reviewed(service: Service) -> Service:
    """With one file of no dossier, and two records in it that wait for a decision."""
    with service.context.ledger.begin() as tx:
        submissions.add_source(tx, BUNDLE, "k", 1)
        submissions.add_bundle(tx, BUNDLE, [BUNDLE])
        submissions.move_bundle(tx, BUNDLE, ["NEW"], "DONE", result="UNSURE")
        submissions.save_artifacts(tx, BUNDLE, {"pdf": ("application/pdf", "66/" + "6" * 64)})
        submissions.add_intake(tx, Intake(id="i", bundle=BUNDLE, name="a.jpg", actor="test", received_at=datetime.now(UTC)))
        submissions.move_intakes(tx, BUNDLE, [IntakeState.RECEIVED], IntakeState.DIGITIZED, actor="test")
        for id_, name in zip(IDS, ("NGUYỄN VĂN A", "TRẦN THỊ B"), strict=True):
            field = Field(name="nksHoTen", raw=name, value=name, confidence=0.9, accepted=True, by="ocr")
            proposed = Record(id=id_, revision=1, fields=(field,), verdict=Verdict.REVIEW, reasons=())
            records.propose(tx, BUNDLE, "birth_certificate", proposed, actor="test")
    return service


def standing(service: Service) -> list[tuple[RecordState, int]]:
    return [(kept.state, kept.record.revision) for kept in service.review.records()]


def last_event(service: Service, subject: str) -> tuple[str, str, dict[str, object]]:
    with service.context.ledger.read() as tx:
        event = events.history(tx, subject)[-1]
    return event["action"], event["actor"], event["detail"]


def test_a_decision_is_about_one_record(reviewed: Service) -> None:
    assert reviewed.review.approve(IDS[1], by="lanh.dao").record.id == IDS[1]
    assert standing(reviewed) == [(RecordState.REVIEW, 1), (RecordState.READY, 1)]
    reviewed.review.correct(IDS[0], {"nksHoTen": "NGUYỄN VĂN Á"}, by="can.bo")
    assert standing(reviewed) == [(RecordState.REVIEW, 2), (RecordState.READY, 1)]
    with pytest.raises(UsageError):
        reviewed.review.approve(f"{BUNDLE}/2/0", by="lanh.dao")


def test_a_rejected_record_keeps_who_and_why(reviewed: Service) -> None:
    assert reviewed.review.reject(IDS[0], by="can.bo", reason="trang trắng").state == RecordState.REFUSED
    assert last_event(reviewed, IDS[0]) == ("rejected", "can.bo", {"revision": 1, "reason": "trang trắng"})
    with pytest.raises(UsageError):
        reviewed.review.approve(IDS[0], by="lanh.dao")
    assert standing(reviewed) == [(RecordState.REFUSED, 1), (RecordState.REVIEW, 1)]


def test_a_correction_gives_back_what_it_made(reviewed: Service) -> None:
    made = reviewed.review.correct(IDS[0], {"nksHoTen": "NGUYỄN VĂN Á"}, by="can.bo")
    assert made == kept(reviewed, IDS[0])
    assert made.record.fields[0].value == "NGUYỄN VĂN Á"
    assert last_event(reviewed, IDS[0]) == ("corrected", "can.bo", {"revision": 2, "fields": ["nksHoTen"]})


def kept(service: Service, id_: str) -> Kept:
    with service.context.ledger.read() as tx:
        found = records.get(tx, id_)
        assert records.get(tx, "no such record") is None
    assert found is not None
    return found


def test_a_file_is_placed_by_a_person_once(reviewed: Service) -> None:
    with pytest.raises(UsageError):
        reviewed.review.place("i", dossier=None, component=None, by="can.bo")
    assert reviewed.review.place("i", dossier=FIRST, component="KS", by="can.bo").dossier == FIRST
    with reviewed.context.ledger.read() as tx:
        (queued,) = outbox.pending(tx)
        placed = submissions.get_intake(tx, "i")
        history = {event["action"]: (event["actor"], event["detail"]) for event in events.history(tx, "i")}
    assert (queued["kind"], queued["dossier"]) == ("attach", FIRST)
    assert (placed.dossier, placed.component) == (FIRST, "KS")
    assert history["placed"] == ("can.bo", {"dossier": FIRST})
    assert ("can.bo", "person") in {(actor, detail.get("how")) for actor, detail in history.values()}
    with pytest.raises(UsageError):
        reviewed.review.place("i", dossier=SECOND, component="KS", by="can.bo")
    assert reviewed.review.place("i", dossier=FIRST, component="KS", by="can.bo").dossier == FIRST
    with reviewed.context.ledger.read() as tx:
        assert len(outbox.pending(tx)) == 1, "it goes to one dossier, once"
