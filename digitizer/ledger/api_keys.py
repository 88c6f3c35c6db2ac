"""API keys: what systems outside may do, until when. Of a key's secret only its SHA-256 is kept."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

import sqlalchemy as sa

from digitizer import dossiers
from digitizer.ledger import Transaction, events
from digitizer.ledger.database import unique_id
from digitizer.ledger.schema import api_key


class Verb(StrEnum):
    """What a key may be good for."""

    SUBMIT = "submit"
    READ = "read"
    CANCEL = "cancel"
    REPROCESS = "reprocess"
    #: bucket notifications of the store
    NOTIFY = "notify"
    METRICS = "metrics"


class Caller(Protocol):
    """Whoever submits files and asks for them: a system with an API key, or a person at the review station."""

    @property
    def id(self) -> str:
        """What events name besides the actor: the key, or the account."""

    @property
    def client(self) -> str:
        """Whose uploads and repeated requests these are."""

    @property
    def actor(self) -> str:
        """What intakes and events carry."""

    @property
    def agencies(self) -> Sequence[str]:
        """Codes, `H60.127` covers `H60.127.03`, `*` everything."""

    @property
    def limits(self) -> Mapping[str, int]:
        """Limits that differ from the settings."""

    def covers(self, agency: str | None) -> bool:
        """Whether an agency is theirs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """A key without its secret."""

    id: str
    client: str
    digest: str
    #: codes, `H60.127` covers `H60.127.03`, `*` everything
    agencies: tuple[str, ...]
    verbs: tuple[Verb, ...]
    #: limits that differ from the settings
    limits: Mapping[str, int] = field(default_factory=dict)
    created_at: str
    #: seconds since the epoch
    expires_at: float
    revoked_at: str | None = None

    @property
    def actor(self) -> str:
        """The name under which intakes and events carry it. No account of a person can look like it."""
        return f"client:{self.client}"

    @property
    def active(self) -> bool:
        """Neither expired nor revoked."""
        return self.revoked_at is None and self.expires_at > time.time()

    def covers(self, agency: str | None) -> bool:
        """Whether the key is good for this agency. Without an agency only a key for all is."""
        return dossiers.covers(self.agencies, agency)


def add(tx: Transaction, key: ApiKey, *, by: str) -> None:
    """Notes a new key."""
    tx.execute(
        sa.insert(api_key).values(
            id=key.id,
            client=key.client,
            digest=key.digest,
            agencies=list(key.agencies),
            verbs=[verb.value for verb in key.verbs],
            limits=dict(key.limits),
            created_at=key.created_at,
            expires_at=key.expires_at,
        )
    )
    events.note(tx, "key_added", key.id, actor=by, client=key.client, agencies=list(key.agencies), verbs=list(key.verbs))


def get(tx: Transaction, key_id: str) -> ApiKey | None:
    """A key by id."""
    row = tx.execute(sa.select(api_key).where(api_key.c.id == key_id)).mappings().first()
    return _key(row) if row else None


def key_like(tx: Transaction, beginning: str) -> str:
    """The id of the one key whose id begins so. Raises NotFound, AmbiguousId."""
    return unique_id(tx, api_key.c.id, beginning)


def find(tx: Transaction, *, client: str | None = None) -> list[ApiKey]:
    """All keys, or those of one client, oldest first."""
    query = sa.select(api_key).order_by(api_key.c.client, api_key.c.created_at)
    rows = tx.execute(query if client is None else query.where(api_key.c.client == client)).mappings()
    return [_key(row) for row in rows]


def expire(tx: Transaction, key_ids: Sequence[str], at: float, *, by: str) -> None:
    """Lets keys end at `at`, those that would end earlier left alone."""
    for key_id in key_ids:
        tx.execute(sa.update(api_key).where(api_key.c.id == key_id, api_key.c.expires_at > at).values(expires_at=at))
        events.note(tx, "key_expires", key_id, actor=by)


def revoke(tx: Transaction, key_id: str, *, by: str) -> bool:
    """Ends a key now. Returns False when there is none such or it was ended before."""
    done = tx.execute(
        sa.update(api_key).where(api_key.c.id == key_id, api_key.c.revoked_at.is_(None)).values(revoked_at=events.now())
    )
    if done.rowcount:
        events.note(tx, "key_revoked", key_id, actor=by)
    return done.rowcount == 1


def _key(row: sa.RowMapping) -> ApiKey:
    return ApiKey(
        **{
            **row,
            "agencies": tuple(row["agencies"]),
            "verbs": tuple(Verb(verb) for verb in row["verbs"]),
        }
    )
