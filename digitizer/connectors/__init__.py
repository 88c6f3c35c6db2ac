"""Connectors deliver to dossier systems. The URL chooses the adapter: `folder.py`, `rest.py`, `moj.py`, `handover.py`.

An adapter is one file here with `open(url, home) -> Connector`. Its class has a method for each thing its system can do.
A new adapter needs a line in `tests/contracts/test_connectors.py`, which checks what every connector promises. A file whose
name begins with an underscore is no adapter.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from digitizer import plugins
from digitizer.model import Receipt
from digitizer.signed_folders import Manifest


def _forget(progress: Mapping[str, Any]) -> None:
    """Stores nothing. For deliveries that do not come from the outbox."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One file or set of values for the dossier system."""

    id: str
    #: idempotency key
    key: str
    dossier: str
    component: str | None
    agency: str | None
    #: file name of the attachment
    name: str
    media_type: str
    #: SHA-256 of the bytes, lower-case hex
    sha256: str
    #: file with the bytes, in the scratch folder
    path: Path
    #: field name -> value, for `update_fields` and `add_register_case`
    fields: dict[str, object] = field(default_factory=dict)
    #: facts about the file (document types, pages, agency names …) for systems that ask for them
    metadata: Mapping[str, Any] = field(default_factory=dict)
    #: running number, for systems that need one in their codes
    number: int = 0
    #: whether it was tried before
    repeat: bool = False
    #: progress that an interrupted attempt stored with `keep`
    progress: Mapping[str, Any] = field(default_factory=dict)
    #: stores the progress of an upload, across restarts
    keep: Callable[[Mapping[str, Any]], None] = _forget


@dataclass(frozen=True, slots=True, kw_only=True)
class Dossier:
    """A dossier as its system knows it. It holds no names of citizens."""

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
    """A dossier system. The protocols below say what it can do: `isinstance(connector, Attaches)`.

    Methods raise DossierNotFound, AttachRefused or NotSupported when a repeat cannot help, ConnectorDown when it can.
    A delivery that is repeated with the same key gets the same receipt.
    """

    #: files wait until a person has approved the values, because metadata made of them goes along
    after_approval: bool
    #: a person still has to enter deliveries of this connector into the dossier system
    entered_by_hand: bool

    def close(self) -> None:
        """Closes connections."""
        ...


@runtime_checkable
class Finds(Protocol):
    """A connector that looks up dossiers."""

    def find(self, code: str) -> Dossier:
        """The dossier with this code. Raises DossierNotFound."""
        ...


@runtime_checkable
class ListsDossiers(Protocol):
    """A connector that lists its dossiers."""

    def list_dossiers(self, first: date, last: date) -> Iterator[Dossier]:
        """Dossiers received or resolved from `first` to `last`, both days included."""
        ...


@runtime_checkable
class Attaches(Protocol):
    """A connector that takes files."""

    def attach(self, delivery: Delivery) -> Receipt:
        """Puts the file under its component and reads it back."""
        ...


@runtime_checkable
class AttachesResults(Protocol):
    """A connector that takes results of dossiers."""

    def attach_result(self, delivery: Delivery) -> Receipt:
        """Puts the file into the dossier as its result and reads it back."""
        ...


@runtime_checkable
class UpdatesFields(Protocol):
    """A connector that takes field values."""

    def update_fields(self, delivery: Delivery) -> Receipt:
        """Writes approved field values to the dossier."""
        ...


@runtime_checkable
class AddsRegisterCases(Protocol):
    """A connector that takes cases of register books."""

    def add_register_case(self, delivery: Delivery) -> Receipt:
        """Adds one registration case, its PDF and values, to its book."""
        ...


@runtime_checkable
class Flushes(Protocol):
    """A connector that writes some files once for many deliveries, such as the sheet of a book."""

    def flush(self) -> None:
        """Writes those files. Called when no delivery is due."""
        ...


@runtime_checkable
class HandsOver(Protocol):
    """A connector that packs its deliveries into a signed file for hand-over."""

    def package(self, target: Path, rows: Sequence[Mapping[str, Any]]) -> Manifest:
        """Writes one signed file to `target` with the dossiers that `rows` list, and the list."""
        ...


def open_connector(url: str, home: Path) -> Connector:
    """The connector at `url`. An embedded one lives below `home`. Raises ConfigError."""
    connector: Connector = plugins.load("digitizer.connectors", plugins.scheme(url)).open(url, home)
    return connector
