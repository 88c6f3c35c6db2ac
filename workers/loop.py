"""A worker's time at work: job after job from the ledger, until told to stop or tired."""

from __future__ import annotations

import logging
import threading
import time

import psutil

from digitizer.errors import ServiceError
from digitizer.ledger import jobs
from digitizer.service import Service

log = logging.getLogger("workers")

#: native libraries leak: after so many jobs, or grown so large, a worker goes and is started afresh
MOST_JOBS = 200
MOST_BYTES = 1_500_000_000
#: pauses while a machine is at fault
PAUSE_FIRST_S, PAUSE_MOST_S = 1.0, 30.0


class Shift:
    """Claims and does jobs with one service, one at a time."""

    def __init__(self, service: Service, name: str) -> None:
        self.service, self.name = service, name
        self.stopping = threading.Event()
        self.done = 0
        self._pause_s = PAUSE_FIRST_S
        service.stopping = self.stopping.is_set
        self._wake, service.ledger.on_jobs = service.ledger.on_jobs, self._wake_others

    @property
    def over(self) -> bool:
        """Whether to claim no more."""
        return self.stopping.is_set() or self.done >= MOST_JOBS or psutil.Process().memory_info().rss > MOST_BYTES

    def _wake_others(self, queued: int) -> None:
        """Whoever queues jobs and goes on working takes the first of them, and needs nobody for it."""
        if (others := queued if self.over else queued - 1) > 0:
            self._wake(others)

    def work_for(self, seconds: float) -> None:
        """Does what there is to do, until nothing is left, `seconds` have passed or the shift is over."""
        until = time.monotonic() + seconds
        while not self.over and time.monotonic() < until:
            try:
                if self.service.work(self.name) is None:
                    return
                self.done += 1
                self._pause_s = PAUSE_FIRST_S
            except ServiceError as exc:
                log.warning("%s: waiting", exc.code, extra={"action": "pause", "code": exc.code, "worker": self.name})
                self.stopping.wait(self._pause_s)
                self._pause_s = min(PAUSE_MOST_S, 2 * self._pause_s)
            except Exception as exc:
                # ours to mend: the attempt stays counted, so the job ends FAILED when it happens every time
                log.error(
                    "%s: %s", "internal", type(exc).__name__, exc_info=True, extra={"action": "failed", "worker": self.name}
                )
                self._put_down()

    def _put_down(self) -> None:
        """Gives back what this worker still holds."""
        try:
            with self.service.ledger.begin() as tx:
                jobs.release(tx, self.name)
        except ServiceError:
            return  # its lease runs out

    def pass_on(self) -> None:
        """Wakes somebody when more is waiting."""
        try:
            with self.service.ledger.read() as tx:
                more = jobs.queued(tx)
            if more:
                self.service.queue.wake(1)
        except ServiceError:
            return  # the next sweep does
