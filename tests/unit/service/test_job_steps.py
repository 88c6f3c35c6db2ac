"""What becomes of a bundle when its pages are read and its result is there. Reading itself is tested elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from digitizer import serialization
from digitizer.ledger import jobs, outbox, records, submissions
from digitizer.ledger.jobs import Job
from digitizer.model import (
    Box,
    Digitized,
    Document,
    Field,
    Intake,
    IntakeState,
    Mark,
    PageText,
    Problem,
    Record,
    RecordState,
    Run,
    Verdict,
)
from digitizer.pipeline import failed_page
from digitizer.service import Service
from digitizer.service.job_steps import end_reading, note_result
from tests.unit.builders import OURS, page_of

BUNDLE = "b" * 64
CODE, OTHER = "H60.127.03-260930-0012", "H60.127.03-260930-0013"
KEYS = {"pdf": ("application/pdf", "66/" + "6" * 64), "json": ("application/json", "77/" + "7" * 64)}
SURE, DOUBTFUL = 1.0, 0.0


@pytest.fixture
def working(service: Service) -> Service:
    """With one file of two scans, being read."""
    service.context.tools = SimpleNamespace(doctypes=OURS, fingerprint="engine")  # type: ignore[assignment]
    with service.context.ledger.begin() as tx:
        submissions.add_source(tx, BUNDLE, "k", 1)
        submissions.add_bundle(tx, BUNDLE, [BUNDLE])
        submissions.move_bundle(tx, BUNDLE, ["NEW"], "READING")
    return service


def submitted(service: Service, **about: str) -> str:
    """An intake of the file."""
    id_ = "-".join(["i", *about.values()])
    with service.context.ledger.begin() as tx:
        intake = Intake(id=id_, bundle=BUNDLE, name="a.pdf", actor="test", received_at=datetime.now(UTC), **about)
        assert submissions.add_intake(tx, intake)
    return id_


def claimed(service: Service, kind: str, **about: Any) -> Job:
    with service.context.ledger.begin() as tx:
        jobs.add(tx, kind, BUNDLE, lane=1, **about)
        held = jobs.claim(tx, worker="w", lease_s=60)
    assert held is not None
    return held


def paper(number: int, score: float, *texts: int, fields: Sequence[str] = ()) -> Document:
    """A document with one record for each of `fields`."""
    found = tuple(
        Record(
            id=f"{BUNDLE}/{number}/{n}",
            fields=(Field(name="nksHoTen", raw=value, value=value, confidence=0.9, accepted=True, by="ocr"),),
            verdict=Verdict.ACCEPT,
        )
        for n, value in enumerate(fields)
    )
    name = "birth_certificate"
    return Document(id=f"{BUNDLE}/{number}", pages=texts, texts=texts, doctype=name, score=score, records=found)


def finished(
    service: Service,
    *documents: Document,
    pages: Sequence[PageText] = (page_of("a"), page_of("b")),
    problems: tuple[Problem, ...] = (),
) -> None:
    """The result of the file is noted, as its `finish` job does."""
    result = Digitized(
        bundle=BUNDLE,
        sources=(),
        pages=tuple(pages),
        positions=tuple(range(len(pages))),
        documents=documents,
        problems=problems,
        run=Run(versions={}, models={}, doctypes="", seconds={}),
    )
    held = claimed(service, "finish")
    with service.context.ledger.begin() as tx:
        submissions.move_bundle(tx, BUNDLE, ["READING", "DONE"], "FINISHING")
        note_result(service.context, tx, held, result, KEYS)
        assert jobs.close(tx, held)


def left(service: Service) -> list[tuple[str, str]]:
    """(kind, dossier) of what was queued for dossier systems."""
    with service.context.ledger.read() as tx:
        return [(one["kind"], one["dossier"]) for one in outbox.pending(tx)]


def result_of(service: Service) -> str:
    with service.context.ledger.read() as tx:
        return str(submissions.bundle_row(tx, BUNDLE)["result"])


@pytest.mark.parametrize(
    ("documents", "result"),
    [
        ([paper(0, SURE, 0, 1)], "ACCEPTED"),
        ([paper(0, SURE, 0), paper(1, DOUBTFUL, 1)], "UNSURE"),
        ([paper(0, DOUBTFUL, 0, 1)], "UNSURE"),
        ([paper(0, SURE, 0), paper(1, DOUBTFUL, 2)], "ACCEPTED"),
        ([paper(1, DOUBTFUL, 2)], "UNSURE"),
        ([], "UNSURE"),
    ],
    ids=["sure", "one is not", "not sure", "the other is blank", "blank only", "no paper"],
)
def test_a_file_leaves_by_itself_only_when_every_type_is_sure(working: Service, documents: list[Document], result: str) -> None:
    id_ = submitted(working, dossier=CODE)
    finished(working, *documents, pages=(page_of("a"), page_of("b"), page_of(blank=True)))
    assert result_of(working) == result
    assert left(working) == ([("attach", CODE)] if result == "ACCEPTED" else [])
    with working.context.ledger.read() as tx:
        assert submissions.intake_state(tx, id_) == IntakeState.DIGITIZED
        assert submissions.artifacts(tx, BUNDLE) == KEYS


def test_a_file_of_which_a_page_failed_goes_nowhere_by_itself(working: Service) -> None:
    id_ = submitted(working, dossier=CODE)
    unreadable = failed_page("5" * 64, 1, Problem(code="damaged_file", facts={"page": 2}))
    finished(working, paper(0, SURE, 0, fields=["NGUYỄN VĂN A"]), pages=(page_of("a"), unreadable))
    assert result_of(working) == submissions.PARTIAL
    assert left(working) == []
    now = working.status.now()
    assert [file["id"] for file in now.partial] == [id_]
    # who approves a value has not seen the page that failed
    working.review.approve(f"{BUNDLE}/0/0", by="lanh.dao")
    assert left(working) == [("update_fields", CODE)]
    # a retry without an id takes it, and a person may send it as it is
    working.review.place(id_, dossier=None, component=None, by="can.bo")
    assert ("attach", CODE) in left(working)
    assert working.status.now().partial == []


def test_a_retry_of_all_takes_files_of_which_a_page_failed(working: Service) -> None:
    id_ = submitted(working, dossier=CODE)
    finished(working, paper(0, SURE, 0), pages=(page_of("a"), failed_page("5" * 64, 1, Problem(code="damaged_file"))))
    assert working.recovery.retry_failed(by="can.bo") == 1
    with working.context.ledger.read() as tx:
        assert submissions.intake_state(tx, id_) == IntakeState.RECEIVED


def test_active_content_of_a_signed_pdf_waits_for_a_person(working: Service) -> None:
    submitted(working, dossier=CODE)
    finished(working, paper(0, SURE, 0), problems=(Problem(code="signed_unchanged"), Problem(code="signed_active")))
    assert (result_of(working), left(working)) == ("UNSURE", [])


def test_no_value_leaves_before_its_approval(working: Service) -> None:
    submitted(working, dossier=CODE)
    finished(working, paper(0, SURE, 0, 1, fields=["NGUYỄN VĂN A", "TRẦN THỊ B"]))
    assert left(working) == [("attach", CODE)]
    with working.context.ledger.read() as tx:
        assert [kept.state for kept in records.find(tx)] == [RecordState.REVIEW, RecordState.REVIEW]


def test_a_code_on_the_first_page_names_the_dossier_of_a_file_that_has_none(working: Service) -> None:
    ids = [submitted(working), submitted(working, dossier=OTHER), submitted(working, book="KS/1999/01")]
    mark = Mark(kind="qr", text=CODE, box=Box(0, 0, 9, 9))
    finished(working, paper(0, SURE, 0, 1), pages=(page_of("a", marks=(mark,)), page_of("b")))
    with working.context.ledger.read() as tx:
        assert [submissions.get_intake(tx, id_).dossier for id_ in ids] == [CODE, OTHER, None]
    assert sorted(left(working)) == [("attach", CODE), ("attach", OTHER)]


def test_codes_of_two_dossiers_on_the_first_page_name_none_and_are_noted(working: Service) -> None:
    ids = [submitted(working), submitted(working, dossier=OTHER)]
    marks = tuple(Mark(kind="qr", text=code, box=Box(0, 0, 9, 9)) for code in (CODE, OTHER))
    finished(working, paper(0, SURE, 0, 1), pages=(page_of("a", marks=marks), page_of("b")))
    with working.context.ledger.read() as tx:
        assert [submissions.get_intake(tx, id_).dossier for id_ in ids] == [None, OTHER]
        assert [submissions.get_intake(tx, id_).routing for id_ in ids] == [("several_codes_on_page",), ()]
        (waiting,) = submissions.unplaced(tx, limit=9)
        assert waiting["routing"] == ["several_codes_on_page"]


def test_a_code_on_a_later_page_names_no_dossier(working: Service) -> None:
    id_ = submitted(working)
    mark = Mark(kind="qr", text=CODE, box=Box(0, 0, 9, 9))
    finished(working, paper(0, SURE, 0, 1), pages=(page_of("a"), page_of("b", marks=(mark,))))
    with working.context.ledger.read() as tx:
        assert submissions.get_intake(tx, id_).dossier is None
    assert left(working) == []


def test_a_second_reading_replaces_proposals_and_keeps_what_a_person_decided(working: Service) -> None:
    submitted(working, dossier=CODE)
    finished(working, paper(0, SURE, 0, 1, fields=["NGUYỄN VĂN A", "TRẦN THỊ B", "LÝ VĂN C"]))
    working.review.approve(f"{BUNDLE}/0/1", by="lanh.dao")
    finished(working, paper(0, SURE, 0, 1, fields=["NGUYÊN VĂN A"]))
    kept = {one.record.id: (one.state, one.record.fields[0].value) for one in working.review.records()}
    assert kept == {
        f"{BUNDLE}/0/0": (RecordState.REVIEW, "NGUYÊN VĂN A"),
        f"{BUNDLE}/0/1": (RecordState.READY, "TRẦN THỊ B"),
    }


def scan(service: Service, held: Job, number: int, problem: Problem | None) -> None:
    error = serialization.to_plain(problem) if problem else None
    with service.context.ledger.begin() as tx:
        submissions.save_page(tx, BUNDLE, number, "engine", state="FAILED" if problem else "READ", texts="t", error=error)


@pytest.mark.parametrize("readable", [True, False])
def test_the_last_scan_ends_reading_and_a_file_of_which_none_can_be_read_fails(working: Service, readable: bool) -> None:
    id_, damaged = submitted(working, dossier=CODE), Problem(code="damaged_page", facts={})
    held = [claimed(working, "read", source=BUNDLE, first=n, count=1) for n in range(2)]
    scan(working, held[0], 0, damaged)
    assert end_reading(working.context, held[0]) is None
    with working.context.ledger.read() as tx:
        assert submissions.bundle_row(tx, BUNDLE)["state"] == "READING"
    scan(working, held[1], 1, None if readable else Problem(code="other", facts={}))
    assert end_reading(working.context, held[1]) is None
    assert end_reading(working.context, held[1]) is None, "a job ends once"
    with working.context.ledger.read() as tx:
        row = submissions.bundle_row(tx, BUNDLE)
        state = submissions.intake_state(tx, id_)
        queued = jobs.unfinished(tx, BUNDLE, ["finish"])
    if readable:
        assert (row["state"], state, queued) == ("FINISHING", IntakeState.RECEIVED, True)
    else:
        assert (row["state"], row["error"]["code"], state, queued) == ("FAILED", "damaged_page", IntakeState.FAILED, False)
