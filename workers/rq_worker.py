"""Workers of a pool, woken by RQ. Without Redis they look into the ledger by themselves."""

from __future__ import annotations

import random
import signal
from typing import Any

from rq import Queue, SimpleWorker
from rq.exceptions import StopRequested
from rq.serializers import JSONSerializer

from digitizer.queue.redis import NAME, RedisError, connect
from workers import jobs
from workers.loop import WorkerLoop

#: seconds after which Redis forgets a silent worker. RQ reports after half of it.
TTL_S = 30


class WakeUps(SimpleWorker):
    """RQ's worker without a fork, which the engine must not cross. It ends with its lifetime, or when Redis is away."""

    loop: WorkerLoop
    waiting = False

    def dequeue_job_and_maintain_ttl(self, *arguments: Any, **named: Any) -> Any:
        """Waits for a wake-up. Raises StopRequested when the lifetime is over."""
        if self.loop.lifetime.over:
            raise StopRequested
        self.waiting = True
        try:
            return super().dequeue_job_and_maintain_ttl(*arguments, **named)
        finally:
            self.waiting = False

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
    jobs.current[:] = [loop]
    worker: list[WakeUps] = []

    def stop(*_: object) -> None:
        loop.lifetime.stopping.set()
        if worker and worker[0].waiting:
            raise StopRequested

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the supervisor, which tells us
    times = 0
    while not loop.lifetime.over:
        loop.work_for(jobs.SLICE_S)
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
