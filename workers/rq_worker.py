"""Workers of a pool, woken by RQ. Without Redis they look into the ledger by themselves."""

from __future__ import annotations

import random
import signal
from typing import Any

from rq import Queue, SimpleWorker
from rq.exceptions import StopRequested
from rq.serializers import JSONSerializer

from digitizer.queue.redis import NAME, RedisError, connect
from digitizer.service import Service
from workers import jobs
from workers.loop import Shift

#: RQ blocks for half of this, then tells Redis that it is alive
TTL_S = 30


class WakeUps(SimpleWorker):
    """RQ's worker in this process (the engine must not cross a fork); leaves its loop when the shift is over or Redis is away."""

    shift: Shift
    waiting = False

    def dequeue_job_and_maintain_ttl(self, *arguments: Any, **named: Any) -> Any:
        """Waits for a wake-up."""
        if self.shift.over:
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


def run(service: Service, name: str) -> int:
    """Works until SIGTERM, or until it is time to be started afresh; exit code 0."""
    shift = Shift(service, name)
    jobs.current[:] = [shift]
    worker: list[WakeUps] = []

    def stop(*_: object) -> None:
        shift.stopping.set()
        if worker and worker[0].waiting:
            raise StopRequested

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the supervisor, which tells us
    times = 0
    while not shift.over:
        shift.work_for(jobs.SLICE_S)
        times += 1
        try:
            worker[:] = [_open(service.settings.queue, f"{name}-{times}", shift)]
            worker[0].work(logging_level="WARNING")
        except (RedisError, StopRequested):
            pass
        worker.clear()
        shift.stopping.wait(random.uniform(0.5, 1.5))
    return 0


def _open(url: str, name: str, shift: Shift) -> WakeUps:
    connection = connect(url)
    queue = Queue(NAME, connection=connection, serializer=JSONSerializer)
    worker = WakeUps([queue], name=name, connection=connection, serializer=JSONSerializer, worker_ttl=TTL_S)
    worker.shift = shift
    return worker
