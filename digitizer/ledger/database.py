"""One engine for SQLite and PostgreSQL, migrated on opening. Foreign errors become LedgerDown here.

Statements that run for every page are built once for each dialect (`functools.cache`): building one costs more than sending it.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache, partial
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError, DisconnectionError, SQLAlchemyError

from digitizer.dossiers import EVERYWHERE
from digitizer.errors import AmbiguousId, ConfigError, LedgerDown, NotFound, StoreFull

#: a connection idle for longer may have lost its server
IDLE_S = 1.0
#: ids that the error about a beginning of several ids lists
_CANDIDATES = 5
MIGRATIONS = Path(__file__).with_name("migrations")


def connect(url: str, home: Path) -> sa.Engine:
    """An engine for `sqlite:` (below `home`), `sqlite:///path` or `postgresql+psycopg://…`, at the newest schema."""
    if url.partition(":")[0] == "sqlite":
        path = Path(unquote(urlsplit(url).path)) if urlsplit(url).path else home / "ledger.db"
        path.parent.mkdir(parents=True, exist_ok=True)
        engine = sa.create_engine(f"sqlite:///{path}", connect_args={"timeout": 60})
        sa.event.listen(engine, "connect", _on_sqlite_connect)
        sa.event.listen(engine, "begin", _on_sqlite_begin)
    elif url.startswith("postgresql"):
        engine = _postgres(url)
    else:
        raise ConfigError(
            "the ledger must be sqlite: or postgresql+psycopg://", sentence="ledger_address", ledger=url.partition(":")[0]
        )
    with translated():
        _migrate(engine)
    return engine


def _postgres(url: str) -> sa.Engine:
    # a server that is gone is noticed in seconds, not when the kernel gives up. A commit is on its disk before we go on
    options = {"connect_timeout": 5, "keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3}
    try:
        engine = sa.create_engine(url, pool_size=4, connect_args=options)
    except (SQLAlchemyError, ModuleNotFoundError) as exc:
        raise ConfigError(
            "the ledger must be sqlite: or postgresql+psycopg://user@host/database", sentence="ledger_address"
        ) from exc
    sa.event.listen(engine, "checkin", _note_use)
    sa.event.listen(engine, "checkout", partial(_see_that_it_lives, engine))
    return engine


def _note_use(_: Any, record: Any) -> None:
    record.info["used"] = time.monotonic()


def _see_that_it_lives(engine: sa.Engine, connection: Any, record: Any, _: Any) -> None:
    """Asks the server before a connection that lay idle is used again. Asking each time would cost as much as a statement."""
    if time.monotonic() - record.info.get("used", math.inf) > IDLE_S:
        try:
            engine.dialect.do_ping(connection)
        except engine.dialect.loaded_dbapi.Error as exc:
            raise DisconnectionError from exc


def _on_sqlite_connect(connection: Any, _: Any) -> None:
    # the driver must not begin transactions by itself: see _on_sqlite_begin
    connection.isolation_level = None
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=60000"):
        connection.execute(f"PRAGMA {pragma}")


def _on_sqlite_begin(connection: sa.Connection) -> None:
    # a transaction that reads first and then writes would fail when another writer came in between. One statement by itself
    # needs none, and nobody would commit it
    if connection.get_execution_options().get("isolation_level") != "AUTOCOMMIT":
        connection.exec_driver_sql("BEGIN IMMEDIATE")


def _migrate(engine: sa.Engine) -> None:
    """Brings the tables to the newest revision. Alembic is only loaded where they are not, as it takes half a second."""
    head = max(path.name.partition("_")[0] for path in (MIGRATIONS / "versions").glob("[0-9]*_*.py"))
    with engine.begin() as connection:
        if _revision(connection) != head:
            alone(connection, "migrate")
            _upgrade(connection, head)


def _revision(connection: sa.Connection) -> str | None:
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(sa.text("select version_num from alembic_version")).scalar_one_or_none()


def _upgrade(connection: sa.Connection, head: str) -> None:
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, head)
    except CommandError as exc:
        raise ConfigError("the ledger was written by a newer digitizer; update this one", sentence="ledger_newer") from exc


def alone(tx: sa.Connection, what: str) -> None:
    """Waits until no other transaction does `what`. SQLite has one writer anyway."""
    if tx.dialect.name == "postgresql":
        tx.execute(sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtext(f"digitizer {what}"))))


def put(tx: sa.Connection, table: sa.Table, rows: Mapping[str, Any] | Sequence[Mapping[str, Any]]) -> int:
    """Inserts rows, those left out that are already there by whatever key. Returns how many were new.

    One statement, so that two who put the same at the same time do not fail.
    """
    # the rows themselves are counted: drivers do not agree on the row count of an INSERT
    return len(tx.execute(_put(tx.dialect.name, table), rows).all())


@cache
def _put(dialect: str, table: sa.Table) -> Any:
    return insert(dialect, table).on_conflict_do_nothing().returning(*table.primary_key.columns)


def unique_id(tx: sa.Connection, column: sa.Column[str], beginning: str) -> str:
    """The one value of `column` that begins so. Raises NotFound, AmbiguousId."""
    query = sa.select(column).where(column.startswith(beginning, autoescape=True)).order_by(sa.func.length(column), column)
    found = list(tx.execute(query.limit(_CANDIDATES + 1)).scalars()) if beginning else []
    return found[0] if beginning in found else the_one(found, beginning)


def the_one(ids: Sequence[str], beginning: str) -> str:
    """The only one of the `ids` that begin so. Raises NotFound, AmbiguousId."""
    if not ids:
        raise NotFound("nothing has an id that begins so", sentence="no_such_id", id=beginning)
    if len(ids) > 1:
        more = " …" if len(ids) > _CANDIDATES else ""
        raise AmbiguousId("several ids begin so", id=beginning, candidates=", ".join(ids[:_CANDIDATES]) + more)
    return ids[0]


def within(agency: sa.Column[Any], scopes: Sequence[str]) -> list[sa.ColumnElement[bool]]:
    """The condition that a row's agency is one of `scopes` or below one. None is needed where they are all."""
    if EVERYWHERE in scopes:
        return []
    tests = ((agency == own, agency.startswith(f"{own}.", autoescape=True), agency.endswith(f".{own}")) for own in scopes)
    below = [test for of_one in tests for test in of_one]
    return [sa.or_(sa.false(), *below)]


def insert(dialect: str, table: sa.Table) -> Any:
    """An INSERT that knows ON CONFLICT."""
    return postgresql.insert(table) if dialect == "postgresql" else sqlite.insert(table)


@cache
def clock(dialect: str) -> sa.ColumnElement[float]:
    """Seconds since the epoch by the one clock all users of this ledger share: the database server's, or this machine's."""
    if dialect == "postgresql":
        return sa.cast(sa.extract("epoch", sa.func.clock_timestamp()), sa.Float)
    return sa.bindparam("now", callable_=lambda: time.time(), type_=sa.Float, unique=True)


@contextmanager
def translated() -> Iterator[None]:
    """Database errors as ours."""
    try:
        yield
    except DBAPIError as exc:
        if "full" in str(exc.orig).lower():
            raise StoreFull("no room left for the ledger") from exc
        raise LedgerDown(f"ledger: {type(exc.orig).__name__}") from exc
    except SQLAlchemyError as exc:
        raise LedgerDown(f"ledger: {type(exc).__name__}") from exc
