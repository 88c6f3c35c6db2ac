"""Queue `inline:`: worker processes on this machine, started when there is work and gone when there is none."""

from __future__ import annotations

import time
from collections.abc import Callable

from digitizer.errors import QueueDown
from digitizer.queue import Hints, Pool

POLL_S = 0.2
#: workers that die one after another without a job being done: something is wrong with the machine, not with the work
DEATHS = 12


class InlineQueue:
    """Supervises `processes` workers."""

    embedded = True

    def __init__(self, settings: bytes, processes: int) -> None:
        self.settings, self.processes = settings, processes

    def wake(self, count: int) -> None:
        """Nothing: workers are started when somebody runs the queue."""

    def hints(self) -> Hints | None:
        """None."""
        return None

    def run(
        self,
        *,
        waiting: Callable[[], int],
        release: Callable[[str], int],
        working: Callable[[], list[tuple[str, float]]],
        tick: Callable[[], None],
    ) -> None:
        """See `Queue.run`."""
        pool = Pool("inline", self.settings)
        for name in {name for name, _ in working() if pool.is_orphan(name)}:
            release(name)
        deaths, least = 0, waiting()
        try:
            while (left := waiting()) > 0:
                if left < least:
                    deaths, least = 0, left
                pool.kill_late(working())
                for worker in pool.reap():
                    release(worker.name)
                    deaths += worker.process.returncode != 0
                if deaths > DEATHS:
                    raise QueueDown("workers die as soon as they start; run `digitizer doctor`", deaths=deaths)
                while len(pool.members) < min(self.processes, left):
                    pool.start()
                tick()
                time.sleep(POLL_S)
        finally:
            pool.stop(release)
        tick()


def open(url: str, *, settings: bytes, processes: int) -> InlineQueue:
    """`inline:` takes no options."""
    return InlineQueue(settings, processes)
