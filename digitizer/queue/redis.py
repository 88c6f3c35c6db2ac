"""Queue `redis://[user:password@]host[:port]/database` (`rediss://` with TLS): RQ wake-ups for workers on any machine.

A wake-up carries nothing: the worker claims the next job from the ledger, counter lane before bulk. So one queue is enough,
a duplicate finds nothing to do, and a lost one is made up for by the next sweep. A worker that found work leaves another
wake-up when more is waiting; a few hundred therefore do for any backlog, and Redis stays small.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import redis
import rq
from redis.exceptions import RedisError as RedisError
from rq.serializers import JSONSerializer

from digitizer.errors import ConfigError, QueueDown
from digitizer.queue import Hints

NAME = "digitizer"
#: what RQ finds by its import path
WAKE = "workers.jobs.wake"
#: more wake-ups than this wake nobody who is not awake
MOST = 500
FAILURE_TTL_S = 86_400
CONNECT_S, ANSWER_S = 3.0, 5.0
POLL_S, REWAKE_S = 1.0, 15.0
#: how long somebody may wait without any worker
LONELY_S = 60.0


def connect(url: str, *, answer_s: float = ANSWER_S) -> redis.Redis:
    """A client that gives up soon. Raises ConfigError for what is no address."""
    try:
        return redis.Redis.from_url(url, socket_connect_timeout=CONNECT_S, socket_timeout=answer_s, health_check_interval=15)
    except ValueError as exc:
        raise ConfigError("the queue must be inline: or redis://host[:port]/database") from exc


@contextmanager
def translated() -> Iterator[None]:
    """Errors of Redis as ours; addresses and passwords stay out of the message."""
    try:
        yield
    except RedisError as exc:
        raise QueueDown(f"queue: {type(exc).__name__}") from exc


class RedisQueue:
    """Wake-ups in Redis."""

    embedded = False

    def __init__(self, url: str) -> None:
        self.connection = connect(url)
        self.queue = rq.Queue(NAME, connection=self.connection, serializer=JSONSerializer)

    def wake(self, count: int) -> None:
        """Adds up to `count` wake-ups, fewer when there are plenty."""
        with translated():
            wanted = min(count, MOST - self.queue.count)
            if wanted > 0:
                self.queue.enqueue_many(
                    [rq.Queue.prepare_data(WAKE, timeout=-1, result_ttl=0, failure_ttl=FAILURE_TTL_S) for _ in range(wanted)]
                )

    def hints(self) -> Hints:
        """Wake-ups and listening workers."""
        with translated():
            workers = rq.Worker.all(queue=self.queue, serializer=JSONSerializer)
            return Hints(waiting=self.queue.count, workers=tuple(sorted(worker.name for worker in workers)))

    def run(
        self,
        *,
        waiting: Callable[[], int],
        release: Callable[[str], int],
        working: Callable[[], list[tuple[str, float]]],
        tick: Callable[[], None],
    ) -> None:
        """Waits until the workers of the pool are done; wakes them again now and then, in case Redis forgot."""
        rewake, seen, least = 0.0, time.monotonic(), waiting()
        while (left := waiting()) > 0:
            now = time.monotonic()
            if left < least or working():
                seen, least = now, min(left, least)
            if now >= rewake:
                rewake = now + REWAKE_S
                seen = now if self._rewake(left) else seen
            if now - seen > LONELY_S:
                raise QueueDown("the files are safe, but no worker runs; start `digitizer worker`", waiting=left)
            tick()
            time.sleep(POLL_S)
        tick()

    def _rewake(self, left: int) -> bool:
        """Whether anybody listens; Redis being away is no reason to stop: workers look into the ledger by themselves then."""
        try:
            found = self.hints()
            if found.waiting == 0:
                self.wake(left)
        except QueueDown:
            return False
        return bool(found.workers)


def open(url: str, *, settings: bytes, processes: int) -> RedisQueue:
    """Workers have settings of their own, and a supervisor: `digitizer worker`."""
    return RedisQueue(url)
