"""Books and back files in bulk: folders and prefixes laid out as scanners leave them, taken once, watched, resumed."""

from __future__ import annotations

import hashlib
import io
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from digitizer.ledger import open_ledger, submissions
from digitizer.model import Intake
from digitizer.storage import open_store
from digitizer.storage.s3 import S3Objects
from tests.conftest import Answer
from tests.faults.pool import blank_page
from tests.faults.test_trees import QUARREL
from tests.faults.trees import pdf_of, plant
from tests.servers import S3Server, Servers
from tests.unit.ocr.test_embedded_text import ROWS, drawn, words

Command = Callable[..., Answer]


@pytest.fixture(autouse=True)
def blank_pages_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "nothing.json").write_text("{}")
    monkeypatch.setenv("DIGITIZER_ENGINE__NAME", "replay")
    monkeypatch.setenv("DIGITIZER_ENGINE__RECORDING", str(tmp_path / "nothing.json"))


def intakes(home: Path) -> list[Intake]:
    ledger = open_ledger("sqlite:", home)
    with ledger.read() as tx:
        found = [intake for intake, _ in submissions.intakes(tx)]
    ledger.close()
    return found


def pages_of(home: Path, intake: Intake) -> int:
    ledger = open_ledger("sqlite:", home)
    with ledger.read() as tx:
        found = len(submissions.sources_of(tx, intake.bundle))
    ledger.close()
    return found


def test_books_and_dossiers_are_found_by_their_folders(digitizer: Command, tmp_path: Path) -> None:
    tree = {
        "H60.127.03/books/KS/1999/01": ["1.png", "2.png", "10.png"],
        "H60.127.03/books/KT/1999/02": ["1.png", "3.png"],
        "H60.127.03/dossiers/H60.127.03-260930-0012/to-khai": ["a.png"],
    }
    number = 0
    for folder, names in tree.items():
        (tmp_path / "in" / folder).mkdir(parents=True)
        for name in names:
            number += 1
            (tmp_path / "in" / folder / name).write_bytes(blank_page(number))
    done = digitizer("--lang", "en", "ingest", tmp_path / "in", "--output", tmp_path / "out")
    assert done.code in (0, 20), done.err
    assert "KT.1999.02: page numbers missing: 2" in done.err
    found = {i.name: i for i in intakes(tmp_path / "home")}
    assert found["KS.1999.01"].book == "KS/1999/01"
    assert found["KS.1999.01"].agency == "H60.127.03"
    assert pages_of(tmp_path / "home", found["KS.1999.01"]) == 3
    assert (found["a.png"].dossier, found["a.png"].component) == ("H60.127.03-260930-0012", "to-khai")
    assert (tmp_path / "out" / "H60.127.03" / "books" / "KS" / "1999" / "01.pdf").exists()
    again = digitizer("ingest", tmp_path / "in")
    assert again.code == done.code
    assert len(intakes(tmp_path / "home")) == 3, "a second run adds nothing"


@pytest.mark.service
def test_a_prefix_is_ingested_like_a_folder_and_not_fetched_twice(
    servers: Servers, digitizer: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    s3: S3Server = servers.s3
    for name, value in s3.variables().items():
        monkeypatch.setenv(name, value)
    bucket, other = s3.bucket(), s3.bucket()
    monkeypatch.setenv("DIGITIZER_STORE", f"s3://{other}")
    names = [f"H60.127.03/books/KS/1999/01/trang {n}.png" for n in (1, 2, 10)]
    names.append("H60.127.03/dossiers/H60.127.03-260930-0012/don.png")
    for number, name in enumerate(names):
        data = blank_page(number)
        s3.client.put_object(bucket, name, io.BytesIO(data), len(data))
    s3.client.put_object(bucket, "H60.127.03/ghi-chu.txt", io.BytesIO(b"text"), 4)
    done = digitizer("ingest", f"s3://{bucket}/H60.127.03/", "--output", tmp_path / "out", "--json")
    assert done.code in (0, 20), done.err
    assert done.json["skipped"] == 1
    found = {i.name: i for i in intakes(tmp_path / "home")}
    assert set(found) == {"KS.1999.01", "don.png"}
    assert found["don.png"].dossier == "H60.127.03-260930-0012"
    fetched: list[str] = []
    monkeypatch.setattr(S3Objects, "fetch", lambda self, key, target: fetched.append(key))
    assert digitizer("ingest", f"s3://{bucket}/H60.127.03/").code == done.code
    assert fetched == []
    assert len(intakes(tmp_path / "home")) == 2


def test_a_watched_folder_takes_what_has_settled_and_only_that(digitizer: Command, tmp_path: Path) -> None:
    folder = tmp_path / "scans"
    folder.mkdir()
    (folder / "ready.png").write_bytes(blank_page(1))
    (folder / "growing.png").write_bytes(blank_page(2)[:100])
    over = threading.Event()

    def scanner() -> None:
        written = 100
        while not over.wait(0.3):
            written = min(written + 50, len(blank_page(2)) - 1)
            (folder / "growing.png").write_bytes(blank_page(2)[:written] + bytes([written % 256]))
            if intakes(tmp_path / "home"):
                break
        (folder / "growing.png").write_bytes(blank_page(2))

    thread = threading.Thread(target=scanner)
    thread.start()
    try:
        done = digitizer("watch", folder, "--settle", "2", "--every", "0.5", "--once", "--jobs", "1")
    finally:
        over.set()
        thread.join()
    assert done.code in (0, 20), done.err
    found = intakes(tmp_path / "home")
    assert [i.name for i in found] == ["ready.png", "growing.png"]
    kept = {key.rpartition("/")[2] for key in open_store("file:", tmp_path / "home").list()}
    assert hashlib.sha256(blank_page(2)).hexdigest() in kept, "all of it"
    assert digitizer("watch", folder, "--settle", "0", "--once").code == 0
    assert len(intakes(tmp_path / "home")) == 2


def test_a_watched_folder_is_read_as_the_mode_says(digitizer: Command, tmp_path: Path) -> None:
    """Good text of a PDF is believed, but for `force`: then an engine has to read it, and this one cannot."""
    folder, out = tmp_path / "scans", tmp_path / "out"
    folder.mkdir()
    drawn(folder / "a.pdf", words(*ROWS))
    watch = ("watch", folder, "--output", out, "--settle", "0", "--every", "0.2", "--once", "--jobs", "1")
    assert digitizer("--home", tmp_path / "other", *watch, "--mode", "force").code == 21
    digitizer(*watch)
    (page,) = json.loads((out / "a.json").read_text(encoding="utf-8"))["pages"]
    assert {line["by"] for line in page["lines"]} == {"pdf"}


def test_workers_elsewhere_have_a_mode_of_their_own(digitizer: Command, tmp_path: Path) -> None:
    elsewhere = ("--queue", "redis://127.0.0.1:1/0", "--ledger", "postgresql+psycopg://127.0.0.1:1/none")
    assert digitizer(*elsewhere, "watch", tmp_path, "--mode", "force", "--once").code == 9


def test_a_watched_folder_of_quarrelling_names_has_a_result_for_each_file(digitizer: Command, tmp_path: Path) -> None:
    folder, out, outside = tmp_path / "in", tmp_path / "out", tmp_path / "secret.pdf"
    folder.mkdir()
    outside.write_bytes(b"%PDF-1.7 not ours")
    pdf_of(folder)
    made = plant(folder, QUARREL, outside)
    watch = ("watch", folder, "--output", out, "--settle", "0", "--every", "0.2", "--once", "--jobs", "1")
    done = digitizer(*watch)
    assert done.code == 21
    assert len(list(out.rglob("*.json"))) == len(list(out.rglob("*.pdf"))) == 1 + made["pdf"] + made["link"]
    for refused in ("hong.pdf", "mat.pdf", "ngoai.pdf"):
        assert f"{refused}: " in done.err
    again = digitizer(*watch)
    assert len(list(out.rglob("*.json"))) == 1 + made["pdf"] + made["link"], again.err


def test_output_within_a_watched_folder_is_refused(digitizer: Command, tmp_path: Path) -> None:
    assert digitizer("watch", tmp_path, "--output", tmp_path / "out").code == 9


@pytest.mark.service
def test_a_bucket_tells_of_new_objects_before_the_next_look(servers: Servers, tmp_path: Path) -> None:
    s3 = servers.s3
    if not s3.product.startswith("MinIO"):
        pytest.skip(f"{s3.product} tells of nothing")
    bucket = s3.bucket()
    home = tmp_path / "home"
    watcher = subprocess.Popen(
        [sys.executable, "-m", "digitizer", "--home", home, "watch", f"s3://{bucket}/in/", "--every", "3600", "--jobs", "1"],
        env={**os.environ, **s3.variables()},
        stderr=subprocess.DEVNULL,
    )
    try:
        for _ in range(60):  # until it listens, which nobody outside can see
            data = blank_page(7)
            s3.client.put_object(bucket, "in/7.png", io.BytesIO(data), len(data))
            time.sleep(2)
            if (home / "ledger.db").exists() and intakes(home):
                break
        assert [i.name for i in intakes(home)] == ["7.png"]
    finally:
        watcher.send_signal(signal.SIGTERM)
    assert watcher.wait(60) == 130
