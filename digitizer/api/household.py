"""What goes on behind a server that stands alone: reading (queue `inline:`), delivering, putting right."""

from __future__ import annotations

import logging
import threading
import time
from types import TracebackType
from typing import Self

from digitizer import codec
from digitizer.errors import DigitizerError
from digitizer.ledger import jobs
from digitizer.plugins import scheme
from digitizer.queue import open_queue
from digitizer.service import Service

log = logging.getLogger(__name__)

_LOOK_S = 1.0
_SWEEP_S = 60.0


class Household:
    """Two threads beside the server; with any queue but `inline:` there are workers elsewhere, and it does nothing."""

    def __init__(self, service: Service, processes: int) -> None:
        self.service, self.processes = service, processes
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._loop, args=step, daemon=True) for step in self._steps()]

    def _steps(self) -> list[tuple[str, float]]:
        if scheme(self.service.settings.queue) != "inline" or self.processes == 0:
            return []
        return [("_work", _LOOK_S), ("_deliver", _LOOK_S), ("_sweep", _SWEEP_S)]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()

    def _loop(self, step: str, every_s: float) -> None:
        while not self._over.is_set():
            began = time.monotonic()
            try:
                getattr(self, step)()
            except DigitizerError as exc:
                log.error("%s: %s", step, exc.code, extra={"action": step.strip("_"), "code": exc.code})
            self._over.wait(max(0.0, every_s - (time.monotonic() - began)))

    def _work(self) -> None:
        if self._waiting():
            queue = open_queue(self.service.settings.queue, settings=codec.dump(self.service.settings), processes=self.processes)
            try:
                queue.run(waiting=self._waiting, release=self._release, working=self._working, tick=self._tick)
            except _Over:
                return

    def _tick(self) -> None:
        if self._over.is_set():
            raise _Over

    def _waiting(self) -> int:
        with self.service.ledger.read() as tx:
            return jobs.waiting(tx)

    def _release(self, worker: str) -> int:
        with self.service.ledger.begin() as tx:
            return jobs.release(tx, worker)

    def _working(self) -> list[tuple[str, float]]:
        with self.service.ledger.read() as tx:
            return [(worker, left) for worker, _, left in jobs.working(tx)]

    def _deliver(self) -> None:
        self.service.deliver()

    def _sweep(self) -> None:
        self.service.sweep()


class _Over(Exception):
    """The server is going."""
