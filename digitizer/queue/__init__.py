"""A hint that there is work. Adapters: `inline.py`; chosen by URL.

The ledger holds the jobs; a queue only makes somebody look there, so it may lose everything at any time.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from digitizer import plugins


class Queue(Protocol):
    """Makes workers look into the ledger."""

    def run(
        self,
        *,
        waiting: Callable[[], int],
        release: Callable[[str], int],
        working: Callable[[], list[tuple[str, float]]],
        tick: Callable[[], None],
    ) -> None:
        """Works until nothing is waiting, where workers are this queue's own to start.

        Args:
            waiting: number of jobs queued or at work.
            release: puts back what a dead worker of this name held.
            working: (name of a worker, seconds its lease still has) of all jobs at work; who is late is killed.
            tick: called a few times a second.

        Raises QueueDown when workers die again and again without a job being done.
        """
        ...


def open_queue(url: str, *, settings: bytes, processes: int) -> Queue:
    """The queue at `url`; workers get `settings` (JSON). Raises ConfigError."""
    queue: Queue = plugins.load("digitizer.queue", plugins.scheme(url)).open(url, settings=settings, processes=processes)
    return queue
