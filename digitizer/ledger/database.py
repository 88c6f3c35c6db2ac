"""One engine for SQLite and PostgreSQL, migrated on opening; foreign errors become LedgerDown here."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from digitizer.errors import ConfigError, LedgerDown, StoreFull

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
        engine = sa.create_engine(url, pool_pre_ping=True)
    else:
        raise ConfigError("the ledger must be sqlite: or postgresql+psycopg://", ledger=url.partition(":")[0])
    with translated():
        _migrate(engine)
    return engine


def _on_sqlite_connect(connection: Any, _: Any) -> None:
    # the driver must not begin transactions by itself: see _on_sqlite_begin
    connection.isolation_level = None
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=60000"):
        connection.execute(f"PRAGMA {pragma}")


def _on_sqlite_begin(connection: sa.Connection) -> None:
    # a transaction that reads first and then writes would fail when another writer came in between
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _migrate(engine: sa.Engine) -> None:
    from alembic import command
    from alembic.config import Config
    from alembic.runtime.migration import MigrationContext
    from alembic.script import ScriptDirectory
    from alembic.util import CommandError

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    head = ScriptDirectory.from_config(config).get_current_head()
    with engine.begin() as connection:
        if MigrationContext.configure(connection).get_current_revision() == head:
            return
        config.attributes["connection"] = connection
        try:
            command.upgrade(config, "head")
        except CommandError as exc:
            raise ConfigError("the ledger was written by a newer digitizer; update this one") from exc


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
