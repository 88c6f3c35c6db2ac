"""The store keeps files under their hash. `Objects` are files that scanners left under names of their own.

The URL chooses the adapter: `file.py`, `s3.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

from digitizer import plugins
from digitizer.settings import S3Options


@dataclass(frozen=True, slots=True, kw_only=True)
class Stat:
    """What a store knows of a file it keeps."""

    key: str
    #: bytes
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadForm:
    """Permission to upload one file by an HTTP POST of `multipart/form-data`: `fields` first, then the file as `file`.

    The uploader may change `fields["key"]` to anything that begins with the prefix asked for.
    """

    url: str
    fields: Mapping[str, str]


class Store(Protocol):
    """Keeps files by content. The key is `ab/abcd…`, the SHA-256 of the bytes.

    Putting a file twice does nothing the second time. Once `put_file` returns, the file survives a power cut. A stored file
    never changes. Methods raise StoreDown when the store cannot be reached or lacks the key, StoreFull when it has no room.
    """

    def put_file(self, path: Path) -> str:
        """Stores the bytes of `path` and returns the key. Raises FileAccess when `path` cannot be read or changes meanwhile."""
        ...

    def open(self, key: str) -> BinaryIO:
        """The stored bytes. A store over a network checks their hash before it returns them."""
        ...

    def local(self, key: str) -> Path | None:
        """A path on this machine to read the bytes from. None where the store is elsewhere."""
        ...

    def stat(self, key: str) -> Stat:
        """Key and size of a stored file."""
        ...

    def list(self, prefix: str = "") -> Iterator[str]:
        """Keys that begin with `prefix`, sorted."""
        ...

    def verify(self, key: str) -> bool:
        """Whether the stored bytes still have the hash in their key."""
        ...

    def upload_form(self, prefix: str, *, most_bytes: int, seconds: int) -> UploadForm:
        """Permits a scan agent to put one file below `prefix` of the incoming objects, for `seconds`.

        Raises UsageError without an S3 store.
        """
        ...

    def download_url(self, key: str, *, seconds: int) -> str | None:
        """An address from which anybody can fetch the file for `seconds`. None where the store has no address."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Object:
    """A file that a scanner or an intake system left under a name of its own."""

    #: the name as the store spells it, to fetch it by
    key: str
    #: bytes
    size: int
    #: changes when the content does
    etag: str


class Objects(Protocol):
    """Objects of a bucket, for reading only. Raises StoreDown, and FileAccess when an object is gone."""

    def list(self, prefix: str) -> Iterator[Object]:
        """All objects whose keys begin with `prefix`, in the order of their keys."""
        ...

    def stat(self, key: str) -> Object:
        """One object."""
        ...

    def changes(self, prefix: str) -> Iterator[str]:
        """Keys below `prefix` as they appear, while the connection lasts. A hint: MinIO gives it, other S3 may not."""
        ...

    def fetch(self, key: str, target: Path) -> None:
        """Writes the bytes of an object to `target`."""
        ...


def open_store(url: str, home: Path, options: S3Options | None = None) -> Store:
    """The store at `url`. An embedded one lives below `home`. Raises ConfigError, StoreDown."""
    adapter = plugins.load("digitizer.storage", plugins.scheme(url))
    store: Store = adapter.open(url, home, options or S3Options())
    return store


def open_objects(url: str, options: S3Options) -> tuple[Objects, str]:
    """`s3://bucket/prefix` as (the objects of the bucket, the prefix). Raises ConfigError."""
    from digitizer.storage.s3 import S3Objects

    return S3Objects.open(url, options)
