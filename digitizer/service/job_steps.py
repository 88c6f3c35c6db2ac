"""The jobs of a bundle: open its files, read their pages, finish it. Each is safe to repeat.

`open` finds out what the files are and queues `read` jobs. The last `read` job queues `finish`. A file of one page goes
through its three jobs at once: each job then gives back the next one, which carries the open file and what was read.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from contextlib import ExitStack, closing
from dataclasses import asdict, dataclass, replace
from typing import Any, Protocol

from digitizer import serialization
from digitizer.extract.book import totals
from digitizer.indicators import HANOI
from digitizer.ledger import Transaction, jobs, records, submissions
from digitizer.ledger.jobs import Job
from digitizer.ledger.submissions import PARTIAL, KnownSource
from digitizer.model import Digitized, Document, Intake, IntakeState, PageState, Problem, Record, Source
from digitizer.pages import ScanFile
from digitizer.pipeline import Reading, finish, read_pages, render_files
from digitizer.service import routing
from digitizer.service.context import ServiceContext
from digitizer.service.outbox import queue_file
from digitizer.service.submissions import fail_bundle
from digitizer.service.webhooks import tell

log = logging.getLogger(__name__)

#: kind of an artifact -> (media type, store key)
Keys = dict[str, tuple[str, str]]


class Step(Protocol):
    """A claimed job, with what it needs to be done."""

    @property
    def held(self) -> Job:
        """The job as the ledger leased it."""
        ...

    def run(self, context: ServiceContext) -> Step | None:
        """Does the job. Gives the next one of a file of one page, else None."""
        ...

    def close(self) -> None:
        """Ends the file it carries, if it was not used."""
        ...


@dataclass(slots=True)
class OpenJob:
    """Finds out what the files of a bundle are, and queues reading them."""

    held: Job

    def run(self, context: ServiceContext) -> ReadJob | None:
        """See `Step`."""
        with context.ledger.read() as tx:
            sources = submissions.sources_of(tx, self.held.bundle)
        with ExitStack() as kept:
            looked = [_look(context, source, kept if len(sources) == 1 else None) for source in sources]
            found = [source for source, _ in looked]
            single = looked[0][1] if len(looked) == 1 else None
            with context.ledger.begin() as tx:
                if not jobs.close(tx, self.held):
                    return None
                following = self._queue_reading(context, tx, found, single is not None)
                submissions.move_bundle(tx, self.held.bundle, ["NEW", "FAILED", "DONE"], "READING", error=None)
                submissions.move_intakes(
                    tx, self.held.bundle, [IntakeState.RECEIVED], IntakeState.RUNNING, actor=self.held.worker
                )
            if following is None or single is None:
                return None
            kept.pop_all()
            return ReadJob(following, source=found[0], file=single)

    def _queue_reading(self, context: ServiceContext, tx: Transaction, found: Sequence[KnownSource], single: bool) -> Job | None:
        """Queues `read` jobs. The one of a single page is leased to this worker at once."""
        following = None
        for source in found:
            submissions.opened(tx, source)
            for first in range(0, source.pages or 0, context.settings.job_pages):
                count = min(context.settings.job_pages, (source.pages or 0) - first)
                names = {"source": source.id, "first": first, "count": count}
                following = _queue(context, tx, self.held, "read", at_once=single, **names)
        return following

    def close(self) -> None:
        """Carries nothing."""


def _look(context: ServiceContext, source: KnownSource, kept: ExitStack | None) -> tuple[KnownSource, ScanFile | None]:
    """What a source is. With `kept`, a file of one page stays open until `kept` ends."""
    with context.files.local([source.key]) as (path,), ExitStack() as ends:
        file = ends.enter_context(ScanFile(path, source=source.id, options=context.settings.pages))
        seen = file.inspection
        known = replace(source, media_type=seen.media_type, pages=seen.pages, signed=seen.signed)
        if kept is None or seen.pages != 1:
            return known, None
        kept.push(ends.pop_all())
        return known, file


def _queue(context: ServiceContext, tx: Transaction, held: Job, kind: str, *, at_once: bool, **names: Any) -> Job | None:
    """Queues the job after `held`. With `at_once` it is leased to the same worker, unless that one is to stop."""
    if not at_once or context.stopping():
        jobs.add(tx, kind, held.bundle, lane=held.lane, **names)
        return None
    lease_s = context.settings.lease_s
    return jobs.go_on(tx, kind, held.bundle, worker=held.worker, lease_s=lease_s, lane=held.lane, **names)


@dataclass(slots=True)
class ReadJob:
    """Reads the scans of a job that were not read before, one by one. Each is stored as soon as it is read."""

    held: Job
    #: of a file of one page: what it is, and the open file
    source: KnownSource | None = None
    file: ScanFile | None = None

    def run(self, context: ServiceContext) -> FinishJob | None:
        """See `Step`."""
        engine = context.tools.fingerprint
        with context.ledger.read() as tx:
            source = self.source or submissions.get_source(tx, self.held.source)
            known = submissions.page_readings(tx, self.held.source, engine)
        scans = [scan for scan in range(self.held.first, self.held.first + self.held.count) if scan not in known]
        if not scans:
            self.close()
            return end_reading(context, self.held, self.source)
        with context.files.local([source.key]) as (path,):
            readings = read_pages(path, source=self.held.source, scans=scans, tools=context.tools, file=self.file)
            with closing(readings):
                for reading in readings:
                    if reading.scan == scans[-1]:
                        return self._keep_last(context, engine, reading)
                    if not keep(context, self.held, engine, reading):
                        log.warning("lease lost", extra={"action": "lease_lost", "job": self.held.id})
                        return None
                    if context.stopping():
                        give_back(context, self.held)
                        return None
        return None

    def _keep_last(self, context: ServiceContext, engine: str, reading: Reading) -> FinishJob | None:
        page = _stored(context, reading)
        with context.ledger.begin() as tx:
            if not jobs.close(tx, self.held):
                log.warning("lease lost", extra={"action": "lease_lost", "job": self.held.id})
                return None
            page.save(tx, self.held.source, engine)
            return after_reading(context, tx, self.held, self.source, reading if self.source else None)

    def close(self) -> None:
        """Ends the open file."""
        if self.file is not None:
            self.file.close()


@dataclass(frozen=True, slots=True)
class StoredReading:
    """What a scan gave, in the store."""

    scan: int
    key: str
    state: PageState
    problem: Problem | None

    def save(self, tx: Transaction, source: str, engine: str) -> None:
        """Notes the page."""
        error = serialization.to_plain(self.problem) if self.problem else None
        submissions.save_page(tx, source, self.scan, engine, state=self.state, texts=self.key, error=error)


def _stored(context: ServiceContext, reading: Reading) -> StoredReading:
    failed = _failure(reading)
    blank = all(text.blank for text in reading.texts)
    state = PageState.FAILED if failed else PageState.BLANK if blank else PageState.READ
    key = context.files.put_bytes(serialization.dump(reading))
    return StoredReading(scan=reading.scan, key=key, state=state, problem=failed)


def keep(context: ServiceContext, held: Job, engine: str, reading: Reading) -> bool:
    """Stores what a scan gave, notes the page and renews the lease. Returns False when the lease is lost."""
    page = _stored(context, reading)
    with context.ledger.begin() as tx:
        if not jobs.renew(tx, held, lease_s=context.settings.lease_s):
            return False
        page.save(tx, held.source, engine)
    return True


def end_reading(context: ServiceContext, held: Job, single: KnownSource | None = None, state: str = "DONE") -> FinishJob | None:
    """Ends a `read` job whose pages are all noted."""
    with context.ledger.begin() as tx:
        if not jobs.close(tx, held, state):
            return None
        return after_reading(context, tx, held, single, None)


def after_reading(
    context: ServiceContext, tx: Transaction, held: Job, single: KnownSource | None, reading: Reading | None
) -> FinishJob | None:
    """Queues `finish` after the last `read` job. A bundle of which no page could be read fails for its first page's reason.

    `single`, `reading`: of a file of one page, what it is and what was read. Then `finish` may follow at once.
    """
    if reading is None:
        submissions.hold_bundle(tx, held.bundle)
        if jobs.unfinished(tx, held.bundle, ["read"]):
            return None
        failed = _all_failed(context, tx, held.bundle)
    else:
        failed = _failure(reading)
    if failed is not None:
        fail_bundle(tx, held.bundle, failed, actor=held.worker)
        return None
    submissions.move_bundle(tx, held.bundle, ["READING"], "FINISHING")
    following = _queue(context, tx, held, "finish", at_once=single is not None)
    return FinishJob(following, source=single, reading=reading) if following else None


def _all_failed(context: ServiceContext, tx: Transaction, bundle: str) -> Problem | None:
    """What is wrong with the first page where no page could be read."""
    rows = list(submissions.bundle_readings(tx, bundle, context.tools.fingerprint).values())
    failed = bool(rows) and all(row["state"] == PageState.FAILED for row in rows)
    return serialization.from_plain(Problem, rows[0]["error"]) if failed else None


@dataclass(slots=True)
class FinishJob:
    """Classifies, extracts and renders a bundle whose pages are all read or failed."""

    held: Job
    #: of a file of one page: what it is, and what was read
    source: KnownSource | None = None
    reading: Reading | None = None

    def run(self, context: ServiceContext) -> None:
        """See `Step`. Nothing follows."""
        with context.ledger.read() as tx:
            intakes = [intake for intake, _ in submissions.intakes(tx, bundle_id=self.held.bundle)]
            if self.source is not None and self.reading is not None:
                sources, readings = [self.source], [(0, self.reading)]
            else:
                sources, readings = stored_readings(context, tx, self.held.bundle)
        result = finish(
            bundle=self.held.bundle,
            sources=tuple(_source(s) for s in sources),
            readings=readings,
            tools=context.tools,
            known=_known(intakes[0]) if intakes else None,
            received=intakes[0].received_at.astimezone(HANOI).date() if intakes else None,
        )
        keys, noticed = self._render(context, result, sources)
        result = replace(result, problems=(*result.problems, *noticed))
        with context.ledger.begin() as tx:
            if jobs.close(tx, self.held):
                note_result(context, tx, self.held, result, keys)

    def _render(self, context: ServiceContext, result: Digitized, sources: Sequence[KnownSource]) -> tuple[Keys, list[Problem]]:
        """Makes the artifacts and stores them. Returns their keys and what was noticed."""
        with context.files.scratch() as folder, context.files.local([s.key for s in sources]) as paths:
            made = render_files(
                result,
                {s.id: path for s, path in zip(sources, paths, strict=True)},
                name="result",
                into=folder,
                tools=context.tools,
                signed=frozenset(s.id for s in sources if s.signed),
            )
            keys = {a.path.suffix.lstrip("."): (a.media_type, context.store.put_file(a.path)) for a in made}
            return keys, [problem for artifact in made for problem in artifact.problems]

    def close(self) -> None:
        """Carries no open file."""


def note_result(context: ServiceContext, tx: Transaction, held: Job, result: Digitized, keys: Keys) -> None:
    """Notes what came out of a bundle, and queues what goes out because of it."""
    submissions.save_artifacts(tx, result.bundle, keys)
    found = [record for document in result.documents for record in document.records]
    records.withdraw(tx, result.bundle, [record.id for record in found], actor=held.worker)
    for document in result.documents:
        for record in document.records:
            lies_on = _pages_of(result, document, record)
            records.propose(tx, result.bundle, document.doctype, record, actor=held.worker, pages=lies_on)
    noted: dict[str, Any] = {"result": _judged(context, result), "error": None}
    if any(intake.book for intake, _ in submissions.intakes(tx, bundle_id=result.bundle)):
        noted["stated"] = _stated(result)
    submissions.move_bundle(tx, result.bundle, ["FINISHING", "DONE"], "DONE", **noted)
    if codes := routing.codes_on_first_page(result):
        for intake, _ in submissions.intakes(tx, bundle_id=result.bundle):
            if intake.dossier is None and intake.book is None:
                _route_by_code(tx, held, intake, codes)
    moved = submissions.move_intakes(
        tx,
        result.bundle,
        [IntakeState.RECEIVED, IntakeState.RUNNING, IntakeState.FAILED],
        IntakeState.DIGITIZED,
        actor=held.worker,
        documents=len(result.documents),
        records=len(found),
    )
    for intake in moved:
        queue_file(context, tx, intake)
        tell(tx, "document.digitized", intake)


def _route_by_code(tx: Transaction, held: Job, intake: Intake, codes: Sequence[str]) -> None:
    """Gives an intake the dossier whose code stands on its first page, or notes that several do."""
    if len(codes) == 1:
        submissions.set_dossier(tx, intake.id, codes[0], actor=held.worker, how="qr")
    else:
        submissions.note_routing(tx, intake.id, [*intake.routing, "several_codes_on_page"])


def _pages_of(result: Digitized, document: Document, record: Record) -> list[int]:
    """Positions of the scans that a record lies on: those its fields were read on, else its whole document."""
    read_on = {result.positions[field.page] for field in record.fields if field.page is not None}
    return sorted(read_on or set(document.pages))


def _stated(result: Digitized) -> dict[str, Any]:
    """The totals that the closing statement of a book names. {} without one."""
    found = (totals([line.text for line in page.lines]) for page in result.pages)
    stated = next((one for one in found if one), None)
    return asdict(stated) if stated else {}


def _judged(context: ServiceContext, result: Digitized) -> str:
    """`PARTIAL` where a page could not be read, `ACCEPTED` where all of it may go to its dossier by itself, else `UNSURE`."""
    if any(page.sheet is None for page in result.pages):
        return PARTIAL
    active = any(problem.code == "signed_active" for problem in result.problems)
    return "ACCEPTED" if _accepted(context, result) and not active else "UNSURE"


def _accepted(context: ServiceContext, result: Digitized) -> bool:
    """Whether the type of every document that is not blank is sure."""
    written = [d for d in result.documents if not all(result.pages[i].blank for i in d.texts)]
    return bool(written) and all(
        d.doctype is not None and d.score >= context.tools.doctypes[d.doctype].accept_type for d in written
    )


def stored_readings(context: ServiceContext, tx: Transaction, bundle: str) -> tuple[list[KnownSource], list[tuple[int, Reading]]]:
    """The sources of a bundle, and (position of the scan in it, Reading) of all its scans, in order."""
    sources, found = submissions.sources_of(tx, bundle), list[tuple[int, Reading]]()
    rows = submissions.bundle_readings(tx, bundle, context.tools.fingerprint)
    for source in sources:
        for scan in range(source.pages or 0):
            with context.store.open(rows[source.id, scan]["texts"]) as stored:
                found.append((len(found), serialization.load(Reading, stored.read())))
    return sources, found


def give_back(context: ServiceContext, held: Job) -> None:
    """Puts a job back for somebody else, the attempt not counted."""
    with context.ledger.begin() as tx:
        jobs.give_back(tx, held)


def _failure(reading: Reading) -> Problem | None:
    """Why a scan could not be read. None where it was."""
    return next((p for text in reading.texts for p in text.quality.problems if text.sheet is None), None)


def _source(known: KnownSource) -> Source:
    return Source(id=known.id, key=known.key, media_type=known.media_type or "", size=known.size)


def _known(intake: Intake) -> dict[str, str]:
    """Values that came with the submission: `KS/1999/01` is volume 01/1999."""
    if intake.book is None:
        return {}
    _, year, number = intake.book.split("/")
    return {"quyenSo": f"{number}/{year}"}
