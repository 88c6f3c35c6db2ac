"""Where the pure stages meet the ports: receive, work, decide, deliver. Each method is safe to repeat.

The engine opens on first use, so a process that only receives never loads a model.
"""

from __future__ import annotations

import hashlib
import json
import logging
import random
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from digitizer import codec, dossiers
from digitizer.connectors import Connector, Delivery, open_connector
from digitizer.doctypes import digest, load
from digitizer.errors import AttachError, ConnectorDown, DigitizerError, ServiceError, UsageError
from digitizer.extract import revise_field
from digitizer.ledger import Ledger, Transaction, events, jobs, open_ledger, outbox, records, submissions
from digitizer.ledger.jobs import Job
from digitizer.ledger.outbox import Due
from digitizer.ledger.records import Kept
from digitizer.ledger.submissions import KnownSource
from digitizer.model import Digitized, Intake, IntakeState, Lane, PageState, Problem, Receipt, RecordState, Source
from digitizer.ocr import open_engine, verify_models
from digitizer.pages import inspect
from digitizer.pipeline import Reading, Tools, failed_page, finish, read_pages, render_files
from digitizer.settings import Settings
from digitizer.storage import Store, open_store

log = logging.getLogger(__name__)

#: a delivery that failed is tried again after 30 s, 1 min, 2 min … up to an hour, each time ± 25 %
RETRY_FIRST_S, RETRY_MOST_S = 30.0, 3600.0
#: how long one delivery may take before somebody else tries it
DELIVERY_LEASE_S = 300.0
#: the reason a page fails for when every worker that took it died
WORKER_DIED = "worker_died"


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """What comes with a file: who submits it, for whom."""

    actor: str
    agency: str | None = None
    dossier: str | None = None
    component: str | None = None
    book: str | None = None
    lane: Lane = Lane.BULK


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """Counts by state, and what is stuck."""

    intakes: dict[str, int]
    records: dict[str, int]
    jobs: dict[str, int]
    deliveries: dict[str, int]
    #: (worker, kind of job, seconds its lease still has)
    working: list[tuple[str, str, float]]
    #: deliveries that wait or were refused
    pending: list[dict[str, Any]]
    #: intakes that failed: id, name, error
    failed: list[dict[str, Any]]


class Service:
    """One per process."""

    def __init__(
        self, settings: Settings, *, store: Store, ledger: Ledger, connector: Connector, tools: Callable[[], Tools] | None = None
    ) -> None:
        self.settings, self.store, self.ledger, self.connector = settings, store, ledger, connector
        self._make_tools = tools or self._shipped_tools

    @classmethod
    def open(cls, settings: Settings) -> Service:
        """The service with the ports that the settings name. Raises ConfigError, StoreDown, LedgerDown."""
        settings.scratch.mkdir(parents=True, exist_ok=True)
        return cls(
            settings,
            store=open_store(settings.store, settings.home),
            ledger=open_ledger(settings.ledger, settings.home),
            connector=open_connector(settings.connector, settings.home),
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None) -> None:
        self.ledger.close()

    @cached_property
    def tools(self) -> Tools:
        """Engine and declarations, loaded on first use. Raises ModelError, EngineMissing, DocTypeError."""
        return self._make_tools()

    def _shipped_tools(self) -> Tools:
        doctypes = load(self.settings.doctypes)
        return Tools(
            engine=open_engine(self.settings.engine),
            doctypes=doctypes,
            doctypes_digest=digest(doctypes),
            pages=self.settings.pages,
        )

    def check(self) -> None:
        """What has to be right before anything starts, without loading an engine. Raises ModelError, DocTypeError."""
        verify_models(self.settings.engine)
        load(self.settings.doctypes)

    # --- receive ----------------------------------------------------------------------------------------------------

    def receive(self, files: Sequence[Path], name: str, submission: Submission) -> tuple[Intake, bool]:
        """Stores one file, or the scans of a book in order, and notes the intake; (intake, whether it is new).

        The bytes are safe before the ledger hears of them; a crash in between leaves a file nobody asks for, never an intake
        without its file. Raises FileAccess, StoreDown, StoreFull, LedgerDown.
        """
        keys = [self.store.put_file(file) for file in files]
        sources = [key.rpartition("/")[2] for key in keys]
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
        with self.ledger.begin() as tx:
            for key, source in zip(keys, sources, strict=True):
                submissions.add_source(tx, source, key, self.store.stat(key).size)
            if submissions.add_bundle(tx, bundle, sources):
                jobs.add(tx, "open", bundle, lane=jobs.LANES[submission.lane])
            new = submissions.add_intake(tx, intake)
            if new:
                self._join(tx, intake)
            return submissions.get_intake(tx, intake.id), new

    def _join(self, tx: Transaction, intake: Intake) -> None:
        """A new intake of a bundle that is already known takes over its state."""
        state = submissions.bundle_row(tx, intake.bundle)["state"]
        if state == "DONE":
            submissions.move_intakes(tx, intake.bundle, [IntakeState.RECEIVED], IntakeState.DIGITIZED, actor=intake.actor)
            self._write_attach(tx, intake)
        elif state == "FAILED":
            submissions.move_intakes(tx, intake.bundle, [IntakeState.RECEIVED], IntakeState.FAILED, actor=intake.actor)

    # --- work -------------------------------------------------------------------------------------------------------

    def work(self, worker: str) -> Job | None:
        """Claims the next job and does it; the job, or None when there is nothing to do.

        A machine at fault (ServiceError) gives the job back and is raised; a scan at fault is noted and over.
        """
        with self.ledger.begin() as tx:
            job = jobs.claim(tx, worker=worker, lease_s=self.settings.lease_s)
        if job is None:
            return None
        try:
            self._do(job, worker)
        except ServiceError:
            with self.ledger.begin() as tx:
                jobs.give_back(tx, job)
            raise
        except DigitizerError as exc:
            self._give_up(job, Problem(code=exc.code, facts=exc.facts), worker)
        return job

    def _do(self, job: Job, worker: str) -> None:
        if job.attempts > self.settings.attempts:
            self._give_up(job, Problem(code=WORKER_DIED, facts={"attempts": job.attempts - 1}), worker)
        elif job.kind == "read" and job.count > 1 and job.attempts > 1:
            with self.ledger.begin() as tx:
                jobs.split(tx, job)
        else:
            {"open": self._open, "read": self._read, "finish": self._finish}[job.kind](job, worker)

    def _open(self, job: Job, worker: str) -> None:
        """Finds out what the sources are, and queues reading them."""
        with self.ledger.read() as tx:
            sources = submissions.sources_of(tx, job.bundle)
        found = {}
        for source in sources:
            with self._local([source.key]) as (path,):
                found[source.id] = inspect(path, options=self.settings.pages)
        with self.ledger.begin() as tx:
            if not jobs.close(tx, job):
                return
            for source_id, seen in found.items():
                submissions.opened(tx, source_id, media_type=seen.media_type, pages=seen.pages, signed=seen.signed)
                for first in range(0, seen.pages, self.settings.job_pages):
                    count = min(self.settings.job_pages, seen.pages - first)
                    jobs.add(tx, "read", job.bundle, lane=job.lane, source=source_id, first=first, count=count)
            submissions.move_bundle(tx, job.bundle, ["NEW", "FAILED", "DONE"], "READING", error=None)
            submissions.move_intakes(tx, job.bundle, [IntakeState.RECEIVED], IntakeState.RUNNING, actor=worker)

    def _read(self, job: Job, worker: str) -> None:
        """Reads its scans, one by one, those already read left out; each is kept as soon as it is read."""
        engine = self.tools.engine.fingerprint
        with self.ledger.read() as tx:
            source = next(s for s in submissions.sources_of(tx, job.bundle) if s.id == job.source)
            known = submissions.page_readings(tx, job.source, engine)
        scans = [scan for scan in range(job.first, job.first + job.count) if scan not in known]
        if scans:
            with self._local([source.key]) as (path,):
                for reading in read_pages(path, source=job.source, scans=scans, tools=self.tools):
                    if not self._keep(job, engine, reading):
                        log.warning("lease lost", extra={"action": "lease_lost", "job": job.id})
                        return
        with self.ledger.begin() as tx:
            if jobs.close(tx, job):
                self._read_is_over(tx, job, worker)

    def _keep(self, job: Job, engine: str, reading: Reading) -> bool:
        """Stores what a scan gave and notes the page; False when the lease is lost."""
        key = self._put_bytes(codec.dump(reading))
        failed = next((p for t in reading.texts for p in t.quality.problems if t.sheet is None), None)
        blank = all(t.blank for t in reading.texts)
        state = PageState.FAILED if failed else PageState.BLANK if blank else PageState.READ
        with self.ledger.begin() as tx:
            if not jobs.renew(tx, job, lease_s=self.settings.lease_s):
                return False
            submissions.save_page(
                tx, job.source, reading.scan, engine, state=state, texts=key, error=codec.plain(failed) if failed else None
            )
        return True

    def _read_is_over(self, tx: Transaction, job: Job, worker: str) -> None:
        """The last read job queues `finish`; where no page at all could be read the bundle fails for the first one's reason."""
        if jobs.unfinished(tx, job.bundle, ["read"]):
            return
        engine = self.tools.engine.fingerprint
        rows = [
            row for s in submissions.sources_of(tx, job.bundle) for row in submissions.page_readings(tx, s.id, engine).values()
        ]
        if rows and all(row["state"] == PageState.FAILED for row in rows):
            self._fail_bundle(tx, job.bundle, codec.load(Problem, json.dumps(rows[0]["error"])), worker)
            return
        submissions.move_bundle(tx, job.bundle, ["READING"], "FINISHING")
        jobs.add(tx, "finish", job.bundle, lane=job.lane)

    def _fail_bundle(self, tx: Transaction, bundle: str, problem: Problem, worker: str) -> None:
        submissions.move_bundle(tx, bundle, ["NEW", "READING", "FINISHING", "DONE"], "FAILED", error=codec.plain(problem))
        submissions.move_intakes(
            tx, bundle, [IntakeState.RECEIVED, IntakeState.RUNNING], IntakeState.FAILED, actor=worker, code=problem.code
        )

    def _finish(self, job: Job, worker: str) -> None:
        """Classifies, extracts and renders a bundle whose pages are all read or failed."""
        with self.ledger.read() as tx:
            sources = submissions.sources_of(tx, job.bundle)
            intakes = [intake for intake, _ in submissions.intakes(tx, bundle_id=job.bundle)]
        result = finish(
            bundle=job.bundle,
            sources=tuple(_source(s) for s in sources),
            readings=self._readings(sources),
            tools=self.tools,
            known=_known(intakes[0]) if intakes else None,
        )
        with self._scratch() as folder, self._local([s.key for s in sources]) as paths:
            files = {s.id: path for s, path in zip(sources, paths, strict=True)}
            made = render_files(
                result,
                files,
                name="result",
                into=folder,
                options=self.settings.pages,
                signed=frozenset(s.id for s in sources if s.signed),
            )
            keys = {
                artifact.path.suffix.lstrip("."): (artifact.media_type, self.store.put_file(artifact.path)) for artifact in made
            }
        with self.ledger.begin() as tx:
            if not jobs.close(tx, job):
                return
            self._note_result(tx, result, keys, worker)

    def _note_result(self, tx: Transaction, result: Digitized, keys: dict[str, tuple[str, str]], worker: str) -> None:
        submissions.save_artifacts(tx, result.bundle, keys)
        found = [record for document in result.documents for record in document.records]
        records.withdraw(tx, result.bundle, [record.id for record in found], actor=worker)
        for document in result.documents:
            for record in document.records:
                records.propose(tx, result.bundle, document.doctype, record, actor=worker)
        accepted = bool(result.documents) and all(
            self._sure(d.doctype, d.score) for d in result.documents if not self._empty(result, d.texts)
        )
        submissions.move_bundle(
            tx, result.bundle, ["FINISHING", "DONE"], "DONE", result="ACCEPTED" if accepted else "UNSURE", error=None
        )
        code = _code_on_first_page(result)
        for intake, _ in submissions.intakes(tx, bundle_id=result.bundle):
            if intake.dossier is None and intake.book is None and code:
                submissions.set_dossier(tx, intake.id, code, actor=worker, how="qr")
        moved = submissions.move_intakes(
            tx,
            result.bundle,
            [IntakeState.RECEIVED, IntakeState.RUNNING, IntakeState.FAILED],
            IntakeState.DIGITIZED,
            actor=worker,
            documents=len(result.documents),
            records=len(found),
        )
        for intake in moved:
            self._write_attach(tx, intake)

    def _sure(self, doctype: str | None, score: float) -> bool:
        return doctype is not None and score >= self.tools.doctypes[doctype].accept_type

    @staticmethod
    def _empty(result: Digitized, texts: Sequence[int]) -> bool:
        return all(result.pages[i].blank for i in texts)

    def _write_attach(self, tx: Transaction, intake: Intake) -> None:
        """The PDF goes to the dossier when the dossier is known and the types are accepted; else a person decides."""
        if intake.dossier and submissions.bundle_row(tx, intake.bundle)["result"] == "ACCEPTED":
            pdf = submissions.artifacts(tx, intake.bundle)["pdf"][1].rpartition("/")[2]
            outbox.add(
                tx,
                "attach",
                intake_id=intake.id,
                dossier=intake.dossier,
                actor="digitizer",
                key=f"attach/{intake.dossier}/{intake.component or '_'}/{pdf}",
            )

    def _give_up(self, job: Job, problem: Problem, worker: str) -> None:
        """Ends a job that cannot succeed: a scan becomes a failed page, anything else fails the bundle."""
        if job.kind == "read":
            engine = self.tools.engine.fingerprint
            with self.ledger.read() as tx:
                known = submissions.page_readings(tx, job.source, engine)
            for scan in range(job.first, job.first + job.count):
                reading = Reading(scan=scan, texts=(failed_page(job.source, scan, problem),), seconds={})
                if scan not in known and not self._keep(job, engine, reading):
                    return
        with self.ledger.begin() as tx:
            if not jobs.close(tx, job, "FAILED"):
                return
            if job.kind == "read":
                self._read_is_over(tx, job, worker)
            else:
                self._fail_bundle(tx, job.bundle, problem, worker)

    # --- decide -----------------------------------------------------------------------------------------------------

    def records(self, *, states: Sequence[RecordState] = (), intake: str | None = None) -> list[Kept]:
        """Records at their newest revisions."""
        with self.ledger.read() as tx:
            bundle = submissions.get_intake(tx, intake).bundle if intake else None
            return records.find(tx, bundle_id=bundle, states=states)

    def approve(self, record_id: str, *, by: str) -> Kept:
        """A person takes responsibility for every value; the dossier system gets them. Raises UsageError."""
        with self.ledger.begin() as tx:
            kept = self._in_review(tx, record_id)
            records.move(
                tx, record_id, kept.record.revision, [RecordState.REVIEW], RecordState.READY, actor=by, action="approved"
            )
            for intake, _ in submissions.intakes(tx, bundle_id=kept.bundle):
                if intake.dossier:
                    outbox.add(
                        tx,
                        "update_fields",
                        intake_id=intake.id,
                        dossier=intake.dossier,
                        actor=by,
                        record=record_id,
                        revision=kept.record.revision,
                        key=f"update_fields/{intake.dossier}/{record_id}/{kept.record.revision}",
                    )
                    self._write_attach_approved(tx, intake)
            return replace(kept, state=RecordState.READY)

    def _write_attach_approved(self, tx: Transaction, intake: Intake) -> None:
        """A person's approval settles a doubtful type."""
        submissions.move_bundle(tx, intake.bundle, ["DONE"], "DONE", result="ACCEPTED")
        self._write_attach(tx, intake)

    def correct(self, record_id: str, values: dict[str, str], *, by: str) -> Kept:
        """Puts a person's values in place of OCR's, as a new revision to be approved. Raises UsageError."""
        with self.ledger.begin() as tx:
            kept = records.get(tx, record_id)
            if kept is None or kept.state not in (
                RecordState.REVIEW,
                RecordState.READY,
                RecordState.ATTACHED,
                RecordState.REFUSED,
            ):
                raise UsageError("no such record, or it cannot be corrected any more", record=record_id)
            changed = replace(
                kept.record,
                fields=revise_field(kept.record.fields, kept.doctype, values, by=by, doctypes=self._doctypes),
                revision=kept.record.revision + 1,
            )
            if not records.revise(tx, changed, kept.record.revision, by=by):
                raise UsageError("somebody else has just changed this record; look at it again", record=record_id)
            events.note(tx, "corrected", record_id, actor=by, revision=changed.revision, fields=sorted(values))
            return replace(kept, record=changed, state=RecordState.REVIEW)

    def reject(self, record_id: str, *, by: str, reason: str) -> Kept:
        """A person says that this is no record. Raises UsageError."""
        with self.ledger.begin() as tx:
            kept = self._in_review(tx, record_id)
            records.move(
                tx,
                record_id,
                kept.record.revision,
                [RecordState.REVIEW],
                RecordState.REFUSED,
                actor=by,
                action="rejected",
                reason=reason,
            )
            return replace(kept, state=RecordState.REFUSED)

    @cached_property
    def _doctypes(self) -> Any:
        return load(self.settings.doctypes)

    @staticmethod
    def _in_review(tx: Transaction, record_id: str) -> Kept:
        kept = records.get(tx, record_id)
        if kept is None:
            raise UsageError("no such record", record=record_id)
        if kept.state != RecordState.REVIEW:
            raise UsageError("this record does not wait for a decision", record=record_id, state=kept.state.value)
        return kept

    # --- deliver ----------------------------------------------------------------------------------------------------

    def deliver(self) -> list[Receipt]:
        """Sends everything that is due; what cannot be sent now stays in the outbox."""
        receipts: list[Receipt] = []
        while True:
            with self.ledger.begin() as tx:
                due = outbox.claim(tx, lease_s=DELIVERY_LEASE_S)
            if due is None:
                return receipts
            receipt = self._deliver(due)
            if receipt is not None:
                receipts.append(receipt)

    def _deliver(self, due: Due) -> Receipt | None:
        try:
            with self._scratch() as folder:
                receipt = self._send(due, folder)
        except ConnectorDown as exc:
            wait = min(RETRY_MOST_S, RETRY_FIRST_S * 2 ** (due.attempts - 1)) * random.uniform(0.75, 1.25)
            with self.ledger.begin() as tx:
                outbox.put_off(tx, due, wait, {"code": exc.code, **exc.facts})
            return None
        except AttachError as exc:
            with self.ledger.begin() as tx:
                outbox.refused(tx, due, {"code": exc.code, **exc.facts}, actor="digitizer")
            return None
        with self.ledger.begin() as tx:
            if outbox.delivered(tx, due, receipt, actor="digitizer") and due.record and due.revision:
                records.move(
                    tx, due.record, due.revision, [RecordState.READY], RecordState.ATTACHED, actor="digitizer", action="attached"
                )
        return receipt

    def _send(self, due: Due, folder: Path) -> Receipt:
        with self.ledger.read() as tx:
            intake = submissions.get_intake(tx, due.intake)
            media_type, key = submissions.artifacts(tx, intake.bundle)["pdf"]
            kept = records.get(tx, due.record) if due.record else None
        name = f"{Path(intake.name).stem}.pdf"
        if due.kind == "attach":
            path = folder / "attachment.pdf"
            self._fetch(key, path)
            return self.connector.attach(
                Delivery(
                    id=due.id,
                    key=due.key,
                    dossier=due.dossier,
                    component=intake.component,
                    agency=intake.agency,
                    name=name,
                    media_type=media_type,
                    sha256=key.rpartition("/")[2],
                    path=path,
                )
            )
        if kept is None:
            raise AttachError("the record is gone", delivery=due.id)
        values = {field.name: field.value for field in kept.record.fields if field.value is not None}
        return self.connector.update_fields(
            Delivery(
                id=due.id,
                key=due.key,
                dossier=due.dossier,
                component=intake.component,
                agency=intake.agency,
                media_type="application/json",
                name=f"{Path(intake.name).stem}-{'-'.join(kept.record.id.split('/')[1:])}",
                sha256="",
                path=folder,
                fields={"doctype": kept.doctype, "record": kept.record.id, "revision": kept.record.revision, "values": values},
            )
        )

    # --- look after -------------------------------------------------------------------------------------------------

    def status(self) -> Status:
        """Where everything stands."""
        with self.ledger.read() as tx:
            everything = submissions.intakes(tx)
            kept = records.find(tx)
            failed = [
                {"id": i.id, "name": i.name, "error": submissions.bundle_row(tx, i.bundle)["error"]}
                for i, state in everything
                if state == IntakeState.FAILED
            ]
            return Status(
                intakes=_count(state.value for _, state in everything),
                records=_count(k.state.value for k in kept),
                jobs=jobs.backlog(tx),
                deliveries=outbox.counts(tx),
                working=jobs.working(tx),
                pending=outbox.pending(tx),
                failed=failed,
            )

    def sweep(self) -> dict[str, int]:
        """Puts right what died half-way: expired leases, bundles without work, old scratch folders; seals the event log."""
        with self.ledger.begin() as tx:
            found = {"leases": jobs.requeue_expired(tx), "jobs": self._missing_jobs(tx), "events": events.seal(tx)}
        return {**found, "scratch": self._clear_scratch()}

    def _missing_jobs(self, tx: Transaction) -> int:
        restarted = 0
        for intake, _ in submissions.intakes(tx, states=[IntakeState.RECEIVED, IntakeState.RUNNING]):
            if not jobs.unfinished(tx, intake.bundle, ["open", "read", "finish"]):
                jobs.add(tx, "open", intake.bundle, lane=jobs.LANES[intake.lane])
                submissions.move_bundle(tx, intake.bundle, ["READING", "FINISHING"], "NEW")
                restarted += 1
        return restarted

    def _clear_scratch(self, older_s: float = 24 * 3600) -> int:
        old = [p for p in self.settings.scratch.iterdir() if datetime.now().timestamp() - p.stat().st_mtime > older_s]
        for path in old:
            shutil.rmtree(path, ignore_errors=True)
        return len(old)

    def retry(self, intake_id: str, *, by: str) -> None:
        """Does a failed intake again, its failed pages included. Raises UsageError."""
        self._again(intake_id, [IntakeState.FAILED, IntakeState.DIGITIZED], [PageState.FAILED], by=by, action="retried")

    def reprocess(self, intake_id: str, *, by: str, reason: str) -> None:
        """Reads an intake anew; what people have approved or corrected stays. Raises UsageError."""
        self._again(
            intake_id, [IntakeState.FAILED, IntakeState.DIGITIZED], list(PageState), by=by, action="reprocessed", reason=reason
        )

    def _again(
        self, intake_id: str, expected: Sequence[IntakeState], pages: Sequence[PageState], *, by: str, action: str, **detail: str
    ) -> None:
        with self.ledger.begin() as tx:
            if submissions.intake_state(tx, intake_id) not in expected:
                raise UsageError("no such file, or it is being worked on", intake=intake_id)
            intake = submissions.get_intake(tx, intake_id)
            sources = [s.id for s in submissions.sources_of(tx, intake.bundle)]
            submissions.forget_pages(tx, sources, self.tools.engine.fingerprint, states=pages)
            submissions.move_bundle(tx, intake.bundle, ["DONE", "FAILED"], "NEW", error=None)
            submissions.move_intakes(tx, intake.bundle, expected, IntakeState.RECEIVED, actor=by)
            jobs.add(tx, "open", intake.bundle, lane=jobs.LANES[intake.lane])
            events.note(tx, action, intake_id, actor=by, **detail)

    def export(self, intake: Intake, folder: Path, stem: str) -> list[Path]:
        """Writes `<stem>.pdf` and `<stem>.json` of a digitized intake into `folder`; the paths written."""
        with self.ledger.read() as tx:
            made = submissions.artifacts(tx, intake.bundle)
        folder.mkdir(parents=True, exist_ok=True)
        written = []
        for kind, (_, key) in sorted(made.items()):
            target = folder / f"{stem}.{kind}"
            part = target.with_name(f".{target.name}.part")
            self._fetch(key, part)
            part.replace(target)
            written.append(target)
        return written

    # --- files ------------------------------------------------------------------------------------------------------

    @contextmanager
    def _scratch(self) -> Iterator[Path]:
        with tempfile.TemporaryDirectory(dir=self.settings.scratch, ignore_cleanup_errors=True) as folder:
            yield Path(folder)

    def _put_bytes(self, data: bytes) -> str:
        with self._scratch() as folder:
            path = folder / "data"
            path.write_bytes(data)
            return self.store.put_file(path)

    def _fetch(self, key: str, target: Path) -> None:
        with self.store.open(key) as stored, target.open("wb") as sink:
            shutil.copyfileobj(stored, sink, 1 << 20)

    @contextmanager
    def _local(self, keys: Sequence[str]) -> Iterator[list[Path]]:
        """Paths to read stored files from; copies in scratch where the store is elsewhere."""
        with self._scratch() as folder:
            paths = []
            for number, key in enumerate(keys):
                path = self.store.local(key)
                if path is None:
                    path = folder / str(number)
                    self._fetch(key, path)
                paths.append(path)
            yield paths

    def _readings(self, sources: Sequence[KnownSource]) -> list[tuple[int, Reading]]:
        """(position of the scan in the bundle, Reading) of all scans in order."""
        found: list[tuple[int, Reading]] = []
        first = 0
        for source in sources:
            with self.ledger.read() as tx:
                readings = submissions.page_readings(tx, source.id, self.tools.engine.fingerprint)
            for scan in range(source.pages or 0):
                with self.store.open(readings[scan]["texts"]) as stored:
                    found.append((first + scan, codec.load(Reading, stored.read())))
            first += source.pages or 0
        return found


def _hash(*parts: str | None) -> str:
    """A name that follows from its parts, whatever is in them."""
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def _source(known: KnownSource) -> Source:
    return Source(id=known.id, key=known.key, media_type=known.media_type or "", size=known.size)


def _known(intake: Intake) -> dict[str, str]:
    """Values that came with the submission: `KS/1999/01` is volume 01/1999."""
    if intake.book is None:
        return {}
    _, year, number = intake.book.split("/")
    return {"quyenSo": f"{number}/{year}"}


def _code_on_first_page(result: Digitized) -> str | None:
    """A dossier code in a QR code or barcode of the first scan."""
    first = [page for page, position in zip(result.pages, result.positions, strict=True) if position == 0]
    return next((code for page in first for mark in page.marks if (code := dossiers.in_text(mark.text))), None)


def _count(states: Iterable[str]) -> dict[str, int]:
    return dict(Counter(states))
