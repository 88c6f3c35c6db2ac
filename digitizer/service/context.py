"""What every part of the service works with: settings, ports, clock and tools."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from functools import cached_property
from types import TracebackType
from typing import Self

from digitizer import sandbox
from digitizer.connectors import Connector, open_connector
from digitizer.doctypes import DocType, digest, load
from digitizer.errors import ConfigError, QueueDown
from digitizer.ledger import Ledger, open_ledger
from digitizer.ocr import open_engine, verify_models
from digitizer.pipeline import Tools
from digitizer.plugins import scheme
from digitizer.queue import Queue, open_queue
from digitizer.service.local_files import LocalFiles
from digitizer.settings import Settings
from digitizer.storage import Store, open_store

#: the target that `settings.connector` names
DOSSIERS = "dossiers"
#: how long a queue that is away is left alone, seconds
QUEUE_AWAY_S = 5.0

log = logging.getLogger(__name__)

#: seconds since the epoch
Clock = Callable[[], float]


def never() -> bool:
    """The answer of a process that nobody asks to stop."""
    return False


class ServiceContext:
    """The ports of one process, opened once. The engine opens on first use, so a process that only receives loads no model."""

    def __init__(
        self,
        settings: Settings,
        *,
        store: Store,
        ledger: Ledger,
        queue: Queue,
        connectors: Connectors,
        clock: Clock = time.time,
        stopping: Callable[[], bool] = never,
        tools: Callable[[], Tools] | None = None,
    ) -> None:
        self.settings, self.store, self.ledger, self.queue, self.connectors = settings, store, ledger, queue, connectors
        self.clock = clock
        #: whether this process was told to stop: work is put down at the next page
        self.stopping = stopping
        self.files = LocalFiles(store, settings.scratch)
        self._make_tools = tools or self._shipped_tools

    @classmethod
    def open(
        cls,
        settings: Settings,
        *,
        clock: Clock = time.time,
        stopping: Callable[[], bool] = never,
        takes_first: Callable[[], bool] = never,
    ) -> Self:
        """With the ports that the settings name. Raises ConfigError, StoreDown, LedgerDown.

        Args:
            settings: of this process.
            clock: seconds since the epoch, for deliveries.
            stopping: whether this process was told to stop.
            takes_first: whether this process takes the first of the jobs it queues itself, so that nobody is woken for it.
        """
        if scheme(settings.ledger) == "sqlite" and scheme(settings.queue) != "inline":
            raise ConfigError(
                "workers of a pool cannot share a SQLite file; set ledger to postgresql+psycopg://…", sentence="pool_ledger"
            )
        if settings.security.require_sandbox and (missing := set(sandbox.LAYERS) - set(sandbox.found())):
            layers = ", ".join(sorted(missing))
            raise ConfigError(f"walls of the sandbox are missing: {layers}", sentence="sandbox_missing", layers=layers)
        # papers of citizens lie there: nobody else on the machine enters
        settings.home.mkdir(mode=0o700, parents=True, exist_ok=True)
        settings.scratch.mkdir(parents=True, exist_ok=True)
        queue = open_queue(settings.queue, settings=settings.for_worker(), processes=settings.jobs)
        return cls(
            settings,
            store=open_store(settings.store, settings.home, settings.s3),
            ledger=open_ledger(settings.ledger, settings.home, on_jobs=Waker(queue, takes_first).wake),
            queue=queue,
            connectors=Connectors(settings, {DOSSIERS: open_connector(settings.connector, settings.home)}),
            clock=clock,
            stopping=stopping,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Gives connections and scratch files back."""
        self.connectors.close()
        self.files.close()
        self.ledger.close()

    @cached_property
    def tools(self) -> Tools:
        """Engine and declarations, loaded on first use. Raises ModelError, EngineMissing, DocTypeError."""
        return self._make_tools()

    @cached_property
    def doctypes(self) -> Mapping[str, DocType]:
        """The declarations, ours and the operator's. Raises DocTypeError."""
        return load(self.settings.doctypes)

    def _shipped_tools(self) -> Tools:
        doctypes = self.doctypes
        return Tools(
            engine=open_engine(self.settings.engine),
            doctypes=doctypes,
            doctypes_digest=digest(doctypes),
            pages=self.settings.pages,
            output=self.settings.output,
        )

    def check(self) -> None:
        """What has to be right before anything starts, without loading an engine. Raises ModelError, DocTypeError."""
        verify_models(self.settings.engine)
        load(self.settings.doctypes)


class Waker:
    """Wakes workers when jobs were queued. It is a hint: while the queue is away, the next sweep gives it again."""

    def __init__(self, queue: Queue, takes_first: Callable[[], bool] = never) -> None:
        self.queue, self.takes_first = queue, takes_first
        self._away_until = 0.0

    def wake(self, queued: int) -> None:
        """Wakes workers for `queued` jobs. Never fails."""
        others = queued - 1 if self.takes_first() else queued
        if others <= 0 or time.monotonic() < self._away_until:
            return
        try:
            self.queue.wake(others)
        except QueueDown as exc:
            self._away_until = time.monotonic() + QUEUE_AWAY_S
            log.warning("%s: workers are woken later", exc.code, extra={"action": "wake", "code": exc.code})


class Connectors:
    """The connectors of all targets, each opened when it is first asked for."""

    def __init__(self, settings: Settings, opened: Mapping[str, Connector]) -> None:
        self.settings = settings
        self._opened = dict(opened)
        self._opening = threading.Lock()

    @property
    def names(self) -> list[str]:
        """The configured targets, `dossiers` first."""
        return [DOSSIERS, *self.settings.targets]

    def of(self, target: str) -> Connector:
        """The connector of a target. Raises ConfigError where the configuration names none."""
        with self._opening:
            if target not in self._opened:
                if target not in self.settings.targets:
                    raise ConfigError("no such target is configured", sentence="no_target", target=target)
                self._opened[target] = open_connector(self.settings.targets[target].url, self.settings.home)
            return self._opened[target]

    def opened(self) -> list[Connector]:
        """Those opened so far."""
        with self._opening:
            return list(self._opened.values())

    def close(self) -> None:
        """Closes those that were opened."""
        for connector in self.opened():
            connector.close()
