"""The hook against a running server: ids, repeats, scopes, problems, headers."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from digitizer.ledger import events, indicators, submissions
from digitizer.ledger.api_keys import Verb
from digitizer.model import IntakeState
from digitizer.service import Service
from digitizer.settings import Settings
from tests.api.conftest import AGENCY, CODE, Server

Scan = Callable[[str], bytes]
OTHER = f"{AGENCY}-260930-0013"


def send(client: httpx.Client, data: bytes, *, headers: dict[str, str] | None = None, **fields: str) -> httpx.Response:
    name = fields.pop("filename", "to-khai.jpg")
    return client.post("/v1/documents", files={"file": (name, data, "image/jpeg")}, data=fields, headers=headers or {})


def test_a_file_is_taken_over_and_found_again(api: httpx.Client, scan: Scan) -> None:
    answer = send(api, scan("found"), dossier=CODE, component="to-khai", lane="counter")
    assert answer.status_code == 202, answer.text
    assert answer.json()["state"] == "RECEIVED"
    assert answer.headers["location"] == answer.json()["href"]
    document = api.get(answer.json()["href"]).json()
    assert (document["agency"], document["dossier"], document["component"], document["lane"]) == (
        AGENCY,
        CODE,
        "to-khai",
        "counter",
    )
    assert document["sources"][0]["bytes"] == len(scan("found"))
    assert document["pages"] == {"read": 0, "total": 0}


def test_the_same_bytes_for_the_same_component_are_the_same_document_and_for_another_dossier_another_one(
    api: httpx.Client, scan: Scan, server: Server
) -> None:
    first = send(api, scan("same"), dossier=CODE, component="a").json()
    again = send(api, scan("same"), dossier=CODE, component="a").json()
    assert (again["id"], first["new"], again["new"]) == (first["id"], True, False)
    others = {
        send(api, scan("same"), **place).json()["id"] for place in ({"dossier": OTHER, "component": "a"}, {"dossier": CODE})
    }
    with server.client(server.key("khac", ("H60",))) as other:
        others.add(send(other, scan("same"), dossier=CODE, component="a").json()["id"])
        others.add(send(other, scan("same"), agency="H60.128.01").json()["id"])
    assert len(others | {first["id"]}) == 5


def test_an_idempotency_key_finds_its_document_and_refuses_another_request(api: httpx.Client, scan: Scan) -> None:
    key = {"Idempotency-Key": "lan-1"}
    first = send(api, scan("repeat"), headers=key, dossier=CODE)
    assert send(api, scan("repeat"), headers=key, dossier=CODE).json()["id"] == first.json()["id"]
    for answer in (
        send(api, scan("different"), headers=key, dossier=CODE),
        send(api, scan("repeat"), headers=key, dossier=OTHER),
    ):
        assert (answer.status_code, answer.json()["code"]) == (422, "repeat_differs")


def test_what_belongs_to_another_agency_is_not_there(api: httpx.Client, scan: Scan, server: Server) -> None:
    mine = send(api, scan("mine"), dossier=OTHER).json()
    with server.client(server.key("xa-khac", ("H60.128.02",))) as stranger:
        answers = [stranger.get(f"{mine['href']}{part}") for part in ("", "/records", "/result")]
        answers += [stranger.post(f"{mine['href']}/cancel", json={"reason": "x"}), stranger.get(f"/v1/dossiers/{OTHER}")]
        assert {a.status_code for a in answers} == {404}
        assert stranger.get("/v1/documents").json()["items"] == []
        refused = [send(stranger, scan("mine"), dossier=OTHER), send(stranger, scan("mine"), agency=AGENCY),
                   send(stranger, scan("mine"), agency="H60.128.02", dossier=OTHER)]  # fmt: skip
        assert {(a.status_code, a.json()["code"]) for a in refused} == {(403, "not_allowed")}
    with Service.open(Settings(home=server.home)) as service, service.context.ledger.read() as tx:
        key = service.api_keys.find("xa-khac")[0]
        attempts = [event["detail"] for event in events.history(tx, key.id) if event["action"] == "refused_access"]
    assert [attempt["operation"] for attempt in attempts] == ["submitDocument"] * 3


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer x", "Basic YTpi", "Bearer dgz_000000000000_" + "A" * 43])
def test_without_a_valid_key_nothing_is_answered(server: Server, header: str) -> None:
    answer = httpx.get(f"{server.url}/v1/documents", headers={"authorization": header} if header else {})
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["www-authenticate"].startswith("Bearer")


def test_a_key_is_good_only_for_its_verbs_and_until_it_is_revoked(server: Server, scan: Scan) -> None:
    token = server.key("chi-doc", verbs=(Verb.READ,))
    with server.client(token) as reader:
        assert reader.get("/v1/documents").status_code == 200
        assert send(reader, scan("verbs"), dossier=CODE).status_code == 403
        assert reader.get("/metrics").status_code == 403
        with Service.open(Settings(home=server.home)) as service:
            key = service.api_keys.find("chi-doc")[0]
            _, new = service.api_keys.rotate("chi-doc", by="test")
            assert reader.get("/v1/documents").status_code == 200, "the old key works during the overlap"
            service.api_keys.revoke(key.id, by="test")
        assert reader.get("/v1/documents").status_code == 401
    with server.client(new) as rotated:
        assert rotated.get("/v1/documents").status_code == 200


def test_every_access_is_an_event(server: Server, api: httpx.Client, scan: Scan) -> None:
    document = send(api, scan("events"), dossier=CODE).json()
    api.get(document["href"])
    api.get("/v1/documents")
    with Service.open(Settings(home=server.home)) as service, service.context.ledger.read() as tx:
        seen = [(event["action"], event["actor"]) for event in events.history(tx, document["id"])]
    assert seen == [("received", "client:motcua"), ("looked_at_document", "client:motcua")]


@pytest.mark.parametrize(
    ("fields", "status", "code"),
    [
        ({"dossier": "HS-1"}, 400, "usage"),
        ({"dossier": CODE, "book": "1"}, 400, "usage"),
        ({"dossier": CODE, "color": "red"}, 400, "usage"),
        ({"dossier": CODE, "lane": "fast"}, 400, "usage"),
        ({"dossier": CODE, "name": "x" * 70_000}, 413, "too_large"),
    ],
)
def test_a_wrong_field_is_refused(api: httpx.Client, scan: Scan, fields: dict[str, str], status: int, code: str) -> None:
    answer = send(api, scan("wrong"), **fields)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


@pytest.mark.parametrize(
    ("data", "kind", "status"),
    [
        (b"", "image/jpeg", 422),
        (b"MZ\x90\0 program", "application/octet-stream", 415),
        (b"\x89PNG\r\n\x1a\n....", "image/jpeg", 415),
        (b"<html>", "text/html", 415),
    ],
)
def test_the_kind_of_a_file_is_told_by_its_content_and_must_agree(api: httpx.Client, data: bytes, kind: str, status: int) -> None:
    answer = api.post("/v1/documents", files={"file": ("a.jpg", data, kind)}, data={"dossier": CODE})
    assert answer.status_code == status, answer.text


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"", "multipart/form-data; boundary=x", 400),
        (b"--x\r\nnonsense", "multipart/form-data; boundary=x", 400),
        (
            b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n%PDF-1.7',
            "multipart/form-data; boundary=x",
            400,
        ),
        (b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--x--\r\n', "multipart/form-data; boundary=x", 400),
        (b"abc", "multipart/form-data", 415),
        (b"abc", "text/plain", 415),
    ],
)
def test_a_broken_form_is_refused(api: httpx.Client, body: bytes, kind: str, status: int) -> None:
    answer = api.post("/v1/documents", content=body, headers={"content-type": kind})
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_list_is_paged_by_cursor_and_new_documents_do_not_shift_it(server: Server, scan: Scan) -> None:
    with server.client(server.key("danh-sach", ("H60.129.01",))) as client:
        ids = [send(client, scan(f"list{i}"), component=str(i % 2)).json()["id"] for i in range(5)]
        seen, cursor = [], None
        while True:
            page = client.get("/v1/documents", params={"limit": 2, **({"cursor": cursor} if cursor else {})}).json()
            seen += [item["id"] for item in page["items"]]
            send(client, scan(f"late{len(seen)}"), component="late")
            if (cursor := page["next"]) is None:
                break
        assert seen == ids[::-1]
        assert client.get("/v1/documents", params={"state": "DIGITIZED"}).json()["items"] == []
        assert client.get("/v1/documents", params={"cursor": "x"}).json()["code"] == "usage"
        assert client.get("/v1/documents", params={"limit": 0}).json()["code"] == "invalid_request"
        newest = client.get("/v1/documents", params={"received_from": "2020-01-01T00:00:00Z", "limit": 1}).json()["items"][0]
        older = client.get("/v1/documents", params={"received_before": newest["received_at"]}).json()["items"]
        assert newest["id"] not in {item["id"] for item in older}


def test_a_dossier_shows_what_was_submitted_by_component(api: httpx.Client, scan: Scan) -> None:
    code = f"{AGENCY}-260930-0099"
    ids = [send(api, scan(f"dossier{c}"), dossier=code, component=c).json()["id"] for c in ("to-khai", "giay-to")]
    dossier = api.get(f"/v1/dossiers/{code}").json()
    assert {c["component"]: c["documents"] for c in dossier["components"]} == {"to-khai": ids[:1], "giay-to": ids[1:]}
    assert {c["waiting"] for c in dossier["components"]} == {1}


def test_a_dossier_of_a_known_procedure_says_what_is_missing(api: httpx.Client, scan: Scan, server: Server) -> None:
    code = f"{AGENCY}-260930-0098"
    lines = [
        indicators.Component(procedure="1.001193", code=c, name=c, required=c != "khac") for c in ("to-khai", "giay-to", "khac")
    ]
    with Service.open(Settings(home=server.home)) as service, service.context.ledger.begin() as tx:
        indicators.replace_procedure(tx, "1.001193", lines)
        indicators.save_dossiers(tx, [{"code": code, "agency": AGENCY, "procedure": "1.001193", "components": []}], origin="test")
    documents = {c: send(api, scan(f"missing{c}"), dossier=code, component=c).json() for c in ("to-khai", "giay-to")}
    before = api.get(f"/v1/dossiers/{code}").json()
    assert (before["procedure"], before["complete"], before["missing"]) == ("1.001193", False, [])
    api.post(f"{documents['giay-to']['href']}/cancel", json={"reason": "nhầm"})
    assert api.get(f"/v1/dossiers/{code}").json()["missing"] == ["giay-to"]
    with Service.open(Settings(home=server.home)) as service, service.context.ledger.begin() as tx:
        indicators.replace_procedure(tx, "1.001193", lines[:1])
        bundle = submissions.get_intake(tx, documents["to-khai"]["id"]).bundle
        submissions.move_intakes(tx, bundle, [IntakeState.RECEIVED], IntakeState.DIGITIZED, actor="test")
    after = api.get(f"/v1/dossiers/{code}").json()
    assert (after["complete"], after["missing"]) == (True, [])


def test_a_document_is_cancelled_and_taken_up_again(api: httpx.Client, scan: Scan, server: Server) -> None:
    document = send(api, scan("cancel"), dossier=CODE).json()
    cancelled = api.post(f"{document['href']}/cancel", json={"reason": "nhầm hồ sơ"})
    assert (cancelled.status_code, cancelled.json()["state"]) == (200, "CANCELLED")
    with Service.open(Settings(home=server.home)) as service:
        assert service.recovery.sweep()["jobs"] == 0, "nothing is left to do"
    assert api.post(f"{document['href']}/cancel", json={"reason": "nhầm hồ sơ"}).status_code == 200
    assert api.get(f"{document['href']}/result").json()["code"] == "conflict"
    assert api.post(f"{document['href']}/reprocess", json={"reason": "đúng hồ sơ"}).json()["state"] == "RECEIVED"
    again = api.post(f"{document['href']}/reprocess", json={"reason": "đúng hồ sơ"})
    assert (again.status_code, again.json()["code"]) == (409, "conflict")
    assert api.post(f"{document['href']}/cancel", json={}).json()["code"] == "invalid_request"


def test_a_problem_says_what_to_do_in_the_language_asked_for_and_repeats_nothing_that_was_sent(api: httpx.Client) -> None:
    secret = "087151001234"
    answers = [
        api.get("/v1/documents", params={"limit": secret}),
        api.get(f"/v1/documents/{secret}"),
        api.get(f"/v1/dossiers/{secret}"),
        api.post("/v1/documents", content=secret, headers={"content-type": "multipart/form-data; boundary=b"}),
        api.request("TRACE", "/v1/documents"),
        api.get(f"/nothing/{secret}"),
    ]
    for answer in answers:
        problem = answer.json()
        assert answer.headers["content-type"] == "application/problem+json", answer.text
        assert problem["status"] == answer.status_code
        assert problem["instance"].endswith(answer.headers["x-request-id"])
        assert secret not in answer.text
    vi, en = (api.get("/nothing", headers={"accept-language": lang}).json()["detail"] for lang in ("vi", "en-GB,en"))
    assert "Hãy" in vi and "Check" in en


def test_answers_carry_headers_that_keep_browsers_out(server: Server, api: httpx.Client) -> None:
    for answer in (api.get("/v1/documents"), httpx.get(f"{server.url}/healthz"), httpx.get(f"{server.url}/nothing")):
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "no-store"
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert "server" not in answer.headers
    preflight = httpx.options(
        f"{server.url}/v1/documents", headers={"origin": "https://evil.example", "access-control-request-method": "POST"}
    )
    assert preflight.status_code == 405
    assert not [name for name in preflight.headers if name.startswith("access-control")]


def test_the_pace_of_a_key_and_its_pages_are_limited(server: Server, scan: Scan) -> None:
    with server.client(server.key("nhanh", requests_per_minute=20)) as quick:
        answers = [quick.get("/v1/documents") for _ in range(4)]
        assert [a.status_code for a in answers][:2] == [200, 200]
        refused = next(a for a in answers if a.status_code == 429)
        assert refused.json()["code"] == "too_many" and int(refused.headers["retry-after"]) >= 1
    with server.client(server.key("nhieu", ("H60.130.01",), pages_per_day=1, body_bytes=400_000)) as many:
        assert send(many, scan("quota1")).status_code == 202
        over = send(many, scan("quota" + "x" * 300_000))
        assert (over.status_code, over.json()["code"], over.json()["limit"]) == (413, "too_large", 400_000)


def test_health_and_numbers(server: Server, api: httpx.Client) -> None:
    assert httpx.get(f"{server.url}/healthz").json()["status"] == "ok"
    ready = httpx.get(f"{server.url}/readyz")
    assert ready.json() == {"status": "ok", "checks": {"ledger": "ok", "store": "ok", "scratch": "ok"}}
    numbers = api.get("/metrics").text
    for name in ("digitizer_queue_age_seconds", "digitizer_http_requests_total", "digitizer_received_bytes_total"):
        assert name in numbers
    assert CODE not in numbers


def test_requests_that_are_refused_are_counted_by_their_code(server: Server, api: httpx.Client) -> None:
    def refused() -> dict[str, float]:
        lines = [line for line in api.get("/metrics").text.splitlines() if line.startswith("digitizer_http_refused_total{")]
        return {line.split('"')[1]: float(line.rsplit(" ", 1)[1]) for line in lines}

    before = refused()
    assert api.get(f"/v1/documents/{'0' * 32}").status_code == 404
    assert api.get("/v1/documents", params={"limit": "many"}).status_code == 422
    assert api.delete("/v1/documents").status_code == 405
    assert httpx.get(f"{server.url}/v1/documents").status_code == 401
    after = refused()
    counted = ("not_found", "invalid_request", "method_not_allowed", "not_known")
    assert {code: after[code] - before.get(code, 0.0) for code in counted} == dict.fromkeys(counted, 1.0)


def test_the_log_is_json_with_the_document_and_without_what_a_file_is_called(
    server: Server, api: httpx.Client, scan: Scan
) -> None:
    document = send(api, scan("log"), dossier=CODE, filename="NGUYEN VAN A 087151001234.jpg").json()
    text = server.log.read_text()
    lines = [json.loads(line) for line in text.splitlines()]
    mine = [line for line in lines if line.get("document") == document["id"]]
    assert mine and mine[0]["client"] == "motcua" and mine[0]["status"] == 202
    assert "NGUYEN" not in text and "087151001234" not in text


def test_the_server_process_has_loaded_no_model(server: Server, api: httpx.Client) -> None:
    maps = Path(f"/proc/{server.process.pid}/maps").read_text(encoding="utf-8")
    assert not [library for library in ("onnxruntime", "paddle", ".onnx") if library in maps]
    code = "import sys, digitizer.api.server, digitizer.api.background; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert "digitizer.service" in loaded and not {"onnxruntime", "paddleocr", "paddlex", "paddle"} & set(loaded)
