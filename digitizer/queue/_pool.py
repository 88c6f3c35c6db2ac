"""Worker processes of one machine: started, watched, killed when late, stopped.

Each worker is `python -m workers`, a fresh interpreter with its own engine, because an engine must not cross a fork. It reads
its settings from stdin. It ends when that pipe closes, so no worker outlives a killed parent.
"""

from __future__ import annotations

import os
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import psutil


@dataclass(slots=True, eq=False)
class Worker:
    """A running worker process."""

    name: str
    process: subprocess.Popen[bytes]
    started: float = field(default_factory=time.monotonic)

    @property
    def gone(self) -> bool:
        """Whether the process has ended."""
        return self.process.poll() is not None

    def kill(self) -> None:
        """Kills the process. Another worker repeats what it was doing."""
        self.process.kill()
        self.reap()

    def reap(self) -> None:
        """Waits until the process has ended and closes its pipe."""
        self.process.wait()
        if self.process.stdin is not None:
            self.process.stdin.close()


class Pool:
    """The workers of this process. A worker's name says machine, parent process and number."""

    def __init__(self, kind: str, settings: bytes) -> None:
        self.settings = settings
        self.members: list[Worker] = []
        self._machine = f"{kind}-{socket.gethostname()}-"
        self._prefix = f"{self._machine}{os.getpid()}-{secrets.token_hex(2)}-"
        self._started = 0

    def is_orphan(self, name: str) -> bool:
        """Whether the parent process of a worker of this machine is gone, so that the worker is dead too."""
        parent = name.removeprefix(self._machine).partition("-")[0]
        return name.startswith(self._machine) and parent.isdigit() and not psutil.pid_exists(int(parent))

    def start(self) -> None:
        """Starts one more worker."""
        self._started += 1
        name = f"{self._prefix}{self._started}"
        process = subprocess.Popen(
            [sys.executable, "-m", "workers", "--name", name],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
            start_new_session=True,
        )
        assert process.stdin is not None
        process.stdin.write(self.settings + b"\n")
        process.stdin.flush()
        self.members.append(Worker(name, process))

    def kill_late(self, working: Iterable[tuple[str, float]]) -> None:
        """Kills members whose lease has run out, because they hang. `working`: (worker, seconds left of its lease)."""
        late = {name for name, left_s in working if left_s < 0}
        for worker in self.members:
            if worker.name in late:
                worker.process.kill()

    def reap(self) -> list[Worker]:
        """Removes the members that have ended and returns them."""
        ended = [worker for worker in self.members if worker.gone]
        self.members = [worker for worker in self.members if worker not in ended]
        for worker in ended:
            worker.reap()
        return ended

    def stop(self, release: Callable[[str], object], *, grace_s: float = 0.0) -> None:
        """Ends all members. With `grace_s` they are asked first and have so many seconds to give their jobs back."""
        if grace_s > 0:
            for worker in self.members:
                worker.process.terminate()
            give_up = time.monotonic() + grace_s
            while time.monotonic() < give_up and not all(worker.gone for worker in self.members):
                time.sleep(0.1)
        for worker in self.members:
            worker.kill()
        members, self.members = self.members, []
        for worker in members:
            release(worker.name)
