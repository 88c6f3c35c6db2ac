"""A worker's loop: job after job from the ledger, until it is told to stop or is to be started afresh."""

from __future__ import annotations

import logging
import threading
import time

import psutil

from digitizer.errors import ServiceError
from digitizer.service import Service

log = logging.getLogger("workers")

#: a worker ends after so many jobs and is started afresh, because native libraries leak
MOST_JOBS = 200
#: a worker ends when it has grown so large, bytes
MOST_BYTES = 1_500_000_000
#: the first pause while a machine is at fault, seconds. Each further one is twice as long.
PAUSE_FIRST_S = 1.0
#: the longest pause while a machine is at fault, seconds
PAUSE_MOST_S = 30.0


class Lifetime:
    """How long a worker process goes on."""

    def __init__(self) -> None:
        #: set when the worker is told to stop
        self.stopping = threading.Event()
        #: jobs done
        self.done = 0

    @property
    def over(self) -> bool:
        """Whether to claim no more."""
        return self.stopping.is_set() or self.done >= MOST_JOBS or psutil.Process().memory_info().rss > MOST_BYTES

    def goes_on(self) -> bool:
        """Whether this worker takes the first of the jobs it queues, so that nobody has to be woken for it."""
        return not self.over


class WorkerLoop:
    """Claims and does jobs with one service, one at a time."""

    def __init__(self, service: Service, name: str, lifetime: Lifetime) -> None:
        self.service, self.name, self.lifetime = service, name, lifetime
        self._pause_s = PAUSE_FIRST_S

    def work_once(self) -> bool:
        """Does the next job. False when there is none. Raises ServiceError."""
        if self.service.jobs.work(self.name) is None:
            return False
        self.lifetime.done += 1
        return True

    def work_for(self, seconds: float) -> None:
        """Does jobs until none is left, `seconds` have passed or the lifetime is over."""
        until = time.monotonic() + seconds
        while not self.lifetime.over and time.monotonic() < until:
            try:
                if not self.work_once():
                    return
                self._pause_s = PAUSE_FIRST_S
            except ServiceError as exc:
                log.warning("%s: waiting", exc.code, extra={"action": "pause", "code": exc.code, "worker": self.name})
                self.lifetime.stopping.wait(self._pause_s)
                self._pause_s = min(PAUSE_MOST_S, 2 * self._pause_s)
            except Exception as exc:
                # a mistake of ours: the attempt stays counted, so a job that always meets it ends FAILED
                log.error(
                    "%s: %s", "internal", type(exc).__name__, exc_info=True, extra={"action": "failed", "worker": self.name}
                )
                self._put_down()

    def pass_on(self) -> None:
        """Wakes another worker when more jobs are waiting."""
        self.service.jobs.wake_another()

    def _put_down(self) -> None:
        """Gives back the job this worker still holds."""
        try:
            self.service.jobs.release(self.name)
        except ServiceError as exc:
            log.warning("%s: its lease runs out", exc.code, extra={"action": "put_down", "worker": self.name})
