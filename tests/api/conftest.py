"""A server as an operator starts it, and a client with a key."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from digitizer.ledger.api_keys import Verb
from digitizer.service import Service
from digitizer.settings import Settings
from tests.conftest import ROOT, SAMPLES

AGENCY = "H60.127.03"
CODE = f"{AGENCY}-260930-0012"
SCAN = SAMPLES / "birth_extract" / "birth_extract_01.jpg"


@dataclass
class Server:
    """A running `digitizer serve`."""

    home: Path
    url: str
    process: subprocess.Popen[str]
    log: Path

    def key(
        self, client: str, agencies: tuple[str, ...] = (AGENCY,), verbs: tuple[Verb, ...] = tuple(Verb), **limits: int
    ) -> str:
        with Service.open(Settings(home=self.home)) as service:
            return service.api_keys.add(client, agencies=agencies, verbs=verbs, by="test", limits=limits)[1]

    def client(self, token: str) -> httpx.Client:
        return httpx.Client(base_url=self.url, headers={"authorization": f"Bearer {token}"}, timeout=60)

    def kill(self) -> None:
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


@contextmanager
def serving(home: Path, *arguments: str, **environ: str) -> Iterator[Server]:
    """`digitizer serve` on a free port, nothing read unless `--jobs` says so."""
    home.mkdir(parents=True, exist_ok=True)
    log = home / "serve.log"
    command = [sys.executable, "-m", "digitizer", "--home", str(home), "serve", "--port", "0", *(arguments or ("--jobs", "0"))]
    with log.open("w") as err:
        process = subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=err,
            text=True,
            start_new_session=True,
            cwd=ROOT,
            env={**os.environ, **environ},
        )
    assert process.stdout is not None
    url = process.stdout.readline().strip()
    assert url, log.read_text()
    server = Server(home, url, process, log)
    try:
        yield server
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGTERM)
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                server.kill()
        process.stdout.close()


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("served")) as running:
        yield running


@pytest.fixture(scope="session")
def api(server: Server) -> Iterator[httpx.Client]:
    """A client with every verb for one agency."""
    with server.client(server.key("motcua")) as client:
        yield client


@pytest.fixture(scope="session")
def digitized(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str, str, bytes]:
    """A home in which a server has taken a scan over and had it read: (home, key, id, event stream until it was done)."""
    home = tmp_path_factory.mktemp("digitized")
    with serving(home, "--jobs", "1") as running:
        token = running.key("motcua")
        with running.client(token) as client:
            taken = client.post(
                "/v1/documents",
                files={"file": ("khai-sinh.jpg", SCAN.read_bytes(), "image/jpeg")},
                data={"dossier": CODE, "component": "ket-qua", "lane": "counter"},
            ).json()
            stream = client.get(f"{taken['href']}/events", timeout=200).content
            give_up = time.monotonic() + 60
            while not any(d["state"] == "DONE" for d in client.get(taken["href"]).json()["deliveries"]):
                assert time.monotonic() < give_up, "the dossier has not got the PDF"
                time.sleep(0.3)
            # the courier may be through before the worker that finished the document has said so in the log
            while '"kind": "finish"' not in running.log.read_text(encoding="utf-8"):
                assert time.monotonic() < give_up, "no worker says that it finished the document"
                time.sleep(0.1)
    return home, token, taken["id"], stream


@pytest.fixture
def read_home(digitized: tuple[Path, str, str, bytes], tmp_path: Path) -> tuple[Path, str, str]:
    """A copy of that home to do with as one likes: (home, key, id)."""
    home, token, document, _ = digitized
    shutil.copytree(home, tmp_path / "read")
    return tmp_path / "read", token, document


@pytest.fixture
def scan() -> Callable[[str], bytes]:
    """`scan("x")` gives the bytes of a scan nobody else has."""
    whole = SCAN.read_bytes()
    return lambda salt: whole + salt.encode()
