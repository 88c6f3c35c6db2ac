"""The states of pages, intakes and records."""

from __future__ import annotations

from enum import StrEnum


class Lane(StrEnum):
    """Which work goes first: `counter`."""

    #: a citizen is waiting at the counter
    COUNTER = "counter"
    #: books and back files
    BULK = "bulk"


class Verdict(StrEnum):
    """What the engine thinks of a record. A person decides."""

    ACCEPT = "ACCEPT"
    REVIEW = "REVIEW"


class PageState(StrEnum):
    """How reading a page ended."""

    READ = "READ"
    BLANK = "BLANK"
    FAILED = "FAILED"


class IntakeState(StrEnum):
    """Where a submission stands."""

    #: stored, and noted in the ledger
    RECEIVED = "RECEIVED"
    #: a worker has begun
    RUNNING = "RUNNING"
    #: result and artifacts are in the store
    DIGITIZED = "DIGITIZED"
    #: ended, with a code that says why
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"


class RecordState(StrEnum):
    """Where a record stands."""

    #: waits for a person
    REVIEW = "REVIEW"
    #: approved, on its way to the dossier system
    READY = "READY"
    #: the dossier system has it
    ATTACHED = "ATTACHED"
    #: a person rejected it
    REFUSED = "REFUSED"
    #: cancelled in the book itself
    VOID = "VOID"
    #: two keyers differ
    DIFFERS = "DIFFERS"
