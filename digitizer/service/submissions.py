"""Receiving files, and handing out what became of them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from digitizer import dossiers
from digitizer.ledger import Transaction, jobs, outbox, seen_files, submissions
from digitizer.model import Intake, IntakeState, Lane
from digitizer.service.callbacks import tell
from digitizer.service.context import Ports
from digitizer.service.scan_sources import Found, Place
from digitizer.storage import Stat


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """What comes with a file: who submits it, for whom."""

    actor: str
    agency: str | None = None
    dossier: str | None = None
    component: str | None = None
    book: str | None = None
    lane: Lane = Lane.BULK


class Intakes(Ports):
    """What was submitted, and its way to the dossier."""

    def receive(self, files: Sequence[Path], name: str, submission: Submission) -> tuple[Intake, bool]:
        """Stores one file, or the scans of a book in order, and notes the intake; (intake, whether it is new).

        The bytes are safe before the ledger hears of them; a crash in between leaves a file nobody asks for, never an intake
        without its file. Raises FileAccess, StoreDown, StoreFull, LedgerDown.
        """
        stored = [Stat(key=self.store.put_file(file), size=file.stat().st_size) for file in files]
        with self.ledger.begin() as tx:
            return self._note_intake(tx, stored, name, submission)

    def take(self, place: Place, files: Sequence[Found], name: str, submission: Submission) -> tuple[Intake, bool]:
        """As `receive`, for files of a folder or prefix, one at a time; what was taken in the same version is not fetched again.

        So a run that was cut short goes on where it stopped, with one page in scratch at a time.
        """
        stored = [file for part in range(0, len(files), 500) for file in self._taken(place, files[part : part + 500])]
        with self.ledger.begin() as tx:
            intake, new = self._note_intake(tx, stored, name, submission)
            for part in range(0, len(files), 500):
                seen_files.submitted(tx, [(f.address, f.version) for f in files[part : part + 500]], intake.id)
        return intake, new

    def _taken(self, place: Place, files: Sequence[Found]) -> Iterator[Stat]:
        with self.ledger.read() as tx:
            known = seen_files.known(tx, {f.address: f.version for f in files}) if place.versioned else {}
        for file in files:
            if file.address in known:
                yield Stat(key=known[file.address]["key"], size=known[file.address]["size"])
                continue
            with self._scratch() as folder:
                path = place.local(file, folder)
                stat = Stat(key=self.store.put_file(path), size=path.stat().st_size)
            with self.ledger.begin() as tx:
                seen_files.note(tx, file.address, file.version, key=stat.key, size=stat.size)
            yield stat

    def submitted(self, files: Sequence[Found]) -> bool:
        """Whether all these files, in these versions, were submitted before."""
        with self.ledger.read() as tx:
            known = seen_files.known(tx, {f.address: f.version for f in files})
        return all(f.address in known and known[f.address]["intake"] for f in files)

    def _note_intake(self, tx: Transaction, stored: Sequence[Stat], name: str, submission: Submission) -> tuple[Intake, bool]:
        """Notes an intake of files that are in the store."""
        sources = [file.key.rpartition("/")[2] for file in stored]
        bundle = (
            sources[0]
            if len(sources) == 1 and submission.book is None
            else _hash("book", submission.agency, submission.book, *sources)
        )
        intake = Intake(
            id=_hash(submission.actor, submission.agency, submission.dossier, submission.component, bundle)[:32],
            bundle=bundle,
            name=name,
            agency=submission.agency,
            dossier=submission.dossier,
            component=submission.component,
            book=submission.book,
            actor=submission.actor,
            lane=submission.lane,
            received_at=datetime.now(UTC),
        )
        for file, source in zip(stored, sources, strict=True):
            submissions.add_source(tx, source, file.key, file.size)
        fresh = submissions.add_bundle(tx, bundle, sources)
        if not submissions.add_intake(tx, intake):
            return submissions.get_intake(tx, intake.id), False
        if fresh:
            jobs.add(tx, "open", bundle, lane=jobs.LANES[submission.lane])
            return intake, True
        self._join(tx, intake)
        return submissions.get_intake(tx, intake.id), True

    def _join(self, tx: Transaction, intake: Intake) -> None:
        """A new intake of a bundle that is already known takes over its state; one nobody works on is queued."""
        state = submissions.bundle_row(tx, intake.bundle)["state"]
        if state == "DONE":
            submissions.move_intakes(tx, intake.bundle, [IntakeState.RECEIVED], IntakeState.DIGITIZED, actor=intake.actor)
            self._write_attach(tx, intake)
            tell(tx, "document.digitized", intake)
        elif state == "FAILED":
            submissions.move_intakes(tx, intake.bundle, [IntakeState.RECEIVED], IntakeState.FAILED, actor=intake.actor)
            tell(tx, "document.failed", intake)
        elif not jobs.unfinished(tx, intake.bundle, ["open", "read", "finish"]):
            jobs.add(tx, "open", intake.bundle, lane=jobs.LANES[intake.lane])

    def export(self, intake: Intake, folder: Path, stem: str) -> list[Path]:
        """Writes `<stem>.pdf` and `<stem>.json` of a digitized intake into `folder`; the paths written."""
        with self.ledger.read() as tx:
            made = submissions.artifacts(tx, intake.bundle)
        folder.mkdir(parents=True, exist_ok=True)
        written = []
        for kind, (_, key) in sorted(made.items()):
            target = folder / f"{stem}.{kind}"
            part = target.with_name(f".{target.name}.part")
            self.fetch(key, part)
            part.replace(target)
            written.append(target)
        return written

    def _write_attach(self, tx: Transaction, intake: Intake, *, approved: bool = False) -> None:
        """The PDF goes to the dossier when the dossier is known and the types are accepted; else a person decides."""
        if intake.dossier and submissions.bundle_row(tx, intake.bundle)["result"] == "ACCEPTED":
            target = self.route(tx, intake)
            if self.connector_of(target).after_approval and not approved:
                return
            pdf = submissions.artifacts(tx, intake.bundle)["pdf"][1].rpartition("/")[2]
            outbox.add(
                tx,
                "attach_result" if dossiers.is_result(intake.component) else "attach",
                target=target,
                order_key=intake.dossier,
                intake_id=intake.id,
                dossier=intake.dossier,
                actor="digitizer",
                key=f"attach/{intake.dossier}/{intake.component or '_'}/{pdf}",
            )


def _hash(*parts: str | None) -> str:
    """A name that follows from its parts, whatever is in them."""
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()
