"""Files by content, and the prefixes where scanners leave them. Adapters: `file.py`, `s3.py`; chosen by URL."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, Protocol

from digitizer import plugins
from digitizer.settings import S3Options


@dataclass(frozen=True, slots=True, kw_only=True)
class Stat:
    """What a store knows of a file."""

    key: str
    #: bytes
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadForm:
    """Leave to upload one file by an HTTP POST of `multipart/form-data`: `fields` first, then the file as `file`.

    `fields["key"]` may be changed to anything that begins with the prefix asked for.
    """

    url: str
    fields: Mapping[str, str]


class Store(Protocol):
    """Files by content: the key is `ab/abcd…`, the SHA-256 of the bytes.

    Putting a file twice is a no-op; once `put_file` returns, it survives a power cut. What is stored is never changed.
    Methods raise StoreDown when the store cannot be reached or lacks the key, StoreFull when it has no room.
    """

    def put_file(self, path: Path) -> str:
        """Stores the bytes of `path`; the key. Raises FileAccess when `path` itself cannot be read or changes meanwhile."""
        ...

    def open(self, key: str) -> BinaryIO:
        """The stored bytes; from a store over a network only after their hash was found right."""
        ...

    def local(self, key: str) -> Path | None:
        """A path on this machine to read the bytes from, where the store has one."""
        ...

    def stat(self, key: str) -> Stat:
        """Size of a stored file."""
        ...

    def list(self, prefix: str = "") -> Iterator[str]:
        """Keys that begin with `prefix`, sorted."""
        ...

    def verify(self, key: str) -> bool:
        """Whether the stored bytes still have the hash in their key."""
        ...

    def upload_form(self, prefix: str, *, most_bytes: int, seconds: int) -> UploadForm:
        """Leave for a scan agent to put a file below `prefix` of the incoming objects. Raises UsageError without an S3 store."""
        ...

    def download_url(self, key: str, *, seconds: int) -> str | None:
        """An address anybody can fetch the file from for a while; None where the store has none."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Object:
    """A file under a name of its owner's, as a scanner or an intake system left it."""

    #: as the store spells it: what to fetch by
    key: str
    #: bytes
    size: int
    #: changes when the content does
    etag: str
    #: aware, UTC
    modified: datetime


class Objects(Protocol):
    """Objects under their owners' names, only read. Raises StoreDown, FileAccess when an object is gone."""

    def list(self, prefix: str) -> Iterator[Object]:
        """Objects whose keys begin with `prefix`, in the order of their keys, however many."""
        ...

    def stat(self, key: str) -> Object:
        """One object."""
        ...

    def changes(self, prefix: str) -> Iterator[str]:
        """Keys below `prefix` as they appear, while the connection lasts: a hint, which MinIO gives and other S3 may not."""
        ...

    def fetch(self, key: str, target: Path) -> None:
        """Writes the bytes of an object to `target`."""
        ...


def open_store(url: str, home: Path, options: S3Options | None = None) -> Store:
    """The store at `url`; `home` is where an embedded one lives. Raises ConfigError, StoreDown."""
    adapter = plugins.load("digitizer.storage", plugins.scheme(url))
    store: Store = adapter.open(url, home, options or S3Options())
    return store


def open_objects(url: str, options: S3Options) -> tuple[Objects, str]:
    """`s3://bucket/prefix` as (the objects of the bucket, the prefix). Raises ConfigError."""
    from digitizer.storage.s3 import S3Objects

    return S3Objects.open(url, options)
