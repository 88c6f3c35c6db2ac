"""The ports a service works on, and its scratch files."""

from __future__ import annotations

import logging
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Self

from digitizer.connectors import AddsRegisterCases, Connector, open_connector
from digitizer.doctypes import DocType, digest, load
from digitizer.errors import ConfigError, QueueDown
from digitizer.ledger import Ledger, Transaction, indicators, open_ledger
from digitizer.ledger.targets import Pace, quiet_hours
from digitizer.model import Intake
from digitizer.ocr import open_engine, verify_models
from digitizer.pipeline import Tools
from digitizer.plugins import scheme
from digitizer.queue import open_queue
from digitizer.settings import Settings
from digitizer.storage import Store, open_store

#: the target that `settings.connector` names
DOSSIERS = "dossiers"


#: how long a queue that is away is left alone, seconds
QUEUE_AWAY_S = 5.0

log = logging.getLogger(__name__)


class Ports:
    """Store, ledger, connector and tools of one process, and the files it has in hand."""

    def __init__(
        self, settings: Settings, *, store: Store, ledger: Ledger, connector: Connector, tools: Callable[[], Tools] | None = None
    ) -> None:
        self.settings, self.store, self.ledger, self.connector = settings, store, ledger, connector
        self.queue = open_queue(settings.queue, settings=settings.for_worker(), processes=settings.jobs)
        self._queue_away_until = 0.0
        self._copy: tuple[str, Path] | None = None
        ledger.on_jobs = self._wake
        self._connectors, self._opening = {DOSSIERS: connector}, threading.Lock()
        self._make_tools = tools or self._shipped_tools

    @classmethod
    def open(cls, settings: Settings) -> Self:
        """With the ports that the settings name. Raises ConfigError, StoreDown, LedgerDown."""
        if scheme(settings.ledger) == "sqlite" and scheme(settings.queue) != "inline":
            raise ConfigError("workers of a pool cannot share a SQLite file; set ledger to postgresql+psycopg://…")
        settings.scratch.mkdir(parents=True, exist_ok=True)
        return cls(
            settings,
            store=open_store(settings.store, settings.home, settings.s3),
            ledger=open_ledger(settings.ledger, settings.home),
            connector=open_connector(settings.connector, settings.home),
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None) -> None:
        for connector in self._connectors.values():
            connector.close()
        self._drop_copy()
        self.ledger.close()

    def _wake(self, count: int) -> None:
        """Tells workers that jobs were queued. It is a hint: when the queue is away, the next sweep gives it again."""
        if time.monotonic() < self._queue_away_until:
            return
        try:
            self.queue.wake(count)
        except QueueDown as exc:
            self._queue_away_until = time.monotonic() + QUEUE_AWAY_S
            log.warning("%s: workers are woken later", exc.code, extra={"action": "wake", "code": exc.code})

    def connector_of(self, target: str) -> Connector:
        """The connector of a target. Raises ConfigError where the configuration names none."""
        with self._opening:
            if target not in self._connectors:
                if target not in self.settings.targets:
                    raise ConfigError("no such target is configured", target=target)
                self._connectors[target] = open_connector(self.settings.targets[target].url, self.settings.home)
            return self._connectors[target]

    def connectors(self) -> list[Connector]:
        """Those opened so far."""
        with self._opening:
            return list(self._connectors.values())

    def route(self, tx: Transaction, intake: Intake) -> str:
        """The target that gets what belongs to this intake's dossier: the first whose agencies or procedures name it."""
        procedure = indicators.procedure_of(tx, intake.dossier) if intake.dossier else None
        for name, options in self.settings.targets.items():
            ours = any(_below(intake.agency, agency) for agency in _listed(options.agencies))
            if ours or procedure in _listed(options.procedures):
                return name
        return DOSSIERS

    def book_target(self) -> str | None:
        """The target that takes register books; None where there is none, then `digitizer export moj` writes them."""
        names = [DOSSIERS, *self.settings.targets]
        return next((name for name in names if isinstance(self.connector_of(name), AddsRegisterCases)), None)

    def pace_of(self, target: str) -> Pace:
        """What a target may be asked for at most. Raises ConfigError for quiet hours that are none."""
        options = self.settings.targets.get(target, self.settings.delivery)
        try:
            quiet = quiet_hours(options.quiet)
        except ValueError as exc:
            raise ConfigError("write quiet hours as 07:30-11:30, 13:30-17:00", target=target) from exc
        pauses = self.settings.delivery
        return Pace(
            concurrency=options.concurrency,
            rate_per_minute=options.rate_per_minute,
            quiet=quiet,
            pause_first_s=pauses.pause_first_s,
            pause_most_s=pauses.pause_most_s,
        )

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

    @contextmanager
    def _scratch(self) -> Iterator[Path]:
        with tempfile.TemporaryDirectory(dir=self.settings.scratch, ignore_cleanup_errors=True) as folder:
            yield Path(folder)

    def _put_bytes(self, data: bytes) -> str:
        with self._scratch() as folder:
            path = folder / "data"
            path.write_bytes(data)
            return self.store.put_file(path)

    def fetch(self, key: str, target: Path) -> None:
        """Copies a stored file."""
        with self.store.open(key) as stored, target.open("wb") as sink:
            shutil.copyfileobj(stored, sink, 1 << 20)

    @contextmanager
    def _local(self, keys: Sequence[str]) -> Iterator[list[Path]]:
        """Paths to read stored files from; copies in scratch where the store is elsewhere.

        A single file is kept for the next call: the read jobs of one book follow each other.
        """
        if len(keys) == 1 and self.store.local(keys[0]) is None:
            yield [self._kept_copy(keys[0])]
            return
        with self._scratch() as folder:
            paths = []
            for number, key in enumerate(keys):
                path = self.store.local(key)
                if path is None:
                    path = folder / str(number)
                    self.fetch(key, path)
                paths.append(path)
            yield paths

    def _kept_copy(self, key: str) -> Path:
        if self._copy is None or self._copy[0] != key:
            self._drop_copy()
            folder = Path(tempfile.mkdtemp(dir=self.settings.scratch))
            self._copy = (key, folder)
            try:
                self.fetch(key, folder / "0")
            except BaseException:
                self._drop_copy()
                raise
        return self._copy[1] / "0"

    def _drop_copy(self) -> None:
        if self._copy is not None:
            shutil.rmtree(self._copy[1], ignore_errors=True)
            self._copy = None


def _listed(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _below(agency: str | None, upper: str) -> bool:
    """Whether an agency is `upper` or belongs to it: `H60.127.03` to `H60.127`, `000.03.127.H60` to `127.H60`."""
    return agency is not None and (agency == upper or agency.startswith(f"{upper}.") or agency.endswith(f".{upper}"))
