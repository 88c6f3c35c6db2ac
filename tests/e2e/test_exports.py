"""What is digitized here, in other formats and with its hashes: the command line on a real book."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest
from lxml import etree

from digitizer.output.exports import ALTO, XHTML
from tests.conftest import SAMPLES, Answer
from tests.validators import alto_schema

BOOK = next((SAMPLES / "H60.127.03" / "books" / "KS" / "2018" / "01").glob("*.pdf"))
Command = Callable[..., Answer]


@pytest.mark.slow
def test_a_book_is_exported_from_the_ledger_and_its_hashes_hold(digitizer: Command, tmp_path: Path) -> None:
    results, exported = tmp_path / "results", tmp_path / "exported"
    done = digitizer("ingest", BOOK, "--book", "KS/2018/01", "--agency", "H60.127.03", "--output", results)
    assert done.code == 20, done.err
    result = json.loads((results / f"{BOOK.stem}.json").read_text(encoding="utf-8"))
    lines = [line["text"] for page in result["pages"] for line in page["lines"]]
    words = " ".join(lines).split()
    assert len(words) > 100
    files = {
        kind: Path(digitizer("export", kind, "--output", exported, "--json").json[0]) for kind in ("alto", "hocr", "txt", "csv")
    }

    alto = etree.parse(str(files["alto"]))
    alto_schema().assertValid(alto)
    assert [str(s.get("CONTENT")) for s in alto.iter(f"{{{ALTO}}}String")] == words
    hocr = ElementTree.parse(files["hocr"])
    assert [e.text for e in hocr.iter(f"{{{XHTML}}}span") if e.get("class") == "ocrx_word"] == words
    assert files["txt"].read_text(encoding="utf-8").replace("\f", "").splitlines() == lines
    rows = list(csv.DictReader(io.StringIO(files["csv"].read_text(encoding="utf-8-sig"))))
    assert {row["state"] for row in rows} == {"REVIEW"}
    assert len(rows) == sum(len(record["fields"]) for document in result["documents"] for record in document["records"])

    record = json.loads(digitizer("records", "--json").out)[0]["record"]
    assert digitizer("correct", record, "nksHoTen=HOÀNG THỊ ĐÀO", "--by", "can.bo").code == 0
    digitizer("export", "csv", "--output", exported)
    corrected = csv.DictReader(io.StringIO(files["csv"].read_text(encoding="utf-8-sig")))
    assert ("HOÀNG THỊ ĐÀO", "can.bo") in {(row["value"], row["by"]) for row in corrected}

    whole, of_book = (Path(name) for name in digitizer("export", "manifest", "--output", results, "--json").json)
    assert (whole.name, of_book.name) == (f"{BOOK.stem}.manifest.json", "H60.127.03-KS.2018.01.manifest.json")
    listed = json.loads(of_book.read_text(encoding="utf-8"))
    assert [file["role"] for file in listed["files"]] == ["original", "json", "pdf"]
    assert digitizer("verify", whole, of_book).code == 0
    pdf = results / f"{BOOK.stem}.pdf"
    pdf.write_bytes(pdf.read_bytes()[:-1] + b"x")
    said = digitizer("verify", of_book, "--json")
    assert (said.code, said.json[0]["wrong"]) == (4, {pdf.name: "changed"})
    pdf.unlink()
    assert digitizer("verify", of_book).code == 0, "what does not lie beside the manifest is hashed in the store"
    stored = next((tmp_path / "home" / "store").rglob(listed["files"][0]["sha256"]))
    stored.chmod(0o600)
    stored.write_bytes(b"other")
    assert digitizer("verify", of_book).code == 4
    stored.unlink()
    assert digitizer("verify", of_book, "--json").json[0]["wrong"] == {f"originals/{BOOK.name}": "missing"}
    assert digitizer("verify", results / f"{BOOK.stem}.json").code == 1
