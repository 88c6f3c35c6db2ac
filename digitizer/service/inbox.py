"""The inbox: objects that clients leave in the store themselves."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path, PurePosixPath

from digitizer.errors import FileAccess, NotAllowed, NotFound, TooLarge, UsageError
from digitizer.ledger.api_keys import Caller
from digitizer.model import Intake
from digitizer.pages import sniff
from digitizer.plugins import scheme
from digitizer.service.client_documents import ClientDocuments
from digitizer.service.context import ServiceContext
from digitizer.service.routing import Submission, completed, hint_of_object
from digitizer.storage import Objects, open_objects

#: bytes of a file that say what kind it is
_HEAD_BYTES = 8192


class Inbox:
    """Takes objects over that lie in the inbox."""

    def __init__(self, context: ServiceContext, documents: ClientDocuments) -> None:
        self.context, self.documents = context, documents

    @property
    def address(self) -> str:
        """Address of the inbox. Raises UsageError where there is none."""
        if self.context.settings.api.inbox:
            return self.context.settings.api.inbox.rstrip("/")
        if scheme(self.context.settings.store) == "s3":
            return f"{self.context.settings.store.rstrip('/')}/incoming"
        raise UsageError("this server has no inbox")

    def take_object(self, key: Caller, address: str, submission: Submission, *, repeat: str | None = None) -> tuple[Intake, bool]:
        """Takes over `<inbox>/<agency>/…`. What the request does not say, the path does.

        Raises UsageError, NotAllowed, NotFound, InputError, StoreDown.
        """
        below = self._below(address)
        agency = below.parts[0]
        if not key.covers(agency) or (submission.agency or agency) != agency:
            raise NotAllowed()
        found = completed(replace(submission, agency=agency), hint_of_object(below))
        return self._take(key, address, below.name, self.documents.placed(key, found), repeat)

    def _below(self, address: str) -> PurePosixPath:
        rest = address.removeprefix(f"{self.address}/")
        below = PurePosixPath(rest)
        if rest == address or len(below.parts) < 2 or below.is_absolute() or ".." in below.parts:
            raise UsageError("the object must lie below the inbox, in its agency's folder")
        return below

    def _take(self, key: Caller, address: str, name: str, submission: Submission, repeat: str | None) -> tuple[Intake, bool]:
        objects, _ = open_objects(self.address, self.context.settings.s3)
        with self.context.files.scratch() as folder:
            file = self.fetched(objects, address.removeprefix("s3://").partition("/")[2], folder / "file", key)
            with file.open("rb") as opened:
                sniff(opened.read(_HEAD_BYTES))
            return self.documents.submit(key, [file], name, submission, repeat=repeat)

    def fetched(self, objects: Objects, name: str, target: Path, key: Caller) -> Path:
        """Copies an object to `target`, within the size limits of the key. Raises NotFound, TooLarge."""
        settings = self.context.settings
        most = min(key.limits.get("body_bytes", settings.api.body_bytes), settings.pages.limits.file_bytes)
        try:
            if objects.stat(name).size > most:
                raise TooLarge("the object is too long", limit=most)
            objects.fetch(name, target)
        except FileAccess as exc:
            raise NotFound("there is no such object") from exc
        return target
