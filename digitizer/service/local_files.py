"""Files on this machine: scratch folders, and local copies of what is in the store."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from digitizer.storage import Store


class LocalFiles:
    """Scratch files of one process. Stored files are read in place where the store is on this machine, else copied here."""

    def __init__(self, store: Store, folder: Path) -> None:
        self.store, self.folder = store, folder
        #: (store key, folder) of the copy that is kept for the next call
        self._kept: tuple[str, Path] | None = None

    @contextmanager
    def scratch(self) -> Iterator[Path]:
        """An empty folder, removed at the end."""
        with tempfile.TemporaryDirectory(dir=self.folder, ignore_cleanup_errors=True) as folder:
            yield Path(folder)

    def fetch(self, key: str, target: Path) -> None:
        """Copies a stored file to `target`. Raises StoreDown."""
        with self.store.open(key) as stored, target.open("wb") as sink:
            shutil.copyfileobj(stored, sink, 1 << 20)

    def put_bytes(self, data: bytes) -> str:
        """Stores `data`. Returns its key. Raises StoreDown, StoreFull."""
        with self.scratch() as folder:
            path = folder / "data"
            path.write_bytes(data)
            return self.store.put_file(path)

    @contextmanager
    def local(self, keys: Sequence[str]) -> Iterator[list[Path]]:
        """Paths to read stored files from.

        The copy of a single file is kept for the next call, because the read jobs of one book follow each other.
        """
        if len(keys) == 1 and self.store.local(keys[0]) is None:
            yield [self._kept_copy(keys[0])]
            return
        with self.scratch() as folder:
            paths = []
            for number, key in enumerate(keys):
                path = self.store.local(key)
                if path is None:
                    path = folder / str(number)
                    self.fetch(key, path)
                paths.append(path)
            yield paths

    def close(self) -> None:
        """Removes the kept copy."""
        if self._kept is not None:
            shutil.rmtree(self._kept[1], ignore_errors=True)
            self._kept = None

    def _kept_copy(self, key: str) -> Path:
        if self._kept is None or self._kept[0] != key:
            self.close()
            folder = Path(tempfile.mkdtemp(dir=self.folder))
            self._kept = (key, folder)
            try:
                self.fetch(key, folder / "0")
            except BaseException:
                self.close()
                raise
        return self._kept[1] / "0"
