"""Files that come by way of the store: objects left in the inbox, and upload sessions of scan agents."""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from digitizer import dossiers
from digitizer.errors import Conflict, FileAccess, NotAllowed, NotFound, RepeatDiffers, TooLarge, UsageError
from digitizer.ledger import upload_sessions
from digitizer.ledger.api_keys import ApiKey
from digitizer.ledger.upload_sessions import Page, Session
from digitizer.model import Intake, Lane
from digitizer.pages import sniff
from digitizer.plugins import scheme
from digitizer.service.client_documents import Hook
from digitizer.service.submissions import Submission
from digitizer.storage import Objects, Stat, UploadForm, open_objects

#: folder of sessions below an agency's
SESSIONS = "sessions"
_HEAD = 8192


@dataclass(frozen=True, slots=True, kw_only=True)
class Announced:
    """A document of a session before it comes."""

    name: str
    #: (SHA-256, bytes) of each page in order
    pages: Sequence[tuple[str, int]]
    component: str | None = None
    book: str | None = None


class Inbox(Hook):
    """What clients leave in the store themselves."""

    @property
    def inbox(self) -> str:
        """Address of the inbox. Raises UsageError where there is none."""
        if self.settings.api.inbox:
            return self.settings.api.inbox.rstrip("/")
        if scheme(self.settings.store) == "s3":
            return f"{self.settings.store.rstrip('/')}/incoming"
        raise UsageError("this server has no inbox")

    def take_object(self, key: ApiKey, address: str, submission: Submission, *, repeat: str | None = None) -> tuple[Intake, bool]:
        """Takes over `<inbox>/<agency>/…`; what the request does not say, the path does (`dossiers.from_path`).

        Raises UsageError, NotAllowed, NotFound, InputError, StoreDown.
        """
        below = self._below(address)
        agency, place = below.parts[0], dossiers.from_path(below)
        if not key.covers(agency) or (submission.agency or agency) != agency:
            raise NotAllowed()
        found = replace(
            submission,
            agency=agency,
            dossier=submission.dossier or place.dossier,
            component=submission.component or place.component,
            book=submission.book or place.book,
        )
        return self._take(key, address, below.name, self.placed(key, found), repeat)

    def _below(self, address: str) -> PurePosixPath:
        rest = address.removeprefix(f"{self.inbox}/")
        below = PurePosixPath(rest)
        if rest == address or len(below.parts) < 2 or below.is_absolute() or ".." in below.parts:
            raise UsageError("the object must lie below the inbox, in its agency's folder")
        return below

    def _take(self, key: ApiKey, address: str, name: str, submission: Submission, repeat: str | None) -> tuple[Intake, bool]:
        objects, _ = open_objects(self.inbox, self.settings.s3)
        with self._scratch() as folder:
            file = self._fetched(objects, address.removeprefix("s3://").partition("/")[2], folder / "file", key)
            with file.open("rb") as opened:
                sniff(opened.read(_HEAD))
            return self.submit(key, [file], name, submission, repeat=repeat)

    def _fetched(self, objects: Objects, name: str, target: Path, key: ApiKey) -> Path:
        most = min(key.limits.get("body_bytes", self.settings.api.body_bytes), self.settings.pages.limits.file_bytes)
        try:
            if objects.stat(name).size > most:
                raise TooLarge("the object is too long", limit=most)
            objects.fetch(name, target)
        except FileAccess as exc:
            raise NotFound("there is no such object") from exc
        return target

    def open_session(
        self, key: ApiKey, *, agency: str | None, dossier: str | None, lane: Lane, documents: Sequence[Announced]
    ) -> Session:
        """A session in which every page is announced. Raises UsageError, NotAllowed."""
        place = self.placed(key, Submission(actor="", agency=agency, dossier=dossier, lane=lane))
        for document in documents:
            self.placed(key, replace(place, book=document.book))
        session = Session(
            id=secrets.token_hex(16),
            client=key.client,
            agency=place.agency or "",
            dossier=dossier,
            lane=lane,
            documents=[{"name": d.name, "component": d.component, "book": d.book} for d in documents],
            expires_at=time.time() + 3600 * self.settings.api.session_hours,
            intakes=None,
            pages=[
                Page(document=d, page=p, sha256=sha256, size=size)
                for d, document in enumerate(documents, 1)
                for p, (sha256, size) in enumerate(document.pages, 1)
            ],
        )
        with self.ledger.begin() as tx:
            upload_sessions.add(tx, session, key=key)
        return session

    def session(self, key: ApiKey, session_id: str) -> Session:
        """A session of this client. Raises NotFound."""
        with self.ledger.read() as tx:
            found = upload_sessions.get(tx, session_id, key.client)
        if found is None or not key.covers(found.agency):
            raise NotFound()
        self._looked(key, "looked_at_upload", session_id)
        return found

    def upload_form(self, session: Session) -> UploadForm | None:
        """Leave to put the pages straight into the store; None where the store takes none."""
        if scheme(self.settings.store) != "s3":
            return None
        seconds = max(1, min(3600, int(session.expires_at - time.time())))
        most = max((page.size for page in session.pages), default=1)
        return self.store.upload_form(f"{session.agency}/{SESSIONS}/{session.id}", most_bytes=max(1, most), seconds=seconds)

    def add_page(self, key: ApiKey, session_id: str, document: int, page: int, file: Path) -> Session:
        """Takes a page over. Raises NotFound; Conflict when the session is over; RepeatDiffers for another page."""
        session = self.session(key, session_id)
        self._is_open(session)
        announced = next((p for p in session.pages if (p.document, p.page) == (document, page)), None)
        if announced is None:
            raise NotFound("no such page was announced")
        self._keep_page(session, announced, file)
        return self.session(key, session_id)

    def _keep_page(self, session: Session, page: Page, file: Path) -> None:
        with file.open("rb") as opened:
            digest = hashlib.file_digest(opened, "sha256").hexdigest()
        if digest != page.sha256:
            raise RepeatDiffers("the page is not the one that was announced")
        stored = self.store.put_file(file)
        with self.ledger.begin() as tx:
            upload_sessions.came(tx, session.id, page, stored)

    def complete(self, key: ApiKey, session_id: str) -> Mapping[str, bool]:
        """Makes the documents of a session: id -> whether it is new. Raises NotFound; Conflict while pages are missing.

        May be repeated; a session that is complete gives the same ids.
        """
        session = self.session(key, session_id)
        if session.intakes is not None:
            return dict.fromkeys(session.intakes, False)
        self._is_open(session)
        self._collect(key, session)
        session = self.session(key, session_id)
        if session.missing:
            first = session.missing[0]
            facts = {"missing": len(session.missing), "document": first.document, "page": first.page}
            raise Conflict("pages are missing", **facts)
        made = dict(self._make_document(key, session, number) for number in range(1, len(session.documents) + 1))
        with self.ledger.begin() as tx:
            upload_sessions.complete(tx, session.id, list(made), actor=key.actor)
        return made

    def _collect(self, key: ApiKey, session: Session) -> None:
        """Takes over what lies in the session's folder of the inbox."""
        if scheme(self.settings.store) != "s3" or not session.missing:
            return
        objects, prefix = open_objects(f"{self.settings.store.rstrip('/')}/incoming", self.settings.s3)
        below = f"{prefix}/{session.agency}/{SESSIONS}/{session.id}/"
        there = {found.key for found in objects.list(below)}
        for page in session.missing:
            name = f"{below}{page_name(page)}"
            if name in there:
                with self._scratch() as folder:
                    self._keep_page(session, page, self._fetched(objects, name, folder / "file", key))

    def _make_document(self, key: ApiKey, session: Session, number: int) -> tuple[str, bool]:
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
        intake, new = self.submit_stored(key, stored, document["name"] or "", self.placed(key, submission))
        return intake.id, new

    @staticmethod
    def _is_open(session: Session) -> None:
        if session.intakes is not None or session.expires_at < time.time():
            raise Conflict("this session is over")


def page_name(page: Page) -> str:
    """What a page is called in its session's folder."""
    return f"{page.document:04}-{page.page:05}"
