"""The queue wakes workers. The URL chooses the adapter: `inline.py`, `redis.py`.

The ledger holds the jobs. A wake-up is a hint that there may be one. So a queue may lose everything at any time.
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
    """What a queue knows of wake-ups and workers."""

    #: wake-ups that no worker has taken yet
    waiting: int
    #: names of the workers that listen
    workers: tuple[str, ...]


class Queue(Protocol):
    """Makes workers look into the ledger."""

    #: True: this queue starts its workers itself. False: `digitizer worker` runs them, on any machine
    embedded: bool

    def wake(self, count: int) -> None:
        """Wakes up to `count` workers. Raises QueueDown."""
        ...

    def hints(self) -> Hints | None:
        """Wake-ups and workers. None for an embedded queue, which has no wake-ups. Raises QueueDown."""
        ...

    def run(
        self,
        *,
        waiting: Callable[[], int],
        release: Callable[[str], int],
        forgive: Callable[[str], int],
        working: Callable[[], list[tuple[str, float]]],
        tick: Callable[[], None],
    ) -> None:
        """Returns when no job is waiting. An embedded queue runs the workers meanwhile.

        Args:
            waiting: number of jobs that are queued or leased.
            release: puts the jobs of a dead worker back, by its name.
            forgive: as `release`, of a worker that died with its parent or was stopped by us: its attempt does not count.
            working: (worker, seconds left of its lease) of all leased jobs. A worker whose lease ran out is killed.
            tick: called about once a second, or more often.

        Raises QueueDown when workers keep dying without finishing a job, or when no worker runs.
        """
        ...


def open_queue(url: str, *, settings: bytes, processes: int) -> Queue:
    """The queue at `url`. Workers it starts get `settings` (JSON). Nothing is started or connected yet. Raises ConfigError."""
    queue: Queue = plugins.load("digitizer.queue", plugins.scheme(url)).open(url, settings=settings, processes=processes)
    return queue
