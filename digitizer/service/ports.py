"""The ports a service works on, and its scratch files."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Self

from digitizer.connectors import Connector, open_connector
from digitizer.doctypes import digest, load
from digitizer.ledger import Ledger, open_ledger
from digitizer.ocr import open_engine, verify_models
from digitizer.pipeline import Tools
from digitizer.settings import Settings
from digitizer.storage import Store, open_store


class Ports:
    """Store, ledger, connector and tools of one process, and the files it has in hand."""

    def __init__(
        self, settings: Settings, *, store: Store, ledger: Ledger, connector: Connector, tools: Callable[[], Tools] | None = None
    ) -> None:
        self.settings, self.store, self.ledger, self.connector = settings, store, ledger, connector
        self._make_tools = tools or self._shipped_tools

    @classmethod
    def open(cls, settings: Settings) -> Self:
        """With the ports that the settings name. Raises ConfigError, StoreDown, LedgerDown."""
        settings.scratch.mkdir(parents=True, exist_ok=True)
        return cls(
            settings,
            store=open_store(settings.store, settings.home),
            ledger=open_ledger(settings.ledger, settings.home),
            connector=open_connector(settings.connector, settings.home),
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None) -> None:
        self.ledger.close()

    @cached_property
    def tools(self) -> Tools:
        """Engine and declarations, loaded on first use. Raises ModelError, EngineMissing, DocTypeError."""
        return self._make_tools()

    def _shipped_tools(self) -> Tools:
        doctypes = load(self.settings.doctypes)
        return Tools(
            engine=open_engine(self.settings.engine),
            doctypes=doctypes,
            doctypes_digest=digest(doctypes),
            pages=self.settings.pages,
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

    def _fetch(self, key: str, target: Path) -> None:
        with self.store.open(key) as stored, target.open("wb") as sink:
            shutil.copyfileobj(stored, sink, 1 << 20)

    @contextmanager
    def _local(self, keys: Sequence[str]) -> Iterator[list[Path]]:
        """Paths to read stored files from; copies in scratch where the store is elsewhere."""
        with self._scratch() as folder:
            paths = []
            for number, key in enumerate(keys):
                path = self.store.local(key)
                if path is None:
                    path = folder / str(number)
                    self._fetch(key, path)
                paths.append(path)
            yield paths
