"""Upload sessions of scan agents: documents announced page by page, pages that come in any order, documents made of them."""

from __future__ import annotations

import secrets
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from digitizer.digests import file_sha256
from digitizer.errors import Conflict, NotFound, RepeatDiffers
from digitizer.ledger import upload_sessions
from digitizer.ledger.api_keys import Caller
from digitizer.ledger.upload_sessions import UploadPage, UploadSession
from digitizer.model import Lane
from digitizer.plugins import scheme
from digitizer.service.client_documents import ClientDocuments
from digitizer.service.context import ServiceContext
from digitizer.service.inbox import Inbox
from digitizer.service.routing import Submission
from digitizer.storage import Stat, UploadForm, open_objects

#: folder of the sessions below an agency's
SESSIONS = "sessions"


@dataclass(frozen=True, slots=True, kw_only=True)
class AnnouncedUpload:
    """A document of a session before it comes."""

    name: str
    #: (SHA-256, bytes) of each page in order
    pages: Sequence[tuple[str, int]]
    component: str | None = None
    book: str | None = None


class UploadSessions:
    """Opens, fills and completes upload sessions."""

    def __init__(self, context: ServiceContext, documents: ClientDocuments, inbox: Inbox) -> None:
        self.context, self.documents, self.inbox = context, documents, inbox

    def open(
        self, key: Caller, *, agency: str | None, dossier: str | None, lane: Lane, documents: Sequence[AnnouncedUpload]
    ) -> UploadSession:
        """A session in which every page is announced. Raises UsageError, NotAllowed."""
        place = self.documents.placed(key, Submission(actor="", agency=agency, dossier=dossier, lane=lane))
        for document in documents:
            self.documents.placed(key, replace(place, book=document.book))
        session = UploadSession(
            id=secrets.token_hex(16),
            client=key.client,
            agency=place.agency or "",
            dossier=dossier,
            lane=lane,
            documents=[{"name": d.name, "component": d.component, "book": d.book} for d in documents],
            expires_at=time.time() + 3600 * self.context.settings.api.session_hours,
            intakes=None,
            pages=[
                UploadPage(document=d, page=p, sha256=sha256, size=size)
                for d, document in enumerate(documents, 1)
                for p, (sha256, size) in enumerate(document.pages, 1)
            ],
        )
        with self.context.ledger.begin() as tx:
            upload_sessions.add(tx, session, key=key)
        return session

    def get(self, key: Caller, session_id: str) -> UploadSession:
        """A session of this client. Raises NotFound."""
        with self.context.ledger.read() as tx:
            found = upload_sessions.get(tx, session_id, key.client)
        if found is None or not key.covers(found.agency):
            raise NotFound()
        self.documents.looked(key, "looked_at_upload", session_id)
        return found

    def upload_form(self, session: UploadSession) -> UploadForm | None:
        """Leave to put the pages straight into the store. None where the store takes none."""
        if scheme(self.context.settings.store) != "s3":
            return None
        seconds = max(1, min(3600, int(session.expires_at - time.time())))
        most = max((page.size for page in session.pages), default=1)
        folder = f"{session.agency}/{SESSIONS}/{session.id}"
        return self.context.store.upload_form(folder, most_bytes=max(1, most), seconds=seconds)

    def add_page(self, key: Caller, session_id: str, document: int, page: int, file: Path) -> UploadSession:
        """Takes a page over. Raises NotFound, Conflict when the session is over, RepeatDiffers for another page."""
        session = self.get(key, session_id)
        self._is_open(session)
        announced = next((p for p in session.pages if (p.document, p.page) == (document, page)), None)
        if announced is None:
            raise NotFound("no such page was announced")
        self._keep_page(session, announced, file)
        return self.get(key, session_id)

    def _keep_page(self, session: UploadSession, page: UploadPage, file: Path) -> None:
        if file_sha256(file) != page.sha256:
            raise RepeatDiffers("the page is not the one that was announced")
        stored = self.context.store.put_file(file)
        with self.context.ledger.begin() as tx:
            upload_sessions.came(tx, session.id, page, stored)

    def complete(self, key: Caller, session_id: str) -> Mapping[str, bool]:
        """Makes the documents of a session: id -> whether it is new. Raises NotFound, Conflict while pages are missing.

        May be repeated. A session that is complete gives the same ids.
        """
        session = self.get(key, session_id)
        if session.intakes is not None:
            return dict.fromkeys(session.intakes, False)
        self._is_open(session)
        self._collect(key, session)
        session = self.get(key, session_id)
        if session.missing:
            first = session.missing[0]
            facts = {"missing": len(session.missing), "document": first.document, "page": first.page}
            raise Conflict("pages are missing", **facts)
        made = dict(self._make_document(key, session, number) for number in range(1, len(session.documents) + 1))
        with self.context.ledger.begin() as tx:
            upload_sessions.complete(tx, session.id, list(made), actor=key.actor)
        return made

    def _collect(self, key: Caller, session: UploadSession) -> None:
        """Takes over what lies in the session's folder of the inbox."""
        if scheme(self.context.settings.store) != "s3" or not session.missing:
            return
        objects, prefix = open_objects(f"{self.context.settings.store.rstrip('/')}/incoming", self.context.settings.s3)
        below = f"{prefix}/{session.agency}/{SESSIONS}/{session.id}/"
        there = {found.key for found in objects.list(below)}
        for page in session.missing:
            name = f"{below}{page_name(page)}"
            if name in there:
                with self.context.files.scratch() as folder:
                    self._keep_page(session, page, self.inbox.fetched(objects, name, folder / "file", key))

    def _make_document(self, key: Caller, session: UploadSession, number: int) -> tuple[str, bool]:
        document = session.documents[number - 1]
        stored = [Stat(key=page.key or "", size=page.size) for page in session.pages if page.document == number]
        submission = Submission(
            actor=key.actor,
            agency=session.agency,
            dossier=session.dossier,
            component=document["component"],
            book=document["book"],
            lane=session.lane,
        )
        intake, new = self.documents.submit_stored(key, stored, document["name"] or "", self.documents.placed(key, submission))
        return intake.id, new

    @staticmethod
    def _is_open(session: UploadSession) -> None:
        if session.intakes is not None or session.expires_at < time.time():
            raise Conflict("this session is over")


def page_name(page: UploadPage) -> str:
    """What a page is called in its session's folder."""
    return f"{page.document:04}-{page.page:05}"
