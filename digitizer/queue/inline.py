"""Queue `inline:`: worker processes on this machine. They start when there is work and end when there is none."""

from __future__ import annotations

import time
from collections.abc import Callable

from digitizer.errors import QueueDown
from digitizer.queue import Hints, Pool

#: seconds between two looks at the workers
POLL_S = 0.2
#: so many workers may die without a job being finished. Then the machine is at fault, not the work
DEATHS = 12


class InlineQueue:
    """Supervises up to `processes` workers."""

    embedded = True

    def __init__(self, settings: bytes, processes: int) -> None:
        self.settings, self.processes = settings, processes

    def wake(self, count: int) -> None:
        """Does nothing. `run` starts the workers."""

    def hints(self) -> Hints | None:
        """None: an embedded queue has no wake-ups."""
        return None

    def run(
        self,
        *,
        waiting: Callable[[], int],
        release: Callable[[str], int],
        forgive: Callable[[str], int],
        working: Callable[[], list[tuple[str, float]]],
        tick: Callable[[], None],
    ) -> None:
        """See `Queue.run`."""
        pool = Pool("inline", self.settings)
        for name in {name for name, _ in working() if pool.is_orphan(name)}:
            forgive(name)
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
            pool.stop(forgive)
        tick()


def open(url: str, *, settings: bytes, processes: int) -> InlineQueue:
    """The queue `inline:`. The URL takes no options."""
    return InlineQueue(settings, processes)
