"""Queue `inline:`: worker processes on this machine, started when there is work and gone when there is none.

Each worker is `python -m workers`, a fresh interpreter with its own engine (an engine must not cross a fork). It gets its
settings on stdin and ends when that pipe closes, so no worker outlives a killed parent.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

import psutil

from digitizer.errors import QueueDown

POLL_S = 0.2
#: workers that die one after another without a job being done: something is wrong with the machine, not with the work
DEATHS = 12


#: workers of this machine; the process id of their parent follows
_PREFIX = f"inline-{socket.gethostname()}-"


def _orphaned(name: str) -> bool:
    """Whether a worker of this machine has lost its parent, and with it itself: a power cut, `kill -9`."""
    parent = name.removeprefix(_PREFIX).partition("-")[0]
    return name.startswith(_PREFIX) and parent.isdigit() and not psutil.pid_exists(int(parent))


@dataclass(slots=True)
class Worker:
    """A running worker process."""

    name: str
    process: subprocess.Popen[bytes]

    def kill(self) -> None:
        """Ends it at once; whatever it did is repeated by somebody else."""
        self.process.kill()
        self.reap()

    def reap(self) -> None:
        """Waits until it is gone and lets go of its pipe."""
        self.process.wait()
        if self.process.stdin is not None:
            self.process.stdin.close()


class InlineQueue:
    """Supervises `processes` workers."""

    def __init__(self, settings: bytes, processes: int) -> None:
        self.settings, self.processes = settings, processes
        self.started = 0

    def run(
        self,
        *,
        waiting: Callable[[], int],
        release: Callable[[str], int],
        working: Callable[[], list[tuple[str, float]]],
        tick: Callable[[], None],
    ) -> None:
        """See `Queue.run`."""
        for name in {name for name, _ in working() if _orphaned(name)}:
            release(name)
        workers: list[Worker] = []
        deaths, least = 0, waiting()
        try:
            while (left := waiting()) > 0:
                if left < least:
                    deaths, least = 0, left
                overdue = {name for name, left_s in working() if left_s < 0}
                for worker in workers:
                    if worker.name in overdue:
                        worker.kill()
                for worker in [w for w in workers if w.process.poll() is not None]:
                    workers.remove(worker)
                    worker.reap()
                    release(worker.name)
                    deaths += worker.process.returncode != 0
                if deaths > DEATHS:
                    raise QueueDown("workers die as soon as they start; run `digitizer doctor`", deaths=deaths)
                while len(workers) < min(self.processes, left):
                    workers.append(self._start())
                tick()
                time.sleep(POLL_S)
        finally:
            for worker in workers:
                worker.kill()
                release(worker.name)
        tick()

    def _start(self) -> Worker:
        self.started += 1
        name = f"{_PREFIX}{os.getpid()}-{self.started}"
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
        return Worker(name, process)


def open(url: str, *, settings: bytes, processes: int) -> InlineQueue:
    """`inline:` takes no options."""
    return InlineQueue(settings, processes)
