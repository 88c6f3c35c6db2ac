"""A pool for tests: real Redis, PostgreSQL and S3, supervisors started as an operator would, pages that cost little to read."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
from PIL import Image

from digitizer.service import Service, Submission
from digitizer.settings import Settings
from tests.servers import Servers


def blank_page(number: int) -> bytes:
    """A white page of its own bytes: stored, opened, straightened and rendered like any other, but with nothing to read."""
    image = Image.new("RGB", (620, 877), "white")
    image.putpixel((number % 600, number // 600 % 800), (254, 254, 254))
    held = io.BytesIO()
    image.save(held, "PNG", dpi=(75, 75), pnginfo=None)
    # PNG readers stop at the end mark: what follows makes the bytes differ where the pixels do not
    return held.getvalue() + f"page {number}".encode()


class Pool:
    """A home, three servers and any number of supervisors."""

    def __init__(self, servers: Servers, folder: Path, **more: str) -> None:
        self.servers, self.home = servers, folder / "home"
        self.bucket = servers.s3.bucket()
        self.redis, self.postgres = servers.redis.url(), servers.postgres.url()
        self.more = {"DIGITIZER_LEASE_S": "20", **more}
        self.supervisors: list[subprocess.Popen[bytes]] = []
        self.home.mkdir(parents=True)
        (self.home / "nothing.json").write_text("{}")
        self.replay(self.home / "nothing.json")

    def replay(self, recording: Path) -> None:
        """Reads what was recorded, and nothing else; blank pages need no reading."""
        self.more |= {"DIGITIZER_ENGINE__NAME": "replay", "DIGITIZER_ENGINE__RECORDING": str(recording)}

    @property
    def variables(self) -> dict[str, str]:
        return {
            **self.servers.s3.variables(),
            "DIGITIZER_HOME": str(self.home),
            "DIGITIZER_STORE": f"s3://{self.bucket}",
            "DIGITIZER_LEDGER": self.postgres,
            "DIGITIZER_QUEUE": self.redis,
            **self.more,
        }

    def settings(self) -> Settings:
        return Settings.load(self.variables)

    def start(self, processes: int = 2, module: str = "digitizer") -> subprocess.Popen[bytes]:
        """A supervisor; `module` is what runs `digitizer worker`."""
        with (self.home / "workers.log").open("ab") as log:
            supervisor = subprocess.Popen(
                [sys.executable, "-m", module, "worker", "--processes", str(processes)],
                env={**os.environ, **self.variables},
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.supervisors.append(supervisor)
        return supervisor

    def command(self, *arguments: str | Path, timeout: float = 240) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "digitizer", *map(str, arguments)],
            env={**os.environ, **self.variables},
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )

    def workers(self) -> list[psutil.Process]:
        """Worker processes of these supervisors."""
        found = []
        for supervisor in self.supervisors:
            try:
                found += [p for p in psutil.Process(supervisor.pid).children() if p.status() != psutil.STATUS_ZOMBIE]
            except psutil.NoSuchProcess:
                continue
        return found

    def names(self) -> dict[int, str]:
        """Process id -> name of the workers that `tests.faults.forking` started."""
        return {int(path.read_text() or 0): path.name for path in (self.home / "workers").glob("*")}

    def submit(self, count: int, first: int = 0) -> list[bytes]:
        """Submits blank pages as files of their own; their bytes."""
        path = self.home / "page.png"
        sent = []
        with Service.open(self.settings()) as service:
            for number in range(first, first + count):
                sent.append(blank_page(number))
                path.write_bytes(sent[-1])
                service.submissions.receive([path], f"{number}.png", Submission(actor="test"))
        return sent

    def wait(self, done: Callable[[Service], bool], timeout: float = 120) -> float:
        """Seconds until `done`; fails with the workers' log after `timeout`."""
        began = time.monotonic()
        with Service.open(self.settings()) as service:
            while not done(service):
                if time.monotonic() - began > timeout:
                    log = (self.home / "workers.log").read_text(errors="replace")[-3000:]
                    raise AssertionError(f"not done after {timeout} s: {service.status.now()}\n{log}")
                time.sleep(0.25)
        return time.monotonic() - began

    def stop(self) -> None:
        for supervisor in self.supervisors:
            if supervisor.poll() is None:
                supervisor.send_signal(signal.SIGTERM)
        for supervisor in self.supervisors:
            supervisor.wait(60)


def all_over(count: int) -> Callable[[Service], bool]:
    """Whether `count` intakes have ended, well or not."""

    def over(service: Service) -> bool:
        intakes = service.status.now().intakes
        return sum(intakes.get(state, 0) for state in ("DIGITIZED", "FAILED")) == count

    return over


@contextmanager
def opened(pool: Pool) -> Iterator[Pool]:
    """Stops all supervisors at the end."""
    try:
        yield pool
    finally:
        for supervisor in pool.supervisors:
            if supervisor.poll() is None:
                supervisor.kill()
                supervisor.wait()
