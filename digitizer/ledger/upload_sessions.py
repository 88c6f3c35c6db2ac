"""Upload sessions: what a scan agent announced, page by page, and what has come."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from digitizer.ledger import Transaction, events
from digitizer.ledger.api_keys import Caller
from digitizer.ledger.schema import upload, upload_page
from digitizer.model import Lane


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadPage:
    """An announced page. `key` once it has come. Positions count from 1."""

    document: int
    page: int
    sha256: str
    size: int
    key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadSession:
    """An upload session."""

    id: str
    client: str
    agency: str
    dossier: str | None
    lane: Lane
    #: name, component, book of each document, in order
    documents: Sequence[Mapping[str, str | None]]
    #: seconds since the epoch
    expires_at: float
    #: ids, once it is complete
    intakes: Sequence[str] | None
    pages: Sequence[UploadPage]

    @property
    def missing(self) -> list[UploadPage]:
        """Pages that have not come."""
        return [page for page in self.pages if page.key is None]


def add(tx: Transaction, new: UploadSession, *, key: Caller) -> None:
    """Notes a session and its pages."""
    names = ("id", "client", "agency", "dossier", "lane", "expires_at")
    documents = [dict(document) for document in new.documents]
    tx.execute(sa.insert(upload).values(documents=documents, **{name: getattr(new, name) for name in names}))
    tx.execute(
        sa.insert(upload_page),
        [{"upload": new.id, "document": p.document, "page": p.page, "sha256": p.sha256, "size": p.size} for p in new.pages],
    )
    events.note(tx, "upload_opened", new.id, actor=key.actor, key=key.id, dossier=new.dossier, pages=len(new.pages))


def get(tx: Transaction, session_id: str, client: str) -> UploadSession | None:
    """A session of a client."""
    row = tx.execute(sa.select(upload).where(upload.c.id == session_id, upload.c.client == client)).mappings().first()
    if row is None:
        return None
    pages = tx.execute(
        sa.select(upload_page).where(upload_page.c.upload == session_id).order_by(upload_page.c.document, upload_page.c.page)
    ).mappings()
    found = [UploadPage(**{name: p[name] for name in ("document", "page", "sha256", "size", "key")}) for p in pages]
    return UploadSession(**{**row, "lane": Lane(row["lane"]), "pages": found})


def came(tx: Transaction, session_id: str, page: UploadPage, key: str) -> None:
    """Notes a page that is in the store."""
    where = (upload_page.c.upload == session_id, upload_page.c.document == page.document, upload_page.c.page == page.page)
    tx.execute(sa.update(upload_page).where(*where).values(key=key))


def complete(tx: Transaction, session_id: str, intakes: Sequence[str], *, actor: str) -> None:
    """Ends a session."""
    tx.execute(sa.update(upload).where(upload.c.id == session_id).values(intakes=list(intakes)))
    events.note(tx, "upload_complete", session_id, actor=actor, documents=len(intakes))


def forget(tx: Transaction) -> int:
    """Drops sessions that are over or were never completed, a while after they expired. Returns how many."""
    old = sa.select(upload.c.id).where(upload.c.expires_at < time.time() - 86_400)
    tx.execute(sa.delete(upload_page).where(upload_page.c.upload.in_(old)))
    return tx.execute(sa.delete(upload).where(upload.c.expires_at < time.time() - 86_400)).rowcount
