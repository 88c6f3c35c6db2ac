"""Accounts of people, what they may do for which agencies, and the sessions of their browsers.

Of passwords an argon2id hash is kept. Of session tokens and one-time links only their SHA-256 is.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from digitizer import dossiers
from digitizer.ledger import Transaction, events
from digitizer.ledger.database import alone, insert
from digitizer.ledger.schema import account, account_role, login_link, login_pace, web_session


class Role(StrEnum):
    """What a person does for an agency."""

    #: types values in and corrects them (nhập, sửa)
    KEYER = "keyer"
    #: compares values with the page (kiểm)
    CHECKER = "checker"
    #: takes responsibility for records (duyệt)
    APPROVER = "approver"
    #: sees the figures and keeps the accounts (số liệu, tài khoản)
    MANAGER = "manager"
    #: sees everything and changes nothing (chỉ xem)
    AUDITOR = "auditor"


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """A role for an agency and those below it. `*` is every agency."""

    role: Role
    agency: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A person who may log in."""

    id: str
    #: what the person types, and what events carry as actor
    name: str
    full_name: str
    grants: tuple[Grant, ...]
    #: argon2id hash. None: no login by password
    password: str | None
    #: the password must be changed before anything else
    must_change: bool
    #: what an OpenID provider says of this person. None: no login there
    external: str | None
    created_at: str
    disabled_at: str | None = None

    def scopes(self, roles: Collection[Role]) -> tuple[str, ...]:
        """Agencies for which the person has one of `roles`."""
        return tuple(sorted({grant.agency for grant in self.grants if grant.role in roles}))

    def may(self, roles: Collection[Role], agency: str | None) -> bool:
        """Whether the person has one of `roles` for an agency."""
        return dossiers.covers(self.scopes(roles), agency)


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """An open session of a browser."""

    #: SHA-256 of its token
    digest: str
    account: Account
    #: what forms must bring along
    csrf: str
    #: password, link, openid
    how: str
    #: seconds since the epoch
    made_at: float
    seen_at: float


def add(tx: Transaction, new: Account, *, by: str) -> bool:
    """Notes a new account with its grants. Returns False where its name or its `external` is taken."""
    row = {name: getattr(new, name) for name in ("id", "name", "full_name", "password", "must_change", "external", "created_at")}
    # no ON CONFLICT here: two who add the same name at the same time are told apart by the returned row
    made = tx.execute(insert(tx.dialect.name, account).values(row).on_conflict_do_nothing().returning(account.c.id)).first()
    if made is None:
        return False
    events.note(tx, "account_added", new.id, actor=by)
    grant(tx, new.id, new.grants, by=by)
    return True


def grant(tx: Transaction, account_id: str, grants: Iterable[Grant], *, by: str) -> None:
    """Gives roles. Those there already are left alone."""
    for one in grants:
        values = {"account": account_id, "role": one.role.value, "agency": one.agency}
        made = tx.execute(
            insert(tx.dialect.name, account_role).values(values).on_conflict_do_nothing().returning(account_role.c.role)
        ).first()
        if made is not None:
            events.note(tx, "role_given", account_id, actor=by, role=one.role.value, agency=one.agency)


def withdraw(tx: Transaction, account_id: str, grants: Iterable[Grant], *, by: str) -> None:
    """Takes roles away."""
    for one in grants:
        gone = tx.execute(
            sa.delete(account_role).where(
                account_role.c.account == account_id, account_role.c.role == one.role.value, account_role.c.agency == one.agency
            )
        )
        if gone.rowcount:
            events.note(tx, "role_taken", account_id, actor=by, role=one.role.value, agency=one.agency)


def find(tx: Transaction) -> list[Account]:
    """All accounts by name."""
    return _accounts(tx, sa.select(account).order_by(account.c.name))


def get(tx: Transaction, *, id: str | None = None, name: str | None = None, external: str | None = None) -> Account | None:
    """The account with this id, name or `external`."""
    given = {account.c.id: id, account.c.name: name, account.c.external: external}
    (wanted,) = [column == value for column, value in given.items() if value is not None]
    found = _accounts(tx, sa.select(account).where(wanted))
    return found[0] if found else None


def _accounts(tx: Transaction, query: sa.Select[Any]) -> list[Account]:
    rows = tx.execute(query).mappings().all()
    grants: dict[str, list[Grant]] = {row["id"]: [] for row in rows}
    of_these = sa.select(account_role).where(account_role.c.account.in_(grants))
    for row in tx.execute(of_these.order_by(account_role.c.role, account_role.c.agency)).mappings():
        grants[row["account"]].append(Grant(role=Role(row["role"]), agency=row["agency"]))
    return [Account(**{**row, "grants": tuple(grants[row["id"]])}) for row in rows]


def set_password(tx: Transaction, account_id: str, hashed: str, *, must_change: bool, by: str) -> None:
    """Puts a new hash in place."""
    tx.execute(sa.update(account).where(account.c.id == account_id).values(password=hashed, must_change=must_change))
    events.note(tx, "password_set", account_id, actor=by, temporary=must_change)


def rehash(tx: Transaction, account_id: str, old: str, hashed: str) -> None:
    """Puts a stronger hash of the same password in place of `old`."""
    tx.execute(sa.update(account).where(account.c.id == account_id, account.c.password == old).values(password=hashed))


def disable(tx: Transaction, account_id: str, *, by: str) -> bool:
    """Closes an account and ends its sessions. Returns False when it was closed before."""
    closed = sa.update(account).where(account.c.id == account_id, account.c.disabled_at.is_(None))
    done = tx.execute(closed.values(disabled_at=events.now())).rowcount == 1
    if done:
        end_sessions(tx, account_id)
        events.note(tx, "account_disabled", account_id, actor=by)
    return done


def enable(tx: Transaction, account_id: str, *, by: str) -> bool:
    """Opens a closed account again. Returns False when it was open."""
    opened = sa.update(account).where(account.c.id == account_id, account.c.disabled_at.is_not(None))
    done = tx.execute(opened.values(disabled_at=None)).rowcount == 1
    if done:
        events.note(tx, "account_enabled", account_id, actor=by)
    return done


def open_session(tx: Transaction, digest: str, account_id: str, *, csrf: str, how: str, now: float, by: str) -> None:
    """Notes a new session."""
    tx.execute(sa.insert(web_session).values(digest=digest, account=account_id, csrf=csrf, how=how, made_at=now, seen_at=now))
    events.note(tx, "logged_in", account_id, actor=by, how=how)


def session(tx: Transaction, digest: str) -> Session | None:
    """An open session, of an account that is not disabled."""
    row = tx.execute(sa.select(web_session).where(web_session.c.digest == digest)).mappings().first()
    who = get(tx, id=row["account"]) if row else None
    return Session(**{**row, "account": who}) if row and who and who.disabled_at is None else None


def touch(tx: Transaction, digest: str, now: float) -> None:
    """Notes that a session is in use."""
    tx.execute(sa.update(web_session).where(web_session.c.digest == digest).values(seen_at=now))


def end_session(tx: Transaction, ended: Session, *, why: str) -> None:
    """Ends a session. `why`: logout, idle, old."""
    if tx.execute(sa.delete(web_session).where(web_session.c.digest == ended.digest)).rowcount:
        events.note(tx, "logged_out", ended.account.id, actor=ended.account.name, why=why)


def end_sessions(tx: Transaction, account_id: str, *, but: str = "") -> None:
    """Ends all sessions of an account, `but` one."""
    tx.execute(sa.delete(web_session).where(web_session.c.account == account_id, web_session.c.digest != but))


def forget_old(tx: Transaction, *, sessions_before: float, paces_before: float, now: float) -> None:
    """Drops sessions begun before a moment, links that ended and waits that are over."""
    tx.execute(sa.delete(web_session).where(web_session.c.made_at < sessions_before))
    tx.execute(sa.delete(login_link).where(login_link.c.expires_at < now))
    tx.execute(sa.delete(login_pace).where(login_pace.c.wait_until < paces_before))


def add_link(tx: Transaction, digest: str, account_id: str, *, expires_at: float, by: str) -> None:
    """Notes a link that logs in once."""
    tx.execute(sa.insert(login_link).values(digest=digest, account=account_id, expires_at=expires_at))
    events.note(tx, "link_made", account_id, actor=by)


def use_link(tx: Transaction, digest: str, now: float) -> str | None:
    """The account of a link, which is used up by this. None where there is no such link or its time is over."""
    used = sa.delete(login_link).where(login_link.c.digest == digest).returning(login_link.c.account, login_link.c.expires_at)
    row = tx.execute(used).first()
    return row.account if row is not None and row.expires_at >= now else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tries:
    """How often a name or an address failed to log in, and until when it has to wait."""

    failures: int
    wait_until: float


def tries(tx: Transaction, names: Sequence[str]) -> dict[str, Tries]:
    """Failures noted under `names`. Those without any are left out. Who counts tries meanwhile waits for the end of `tx`."""
    alone(tx, "login")
    rows = tx.execute(sa.select(login_pace).where(login_pace.c.name.in_(names))).mappings()
    return {row["name"]: Tries(failures=row["failures"], wait_until=row["wait_until"]) for row in rows}


def note_tries(tx: Transaction, name: str, noted: Tries) -> None:
    """Puts the failures of a name or an address in place."""
    values = {"failures": noted.failures, "wait_until": noted.wait_until}
    statement = insert(tx.dialect.name, login_pace).values(name=name, **values)
    tx.execute(statement.on_conflict_do_update(index_elements=["name"], set_=values))
