"""Taking files over: each is stored under its hash, then noted in the ledger as an intake."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePath
from typing import Any

from digitizer import serialization
from digitizer.digests import json_sha256
from digitizer.errors import NotFound, UnsupportedFormat
from digitizer.ledger import Transaction, jobs, seen_files, submissions
from digitizer.model import Intake, IntakeState, Problem
from digitizer.pages import sniff
from digitizer.service.context import ServiceContext
from digitizer.service.outbox import queue_file
from digitizer.service.output_folder import OutputFolder
from digitizer.service.routing import Submission
from digitizer.service.scan_sources import InputBundle, InputFile, ScanSource
from digitizer.service.webhooks import tell
from digitizer.storage import Stat

#: files that the ledger is asked for at once
PART = 500
#: bytes that tell the kind of a file
HEAD_BYTES = 8192


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of an intake."""

    state: IntakeState
    #: pages of its files, 0 until a worker opened them
    pages: int
    #: why it failed
    problem: Problem | None
    #: whether every document type is accepted
    accepted: bool
    #: whether a page of it could not be read
    partial: bool
    #: the dossier it belongs to by now
    dossier: str | None
    #: codes of the routing rules that found something but no one dossier
    routing: tuple[str, ...]


def fail_bundle(tx: Transaction, bundle_id: str, problem: Problem, *, actor: str) -> None:
    """Ends a bundle with a problem, and every intake of it that waits."""
    submissions.move_bundle(
        tx, bundle_id, ["NEW", "READING", "FINISHING", "DONE"], "FAILED", error=serialization.to_plain(problem)
    )
    waiting = [IntakeState.RECEIVED, IntakeState.RUNNING]
    for intake in submissions.move_intakes(tx, bundle_id, waiting, IntakeState.FAILED, actor=actor, code=problem.code):
        tell(tx, "document.failed", intake, code=problem.code)


class Submissions:
    """Takes files over, stores them and notes their intakes."""

    def __init__(self, context: ServiceContext) -> None:
        self.context = context

    def find_id(self, beginning: str) -> str:
        """The id of the one intake whose id begins so. Raises NotFound, AmbiguousId."""
        with self.context.ledger.read() as tx:
            return submissions.intake_like(tx, beginning)

    def receive(self, files: Sequence[Path], name: str, submission: Submission) -> tuple[Intake, bool]:
        """Stores one file, or the scans of a book in order, and notes the intake. Returns (intake, whether it is new).

        The bytes are safe before the ledger hears of them. A crash in between leaves a file nobody asks for, never an intake
        without its file. Raises FileAccess, StoreDown, StoreFull, LedgerDown.
        """
        stored = [Stat(key=self.context.store.put_file(file), size=file.stat().st_size) for file in files]
        with self.context.ledger.begin() as tx:
            return self.note(tx, stored, name, submission)

    def take(self, source: ScanSource, files: Sequence[InputFile], name: str, submission: Submission) -> tuple[Intake, bool]:
        """As `receive`, for files of a folder or prefix, one at a time. What was taken in the same version is not fetched again.

        So a run that was cut short goes on where it stopped, with one page in scratch at a time. A single file whose content is
        of no kind we read is stored, and its intake fails at once.
        """
        if len(files) == 1:
            return self._take_one(source, files[0], name, submission)
        stored = [file for part in range(0, len(files), PART) for file in self._taken(source, files[part : part + PART])]
        with self.context.ledger.begin() as tx:
            intake, new = self.note(tx, stored, name, submission)
            for part in range(0, len(files), PART):
                seen_files.submitted(tx, [(f.address, f.version) for f in files[part : part + PART]], intake.id)
        return intake, new

    def _take_one(self, source: ScanSource, file: InputFile, name: str, submission: Submission) -> tuple[Intake, bool]:
        known = self._known(source, [file])
        if file.address in known:
            stat, refusal = Stat(key=known[file.address]["key"], size=known[file.address]["size"]), None
        else:
            stat, refusal = self._stored(source, file)
        with self.context.ledger.begin() as tx:
            intake, new = self.note(tx, [stat], name, submission, refusal=refusal)
            if file.address not in known:
                seen_files.note(tx, file.address, file.version, key=stat.key, size=stat.size)
            seen_files.submitted(tx, [(file.address, file.version)], intake.id)
        return intake, new

    def _taken(self, source: ScanSource, files: Sequence[InputFile]) -> Iterator[Stat]:
        known = self._known(source, files)
        for file in files:
            if file.address in known:
                yield Stat(key=known[file.address]["key"], size=known[file.address]["size"])
                continue
            stat, _ = self._stored(source, file)
            with self.context.ledger.begin() as tx:
                seen_files.note(tx, file.address, file.version, key=stat.key, size=stat.size)
            yield stat

    def _known(self, source: ScanSource, files: Sequence[InputFile]) -> dict[str, dict[str, Any]]:
        if not source.versioned:
            return {}
        with self.context.ledger.read() as tx:
            return {at: dict(row) for at, row in seen_files.known(tx, {f.address: f.version for f in files}).items()}

    def _stored(self, source: ScanSource, file: InputFile) -> tuple[Stat, UnsupportedFormat | None]:
        """Puts a file into the store. Gives the refusal too, where its first bytes are of no kind we read."""
        with self.context.files.scratch() as folder:
            path = source.local(file, folder)
            stat = Stat(key=self.context.store.put_file(path), size=path.stat().st_size)
            with path.open("rb") as opened:
                head = opened.read(HEAD_BYTES)
        try:
            sniff(head)
        except UnsupportedFormat as exc:
            return stat, exc
        return stat, None

    def not_submitted(self, bundles: Sequence[InputBundle]) -> list[InputBundle]:
        """Those of `bundles` that have a file which was not submitted in its present version."""
        files = [file for bundle in bundles for file in bundle.files]
        done: set[str] = set()
        with self.context.ledger.read() as tx:
            for part in range(0, len(files), PART):
                known = seen_files.known(tx, {f.address: f.version for f in files[part : part + PART]})
                done.update(address for address, row in known.items() if row["intake"])
        return [bundle for bundle in bundles if any(file.address not in done for file in bundle.files)]

    def note(
        self,
        tx: Transaction,
        stored: Sequence[Stat],
        name: str,
        submission: Submission,
        *,
        refusal: UnsupportedFormat | None = None,
    ) -> tuple[Intake, bool]:
        """Notes an intake of files that are in the store. With a `refusal` nobody opens them, and the intake fails."""
        sources = [file.key.rpartition("/")[2] for file in stored]
        bundle = (
            submissions.file_bundle(tx, sources[0], submission.agency)
            if len(sources) == 1 and submission.book is None
            else json_sha256(["book", submission.agency, submission.book, *sources])
        )
        intake = Intake(
            id=json_sha256([submission.actor, submission.agency, submission.dossier, submission.component, bundle])[:32],
            bundle=bundle,
            name=name,
            agency=submission.agency,
            dossier=submission.dossier,
            component=submission.component,
            book=submission.book,
            routing=submission.routing,
            actor=submission.actor,
            lane=submission.lane,
            received_at=datetime.now(UTC),
        )
        for file, source in zip(stored, sources, strict=True):
            submissions.add_source(tx, source, file.key, file.size)
        fresh = submissions.add_bundle(tx, bundle, sources)
        if not submissions.add_intake(tx, intake):
            return submissions.get_intake(tx, intake.id), False
        if fresh and refusal is not None:
            fail_bundle(tx, bundle, Problem(code=refusal.code, facts=refusal.facts), actor=submission.actor)
            return submissions.get_intake(tx, intake.id), True
        if fresh:
            jobs.add(tx, "open", bundle, lane=jobs.LANES[submission.lane])
            return intake, True
        self.join(tx, intake)
        return submissions.get_intake(tx, intake.id), True

    def join(self, tx: Transaction, intake: Intake) -> None:
        """A new intake of a bundle that is already known takes over its state. One nobody works on is queued."""
        state = submissions.bundle_row(tx, intake.bundle)["state"]
        if state == "DONE":
            submissions.move_intakes(tx, intake.bundle, [IntakeState.RECEIVED], IntakeState.DIGITIZED, actor=intake.actor)
            queue_file(self.context, tx, intake)
            tell(tx, "document.digitized", intake)
        elif state == "FAILED":
            submissions.move_intakes(tx, intake.bundle, [IntakeState.RECEIVED], IntakeState.FAILED, actor=intake.actor)
            tell(tx, "document.failed", intake)
        elif not jobs.unfinished(tx, intake.bundle, ["open", "read", "finish"]):
            jobs.add(tx, "open", intake.bundle, lane=jobs.LANES[intake.lane])

    def outcome(self, intake: Intake) -> Outcome:
        """Where an intake stands. Raises NotFound."""
        with self.context.ledger.read() as tx:
            state = submissions.intake_state(tx, intake.id)
            if state is None:
                raise NotFound("no such file", intake=intake.id)
            noted = submissions.get_intake(tx, intake.id)
            bundle = submissions.bundle_row(tx, intake.bundle)
            sources = submissions.sources_of(tx, intake.bundle)
        failed = state == IntakeState.FAILED and bundle["error"]
        return Outcome(
            state=state,
            pages=sum(source.pages or 0 for source in sources),
            problem=serialization.from_plain(Problem, bundle["error"]) if failed else None,
            accepted=bundle["result"] == "ACCEPTED",
            partial=state == IntakeState.DIGITIZED and bundle["result"] == submissions.PARTIAL,
            dossier=noted.dossier,
            routing=noted.routing if noted.dossier is None else (),
        )

    def export(self, intake: Intake, output: OutputFolder, target: PurePath) -> list[Path]:
        """Writes PDF and JSON of an intake as `target` in `output`, or beside it. Returns the paths. Raises FileAccess."""
        with self.context.ledger.read() as tx:
            made = submissions.artifacts(tx, intake.bundle)
        keys = {kind: key for kind, (_, key) in made.items()}
        return output.write(target, intake, keys, self.context.files.fetch)
