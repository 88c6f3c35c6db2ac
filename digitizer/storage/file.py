"""Store `file:`: a content-addressed folder, `file:` below the home or `file:///path`."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO
from urllib.parse import unquote, urlsplit

from digitizer.errors import FileAccess, StoreDown, StoreFull
from digitizer.storage import Stat

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


class FileStore:
    """A folder of files named by their SHA-256, written once, read-only afterwards."""

    def __init__(self, root: Path) -> None:
        self.root = root
        with _translated(root):
            (root / "tmp").mkdir(parents=True, exist_ok=True)

    def put_file(self, path: Path) -> str:
        """Copies `path` in while hashing it; temporary file, fsync, rename, fsync of the folder."""
        try:
            source = path.open("rb")
        except OSError as exc:
            raise FileAccess(f"cannot read {path}", file=str(path)) from exc
        with source, _translated(self.root):
            handle, name = tempfile.mkstemp(dir=self.root / "tmp")
            part = Path(name)
            try:
                with os.fdopen(handle, "wb") as sink:
                    digest = _copy(source, sink, path)
                    sink.flush()
                    os.fsync(sink.fileno())
                key = f"{digest[:2]}/{digest}"
                self._settle(part, self.root / key)
            finally:
                part.unlink(missing_ok=True)
        return key

    def _settle(self, part: Path, target: Path) -> None:
        if target.exists():
            return
        if not target.parent.exists():
            target.parent.mkdir(exist_ok=True)
            _sync_folder(self.root)
        part.chmod(0o444)
        part.replace(target)
        _sync_folder(target.parent)

    def open(self, key: str) -> BinaryIO:
        """The stored bytes."""
        with _translated(self.root):
            return self._path(key).open("rb")

    def stat(self, key: str) -> Stat:
        """Size of a stored file."""
        with _translated(self.root):
            return Stat(key=key, size=self._path(key).stat().st_size)

    def list(self, prefix: str = "") -> Iterator[str]:
        """Keys that begin with `prefix`, sorted."""
        with _translated(self.root):
            folders = sorted(p for p in self.root.iterdir() if p.is_dir() and len(p.name) == 2)
        for folder in folders:
            if folder.name.startswith(prefix[:2]):
                yield from (key for p in sorted(folder.iterdir()) if (key := f"{folder.name}/{p.name}").startswith(prefix))

    def verify(self, key: str) -> bool:
        """Whether the stored bytes still have the hash in their key."""
        with self.open(key) as stored:
            return hashlib.file_digest(stored, "sha256").hexdigest() == key.rpartition("/")[2]

    def _path(self, key: str) -> Path:
        head, _, name = key.partition("/")
        if len(name) != 64 or head != name[:2] or not name.isalnum():
            raise StoreDown("not a key of this store", key=key)
        return self.root / head / name


def _copy(source: BinaryIO, sink: BinaryIO, path: Path) -> str:
    digest = hashlib.sha256()
    while True:
        try:
            block = source.read(1 << 20)
        except OSError as exc:
            raise FileAccess(f"cannot read {path}", file=str(path)) from exc
        if not block:
            return digest.hexdigest()
        digest.update(block)
        sink.write(block)


def _sync_folder(folder: Path) -> None:
    if os.name == "posix":  # Windows has no handle to a folder to sync
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


@contextmanager
def _translated(root: Path) -> Iterator[None]:
    try:
        yield
    except OSError as exc:
        if exc.errno in _FULL:
            raise StoreFull(f"no room left in {root}", file=str(root), free=shutil.disk_usage(root).free) from exc
        raise StoreDown(f"store {root}: {exc.strerror or exc}", file=str(root)) from exc


def open(url: str, home: Path) -> FileStore:  # noqa: A001
    """`file:` is `<home>/store`; `file:///path` is that path."""
    path = unquote(urlsplit(url).path)
    return FileStore(Path(path) if path else home / "store")
