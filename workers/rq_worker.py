"""Workers of a pool, woken through Redis. Without Redis they look into the ledger by themselves.

RQ registers the worker and keeps its heartbeat. It executes nothing: whatever is in Redis is data.
"""

from __future__ import annotations

import logging
import random
import signal
from typing import Any

from rq import Queue, SimpleWorker, worker_registration
from rq.exceptions import StopRequested
from rq.serializers import JSONSerializer
from rq.utils import now
from rq.worker import WorkerStatus

from digitizer.queue.redis import NAME, RQ_JOBS, WAKE, WAKE_UPS, RedisError, connect
from workers.loop import WorkerLoop

log = logging.getLogger("workers")

#: seconds after which Redis forgets a silent worker
TTL_S = 30
#: seconds to wait for a wake-up before the worker reports again
WAIT_S = 15
#: seconds a worker works for one wake-up before it reports to RQ
SLICE_S = 20.0


class WakeUps(SimpleWorker):
    """RQ's worker that waits for wake-ups instead of jobs. It ends with its lifetime, or when Redis is away."""

    loop: WorkerLoop
    waiting = False

    def dequeue_job_and_maintain_ttl(self, *arguments: Any, **named: Any) -> Any:
        """Waits for a wake-up. Drops and reports anything else. Raises StopRequested when the lifetime is over."""
        self.set_state(WorkerStatus.IDLE)
        while not self.loop.lifetime.over:
            self.heartbeat()
            self.waiting = True
            try:
                found = self.connection.blpop([WAKE_UPS, RQ_JOBS], timeout=WAIT_S)
            except RedisError as exc:
                raise StopRequested from exc
            finally:
                self.waiting = False
            if found is not None and found == (WAKE_UPS.encode(), WAKE):
                return WAKE, self.queues[0]
            if found is not None:
                facts = {"list": WAKE_UPS if found[0] == WAKE_UPS.encode() else RQ_JOBS, "bytes": len(found[1])}
                log.warning("a message that is no wake-up was dropped", extra={"action": "message_dropped", **facts})
        raise StopRequested

    def execute_job(self, job: object, queue: object) -> None:
        """Works for `SLICE_S` seconds. Leaves another wake-up when more jobs are waiting. Neither argument is looked at."""
        self.set_state(WorkerStatus.BUSY)
        self.loop.work_for(SLICE_S)
        self.loop.pass_on()

    def perform_job(self, *arguments: Any, **named: Any) -> bool:
        """Performs no job of RQ, whoever asks for it."""
        return False

    def run_maintenance_tasks(self) -> None:
        """Forgets workers that are gone. RQ would also call functions that overdue jobs name."""
        worker_registration.clean_worker_registry(self.queues[0])
        self.last_cleaned_at = now()  # type: ignore[assignment]

    def check_for_suspension(self, burst: bool) -> None:
        """Takes no suspension: whoever writes to Redis could stop all workers with it."""

    def heartbeat(self, *arguments: Any, **named: Any) -> None:
        """Reports to Redis. Raises StopRequested without Redis, because RQ would wait for it without end."""
        try:
            super().heartbeat(*arguments, **named)
        except RedisError as exc:
            raise StopRequested from exc

    def subscribe(self) -> None:
        """Takes no remote commands: only the supervisor stops a worker."""

    def unsubscribe(self) -> None:
        """See `subscribe`."""

    def _install_signal_handlers(self) -> None:
        """Keeps our own signal handlers."""


def run(loop: WorkerLoop) -> int:
    """Works until SIGTERM, or until the lifetime is over. Returns the exit code 0."""
    worker: list[WakeUps] = []

    def stop(*_: object) -> None:
        loop.lifetime.stopping.set()
        if worker and worker[0].waiting:
            raise StopRequested

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the supervisor, which tells us
    times = 0
    while not loop.lifetime.over:
        loop.work_for(SLICE_S)
        times += 1
        try:
            worker[:] = [_open(f"{loop.name}-{times}", loop)]
            worker[0].work(logging_level="WARNING")
        except (RedisError, StopRequested):
            pass
        worker.clear()
        loop.lifetime.stopping.wait(random.uniform(0.5, 1.5))
    return 0


def _open(name: str, loop: WorkerLoop) -> WakeUps:
    connection = connect(loop.service.settings.queue)
    queue = Queue(NAME, connection=connection, serializer=JSONSerializer)
    worker = WakeUps([queue], name=name, connection=connection, serializer=JSONSerializer, worker_ttl=TTL_S)
    worker.loop = loop
    return worker
