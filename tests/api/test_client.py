"""The typed client against the running server, and its types against what the server says of itself."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import is_typeddict

import httpx
import pytest

from digitizer import client as module
from digitizer.client import Client, Problem
from tests.api.conftest import AGENCY, CODE, SCAN, Server, serving


def test_its_types_are_those_of_the_openapi_document(server: Server) -> None:
    schemas = httpx.get(f"{server.url}/openapi.json").json()["components"]["schemas"]
    shared = {name: kind for name, kind in vars(module).items() if is_typeddict(kind) and name in schemas}
    assert {"Accepted", "Document", "Dossier", "RecordValues", "FieldValue", "DeliveryState"} <= set(shared)
    for name, kind in shared.items():
        assert set(kind.__annotations__) == set(schemas[name]["properties"]), name
        assert kind.__required_keys__ == set(schemas[name]["required"]), name


def test_documents_are_submitted_listed_cancelled(server: Server, scan: Callable[[str], bytes]) -> None:
    with Client(server.url, server.key("python", ("H60.131.01",))) as client:
        taken = [client.submit(io.BytesIO(scan(f"client{i}")), name=f"{i}.jpg", component=str(i)) for i in range(3)]
        assert client.submit(io.BytesIO(scan("client0")), component="0") == {**taken[0], "new": False}
        assert [d["id"] for d in client.documents()] == [t["id"] for t in taken[::-1]]
        assert client.cancel(taken[0]["id"], "thử")["state"] == "CANCELLED"
        assert [event["state"] for event in client.events(taken[0]["id"])] == ["CANCELLED"]
        assert client.wait(taken[0]["id"])["state"] == "CANCELLED"
        with pytest.raises(Problem) as refused:
            client.submit(io.BytesIO(b"no scan"))
        assert (refused.value.status, refused.value.code) == (415, "unsupported_format")


@pytest.mark.slow
def test_results_are_fetched(read_home: tuple[Path, str, str], tmp_path: Path) -> None:
    home, token, document = read_home
    with serving(home) as server, Client(server.url, token) as client:
        taken = client.submit(SCAN, dossier=CODE, component="ket-qua")
        assert (taken["id"], taken["state"], taken["new"]) == (document, "DIGITIZED", False)
        assert client.records(document)[0]["type"] == "birth_extract"
        assert client.result(document)["documents"]
        client.save(document, "pdf", tmp_path / "a.pdf")
        assert (tmp_path / "a.pdf").read_bytes().startswith(b"%PDF-")
        assert client.dossier(CODE)["components"][0]["done"] == 1


def test_an_object_of_the_inbox_is_handed_over_by_its_address_and_what_is_known_of_it() -> None:
    asked: list[tuple[str, str, object]] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append((request.method, request.url.path, json.loads(request.read())))
        return httpx.Response(202, json={"id": "a" * 32, "state": "RECEIVED", "new": True, "href": "/v1/documents/a"})

    address = f"s3://inbox/{AGENCY}/dossiers/{CODE}/to-khai/a.jpg"
    with Client("http://hook", "dgz_x", transport=httpx.MockTransport(answer)) as client:
        assert client.submit_object(address, component="to-khai", lane="counter")["state"] == "RECEIVED"
    assert asked == [("POST", "/v1/documents", {"object": address, "component": "to-khai", "lane": "counter"})]


def test_what_may_pass_is_tried_again_with_the_same_key_and_the_whole_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module.time, "sleep", lambda _: None)
    seen: list[tuple[str, int]] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append((request.headers["idempotency-key"], len(request.read())))
        if len(seen) == 1:
            raise httpx.ReadError("gone", request=request)
        if len(seen) == 2:
            return httpx.Response(503, json={"code": "busy", "retry_after_s": 2})
        return httpx.Response(202, json={"id": "a" * 32, "state": "RECEIVED", "new": True, "href": "/"})

    with Client("http://hook", "dgz_x", transport=httpx.MockTransport(answer)) as client:
        assert client.submit(SCAN, dossier=CODE, agency=AGENCY)["new"]
    assert len(seen) == 3 and len({key for key, _ in seen}) == 1
    assert len({size for _, size in seen}) == 1, "the file is sent from its start each time"


def test_it_needs_nothing_else_of_digitizer() -> None:
    source = Path(module.__file__).read_text(encoding="utf-8")
    assert "from digitizer" not in source.replace("digitizer.example", "").split('"""', 2)[2]
    assert json.dumps(sorted(module.OVER)) == '["CANCELLED", "DIGITIZED", "FAILED"]'
