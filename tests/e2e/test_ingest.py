"""Scans in, searchable PDFs, records and receipts out: the command line with the real engine on drawn samples."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import jsonschema
import pikepdf
import pymupdf
import pytest

from digitizer.output import result_schema
from tests.conftest import DEMO, SAMPLES, Answer
from tests.validators import findings

Command = Callable[..., Answer]
CODE = "H60.127.03-260930-0012"
BOOK = SAMPLES / "H60.127.03" / "books" / "KS" / "2018" / "01"


@pytest.fixture
def demo(tmp_path: Path) -> Path:
    """A copy of the demo dossier below a folder named like its agency, as an intake system lays it out."""
    folder = tmp_path / "in" / "H60.127.03" / "dossiers" / CODE
    shutil.copytree(DEMO, folder, ignore=shutil.ignore_patterns("*.truth.json"))
    return tmp_path / "in"


def outputs(folder: Path) -> list[str]:
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())


def lines_of(result: dict) -> list[str]:  # type: ignore[type-arg]
    return [line["text"] for page in result["pages"] for line in page["lines"]]


@pytest.mark.slow
def test_a_dossier_is_digitized_attached_and_approved(digitizer: Command, demo: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    first = digitizer("ingest", demo, "--output", out)
    assert first.code == 20, first.err
    names = outputs(out)
    assert len([n for n in names if n.endswith(".pdf")]) == len([n for n in names if n.endswith(".json")]) == 3

    for path in sorted(out.rglob("*.json")):
        result = json.loads(path.read_text(encoding="utf-8"))
        jsonschema.validate(result, result_schema())
        assert {"load", "straighten", "read", "classify", "extract"} <= set(result["run"]["seconds"])
        with pymupdf.open(path.with_suffix(".pdf")) as pdf:
            assert len(pdf) == len({page["scan"] for page in result["pages"]})
            copied = "\n".join(page.get_text() for page in pdf)
        missing = [text for text in lines_of(result) if text not in copied]
        assert missing == [], "every line copies back as it was read"
        assert findings(path.with_suffix(".pdf")) == []
    types = {json.loads(p.read_text(encoding="utf-8"))["documents"][0]["type"] for p in out.rglob("*.json")}
    assert types == {"birth_declaration", "birth_certificate", "citizen_id_card"}

    receipts = digitizer("attach", "--json").json["receipts"]
    assert {(r["kind"], r["dossier"]) for r in receipts} == {("attach", CODE)}
    assert {r["component"] for r in receipts} == {"to-khai", "giay-to-tuy-than", "ket-qua"}
    delivered = sorted(p.name for p in (tmp_path / "home" / "dossiers" / CODE).rglob("*.pdf"))
    assert delivered == ["can-cuoc-cong-dan.pdf", "giay-khai-sinh.pdf", "to-khai-dang-ky-khai-sinh.pdf"]

    before = digitizer("status", "--json").json
    assert before["intakes"] == {"DIGITIZED": 3}
    again = digitizer("ingest", demo, "--output", out)
    assert again.code == 20
    after = digitizer("status", "--json").json
    assert after == before, "the same files again change nothing"
    assert sorted(p.name for p in (tmp_path / "home" / "dossiers" / CODE).rglob("*.pdf")) == delivered

    records = json.loads(digitizer("records", "--json").out)
    assert len(records) == 3
    certificate = next(r for r in records if r["doctype"] == "birth_certificate")["record"]
    listed = digitizer("records")
    assert certificate not in listed.out, "a person sees file names and short ids"
    for seen in ("giay-khai-sinh.pdf", certificate[:12], "Giấy khai sinh", "chờ"):
        assert seen in listed.out
    assert "Họ, chữ đệm, tên người được khai sinh" in digitizer("records", certificate[:12]).out
    label = "ho, chu dem, ten nguoi duoc khai sinh"
    corrected = digitizer("correct", certificate[:12], f"{label}=HOÀNG THỊ ĐÀO", "--by", "can.bo")
    assert corrected.code == 0, corrected.err
    shown = json.loads(digitizer("records", certificate, "--json").out)[0]
    name = next(f for f in shown["fields"] if f["name"] == "nksHoTen")
    assert (name["value"], name["by"], shown["revision"]) == ("HOÀNG THỊ ĐÀO", "can.bo", 2)
    assert digitizer("approve", certificate, "--by", "lanh.dao").code == 0
    declaration = next(r for r in records if r["doctype"] == "birth_declaration")["record"]
    assert digitizer("reject", declaration, "--by", "lanh.dao", "--reason", "tờ khai nháp").code == 0
    fields = [r for r in digitizer("attach", "--json").json["receipts"] if r["kind"] == "update_fields"]
    assert [r["record"] for r in fields] == [certificate]
    states = digitizer("status", "--json").json["records"]
    assert states == {"ATTACHED": 1, "REFUSED": 1, "REVIEW": 1}
    assert digitizer("audit", "verify").code == 0
    assert digitizer("verify").code == 0


@pytest.mark.slow
def test_a_book_is_one_bundle_with_its_volume(digitizer: Command, tmp_path: Path) -> None:
    pages = tmp_path / "quyen"
    pages.mkdir()
    with pikepdf.open(next(BOOK.glob("*.pdf"))) as book:
        for number, page in enumerate(book.pages):
            with pikepdf.Pdf.new() as single:
                single.pages.append(page)
                single.save(pages / f"trang {number + 9}.pdf", deterministic_id=True)
    done = digitizer("ingest", pages, "--book", "KS/2018/01", "--agency", "H60.127.03", "--output", tmp_path / "out")
    assert done.code == 20, done.err
    result = json.loads((tmp_path / "out" / "quyen.json").read_text(encoding="utf-8"))
    assert [page["scan"] for page in result["pages"] if page["part"] == 0] == [0, 1, 2], "trang 9 comes before trang 10"
    with pymupdf.open(tmp_path / "out" / "quyen.pdf") as pdf:
        assert len(pdf) == 3
    records = [record for document in result["documents"] for record in document["records"]]
    assert len(records) >= 3
    volumes = {f["value"] for record in records for f in record["fields"] if f["name"] == "quyenSo"}
    assert volumes == {"01/2018"}


@pytest.mark.slow
def test_bad_files_are_named_and_the_rest_is_done(digitizer: Command, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    good = SAMPLES / "birth_extract" / "birth_extract_01.jpg"
    shutil.copy(good, folder / "tot.jpg")
    (folder / "rong.jpg").write_bytes(b"")
    (folder / "cut.jpg").write_bytes(good.read_bytes()[:20_000])
    (folder / "chu.pdf").write_text("đây không phải PDF", encoding="utf-8")
    (folder / "don.docx").write_bytes(b"PK\x03\x04")
    with pikepdf.Pdf.new() as locked:
        locked.add_blank_page()
        locked.save(folder / "khoa.pdf", encryption=pikepdf.Encryption(user="mat-khau", owner="mat-khau"))
    done = digitizer("ingest", folder, "--output", tmp_path / "out", "--json")
    assert done.code == 21
    rows = {Path(row["file"]).name: row for row in done.json["files"]}
    assert rows["tot.jpg"]["state"] == "DIGITIZED"
    reasons = {name: row["message"] for name, row in rows.items() if row["state"] == "FAILED"}
    assert set(reasons) == {"rong.jpg", "cut.jpg", "chu.pdf", "don.docx", "khoa.pdf"}
    assert "mật khẩu" in reasons["khoa.pdf"]
    assert "PDF, TIFF, JPEG" in reasons["chu.pdf"]
    assert outputs(tmp_path / "out") == ["tot.json", "tot.pdf"]
    # the originals are kept, whole, even where they cannot be read
    stored = {path.name for path in (tmp_path / "home" / "store").rglob("*")}
    assert {hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()} <= stored
    assert digitizer("verify").code == 0
    assert digitizer("status", "--json").json["intakes"] == {"DIGITIZED": 1, "FAILED": 5}


def test_files_of_no_kind_we_read_are_kept_refused_without_a_job_and_told_in_one_line(digitizer: Command, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    for number in range(30):
        (folder / f"scan{number:04}.jpg").write_text(f"không phải ảnh {number}", encoding="utf-8")
    done = digitizer("ingest", folder)
    assert done.code == 21
    assert all(f"scan{number:04}.jpg: Tệp không phải PDF" in done.err for number in range(30)), "each is named by the run"
    told = digitizer("status")
    assert told.out.count("Tệp không phải PDF, TIFF, JPEG hay PNG") == 1
    assert "lỗi: 30 tệp." in told.out
    state = digitizer("status", "--json").json
    assert state["failures"] == {"unsupported_format": 30}
    assert set(state["jobs"]) == {"EXPIRED"}, "nobody opened them"
    stored = {path.name for path in (tmp_path / "home" / "store").rglob("*")}
    assert {hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()} <= stored
    assert digitizer("ingest", folder).code == 21, "they are refused again, and stored once"


@pytest.mark.slow
def test_a_person_delivers_a_file_whose_dossier_or_kind_nobody_knew(digitizer: Command, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    shutil.copy(SAMPLES / "decision" / "decision_01.jpg", folder / "qd.jpg")
    white = pikepdf.Pdf.new()
    white.add_blank_page(page_size=(595, 842))
    white.save(folder / f"{CODE}_trang.pdf")
    two = f"{CODE} va {CODE[:-1]}9.pdf"
    white.add_blank_page(page_size=(595, 842))
    white.save(folder / two)
    assert digitizer("ingest", folder).code == 20
    unplaced = {row["name"]: row for row in digitizer("status", "--json").json["unplaced"]}
    assert set(unplaced) == {"qd.jpg", f"{CODE}_trang.pdf", two}
    assert unplaced[two]["routing"] == ["several_codes"]
    assert "tên tệp có nhiều mã hồ sơ khác nhau" in digitizer("status").out
    assert digitizer("attach", "--json").json["receipts"] == []
    unknown = unplaced["qd.jpg"]["id"]
    assert digitizer("attach", unknown).code == 1, "a dossier has to be named"
    assert digitizer("attach", unknown, "--dossier", "HS-1").code == 1
    assert digitizer("attach", unknown, "--dossier", CODE, "--component", "quyet-dinh", "--by", "can.bo").code == 0
    assert digitizer("attach", unplaced[two]["id"], "--dossier", CODE, "--component", "trang", "--by", "can.bo").code == 0
    assert digitizer("attach", unplaced[f"{CODE}_trang.pdf"]["id"], "--by", "can.bo").code == 0
    receipts = digitizer("attach", "--json").json["receipts"]
    assert {(r["name"], r["component"]) for r in receipts} == {
        ("qd.jpg", "quyet-dinh"),
        (f"{CODE}_trang.pdf", ""),
        (two, "trang"),
    }
    assert digitizer("attach", unknown, "--dossier", "H60.127.03-260930-0099").code == 1, "it has a dossier"
    assert digitizer("status", "--json").json["unplaced"] == []


@pytest.mark.slow
def test_a_killed_run_goes_on_where_it_stopped(digitizer: Command, demo: Path, tmp_path: Path) -> None:
    home, out = tmp_path / "home", tmp_path / "out"
    command = [sys.executable, "-m", "digitizer", "--home", str(home), "ingest", str(demo), "--output", str(out), "--jobs", "1"]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL, start_new_session=True)
    ledger = home / "ledger.db"
    give_up = time.monotonic() + 120
    while time.monotonic() < give_up and not (ledger.exists() and digitizer("status", "--json").json["jobs"].get("DONE", 0) >= 3):
        time.sleep(0.2)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert not list(out.iterdir()), "it was killed before it was done"
    done = digitizer("ingest", demo, "--output", out)
    assert done.code == 20, done.err
    assert digitizer("status", "--json").json["intakes"] == {"DIGITIZED": 3}
    assert len(list(out.rglob("*.pdf"))) == 3
    assert len(digitizer("attach", "--json").json["receipts"]) == 3


@pytest.mark.slow
def test_ctrl_c_ends_with_130_and_loses_nothing(digitizer: Command, demo: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    command = [sys.executable, "-m", "digitizer", "--home", str(home), "ingest", str(demo), "--jobs", "1"]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL, start_new_session=True)
    give_up = time.monotonic() + 120
    while time.monotonic() < give_up and not ((home / "ledger.db").exists() and digitizer("status", "--json").json["working"]):
        time.sleep(0.1)
    os.kill(process.pid, signal.SIGINT)
    assert process.wait(60) == 130
    status = digitizer("status", "--json").json
    assert sum(status["intakes"].values()) == 3
    assert status["working"] == [], "no job is held by a worker that is gone"
