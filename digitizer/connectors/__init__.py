"""The way to the dossier system. Adapters: `folder.py`; chosen by URL."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from digitizer import plugins
from digitizer.model import Receipt

#: what a dossier system may be able to do
CAPABILITIES = frozenset({"find", "list_dossiers", "attach", "update_fields", "attach_result", "import_package", "none"})


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
    #: field name -> value, for `update_fields`
    fields: dict[str, object] = field(default_factory=dict)


class Connector(Protocol):
    """A dossier system. Raises DossierNotFound, AttachRefused (final), ConnectorDown (to be repeated)."""

    @property
    def capabilities(self) -> frozenset[str]: ...  # noqa: D102

    def attach(self, delivery: Delivery) -> Receipt:
        """Puts the file under its component, reads it back, and gives the receipt; the same key gets the same receipt."""
        ...

    def update_fields(self, delivery: Delivery) -> Receipt:
        """Writes approved field values to the dossier; the same key gets the same receipt."""
        ...


def open_connector(url: str, home: Path) -> Connector:
    """The connector at `url`; `home` is where an embedded one lives. Raises ConfigError."""
    connector: Connector = plugins.load("digitizer.connectors", plugins.scheme(url)).open(url, home)
    return connector
