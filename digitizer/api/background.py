"""Background threads of `serve` when no worker pool runs: reading (queue `inline:`), delivering, sweeping."""

from __future__ import annotations

import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self

from digitizer.service import Service
from digitizer.service.chores import repeat

#: seconds between two looks for work, and for deliveries
_LOOK_S = 1.0
#: seconds between two sweeps
_SWEEP_S = 60.0


class BackgroundThreads:
    """Three threads beside the server. Where workers run elsewhere, or `enabled` is false, there is no thread."""

    def __init__(self, service: Service, *, enabled: bool = True) -> None:
        self.service = service
        self._over = threading.Event()
        chores: list[tuple[Callable[[], object], str, float]] = [
            (self._read, "read", _LOOK_S),
            (service.deliveries.deliver, "deliver", _LOOK_S),
            (service.recovery.sweep, "sweep", _SWEEP_S),
        ]
        self._threads = [self._thread(*chore) for chore in chores if enabled and service.jobs.embedded]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()

    def _thread(self, chore: Callable[[], object], name: str, every_s: float) -> threading.Thread:
        named = {"every_s": every_s, "stop": self._over}
        return threading.Thread(target=repeat, name=name, args=(chore, name), kwargs=named, daemon=True)

    def _read(self) -> None:
        """Has workers read what waits, until nothing does or the server is going."""
        if self.service.jobs.waiting():
            try:
                self.service.jobs.run(tick=self._tick)
            except _Over:
                return

    def _tick(self) -> None:
        if self._over.is_set():
            raise _Over


class _Over(Exception):
    """The server is going."""
