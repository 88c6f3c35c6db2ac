"""The way to dossier systems. Adapters: `folder.py`, `rest.py`, `moj.py`, `handover.py`; chosen by URL.

To add one: one file here with `open(url, home) -> Connector`, derived from `Unable`, and one line in
`tests/contracts/test_connectors.py`, which says what every connector promises.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from digitizer import plugins
from digitizer.errors import NotSupported
from digitizer.model import Receipt
from digitizer.signed_folders import Manifest

#: what a dossier system may be able to do; `none`: what it is given is only kept for somebody to enter by hand
CAPABILITIES = frozenset({"find", "list_dossiers", "attach", "update_fields", "attach_result", "import_package", "none"})


def _forget(progress: Mapping[str, Any]) -> None:
    """Progress nobody asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One thing for the dossier system. `key` is its idempotency key: a repeat must get the same receipt."""

    id: str
    key: str
    dossier: str
    component: str | None
    agency: str | None
    #: file name to attach under
    name: str
    media_type: str
    #: SHA-256 of the bytes, lower-case hex
    sha256: str
    #: the bytes, in scratch
    path: Path
    #: field name -> value, for `update_fields` and `import_package`
    fields: dict[str, object] = field(default_factory=dict)
    #: about the file: document types, pages, agency names … for systems that ask for it
    metadata: Mapping[str, Any] = field(default_factory=dict)
    #: a running number, for systems that want one in their own codes
    number: int = 0
    #: whether it was tried before
    repeat: bool = False
    #: what `keep` was given by an attempt that was cut short
    progress: Mapping[str, Any] = field(default_factory=dict)
    #: keeps how far an upload came, across restarts
    keep: Callable[[Mapping[str, Any]], None] = _forget


@dataclass(frozen=True, slots=True, kw_only=True)
class Dossier:
    """A dossier as its system knows it. No names of citizens: they are nobody's business here."""

    code: str
    agency: str | None = None
    #: procedure code (mã TTHC)
    procedure: str | None = None
    #: days in Asia/Ho_Chi_Minh
    received_on: date | None = None
    resolved_on: date | None = None
    #: component codes that were handed in
    components: tuple[str, ...] = ()


class Connector(Protocol):
    """A dossier system. Raises DossierNotFound, AttachRefused, NotSupported (final), ConnectorDown (to be repeated)."""

    #: whether files wait until a person approved what they say, because their metadata goes with them
    after_approval: bool

    @property
    def capabilities(self) -> frozenset[str]: ...  # noqa: D102

    def attach(self, delivery: Delivery) -> Receipt:
        """Puts the file under its component, reads it back, and gives the receipt; the same key gets the same receipt."""
        ...

    def attach_result(self, delivery: Delivery) -> Receipt:
        """The same for the dossier's result."""
        ...

    def update_fields(self, delivery: Delivery) -> Receipt:
        """Writes approved field values to the dossier; the same key gets the same receipt."""
        ...

    def import_package(self, delivery: Delivery) -> Receipt:
        """Takes one registration case, its PDF and values, into its book; the same key gets the same receipt."""
        ...

    def find(self, code: str) -> Dossier:
        """What the system knows of a dossier. Raises DossierNotFound."""
        ...

    def list_dossiers(self, first: date, last: date) -> Iterator[Dossier]:
        """Dossiers received or resolved from `first` to `last`, both included."""
        ...

    def settle(self) -> None:
        """Nothing more is due now: writes what is written once for many deliveries."""
        ...

    def close(self) -> None:
        """Gives connections back."""
        ...


@runtime_checkable
class HandsOver(Protocol):
    """A connector that makes signed packages of what it was given."""

    def package(self, target: Path, rows: Sequence[Mapping[str, Any]]) -> Manifest:
        """One signed file of the dossiers that `rows` list, with the list."""
        ...


class Unable:
    """A system that can do nothing yet: what a connector derives from, so that it says only what it can do."""

    after_approval = False

    def attach(self, delivery: Delivery) -> Receipt:
        """Not here."""
        raise NotSupported("this system cannot attach files")

    def attach_result(self, delivery: Delivery) -> Receipt:
        """Not here."""
        raise NotSupported("this system cannot attach results")

    def update_fields(self, delivery: Delivery) -> Receipt:
        """Not here."""
        raise NotSupported("this system cannot take values")

    def import_package(self, delivery: Delivery) -> Receipt:
        """Not here."""
        raise NotSupported("this system cannot import books")

    def find(self, code: str) -> Dossier:
        """Not here."""
        raise NotSupported("this system cannot be asked for a dossier")

    def list_dossiers(self, first: date, last: date) -> Iterator[Dossier]:
        """Not here."""
        raise NotSupported("this system does not list its dossiers")

    def settle(self) -> None:
        """Nothing to write."""

    def close(self) -> None:
        """Nothing to give back."""


def open_connector(url: str, home: Path) -> Connector:
    """The connector at `url`; `home` is where an embedded one lives. Raises ConfigError."""
    connector: Connector = plugins.load("digitizer.connectors", plugins.scheme(url)).open(url, home)
    return connector
