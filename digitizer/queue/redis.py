"""Queue `rediss://[user:password@]host[:port]/database`: wake-ups in Redis for workers on any machine.

A wake-up is the word `wake` in a list. Nobody executes it: the worker it wakes claims the next job from the ledger, counter lane
before bulk. So one list is enough. A duplicate finds nothing to do, and the next sweep replaces a lost one. A worker that found
work leaves another wake-up when more is waiting. So a few hundred are enough for any backlog, and Redis stays small.

RQ registers the workers and their heartbeats here. RQ's own queue is not used, because RQ imports and calls whatever a job names.
"""

from __future__ import annotations

import ipaddress
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import redis
import rq
from redis.exceptions import RedisError as RedisError
from rq.serializers import JSONSerializer

from digitizer.errors import ConfigError, QueueDown
from digitizer.queue import Hints

#: name under which RQ registers workers
NAME = "digitizer"
#: the list of wake-ups
WAKE_UPS = "digitizer:wake-ups"
#: the list of RQ that versions before 0.2 used. Whatever it holds is dropped
RQ_JOBS = f"rq:queue:{NAME}"
#: a wake-up
WAKE = b"wake"
#: the queue holds no more wake-ups than this. More would wake only workers that are awake
MOST = 500
#: longest name of a worker that is believed
NAME_LETTERS = 200
#: hosts that only this machine reaches
_LOOPBACK = ("localhost", "ip6-localhost")
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
    """A client with short time-outs, not connected yet.

    Raises ConfigError for a wrong address, and for a Redis that others reach without password or TLS.
    """
    try:
        client = redis.Redis.from_url(url, socket_connect_timeout=CONNECT_S, socket_timeout=answer_s, health_check_interval=15)
    except ValueError as exc:
        raise ConfigError("the queue must be inline: or redis://host[:port]/database", sentence="queue_address") from exc
    _check_reach(client.connection_pool)
    return client


def _check_reach(pool: redis.ConnectionPool) -> None:
    """Raises ConfigError unless only this machine reaches the server, or it asks for a password over TLS."""
    options = pool.connection_kwargs
    if "path" in options or _is_loopback(str(options.get("host", "localhost"))):
        return
    is_tls = issubclass(pool.connection_class, redis.SSLConnection)
    if not is_tls or not options.get("password"):
        raise ConfigError("a Redis on another machine needs a password and TLS", sentence="queue_open")
    if str(options.get("ssl_cert_reqs", "required")) not in ("required", "2") or options.get("ssl_check_hostname") is False:
        raise ConfigError("the certificate of Redis must be checked", sentence="queue_open")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() in _LOOPBACK


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
            wanted = min(count, MOST - self.connection.llen(WAKE_UPS))
            if wanted > 0:
                self.connection.rpush(WAKE_UPS, *[WAKE] * wanted)

    def hints(self) -> Hints:
        """Wake-ups nobody has taken, and workers that listen. Raises QueueDown."""
        with translated():
            names = {
                str(key).removeprefix(rq.Worker.redis_worker_namespace_prefix) for key in rq.Worker.all_keys(queue=self.queue)
            }
            believed = sorted(name for name in names if name.isprintable() and len(name) <= NAME_LETTERS)
            alive = [name for name in believed if self.connection.exists(rq.Worker.redis_worker_namespace_prefix + name)]
            return Hints(waiting=self.connection.llen(WAKE_UPS), workers=tuple(alive))

    def run(
        self,
        *,
        waiting: Callable[[], int],
        release: Callable[[str], int],
        forgive: Callable[[str], int],
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
