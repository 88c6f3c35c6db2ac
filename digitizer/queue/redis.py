"""Queue `redis://[user:password@]host[:port]/database` (`rediss://` with TLS): RQ wake-ups for workers on any machine.

A wake-up carries nothing. The worker it wakes claims the next job from the ledger, counter lane before bulk. So one queue is
enough. A duplicate finds nothing to do, and the next sweep replaces a lost one. A worker that found work leaves another
wake-up when more is waiting. So a few hundred are enough for any backlog, and Redis stays small.
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

#: name of the RQ queue
NAME = "digitizer"
#: import path of the function RQ calls for a wake-up
WAKE = "workers.jobs.wake"
#: the queue holds no more wake-ups than this. More would wake only workers that are awake
MOST = 500
#: seconds RQ keeps a wake-up that failed
FAILURE_TTL_S = 86_400
#: seconds to wait for a connection
CONNECT_S = 3.0
#: seconds to wait for an answer of Redis
ANSWER_S = 5.0
#: seconds between two looks at the backlog
POLL_S = 1.0
#: seconds after which waiting workers are woken again
REWAKE_S = 15.0
#: seconds to wait while no worker runs
LONELY_S = 60.0


def connect(url: str, *, answer_s: float = ANSWER_S) -> redis.Redis:
    """A client with short time-outs, not connected yet. Raises ConfigError for a wrong address."""
    try:
        return redis.Redis.from_url(url, socket_connect_timeout=CONNECT_S, socket_timeout=answer_s, health_check_interval=15)
    except ValueError as exc:
        raise ConfigError("the queue must be inline: or redis://host[:port]/database", sentence="queue_address") from exc


@contextmanager
def translated() -> Iterator[None]:
    """Turns errors of Redis into QueueDown. Addresses and passwords stay out of the message."""
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
        """Adds up to `count` wake-ups, but never more than `MOST` in all. Raises QueueDown."""
        with translated():
            wanted = min(count, MOST - self.queue.count)
            if wanted > 0:
                self.queue.enqueue_many(
                    [rq.Queue.prepare_data(WAKE, timeout=-1, result_ttl=0, failure_ttl=FAILURE_TTL_S) for _ in range(wanted)]
                )

    def hints(self) -> Hints:
        """Wake-ups nobody has taken, and workers that listen. Raises QueueDown."""
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
        """Waits until no job is left. Wakes workers again now and then, in case Redis has forgotten."""
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
        """Wakes workers again where no wake-up is left. Returns whether any worker listens.

        Without Redis, workers look into the ledger by themselves, so its absence is no error here.
        """
        try:
            found = self.hints()
            if found.waiting == 0:
                self.wake(left)
        except QueueDown:
            return False
        return bool(found.workers)


def open(url: str, *, settings: bytes, processes: int) -> RedisQueue:
    """The queue at `url`. `digitizer worker` runs its workers, with settings of their own."""
    return RedisQueue(url)
