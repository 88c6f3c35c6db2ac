"""Store `file:`: a folder of files named by their SHA-256. `file:` is `<home>/store`, `file:///path` is that path."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO
from urllib.parse import urlsplit
from urllib.request import url2pathname

from digitizer.errors import DigitizerError, FileAccess, StoreDown, StoreFull, UsageError
from digitizer.settings import S3Options
from digitizer.storage import Stat, UploadForm

#: errors of the system that mean a full disk
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
#: a temporary file of this age was left by a process that died, seconds
_STALE_S = 86_400.0
#: bytes copied at a time
_BLOCK = 1 << 20


class FileStore:
    """Files are written once and read-only afterwards."""

    def __init__(self, root: Path) -> None:
        self.root = root
        with _translated(root):
            (root / "tmp").mkdir(parents=True, exist_ok=True)
            _sync_folder(root.parent)
            self._clear_stale()

    def put_file(self, path: Path) -> str:
        """Copies `path` while hashing it: temporary file, fsync, rename, fsync of the folder. See `Store.put_file`."""
        try:
            source = path.open("rb")
        except OSError as exc:
            raise FileAccess(f"cannot read {path.name}", file=str(path)) from exc
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
        """Renames `part` to `target` durably. A file of another size under that name is damaged and is replaced."""
        if not target.parent.exists():
            target.parent.mkdir(exist_ok=True)
            _sync_folder(self.root)
        if not (target.exists() and target.stat().st_size == part.stat().st_size):
            _take_place(part, target)
        _sync_folder(target.parent)

    def open(self, key: str) -> BinaryIO:
        """The stored bytes."""
        with _translated(self.root):
            return self._path(key).open("rb")

    def local(self, key: str) -> Path | None:
        """The stored file itself. Whoever reads it must not change it."""
        return self._path(key)

    def stat(self, key: str) -> Stat:
        """Size of a stored file."""
        with _translated(self.root):
            return Stat(key=key, size=self._path(key).stat().st_size)

    def list(self, prefix: str = "") -> Iterator[str]:
        """Keys that begin with `prefix`, sorted."""
        with _translated(self.root):
            folders = sorted(p for p in self.root.iterdir() if len(p.name) == 2 and p.name.startswith(prefix[:2]))
        for folder in folders:
            with _translated(self.root):
                keys = sorted(f"{folder.name}/{p.name}" for p in folder.iterdir())
            yield from (key for key in keys if key.startswith(prefix))

    def verify(self, key: str) -> bool:
        """Whether the stored bytes still have the hash in their key."""
        digest = hashlib.sha256()
        with self.open(key) as stored, _translated(self.root):
            while block := stored.read(_BLOCK):
                digest.update(block)
        return digest.hexdigest() == key.rpartition("/")[2]

    def upload_form(self, prefix: str, *, most_bytes: int, seconds: int) -> UploadForm:
        """Raises UsageError: a folder has no address to upload to."""
        raise UsageError("scan agents can upload only to an s3:// store; post the file itself", prefix=prefix)

    def download_url(self, key: str, *, seconds: int) -> str | None:
        """None: a folder has no address."""
        return None

    def _path(self, key: str) -> Path:
        head, _, name = key.partition("/")
        if len(name) != 64 or head != name[:2] or set(name) - set("0123456789abcdef"):
            raise StoreDown("not a key of this store", key=key)
        return self.root / head / name

    def _clear_stale(self) -> None:
        for part in (self.root / "tmp").iterdir():
            if part.stat().st_mtime < time.time() - _STALE_S:
                part.unlink(missing_ok=True)


def _copy(source: BinaryIO, sink: BinaryIO, path: Path) -> str:
    digest = hashlib.sha256()
    while True:
        try:
            block = source.read(_BLOCK)
        except OSError as exc:
            raise FileAccess(f"cannot read {path.name}", file=str(path)) from exc
        if not block:
            return digest.hexdigest()
        digest.update(block)
        sink.write(block)


def _take_place(part: Path, target: Path) -> None:
    part.chmod(0o444)  # on Windows this sets the read-only flag
    try:
        part.replace(target)
    except PermissionError:  # Windows: somebody stored the same bytes meanwhile and they are read-only
        if not target.exists():
            raise
        part.chmod(0o666)


def _sync_folder(folder: Path) -> None:
    if os.name == "posix":  # Windows has no handle to a folder to sync
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _free(folder: Path) -> int:
    """Free bytes where `folder` lies. 0 when the system does not say."""
    try:
        return shutil.disk_usage(folder).free
    except OSError:
        return 0


@contextmanager
def _translated(root: Path) -> Iterator[None]:
    try:
        yield
    except DigitizerError:
        raise
    except OSError as exc:
        if exc.errno in _FULL:
            raise StoreFull("no room left in the store", file=str(root), free=_free(root)) from exc
        raise StoreDown(f"store: {exc.strerror or exc}", file=str(root)) from exc


def open(url: str, home: Path, options: S3Options) -> FileStore:
    """The store at `url`. `options` are for other stores."""
    path = urlsplit(url).path
    return FileStore(Path(url2pathname(path)) if path else home / "store")
