"""From a person's approval to the Ministry's package, and to a system without an attach function, through the outbox."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pymupdf
import pytest

from digitizer import spreadsheets
from digitizer.errors import UsageError
from digitizer.extract.book import totals
from digitizer.ledger import events, outbox, records, submissions
from digitizer.model import Field, Intake, IntakeState, Record, Verdict
from digitizer.service import Service
from digitizer.settings import Settings, TargetOptions
from digitizer.signed_folders import KeyRing, check, unpack
from tests.conftest import SAMPLES

CODE = "H60.127.03-260930-0012"


@pytest.fixture
def open_service(tmp_path: Path) -> Iterator[Callable[..., Service]]:
    opened: list[Service] = []

    def call(**settings: Any) -> Service:
        opened.append(Service.open(Settings(home=tmp_path / "home", **settings)))
        return opened[-1]

    yield call
    for service in opened:
        service.context.close()


def digitized(
    service: Service, *, cases: int = 0, closing: tuple[str, ...] = (), earlier: bool = False, **changes: Any
) -> Intake:
    """An intake that is digitized, with a page for each of its `cases` records; the last page also says what `closing` does.

    With `earlier`, a version did it that noted neither pages nor totals in the ledger; else its JSON is not there to be read.
    """
    pages = pymupdf.open()
    for sample in sorted(SAMPLES.rglob("*.pdf"))[:1] * max(1, cases):
        with pymupdf.open(sample) as one:
            pages.insert_pdf(one, from_page=0, to_page=0)
    (service.settings.scratch / "a.pdf").write_bytes(pages.tobytes())
    pages.close()
    said = [{"text": text} for text in closing]
    result = {
        "pages": [{"index": n, "scan": n, "lines": said if n == cases - 1 else []} for n in range(cases)],
        "documents": [{"pages": list(range(cases)), "records": [{"fields": [{"page": n}]} for n in range(cases)]}],
    }
    (service.settings.scratch / "a.json").write_text(json.dumps(result))
    pdf, made = (service.context.store.put_file(service.settings.scratch / name) for name in ("a.pdf", "a.json"))
    sha256 = pdf.rpartition("/")[2]
    intake = Intake(**{"id": "i1", "bundle": sha256, "name": "a.pdf", "agency": "H60.127.03", "actor": "test",
                       "received_at": datetime.now(UTC), **changes})  # fmt: skip
    with service.context.ledger.begin() as tx:
        submissions.add_source(tx, sha256, pdf, 1)
        submissions.add_bundle(tx, sha256, [sha256])
        submissions.add_intake(tx, intake)
        stated = totals(closing)
        noted = {} if earlier else {"stated": asdict(stated) if stated else {}}
        submissions.move_bundle(tx, sha256, ["NEW"], "DONE", result="ACCEPTED", **noted)
        submissions.move_intakes(tx, sha256, [IntakeState.RECEIVED], IntakeState.DIGITIZED, actor="test")
        artifacts = {"pdf": ("application/pdf", pdf), "json": ("application/json", made)}
        submissions.save_artifacts(tx, sha256, {kind: artifacts[kind] for kind in artifacts if earlier or kind == "pdf"})
        for number in range(cases):
            values = {"so": f"{number + 1}/1999", "ngayDangKy": "1999-11-19", "nksHoTen": "NGUYỄN THỊ HOÀ"}
            fields = tuple(Field(name=n, raw=v, value=v, confidence=1.0, accepted=True, page=number) for n, v in values.items())
            record = Record(id=f"{sha256}/0/{number}", fields=fields, verdict=Verdict.ACCEPT)
            records.propose(tx, sha256, "birth_register", record, actor="w", pages=None if earlier else [number])
    return intake


@pytest.mark.slow
@pytest.mark.parametrize("earlier", [False, True])
def test_an_approved_case_lies_in_its_book_with_its_own_page(
    open_service: Callable[..., Service], tmp_path: Path, earlier: bool
) -> None:
    service = open_service(connector="moj:")
    intake = digitized(service, cases=3, earlier=earlier, book="KS/1999/01")
    for number in (0, 2):
        service.review.approve(f"{intake.bundle}/0/{number}", by="can.bo")
    assert len(service.deliveries.deliver()) == 2
    book = tmp_path / "home" / "moj" / "H60.127.03" / "KS.1999.01"
    assert [row["so"] for row in spreadsheets.read(book / "KS.1999.01.xlsx")] == ["1/1999", "3/1999"]
    with pymupdf.open(book / "cases" / "KS.1999.01.1999-11-19.003.pdf") as case:
        assert len(case) == 1
    assert (book / "cases" / "KS.1999.01.1999-11-19.003.pdf").stat().st_size < 130_000
    assert {kept.state.value for kept in service.review.records()} == {"ATTACHED", "REVIEW"}


CLOSED = ("Khóa sổ ngày 31/12/1999", "Tổng số trang: 3 trang", "Tổng số sự kiện đã đăng ký: 3 trường hợp")


@pytest.mark.parametrize("earlier", [False, True])
def test_a_book_in_order_is_said_to_be_so(
    digitizer: Callable[..., Any], open_service: Callable[..., Service], earlier: bool
) -> None:
    digitized(open_service(), cases=3, closing=CLOSED, earlier=earlier, book="KS/1999/01")
    whole = digitizer("book", "check", "KS/1999/01", "--agency", "H60.127.03", "--json")
    assert (whole.code, whole.json["problems"]) == (0, [])
    stated = {"pages": 3, "cases": 3, "closed": "1999-12-31"}
    assert (whole.json["pages"], whole.json["cases"], whole.json["stated"]) == (3, 3, stated)


@pytest.mark.slow
def test_book_check_says_gaps_totals_and_a_missing_end_and_counts_corrections(
    digitizer: Callable[..., Any], open_service: Callable[..., Service]
) -> None:
    service = open_service()
    intake = digitized(service, cases=3, book="KS/1999/01")
    service.review.correct(f"{intake.bundle}/0/2", {"so": "7/1999"}, by="can.bo")
    service.review.reject(f"{intake.bundle}/0/1", by="can.bo", reason="trang trắng")
    looked = digitizer("book", "check", "KS/1999/01", "--json")
    assert looked.code == 20
    assert [problem["code"] for problem in looked.json["problems"]] == ["book_number_missing", "book_not_closed"]
    assert looked.json["problems"][0]["facts"]["numbers"] == "2–6/1999"
    spoken = digitizer("book", "check", "KS/1999/01")
    assert "Thiếu 5 số: 2–6/1999" in spoken.out and "Không thấy lời chốt sổ" in spoken.out
    unknown = digitizer("book", "check", "KS/1998/01")
    assert (unknown.code, unknown.out) == (1, "") and "KS/1998/01" in unknown.err


@pytest.mark.slow
def test_export_writes_what_is_approved_and_says_what_is_not(
    digitizer: Callable[..., Any], open_service: Callable[..., Service], tmp_path: Path
) -> None:
    service = open_service()
    intake = digitized(service, cases=2, book="KS/1999/01")
    service.review.approve(f"{intake.bundle}/0/1", by="can.bo")
    assert service.deliveries.deliver() == [], "no target takes books: nothing is queued"
    done = digitizer("export", "moj", "--output", tmp_path / "out", "--columns", "70", "--json")
    assert (done.code, done.json) == (0, {"books": 1, "cases": 1, "left": 1})
    sheet = tmp_path / "out" / "H60.127.03" / "KS.1999.01" / "KS.1999.01.xlsx"
    assert [row["nksHoTen"] for row in spreadsheets.read(sheet)] == ["NGUYỄN THỊ HOÀ"]
    against = digitizer("export", "moj", "--output", tmp_path / "out", "--book", "KS/1999/01", "--against", sheet, "--json")
    assert [(d["so"], d["kind"]) for d in against.json] == [("1/1999", "only_on_page")]
    assert (tmp_path / "out" / "KS.1999.01-so-sanh.xlsx").exists()


@pytest.mark.slow
def test_what_a_system_cannot_take_is_handed_over_sealed_and_then_done_elsewhere(
    open_service: Callable[..., Service], tmp_path: Path
) -> None:
    KeyRing(tmp_path / "home").init()
    service = open_service(targets={"gplx": TargetOptions(url="handover:", agencies="H60.9")})
    digitized(service, agency="H60.9.01", dossier=CODE)
    service.review.place("i1", dossier=None, component=None, by="can.bo")
    assert len(service.deliveries.deliver()) == 1
    with service.context.ledger.read() as tx:
        assert outbox.counts(tx) == {"HANDED": 1}
        (waiting,) = outbox.handed(tx, "gplx")
    assert check(tmp_path / "home" / "handover" / CODE, KeyRing(tmp_path / "home")).kind == "handover"
    service.deliveries.hand_over("gplx", tmp_path / "p.zip", by="can.bo")
    assert unpack(tmp_path / "p.zip", tmp_path / "out", KeyRing(tmp_path / "home")).facts == {"dossiers": 1}
    (tmp_path / "slip.png").write_bytes(b"a picture")
    with pytest.raises(UsageError):
        service.deliveries.done_elsewhere(
            waiting["delivery"], evidence=tmp_path / "slip.png", reason="vì không có nút", by="can.bo"
        )
    service.deliveries.done_elsewhere(
        waiting["delivery"], evidence=tmp_path / "slip.png", reason="no_attach_function", by="can.bo"
    )
    with service.context.ledger.read() as tx:
        assert outbox.counts(tx) == {"ELSEWHERE": 1}
        last = events.history(tx, waiting["delivery"])[-1]
    assert (last["action"], last["detail"]["reason"]) == ("done_elsewhere", "no_attach_function")
    assert service.context.store.verify(last["detail"]["evidence"])


def test_other_agencies_dossiers_keep_their_way(open_service: Callable[..., Service], tmp_path: Path) -> None:
    service = open_service(targets={"gplx": TargetOptions(url="handover:", agencies="H60.9")})
    digitized(service, agency="H60.90.01", dossier=CODE)
    service.review.place("i1", dossier=None, component=None, by="can.bo")
    with service.context.ledger.read() as tx:
        assert [p["target"] for p in outbox.pending(tx)] == ["dossiers"]
