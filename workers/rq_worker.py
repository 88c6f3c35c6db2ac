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

#: RQ blocks for half of this, then tells Redis that it is alive
TTL_S = 30


class WakeUps(SimpleWorker):
    """RQ's worker in this process, because the engine must not cross a fork. It ends with its lifetime, or when Redis is away."""

    loop: WorkerLoop
    waiting = False

    def dequeue_job_and_maintain_ttl(self, *arguments: Any, **named: Any) -> Any:
        """Waits for a wake-up."""
        if self.loop.lifetime.over:
            raise StopRequested
        self.waiting = True
        try:
            return super().dequeue_job_and_maintain_ttl(*arguments, **named)
        finally:
            self.waiting = False

    def heartbeat(self, *arguments: Any, **named: Any) -> None:
        """Without Redis RQ would wait for it for ever."""
        try:
            super().heartbeat(*arguments, **named)
        except RedisError as exc:
            raise StopRequested from exc

    def subscribe(self) -> None:
        """No remote commands: nobody but the supervisor stops a worker."""

    def unsubscribe(self) -> None:
        """See `subscribe`."""

    def _install_signal_handlers(self) -> None:
        """Ours stay."""


def run(loop: WorkerLoop) -> int:
    """Works until SIGTERM, or until it is time to be started afresh; exit code 0."""
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
