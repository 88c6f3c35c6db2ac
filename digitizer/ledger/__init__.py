"""The truth about state: one SQLAlchemy Core schema for SQLite and PostgreSQL, and its statements by subject.

`with ledger.begin() as tx:` is one transaction. The functions of `submissions`, `jobs`, `records`, `outbox` and `events`
are its statements. Each arrow of a state machine is one conditional UPDATE with the expected state in its WHERE. A
function that follows an arrow says whether it was there to follow.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa

from digitizer.ledger.database import connect, translated

Transaction = sa.Connection
_NEW_JOBS = "digitizer.new_jobs"


def note_new_jobs(tx: Transaction, count: int) -> None:
    """Remembers that this transaction has queued jobs, so that somebody is woken when it is over."""
    tx.info[_NEW_JOBS] = tx.info.get(_NEW_JOBS, 0) + count


def _nobody(count: int) -> None:
    """Wakes nobody."""


class Ledger:
    """An open ledger. Raises LedgerDown from every transaction when the database cannot be reached."""

    def __init__(self, engine: sa.Engine, on_jobs: Callable[[int], None] = _nobody) -> None:
        self.engine = engine
        #: called with the number of jobs a transaction has queued, once it is committed. It must not fail
        self._on_jobs = on_jobs

    @contextmanager
    def begin(self) -> Iterator[Transaction]:
        """A transaction that writes: all of it or nothing."""
        with translated(), self.engine.begin() as tx:
            tx.info[_NEW_JOBS] = 0
            yield tx
            queued = tx.info[_NEW_JOBS]
        if queued:
            self._on_jobs(queued)

    @contextmanager
    def read(self) -> Iterator[Transaction]:
        """A connection that reads. Each statement sees the newest state."""
        with self.autocommit() as tx:
            yield tx

    @contextmanager
    def autocommit(self) -> Iterator[Transaction]:
        """A connection on which each statement is a transaction of its own and is committed at once."""
        with translated(), self.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as tx:
            yield tx

    def close(self) -> None:
        """Gives all connections back."""
        self.engine.dispose()


def open_ledger(url: str, home: Path, *, on_jobs: Callable[[int], None] = _nobody) -> Ledger:
    """The ledger at `url`, at the newest schema. Raises ConfigError, LedgerDown.

    `on_jobs` is called with the number of jobs that a transaction has queued, once it is committed. It must not fail.
    """
    return Ledger(connect(url, home), on_jobs)
