"""From one HTTP call to results: a server as it stands alone reads, delivers and tells."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import jsonschema
import pymupdf
import pytest

from digitizer.output import result_schema
from tests.api.conftest import CODE, serving

pytestmark = pytest.mark.slow


def test_progress_is_told_until_it_is_done(digitized: tuple[Path, str, str, bytes]) -> None:
    _, _, document, stream = digitized
    blocks = [block for block in stream.decode().split("\n\n") if "data: " in block]
    parsed = [dict(line.split(": ", 1) for line in block.splitlines()) for block in blocks]
    states = [json.loads(event["data"]) for event in parsed]
    assert [event["event"] for event in parsed] == ["progress"] * (len(parsed) - 1) + ["done"]
    assert {state["id"] for state in states} == {document}
    assert states[-1] == {"id": document, "state": "DIGITIZED", "pages": {"read": 1, "total": 1}}


def test_result_and_files_are_fetched_and_the_dossier_has_got_the_pdf(read_home: tuple[Path, str, str]) -> None:
    home, token, document = read_home
    with serving(home) as server, server.client(token) as client:
        whole = client.get(f"/v1/documents/{document}").json()
        assert whole["state"] == "DIGITIZED"
        for made in whole["artifacts"]:
            fetched = client.get(made["href"])
            assert hashlib.sha256(fetched.content).hexdigest() == made["sha256"] == fetched.headers["etag"].strip('"')
            assert fetched.headers["content-type"].startswith(made["media_type"])
            assert "khai-sinh" in fetched.headers["content-disposition"]
        with pymupdf.open(stream=client.get(f"/v1/documents/{document}/artifacts/pdf").content) as pdf:
            assert "TRÍCH LỤC KHAI SINH" in pdf[0].get_text().upper()
        jsonschema.validate(client.get(f"/v1/documents/{document}/result").json(), result_schema())
        assert client.get(f"/v1/documents/{document}/artifacts/exe").status_code == 404
        records = client.get(f"/v1/documents/{document}/records").json()
        assert records[0]["type"] == "birth_extract" and len(records[0]["fields"]) > 5
        assert [r["id"] for r in whole["records"]] == [r["id"] for r in records]
        assert client.get(f"/v1/dossiers/{CODE}").json()["components"][0]["done"] == 1
        again = client.post(f"/v1/documents/{document}/reprocess", json={"reason": "thử lại"})
        assert (again.status_code, again.json()["state"]) == (202, "RECEIVED")


def test_the_log_follows_a_document_from_the_call_to_the_receipt(digitized: tuple[Path, str, str, bytes]) -> None:
    home, _, document, _ = digitized
    text = (home / "serve.log").read_text(encoding="utf-8")
    mine = [line for line in map(json.loads, text.splitlines()) if document in str(line.get("document", ""))]
    told = [(line["action"], line.get("kind") or line.get("operation")) for line in mine]
    # processes log side by side: the answer to the sender and the delivery may each be logged before the job next to it
    read = [("job", "open"), ("job", "read"), ("job", "finish")]
    assert {("http", "submitDocument"), *read, ("delivered", "attach")} <= set(told)
    assert [step for step in dict.fromkeys(told) if step in read] == read
    assert "khai-sinh" not in text
