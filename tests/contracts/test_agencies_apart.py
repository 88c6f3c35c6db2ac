"""Two agencies that submit equal bytes share readings and nothing else. What one does, the other does not see."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from digitizer import signed_folders
from digitizer.errors import NotFound
from digitizer.ledger import hand_carry, jobs, open_ledger, outbox, records, submissions
from digitizer.ledger.api_keys import ApiKey, Verb
from digitizer.ledger.client_documents import Filter
from digitizer.ledger.database import MIGRATIONS
from digitizer.model import Field, Intake, IntakeState, PageState, Record, RecordState, Verdict
from digitizer.service import Service, Submission
from digitizer.settings import Settings
from tests.servers import Servers

OURS, THEIRS = "H60.127.03", "H60.127.04"
CODES = {agency: f"{agency}-260930-0012" for agency in (OURS, THEIRS)}


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.service)])
def ledger_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'ledger.db'}"
    servers: Servers = request.getfixturevalue("servers")
    return servers.postgres.url()


@pytest.fixture
def service(ledger_url: str, tmp_path: Path) -> Iterator[Service]:
    with Service.open(Settings(home=tmp_path / "home", ledger=ledger_url)) as opened:
        yield opened


def key(service: Service, agency: str) -> ApiKey:
    return service.api_keys.add(f"client-{agency[-2:]}", agencies=[agency], verbs=list(Verb), by="test")[0]


def submit(service: Service, tmp_path: Path, agency: str | None) -> Intake:
    path = tmp_path / "scan.pdf"
    path.write_bytes(b"%PDF-1.7 the same bytes")
    given = Submission(actor=f"client:{agency}", agency=agency, dossier=CODES.get(agency or ""))
    return service.submissions.receive([path], "scan.pdf", given)[0]


def digitized(service: Service, intake: Intake) -> str:
    """As if a worker had finished the bundle of `intake`; the id of its one record."""
    record = Record(
        id=f"{intake.bundle}/0/0",
        fields=(Field(name="nksHoTen", raw="x", value="LÒ THỊ MAI", confidence=0.9, accepted=True),),
        verdict=Verdict.ACCEPT,
    )
    pdf = service.context.files.put_bytes(b"%PDF-1.7 result")
    with service.context.ledger.begin() as tx:
        jobs.withdraw(tx, intake.bundle)
        submissions.save_artifacts(tx, intake.bundle, {"pdf": ("application/pdf", pdf), "json": ("application/json", pdf)})
        records.propose(tx, intake.bundle, "birth_certificate", record, actor="worker")
        submissions.move_bundle(tx, intake.bundle, ["NEW"], "DONE", result="ACCEPTED")
        submissions.move_intakes(tx, intake.bundle, [IntakeState.RECEIVED], IntakeState.DIGITIZED, actor="worker")
    return record.id


def state(service: Service, intake: Intake) -> IntakeState | None:
    with service.context.ledger.read() as tx:
        return submissions.intake_state(tx, intake.id)


def test_equal_bytes_are_stored_once_and_make_a_bundle_for_each_agency(service: Service, tmp_path: Path) -> None:
    ours, theirs, nobodys = (submit(service, tmp_path, agency) for agency in (OURS, THEIRS, None))
    assert len({ours.bundle, theirs.bundle, nobodys.bundle}) == 3
    assert submit(service, tmp_path, OURS).id == ours.id, "the same intake, once"
    with service.context.ledger.read() as tx:
        (one,), (other,) = (submissions.sources_of(tx, intake.bundle) for intake in (ours, theirs))
    assert one.key == other.key


def test_a_finished_result_of_one_is_no_result_of_the_other(service: Service, tmp_path: Path) -> None:
    ours = submit(service, tmp_path, OURS)
    digitized(service, ours)
    theirs = submit(service, tmp_path, THEIRS)
    assert (state(service, ours), state(service, theirs)) == (IntakeState.DIGITIZED, IntakeState.RECEIVED)
    their_key = key(service, THEIRS)
    with pytest.raises(NotFound):
        service.client_documents.document(their_key, ours.id)
    assert service.client_documents.document(their_key, theirs.id).records == []


def test_no_decision_of_one_reaches_the_other(service: Service, tmp_path: Path) -> None:
    ours, theirs = submit(service, tmp_path, OURS), submit(service, tmp_path, THEIRS)
    our_record, their_record = digitized(service, ours), digitized(service, theirs)
    service.review.correct(our_record, {"nksHoTen": "LÒ THỊ MÂY"}, by="can.bo.ta")
    service.review.approve(our_record, by="lanh.dao.ta")
    kept = {one.record.id: one for one in service.review.records()}
    assert (kept[our_record].state, kept[our_record].record.fields[0].value) == (RecordState.READY, "LÒ THỊ MÂY")
    assert (kept[their_record].state, kept[their_record].record.fields[0].value) == (RecordState.REVIEW, "LÒ THỊ MAI")
    with service.context.ledger.read() as tx:
        assert {one["dossier"] for one in outbox.pending(tx)} == {CODES[OURS]}
    service.review.reject(their_record, by="can.bo.ho", reason="nháp")
    assert service.review.records(intake=ours.id)[0].state == RecordState.READY


#: what an agency may do to its own submission of the bytes: name -> how
ACTS: dict[str, Callable[[Service, ApiKey, Intake, str], object]] = {
    "correct": lambda service, key, intake, record: service.review.correct(record, {"nksHoTen": "LÒ THỊ MẬN"}, by="a"),
    "approve": lambda service, key, intake, record: service.review.approve(record, by="a"),
    "reject": lambda service, key, intake, record: service.review.reject(record, by="a", reason="x"),
    "reprocess": lambda service, key, intake, record: service.recovery.reprocess(intake.id, by="a", reason="x"),
    "process_again": lambda service, key, intake, record: service.client_documents.process_again(key, intake.id, reason="x"),
    "place": lambda service, key, intake, record: service.review.place(intake.id, dossier=None, component="KS", by="a"),
    "submit_again": lambda service, key, intake, record: service.submissions.receive(
        [service.settings.home / "scan.pdf"], "other.pdf", Submission(actor="b", agency=intake.agency, dossier=intake.dossier)
    ),
    "deliver": lambda service, key, intake, record: service.review.approve(record, by="a") and service.deliveries.deliver(),
    "export_and_hand_over": lambda service, key, intake, record: service.hand_carry.export(
        service.settings.home / "p.zip", to="tinh", by="a", agency=intake.agency, hand_over=True
    ),
    "sweep": lambda service, key, intake, record: service.recovery.sweep(),
}


def everything_of(service: Service, intake: Intake) -> object:
    """All that an agency has of its submission: state, records with their history, artifacts, deliveries, owner."""
    with service.context.ledger.read() as tx:
        kept = records.find(tx, bundle_id=intake.bundle)
        return (
            submissions.intake_state(tx, intake.id),
            submissions.get_intake(tx, intake.id),
            dict(submissions.bundle_row(tx, intake.bundle)),
            [(one.state, one.record) for one in kept],
            submissions.artifacts(tx, intake.bundle),
            [one for one in outbox.pending(tx) if one["dossier"] == intake.dossier],
            jobs.unfinished(tx, intake.bundle, ["open", "read", "finish"]),
            hand_carry.owner(tx, intake.bundle),
        )


@pytest.mark.parametrize("act", list(ACTS))
def test_whatever_one_agency_does_the_other_has_what_it_had(service: Service, tmp_path: Path, act: str) -> None:
    ours, theirs = submit(service, tmp_path, OURS), submit(service, tmp_path, THEIRS)
    records_of = {intake.id: digitized(service, intake) for intake in (ours, theirs)}
    (service.settings.home / "scan.pdf").write_bytes((tmp_path / "scan.pdf").read_bytes())
    signed_folders.KeyRing(service.settings.home).init()
    before = everything_of(service, ours), everything_of(service, theirs)
    ACTS[act](service, key(service, THEIRS), theirs, records_of[theirs.id])
    assert everything_of(service, ours) == before[0]
    if act not in ("submit_again", "sweep"):
        assert everything_of(service, theirs) != before[1], "it did something"


def test_reading_anew_leaves_the_other_as_it_is(service: Service, tmp_path: Path) -> None:
    ours, theirs = submit(service, tmp_path, OURS), submit(service, tmp_path, THEIRS)
    for intake in (ours, theirs):
        digitized(service, intake)
    service.client_documents.process_again(key(service, THEIRS), theirs.id, reason="mờ")
    assert (state(service, ours), state(service, theirs)) == (IntakeState.DIGITIZED, IntakeState.RECEIVED)
    listed = service.client_documents.documents(key(service, OURS), Filter(), limit=10)
    assert [one.id for one, _ in listed] == [ours.id]


def test_cancelling_leaves_the_work_of_the_other(service: Service, tmp_path: Path) -> None:
    ours, theirs = submit(service, tmp_path, OURS), submit(service, tmp_path, THEIRS)
    service.client_documents.cancel(key(service, THEIRS), theirs.id, reason="thôi")
    assert (state(service, ours), state(service, theirs)) == (IntakeState.RECEIVED, IntakeState.CANCELLED)
    with service.context.ledger.read() as tx:
        assert jobs.unfinished(tx, ours.bundle, ["open"])
        assert not jobs.unfinished(tx, theirs.bundle, ["open"])


def test_a_reading_that_another_bundle_is_made_from_is_not_forgotten(service: Service, tmp_path: Path) -> None:
    ours, theirs = submit(service, tmp_path, OURS), submit(service, tmp_path, THEIRS)
    with service.context.ledger.begin() as tx:
        (source,) = submissions.sources_of(tx, ours.bundle)
        submissions.save_page(tx, source.id, 0, "engine", state=PageState.READ, texts="k", error=None)
        submissions.move_bundle(tx, ours.bundle, ["NEW"], "FINISHING")
        assert submissions.forget_pages(tx, theirs.bundle, [source.id], states=list(PageState)) == 0
        submissions.move_bundle(tx, ours.bundle, ["FINISHING"], "DONE")
        assert submissions.forget_pages(tx, theirs.bundle, [source.id], states=list(PageState)) == 1


@pytest.mark.parametrize("state", ["DONE", "READING"])
def test_bundles_that_agencies_shared_are_split(ledger_url: str, tmp_path: Path, state: str) -> None:
    source = "5" * 64
    engine = sa.create_engine(ledger_url)
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0011")

        def insert(table: str, **row: object) -> None:
            names = ", ".join(row)
            connection.execute(sa.text(f"INSERT INTO {table} ({names}) VALUES ({', '.join(f':{n}' for n in row)})"), row)

        insert("source", id=source, key=f"55/{source}", size=1)
        insert("bundle", id=source, state=state, result="ACCEPTED")
        insert("bundle_source", bundle=source, position=0, source=source)
        insert("artifact", bundle=source, kind="pdf", media_type="application/pdf", key="k")
        body = json.dumps({"id": f"{source}/0/0", "fields": [], "verdict": "ACCEPT"})
        insert("record", id=f"{source}/0/0", bundle=source, doctype="decision", state="READY", revision=1, verdict="ACCEPT")
        insert("revision", record=f"{source}/0/0", revision=1, body=body, by="ocr", at="2026-09-30")
        for number, agency in enumerate((OURS, THEIRS)):
            insert(
                "intake", id=f"i{number}", bundle=source, state="DIGITIZED", name="a", agency=agency, actor="w", lane="bulk",
                received_at=f"2026-09-{10 + number}T00:00:00+00:00",
            )  # fmt: skip
    engine.dispose()
    ledger = open_ledger(ledger_url, tmp_path)
    with ledger.begin() as tx:
        ours, theirs = (submissions.get_intake(tx, f"i{number}") for number in range(2))
        assert ours.bundle == source != theirs.bundle
        for intake in (ours, theirs):
            assert [s.id for s in submissions.sources_of(tx, intake.bundle)] == [source]
            (kept,) = records.find(tx, bundle_id=intake.bundle)
            assert (kept.record.id, kept.state) == (f"{intake.bundle}/0/0", RecordState.READY)
            assert set(submissions.artifacts(tx, intake.bundle)) == {"pdf"}
            assert submissions.file_bundle(tx, source, intake.agency) == intake.bundle, "the same file again is the same bundle"
        assert jobs.unfinished(tx, theirs.bundle, ["open"]) == (state == "READING")
    ledger.close()
