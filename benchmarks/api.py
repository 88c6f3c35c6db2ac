"""Loads the intake hook with `wrk`: `benchmarks/api.py [--seconds 30]`. Figures go to `benchmarks/results/`.

Small uploads (20 kB, each another file) as fast as they go and at 200 a second, looking at documents, one body of 2 GB, one
announced beyond the limit, 10,000 event streams at once. The server runs as an operator starts it, on SQLite and a folder, with
nobody reading. Its memory is sampled all the while.
"""

from __future__ import annotations

import argparse
import asyncio
import re
import resource
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import psutil

sys.path.insert(0, str(Path(__file__).resolve().parent))
from run import HERE, ROOT, save

from digitizer.ledger.api_keys import Verb
from digitizer.service import Service
from digitizer.settings import Settings

CODE = "H60.127.03-260930-0012"
STREAMS = 10_000
_LUA = """
local boundary, sent, me = "b0undary", 0, ""
local filler = string.rep("x", %(size)d)
local counter = 1
function setup(thread) thread:set("id", counter); counter = counter + 1 end
function init() me = id .. "-" .. os.time() end
function delay() return %(delay)s end
function request()
  sent = sent + 1
  local part = '\\r\\nContent-Disposition: form-data; name='
  local body = "--" .. boundary .. part .. '"dossier"\\r\\n\\r\\n%(code)s\\r\\n--' .. boundary .. part ..
    '"file"; filename="a.jpg"\\r\\nContent-Type: image/jpeg\\r\\n\\r\\n\\255\\216\\255' ..
    filler .. me .. "-" .. sent .. "\\r\\n--" .. boundary .. "--\\r\\n"
  return wrk.format("POST", "/v1/documents", {["Authorization"] = "Bearer %(token)s",
    ["Content-Type"] = "multipart/form-data; boundary=" .. boundary}, body)
end
"""


class Watch:
    """Samples memory and CPU of the server."""

    def __init__(self, pid: int) -> None:
        self.process, self.rss, self._over = psutil.Process(pid), [], threading.Event()
        self._cpu = self._seconds()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def _seconds(self) -> float:
        times = self.process.cpu_times()
        return float(times.user + times.system)

    def _run(self) -> None:
        while not self._over.wait(0.25):
            self.rss.append(self.process.memory_info().rss)

    def __enter__(self) -> Watch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()
        self.cpu_s = round(self._seconds() - self._cpu, 1)

    @property
    def figures(self) -> dict[str, Any]:
        """First quarter against last: flat memory shows as a ratio near 1."""
        quarter = max(1, len(self.rss) // 4)
        first, last = (sum(part) / len(part) for part in (self.rss[:quarter], self.rss[-quarter:]))
        return {
            "cpu_s": self.cpu_s,
            "rss_mb_first": round(first / 1e6),
            "rss_mb_last": round(last / 1e6),
            "rss_mb_most": round(max(self.rss) / 1e6),
        }


def main() -> int:
    """Runs all of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=30)
    parser.add_argument("--output", type=Path, default=HERE / "results")
    given = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    with (
        tempfile.TemporaryDirectory(dir=ROOT / ".cache" if (ROOT / ".cache").is_dir() else None) as folder,
        served(Path(folder)) as (url, pid, token),
    ):
        figures = {
            "uploads_at_full_speed": uploads(url, pid, token, given.seconds, connections=16, delay="0"),
            "uploads_at_200_a_second": uploads(url, pid, token, given.seconds, connections=40, delay="190"),
            "looks": looks(url, pid, token, given.seconds),
            "body_of_2_gb": large(url, pid, token, 1_990_000_000),
            "body_over_the_limit": large(url, pid, token, 2_100_000_000),
            "event_streams": asyncio.run(streams(url, pid, token)),
        }
    print(save({"hook": figures}, given.output, "api"))
    for name, found in figures.items():
        print(f"{name}: {found}")
    return 0


@contextmanager
def served(home: Path) -> Iterator[tuple[str, int, str]]:
    """(address, process id, key) of a server."""
    with Service.open(Settings(home=home)) as service:
        token = service.api_keys.add(
            "bench",
            agencies=["H60.127.03"],
            verbs=list(Verb),
            by="bench",
            limits={"requests_per_minute": 10_000_000, "pages_per_day": 100_000_000},
        )[1]
    command = [sys.executable, "-m", "digitizer", "--home", str(home), "serve", "--port", "0", "--jobs", "0"]
    with (home / "log").open("w") as log:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True, cwd=ROOT)
    assert process.stdout is not None
    try:
        yield process.stdout.readline().strip(), process.pid, token
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)
        process.stdout.close()


def wrk(url: str, pid: int, script: str, seconds: int, connections: int) -> dict[str, Any]:
    """What wrk measured."""
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as lua, Watch(pid) as watch:
        lua.write(script)
        lua.flush()
        done = subprocess.run(
            ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", "--timeout", "30s", "-s", lua.name, url],
            capture_output=True, text=True, check=True,
        ).stdout  # fmt: skip
    found = {f"p{p}_ms": _ms(done, p) for p in (50, 90, 99)}
    rate = re.search(r"Requests/sec:\s+([\d.]+)", done)
    wrong = re.search(r"Non-2xx or 3xx responses: (\d+)", done)
    lost = re.search(r"Socket errors: (.*)", done)
    return {
        "requests_s": float(rate[1]) if rate else None, **found, "not_2xx": int(wrong[1]) if wrong else 0,
        "socket_errors": lost[1] if lost else "none", "connections": connections, **watch.figures,
    }  # fmt: skip


def _ms(text: str, percent: int) -> float | None:
    found = re.search(rf"{percent}%\s+([\d.]+)(us|ms|s)", text)
    return round(float(found[1]) * {"us": 0.001, "ms": 1, "s": 1000}[found[2]], 1) if found else None


def uploads(url: str, pid: int, token: str, seconds: int, *, connections: int, delay: str) -> dict[str, Any]:
    """Small uploads, each another file."""
    return wrk(url, pid, _LUA % {"size": 20_000, "delay": delay, "code": CODE, "token": token}, seconds, connections)


def looks(url: str, pid: int, token: str, seconds: int) -> dict[str, Any]:
    """`GET /v1/documents/{id}`, each an event in the log."""
    with httpx.Client(base_url=url, headers={"authorization": f"Bearer {token}"}) as client:
        href = client.get("/v1/documents", params={"limit": 1}).json()["items"][0]["href"]
    script = f'wrk.path = "{href}"\nwrk.headers["Authorization"] = "Bearer {token}"\n'
    return wrk(url, pid, script, min(seconds, 15), 16)


def large(url: str, pid: int, token: str, size: int) -> dict[str, Any]:
    """One body of `size` bytes."""
    block = b"\0" * (1 << 20)
    head = f'--b\r\nContent-Disposition: form-data; name="dossier"\r\n\r\n{CODE}\r\n--b\r\nContent-Disposition: form-data; name="file"; filename="a.jpg"\r\n\r\n'.encode()  # noqa: E501
    tail = b"\r\n--b--\r\n"

    def body() -> Iterator[bytes]:
        yield head + b"\xff\xd8\xff"
        left = size - 3
        while left > 0:
            yield block[: min(left, len(block))]
            left -= len(block)
        yield tail

    headers = {
        "authorization": f"Bearer {token}",
        "content-type": "multipart/form-data; boundary=b",
        "content-length": str(len(head) + size + len(tail)),
    }
    began = time.monotonic()
    with Watch(pid) as watch:
        try:
            status: int | str = httpx.post(f"{url}/v1/documents", content=body(), headers=headers, timeout=600).status_code
        except httpx.TransportError as exc:
            status = type(exc).__name__
        time.sleep(0.6)
    return {"bytes": size, "status": status, "seconds": round(time.monotonic() - began, 1), **watch.figures}


async def streams(url: str, pid: int, token: str) -> dict[str, Any]:
    """STREAMS event streams asked for at once, while somebody else looks at the server's health."""
    async with httpx.AsyncClient(base_url=url, headers={"authorization": f"Bearer {token}"}) as client:
        href = (await client.get("/v1/documents", params={"limit": 1})).json()["items"][0]["href"]
    host, port = url.removeprefix("http://").split(":")
    ask = f"GET {href}/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\r\n".encode()
    answers: Counter[str] = Counter()
    writers: list[asyncio.StreamWriter] = []
    health: list[float] = []

    # a client that opens all before it writes would be cut off for its slow heads
    dialling = asyncio.Semaphore(200)

    async def one() -> None:
        try:
            async with dialling:
                reader, writer = await asyncio.wait_for(asyncio.open_connection(host, int(port)), 60)
                writers.append(writer)
                writer.write(ask)
            answers[(await asyncio.wait_for(reader.readline(), 60)).decode().split(" ")[1]] += 1
        except (OSError, TimeoutError, IndexError) as exc:
            answers[type(exc).__name__] += 1

    over = threading.Event()

    def ask_health() -> None:
        while not over.wait(0.2):
            began = time.monotonic()
            try:
                with socket.create_connection((host, int(port)), timeout=30) as sock:
                    sock.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
                    answers[f"health {sock.recv(64).split(b' ')[1].decode()}"] += 1
            except (OSError, IndexError) as exc:
                answers[f"health {type(exc).__name__}"] += 1
            health.append(time.monotonic() - began)

    asking = threading.Thread(target=ask_health)
    with Watch(pid) as watch:
        asking.start()
        await asyncio.gather(*(one() for _ in range(STREAMS)))
        await asyncio.sleep(5)
        over.set()
        asking.join()
        for writer in writers:
            writer.close()
        await asyncio.sleep(2)
    ok = httpx.get(f"{url}/healthz", timeout=30).status_code
    health.sort()
    return {
        "asked": STREAMS,
        "answers": dict(answers),
        "healthz_p50_s": round(health[len(health) // 2], 3),
        "healthz_most_s": round(health[-1], 2),
        "healthz_afterwards": ok,
        **watch.figures,
    }


if __name__ == "__main__":
    sys.exit(main())
