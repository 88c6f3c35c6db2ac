"""Sources, intakes and bundles: what was submitted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from digitizer.model.states import Lane


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """The bytes of a file. The same bytes are one source."""

    #: SHA-256 of the bytes, lower-case hex
    id: str
    #: its key in the store
    key: str
    media_type: str
    #: bytes
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Intake:
    """One submission of a bundle: who brought it, for which dossier."""

    id: str
    #: the bundle it stands for
    bundle: str
    #: file or folder name as submitted
    name: str
    agency: str | None = None
    dossier: str | None = None
    component: str | None = None
    #: person or system that submitted it
    actor: str
    lane: Lane = Lane.BULK
    #: aware, UTC
    received_at: datetime
    #: book the pages belong to, say `KS/1999/01`
    book: str | None = None
    #: codes of the routing rules that found something but no one dossier, see `RoutingHint`
    routing: tuple[str, ...] = ()
