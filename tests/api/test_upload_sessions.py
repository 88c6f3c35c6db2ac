"""Upload sessions of scan agents, objects left in the store, bucket notifications; over a real S3 server too."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from digitizer.client import Client
from digitizer.ledger.api_keys import Verb
from digitizer.service import Service
from digitizer.settings import Settings
from tests.api.conftest import AGENCY, CODE, SCAN, Server, serving
from tests.servers import Servers

Scan = Callable[[str], bytes]


def announce(client: httpx.Client, *documents: list[bytes], dossier: str = CODE) -> httpx.Response:
    listed = [
        {
            "name": f"giấy tờ {number}",
            "component": f"c{number}",
            "pages": [{"sha256": hashlib.sha256(page).hexdigest(), "bytes": len(page)} for page in pages],
        }
        for number, pages in enumerate(documents, 1)
    ]
    return client.post("/v1/upload-sessions", json={"dossier": dossier, "documents": listed, "lane": "counter"})


def test_pages_come_in_any_order_and_a_missing_or_wrong_one_is_noticed(api: httpx.Client, server: Server, scan: Scan) -> None:
    pages = [scan(f"session{i}") for i in range(3)]
    opened = announce(api, pages[:2], pages[2:])
    assert opened.status_code == 201, opened.text
    session = opened.json()
    assert (session["missing"], session["form"], session["complete"]) == (3, None, False)
    hrefs = [page["href"] for page in session["pages"]]
    assert api.put(hrefs[2], content=pages[2]).json()["missing"] == 2
    assert api.put(hrefs[2], content=pages[2]).json()["missing"] == 2, "a page may be sent again"
    wrong = api.put(hrefs[0], content=pages[1])
    assert (wrong.status_code, wrong.json()["code"]) == (422, "repeat_differs")
    assert api.put(hrefs[0], content=b"no scan").status_code == 415
    assert api.put(hrefs[0].replace("pages/1", "pages/9"), content=pages[0]).status_code == 404
    assert api.put(hrefs[1], content=pages[1]).json()["missing"] == 1
    early = api.post(f"{opened.headers['location']}/complete")
    assert early.status_code == 409
    assert {name: early.json()[name] for name in ("missing", "document", "page")} == {"missing": 1, "document": 1, "page": 1}
    api.put(hrefs[0], content=pages[0])
    made = api.post(f"{opened.headers['location']}/complete")
    assert made.status_code == 202 and [m["new"] for m in made.json()] == [True, True]
    ids = [m["id"] for m in made.json()]
    assert [m["id"] for m in api.post(f"{opened.headers['location']}/complete").json()] == ids
    first = api.get(f"/v1/documents/{ids[0]}").json()
    assert [s["sha256"] for s in first["sources"]] == [hashlib.sha256(page).hexdigest() for page in pages[:2]]
    assert (first["component"], first["lane"], first["dossier"]) == ("c1", "counter", CODE)
    assert api.get(opened.headers["location"]).json()["documents"] == ids
    assert api.put(hrefs[0], content=pages[0]).status_code == 409
    with server.client(server.key("nguoi-la")) as stranger:
        assert stranger.get(opened.headers["location"]).status_code == 404
        assert announce(stranger, [pages[0]], dossier="H60.200.01-260930-0001").status_code == 403


def test_an_object_cannot_be_named_where_there_is_no_inbox(api: httpx.Client) -> None:
    answer = api.post("/v1/documents", json={"object": f"s3://inbox/{AGENCY}/a.pdf"})
    assert (answer.status_code, answer.json()["code"]) == (400, "usage")
    assert api.post("/v1/documents", json={"object": 1}).json()["code"] == "invalid_request"
    assert api.post("/v1/documents", content=b"{" * 70_000, headers={"content-type": "application/json"}).status_code == 413


@pytest.fixture(scope="module")
def stored(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, str]]:
    """A server whose store is a bucket, and the bucket."""
    bucket = servers.s3.bucket()
    environ = {**servers.s3.variables(), "DIGITIZER_STORE": f"s3://{bucket}"}
    with serving(tmp_path_factory.mktemp("s3"), **environ) as running:
        yield running, bucket


@pytest.fixture(scope="module")
def agent(stored: tuple[Server, str], servers: Servers) -> Iterator[httpx.Client]:
    server, bucket = stored
    settings = Settings(home=server.home, store=f"s3://{bucket}", s3=servers.s3.options())
    with Service.open(settings) as service:
        token = service.api_keys.add("may-quet", agencies=[AGENCY], verbs=list(Verb), by="test")[1]
    with server.client(token) as client:
        yield client


@pytest.mark.service
def test_an_agent_uploads_straight_into_the_store(agent: httpx.Client, scan: Scan) -> None:
    pages = [scan("direct0"), scan("direct1")]
    opened = announce(agent, pages)
    session = opened.json()
    fields = session["form"]["fields"]
    for page, data in zip(session["pages"], pages, strict=True):
        put = httpx.post(session["form"]["url"], data={**fields, "key": page["key"]}, files={"file": ("x", data)})
        assert put.status_code in (200, 204), put.text
    outside = {**fields, "key": "incoming/H60.200.01/sessions/x/0001-00001"}
    assert httpx.post(session["form"]["url"], data=outside, files={"file": ("x", pages[0])}).status_code == 403
    made = agent.post(f"{opened.headers['location']}/complete")
    assert made.status_code == 202, made.text
    document = agent.get(made.json()[0]["href"]).json()
    assert [s["sha256"] for s in document["sources"]] == [hashlib.sha256(page).hexdigest() for page in pages]


@pytest.mark.service
def test_a_page_that_is_not_what_was_announced_does_not_pass_by_the_store_either(agent: httpx.Client, scan: Scan) -> None:
    opened = announce(agent, [scan("right")])
    session = opened.json()
    fields = {**session["form"]["fields"], "key": session["pages"][0]["key"]}
    assert httpx.post(session["form"]["url"], data=fields, files={"file": ("x", scan("wrong"))}).status_code in (200, 204)
    refused = agent.post(f"{opened.headers['location']}/complete")
    assert (refused.status_code, refused.json()["code"]) == (422, "repeat_differs")


@pytest.mark.service
def test_objects_in_the_inbox_are_named_or_notified_and_only_those_of_the_keys_agencies(
    agent: httpx.Client, stored: tuple[Server, str], servers: Servers, scan: Scan
) -> None:
    _, bucket = stored

    def leave(name: str, data: bytes) -> str:
        servers.s3.client.put_object(bucket, f"incoming/{name}", io.BytesIO(data), len(data))
        return f"incoming/{name}"

    good = leave(f"{AGENCY}/dossiers/{CODE}/to-khai/tờ khai.jpg", scan("object"))
    named = agent.post("/v1/documents", json={"object": f"s3://{bucket}/{good}"})
    assert named.status_code == 202, named.text
    document = agent.get(named.json()["href"]).json()
    assert (document["dossier"], document["component"], document["name"]) == (CODE, "to-khai", "tờ khai.jpg")
    with Client(str(agent.base_url), agent.headers["authorization"].removeprefix("Bearer ")) as client:
        assert client.submit_object(f"s3://{bucket}/{good}") == {**named.json(), "new": False}
    foreign = leave(f"H60.200.01/dossiers/{CODE}/a.jpg", scan("foreign"))
    no_scan = leave(f"{AGENCY}/dossiers/{CODE}/a.exe", b"MZ")
    other = leave(f"{AGENCY}/dossiers/{CODE}/b.jpg", scan("notified"))
    for name, status in ((foreign, 403), (no_scan, 415), (f"incoming/{AGENCY}/none.pdf", 404), (f"incoming/{AGENCY}/../x/a", 400),
                         ("ab/abcd", 400)):  # fmt: skip
        assert agent.post("/v1/documents", json={"object": f"s3://{bucket}/{name}"}).status_code == status, name
    records = [
        {"eventName": "s3:ObjectCreated:Put", "s3": {"bucket": {"name": bucket}, "object": {"key": name.replace("/", "%2F")}}}
        for name in (good.replace(" ", "+"), other, foreign, no_scan)
    ]
    told = agent.post(
        "/v1/notifications/bucket", json={"EventName": "x", "Records": [*records, {"eventName": "s3:ObjectRemoved:Delete"}]}
    )
    assert told.status_code == 200, told.text
    assert told.json()["documents"][0] == document["id"], "told twice, taken once"
    assert (len(told.json()["documents"]), told.json()["skipped"]) == (2, {"not_allowed": 1, "unsupported_format": 1})
    assert agent.post("/v1/notifications/bucket", json={}).json() == {"documents": [], "skipped": {}}


@pytest.mark.service
def test_a_file_that_came_out_is_given_by_the_store_itself_when_asked(
    agent: httpx.Client, stored: tuple[Server, str], servers: Servers, tmp_path: Path
) -> None:
    server, bucket = stored
    taken = agent.post("/v1/documents", files={"file": ("a.jpg", SCAN.read_bytes(), "image/jpeg")}, data={"dossier": CODE}).json()
    made = tmp_path / "a.pdf"
    made.write_bytes(b"%PDF-1.7 made by a worker")
    with Service.open(Settings(home=server.home, store=f"s3://{bucket}", s3=servers.s3.options())) as service:
        from digitizer.ledger import submissions
        from digitizer.model import IntakeState

        with service.context.ledger.begin() as tx:
            bundle = submissions.get_intake(tx, taken["id"]).bundle
            submissions.save_artifacts(tx, bundle, {"pdf": ("application/pdf", service.context.store.put_file(made))})
            submissions.move_intakes(tx, bundle, [IntakeState.RECEIVED], IntakeState.DIGITIZED, actor="test")
    answer = agent.get(f"{taken['href']}/artifacts/pdf", params={"presigned": "true"})
    assert answer.status_code == 307
    assert httpx.get(answer.headers["location"]).content == made.read_bytes()
    assert agent.get(f"{taken['href']}/artifacts/pdf").content == made.read_bytes()
