"""Background threads of `serve` when no worker pool runs: reading (queue `inline:`), delivering, sweeping."""

from __future__ import annotations

import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self

from digitizer.plugins import scheme
from digitizer.queue import open_queue
from digitizer.service import Service
from digitizer.service.chores import repeat

_LOOK_S = 1.0
_SWEEP_S = 60.0


class Household:
    """Three threads beside the server. With any queue but `inline:` workers run elsewhere, and there is no thread."""

    def __init__(self, service: Service, processes: int) -> None:
        self.service, self.processes = service, processes
        self._over = threading.Event()
        self._threads = [self._thread(*chore) for chore in self._chores()]

    def _chores(self) -> list[tuple[Callable[[], object], str, float]]:
        if scheme(self.service.settings.queue) != "inline" or self.processes == 0:
            return []
        return [
            (self._work, "work", _LOOK_S),
            (self.service.deliver, "deliver", _LOOK_S),
            (self.service.sweep, "sweep", _SWEEP_S),
        ]

    def _thread(self, chore: Callable[[], object], name: str, every_s: float) -> threading.Thread:
        return threading.Thread(
            target=repeat, name=name, args=(chore, name), kwargs={"every_s": every_s, "stop": self._over}, daemon=True
        )

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()

    def _work(self) -> None:
        if self.service.waiting():
            queue = open_queue(
                self.service.settings.queue, settings=self.service.settings.for_worker(), processes=self.processes
            )
            try:
                queue.run(
                    waiting=self.service.waiting, release=self.service.release, working=self.service.working, tick=self._tick
                )
            except _Over:
                return

    def _tick(self) -> None:
        if self._over.is_set():
            raise _Over


class _Over(Exception):
    """The server is going."""
