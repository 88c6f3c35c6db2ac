"""Clients that are slow, rude or many, and a server that is killed: stated limits hold, nothing is lost, nothing is twice."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, suppress
from pathlib import Path

import httpx
import pytest

from digitizer.ledger.api_keys import Verb
from digitizer.service import Service
from digitizer.settings import Settings
from tests.api.conftest import AGENCY, CODE, ROOT, Server, serving

LIMITS = {
    "DIGITIZER_API__HEADER_S": "1",
    "DIGITIZER_API__PAUSE_S": "1.5",
    "DIGITIZER_API__CONNECTIONS": "80",
    "DIGITIZER_API__UPLOADS": "4",
    "DIGITIZER_API__STREAMS": "20",
    "DIGITIZER_API__BODY_BYTES": "3000000",
}


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with limits small enough to reach."""
    with serving(tmp_path_factory.mktemp("strict"), **LIMITS) as running:
        yield running


@pytest.fixture(scope="module")
def token(strict: Server) -> str:
    return strict.key("motcua")


def connect(server: Server) -> socket.socket:
    host, port = server.url.removeprefix("http://").split(":")
    return socket.create_connection((host, int(port)), timeout=15)


def answer(sock: socket.socket) -> bytes:
    """All that comes until the server hangs up."""
    found = b""
    try:
        while block := sock.recv(65_536):
            found += block
    except ConnectionResetError:
        pass
    return found


def head(token: str, length: int | None, *more: str) -> bytes:
    lines = ["POST /v1/documents HTTP/1.1", "Host: x", f"Authorization: Bearer {token}",
             "Content-Type: multipart/form-data; boundary=b", *more]  # fmt: skip
    lines.append("Transfer-Encoding: chunked" if length is None else f"Content-Length: {length}")
    return "\r\n".join([*lines, "", ""]).encode()


def form(data: bytes) -> bytes:
    return (
        b'--b\r\nContent-Disposition: form-data; name="dossier"\r\n\r\n' + CODE.encode() + b"\r\n"
        b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.jpg"\r\n\r\n' + data + b"\r\n--b--\r\n"
    )


def count(server: Server) -> int:
    with Service.open(Settings(home=server.home)) as service:
        return sum(service.status.now().intakes.values())


def test_slow_heads_are_cut_off_and_others_are_served_meanwhile(strict: Server) -> None:
    with ExitStack() as stack:
        slow = [stack.enter_context(closing(connect(strict))) for _ in range(40)]
        silent, dribbling = slow[:20], slow[20:]
        began = time.monotonic()
        while time.monotonic() - began < 0.8:
            for sock in dribbling:
                sock.sendall(b"GET /healthz HTTP/1.1\r\n" if time.monotonic() - began < 0.1 else b"X-A: b\r\n")
            time.sleep(0.2)
        assert httpx.get(f"{strict.url}/healthz").status_code == 200
        for sock in silent + dribbling:
            assert b" 408 " in answer(sock).splitlines()[0]
        assert time.monotonic() - began < 6


def test_a_body_that_stops_or_crawls_is_given_up_and_leaves_nothing(strict: Server, token: str) -> None:
    before = count(strict)
    with closing(connect(strict)) as stops, closing(connect(strict)) as crawls, closing(connect(strict)) as gone:
        for sock in (stops, crawls, gone):
            sock.sendall(head(token, 500_000) + form(b"\xff\xd8\xff" + b"x" * 400_000)[:3_000])
        gone.close()
        began = time.monotonic()
        while time.monotonic() - began < 3:
            try:
                crawls.sendall(b"y")
            except (BrokenPipeError, ConnectionResetError):
                break
            time.sleep(0.1)
        for sock in (stops, crawls):
            first, _, body = answer(sock).partition(b"\r\n\r\n")
            assert b" 408 " in first.splitlines()[0]
            assert json.loads(body)["code"] == "too_slow"
    assert count(strict) == before
    deadline = time.monotonic() + 5
    while list((strict.home / "scratch").iterdir()) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert list((strict.home / "scratch").iterdir()) == []


def test_a_body_over_the_limit_is_refused_by_its_announcement_or_where_it_gets_too_long(strict: Server, token: str) -> None:
    with closing(connect(strict)) as sock:
        sock.sendall(head(token, 2_000_000_000))
        assert b" 413 " in answer(sock).splitlines()[0]
    with closing(connect(strict)) as sock:
        sock.sendall(head(token, 2_000_000_000, "Expect: 100-continue"))
        assert b" 413 " in answer(sock).splitlines()[0], "without asking for the body"
    with closing(connect(strict)) as sock:
        block = b"\xff\xd8\xff" + b"x" * 99_997
        sock.sendall(head(token, None))
        sent = 0
        try:
            while sent < 10_000_000:
                sock.sendall(b"186a0\r\n" + block + b"\r\n")
                sent += len(block)
                if sent == 100_000:
                    sock.sendall(b"0" * 0)
        except (BrokenPipeError, ConnectionResetError):
            pass
        assert sent <= 10_000_000
    assert httpx.get(f"{strict.url}/healthz").status_code == 200


def test_what_is_no_http_is_refused_as_a_problem(strict: Server) -> None:
    for rubbish in (b"\x16\x03\x01 hello\r\n\r\n", b"GET / HTTP/1.1\r\nBad Header\r\n\r\n", b"G" * 100_000):
        with closing(connect(strict)) as sock:
            try:
                sock.sendall(rubbish)
            except (BrokenPipeError, ConnectionResetError):
                continue
            got = answer(sock)
            assert b" 400 " in got.splitlines()[0] and b"application/problem+json" in got


def test_no_more_uploads_at_once_than_stated_and_the_others_are_told_when_to_come_again(
    strict: Server, token: str, scan: Callable[[str], bytes]
) -> None:
    with ExitStack() as stack:
        for _ in range(4):
            stack.enter_context(closing(connect(strict))).sendall(head(token, 400_000) + b"--b\r\n")
        time.sleep(0.3)
        with strict.client(token) as client:
            refused = client.post("/v1/documents", files={"file": ("a.jpg", scan("busy"), "image/jpeg")}, data={"dossier": CODE})
            assert (refused.status_code, refused.json()["code"]) == (503, "busy")
            assert refused.headers["retry-after"] == "2"
            assert client.get("/v1/documents").status_code == 200


def test_event_streams_are_limited_and_a_closed_one_makes_room(strict: Server, token: str, scan: Callable[[str], bytes]) -> None:
    with strict.client(token) as client:
        taken = client.post("/v1/documents", files={"file": ("a.jpg", scan("many"), "image/jpeg")}, data={"dossier": CODE}).json()
    ask = f"GET {taken['href']}/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\r\n".encode()
    with ExitStack() as stack:
        socks = [stack.enter_context(closing(connect(strict))) for _ in range(40)]
        for sock in socks:
            sock.sendall(ask)
        firsts = [sock.recv(4096).split(b"\r\n")[0].split()[1] for sock in socks]
        assert sorted(firsts) == [b"200"] * 20 + [b"429"] * 20
        assert httpx.get(f"{strict.url}/healthz").status_code == 200
        for sock, first in zip(socks, firsts, strict=True):
            if first == b"200":
                sock.close()
        deadline = time.monotonic() + 25
        while time.monotonic() < deadline:
            with closing(connect(strict)) as again:
                again.sendall(ask)
                if b" 200 " in again.recv(4096).split(b"\r\n")[0]:
                    return
            time.sleep(0.3)
        raise AssertionError("no room was made")


def test_no_more_connections_than_stated(strict: Server) -> None:
    with ExitStack() as stack:
        socks = [stack.enter_context(closing(connect(strict))) for _ in range(120)]
        time.sleep(0.3)
        refused = 0
        for sock in socks:
            sock.settimeout(0.05)
            with suppress(TimeoutError):
                refused += b" 503 " in sock.recv(4096).split(b"\r\n")[0]
        assert refused >= 40
    assert httpx.get(f"{strict.url}/healthz").status_code == 200


def test_a_store_that_is_down_is_said_so_and_the_next_try_succeeds(
    strict: Server, token: str, scan: Callable[[str], bytes]
) -> None:
    store = strict.home / "store"
    store.rename(strict.home / "away")
    store.write_text("not a folder", encoding="utf-8")

    def post() -> httpx.Response:
        with strict.client(token) as client:
            return client.post("/v1/documents", files={"file": ("a.jpg", scan("down"), "image/jpeg")}, data={"dossier": CODE})

    try:
        down = post()
        assert (down.status_code, down.json()["code"]) == (503, "store_down")
        assert str(strict.home) not in down.text
        ready = httpx.get(f"{strict.url}/readyz")
        assert (ready.status_code, ready.json()["checks"]["store"]) == (503, "store_down")
    finally:
        store.unlink()
        (strict.home / "away").rename(store)
    assert post().status_code == 202


def test_a_public_address_without_keys_is_refused(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "digitizer", "--home", str(tmp_path), "serve", "--host", "0.0.0.0", "--port", "0"]
    refused = subprocess.run(command, capture_output=True, text=True, timeout=60, cwd=ROOT)
    assert refused.returncode == 9
    assert "digitizer clients add" in refused.stderr


#: a server that dies of SIGKILL at one instruction of taking a file over
DYING = """
import os, signal, sys
from digitizer.service import client_documents
from digitizer.cli import main
def die(*_, **__): os.kill(os.getpid(), signal.SIGKILL)
point = sys.argv.pop(1)
Documents = client_documents.ClientDocuments
kept = Documents.submit_stored
if point == "stored": Documents.submit_stored = die
if point == "noted": Documents.submit_stored = lambda *a, **k: (kept(*a, **k), die())[0]
main(sys.argv[1:])
"""


def test_killed_before_it_answered_the_clients_retry_finds_exactly_one_document(
    tmp_path: Path, scan: Callable[[str], bytes]
) -> None:
    files = {"file": ("a.jpg", scan("killed"), "image/jpeg")}
    fields, again = {"dossier": CODE, "component": "to-khai"}, {"Idempotency-Key": "lan-1"}
    with Service.open(Settings(home=tmp_path)) as service:
        token = service.api_keys.add("motcua", agencies=[AGENCY], verbs=list(Verb), by="test")[1]
    headers = {"authorization": f"Bearer {token}", **again}
    for point in ("stored", "noted"):
        command = [sys.executable, "-c", DYING, point, "--home", str(tmp_path), "serve", "--port", "0", "--jobs", "0"]
        dying = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, cwd=ROOT)
        assert dying.stdout is not None
        with dying.stdout:
            url = dying.stdout.readline().strip()
            with pytest.raises(httpx.TransportError):
                httpx.post(f"{url}/v1/documents", files=files, data=fields, headers=headers, timeout=30)
            assert dying.wait(30) == -signal.SIGKILL
    with serving(tmp_path) as server:
        answers = [
            httpx.post(f"{server.url}/v1/documents", files=files, data=fields, headers=headers, timeout=30) for _ in range(2)
        ]
        assert {a.status_code for a in answers} == {202}
        assert len({a.json()["id"] for a in answers}) == 1
        listed = httpx.get(f"{server.url}/v1/documents", headers=headers).json()["items"]
        assert [item["id"] for item in listed] == [answers[0].json()["id"]]
    with Service.open(Settings(home=tmp_path)) as service:
        assert len(list(service.context.store.list())) == 1
        assert service.status.now().jobs.get("QUEUED") == 1


def test_many_clients_sending_the_same_file_at_once_make_one_document(
    server: Server, api: httpx.Client, scan: Callable[[str], bytes]
) -> None:
    ids: list[str] = []

    def send() -> None:
        with server.client(api.headers["authorization"].removeprefix("Bearer ")) as client:
            ids.append(
                client.post(
                    "/v1/documents", files={"file": ("a.jpg", scan("race"), "image/jpeg")}, data={"dossier": CODE}
                ).json()["id"]
            )

    threads = [threading.Thread(target=send) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(ids) == 8 and len(set(ids)) == 1
