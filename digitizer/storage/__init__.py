"""Files by content. Adapters: `file.py`; chosen by URL."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

from digitizer import plugins


@dataclass(frozen=True, slots=True, kw_only=True)
class Stat:
    """What a store knows of a file."""

    key: str
    #: bytes
    size: int


class Store(Protocol):
    """Files by content: the key is `ab/abcd…`, the SHA-256 of the bytes.

    Putting a file twice is a no-op; once `put_file` returns, it survives a power cut. What is stored is never changed.
    Methods raise StoreDown when the store cannot be reached or lacks the key, StoreFull when it has no room.
    """

    def put_file(self, path: Path) -> str:
        """Stores the bytes of `path`; the key. Raises FileAccess when `path` itself cannot be read."""
        ...

    def open(self, key: str) -> BinaryIO:
        """The stored bytes."""
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


def open_store(url: str, home: Path) -> Store:
    """The store at `url`; `home` is where an embedded one lives. Raises ConfigError, StoreDown."""
    store: Store = plugins.load("digitizer.storage", plugins.scheme(url)).open(url, home)
    return store
