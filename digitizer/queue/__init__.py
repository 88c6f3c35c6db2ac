"""A hint that there is work. Adapters: `inline.py`, `redis.py`; chosen by URL.

The ledger holds the jobs; a queue only makes somebody look there, so it may lose everything at any time.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from digitizer import plugins
from digitizer.queue._pool import Pool, Worker

__all__ = ["Hints", "Pool", "Queue", "Worker", "open_queue"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Hints:
    """What a queue knows."""

    #: wake-ups nobody has taken yet
    waiting: int
    #: names of the workers that listen
    workers: tuple[str, ...]


class Queue(Protocol):
    """Makes workers look into the ledger."""

    #: whether workers are this queue's own to start; else `digitizer worker` runs them, maybe elsewhere
    embedded: bool

    def wake(self, count: int) -> None:
        """Makes up to `count` workers look. Raises QueueDown."""
        ...

    def hints(self) -> Hints | None:
        """What the queue knows; None where it knows nothing because the workers are its own. Raises QueueDown."""
        ...

    def run(
        self,
        *,
        waiting: Callable[[], int],
        release: Callable[[str], int],
        working: Callable[[], list[tuple[str, float]]],
        tick: Callable[[], None],
    ) -> None:
        """Works, or has others work, until nothing is waiting.

        Args:
            waiting: number of jobs queued or at work.
            release: puts back what a dead worker of this name held.
            working: (name of a worker, seconds its lease still has) of all jobs at work; who is late is killed.
            tick: called about once a second, or more often.

        Raises QueueDown when workers die again and again without a job being done, or when there are none.
        """
        ...


def open_queue(url: str, *, settings: bytes, processes: int) -> Queue:
    """The queue at `url`; workers get `settings` (JSON). Nothing is started or connected yet. Raises ConfigError."""
    queue: Queue = plugins.load("digitizer.queue", plugins.scheme(url)).open(url, settings=settings, processes=processes)
    return queue
