"""The truth about state: one SQLAlchemy Core schema for SQLite and PostgreSQL, and its statements by subject.

`with ledger.begin() as tx:` is one transaction; the functions of `submissions`, `jobs`, `records`, `outbox` and `events`
are its statements. Each arrow of a state machine is one conditional UPDATE with the expected state in its WHERE; a
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


class Ledger:
    """An open ledger. Raises LedgerDown from every transaction when the database cannot be reached."""

    def __init__(self, engine: sa.Engine) -> None:
        self.engine = engine
        #: called with the number of jobs a transaction has queued, once that is certain; must not fail
        self.on_jobs: Callable[[int], None] = lambda count: None

    @contextmanager
    def begin(self) -> Iterator[Transaction]:
        """A transaction that writes: all of it or nothing."""
        with translated(), self.engine.begin() as tx:
            tx.info[_NEW_JOBS] = 0
            yield tx
            queued = tx.info[_NEW_JOBS]
        if queued:
            self.on_jobs(queued)

    @contextmanager
    def read(self) -> Iterator[Transaction]:
        """A connection that reads; each statement is a transaction of its own, sees the newest state and is committed at once."""
        with translated(), self.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as tx:
            yield tx

    def close(self) -> None:
        """Gives all connections back."""
        self.engine.dispose()


def open_ledger(url: str, home: Path) -> Ledger:
    """The ledger at `url`, at the newest schema. Raises ConfigError, LedgerDown."""
    return Ledger(connect(url, home))
