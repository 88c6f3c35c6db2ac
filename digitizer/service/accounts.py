"""Accounts and logins: who a person is, for whom they work, and whether the browser that asks is theirs."""

from __future__ import annotations

import hashlib
import math
import re
import secrets
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from digitizer import dossiers, passwords
from digitizer.errors import NotAllowed, NotFound, NotKnown, TooMany, UsageError
from digitizer.ledger import Transaction, accounts, events
from digitizer.ledger.accounts import Account, Grant, Role, Session, Tries
from digitizer.service.context import ServiceContext
from digitizer.text import fold

#: a name stands in event logs. No colon, so that nobody looks like `client:…`
NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}")
#: failed logins of a name that cost no wait, and of an address, from which many may log in
FREE_OF_NAME, FREE_OF_ADDRESS = 3, 30
#: longest wait after a wrong password, seconds
MOST_WAIT_OF_NAME_S, MOST_WAIT_OF_ADDRESS_S = 300.0, 8.0
#: seconds after which failed logins are forgotten
FORGOTTEN_S = 900.0
#: a session notes that it is in use once in so many seconds
TOUCH_S = 30.0
#: seconds a one-time link is good for
LINK_S = 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """A new session and the token of its cookie, which nobody keeps."""

    token: str
    session: Session


class Accounts:
    """Makes, changes and closes accounts. Opens, finds and ends sessions."""

    def __init__(self, context: ServiceContext, clock: Callable[[], float] = time.time) -> None:
        self.context, self.clock = context, clock

    def find(self) -> list[Account]:
        """All accounts by name."""
        with self.context.ledger.read() as tx:
            return accounts.find(tx)

    def any(self) -> bool:
        """Whether somebody may log in."""
        return any(account.disabled_at is None for account in self.find())

    def named(self, name: str) -> Account:
        """The account of a name. Raises NotFound."""
        with self.context.ledger.read() as tx:
            return self._named(tx, name)

    @staticmethod
    def _named(tx: Transaction, name: str) -> Account:
        found = accounts.get(tx, name=name) if name else None
        if found is None:
            raise NotFound("there is no such account", sentence="no_such_account", account=name)
        return found

    def add(
        self, name: str, *, full_name: str, grants: Sequence[Grant], by: str, external: str | None = None
    ) -> tuple[Account, str]:
        """A new account and its password for the first login, which is shown this once. Raises UsageError."""
        if not NAME.fullmatch(name):
            raise UsageError("an account is named with small letters, digits and ._-", sentence="account_name", account=name)
        _check(grants)
        password = passwords.temporary()
        new = Account(
            id=secrets.token_hex(16),
            name=name,
            full_name=full_name.strip() or name,
            grants=tuple(grants),
            password=passwords.hashed(password),
            must_change=True,
            external=external,
            created_at=events.now(),
        )
        with self.context.ledger.begin() as tx:
            if not accounts.add(tx, new, by=by):
                raise UsageError("there is an account of this name", sentence="account_taken", account=name)
        return new, password

    def change_roles(self, name: str, *, give: Sequence[Grant] = (), take: Sequence[Grant] = (), by: str) -> Account:
        """Gives and takes roles. Raises NotFound, UsageError."""
        _check([*give, *take])
        with self.context.ledger.begin() as tx:
            account = self._named(tx, name)
            accounts.grant(tx, account.id, give, by=by)
            accounts.withdraw(tx, account.id, take, by=by)
            return self._named(tx, name)

    def disable(self, name: str, *, by: str) -> None:
        """Closes an account: its sessions end at once. Raises NotFound."""
        with self.context.ledger.begin() as tx:
            accounts.disable(tx, self._named(tx, name).id, by=by)

    def enable(self, name: str, *, by: str) -> None:
        """Opens a closed account again. Raises NotFound."""
        with self.context.ledger.begin() as tx:
            accounts.enable(tx, self._named(tx, name).id, by=by)

    def new_password(self, name: str, *, by: str) -> str:
        """A password for the next login, to be changed there. Open sessions end. Raises NotFound."""
        password = passwords.temporary()
        hashed = passwords.hashed(password)
        with self.context.ledger.begin() as tx:
            account = self._named(tx, name)
            accounts.set_password(tx, account.id, hashed, must_change=True, by=by)
            accounts.end_sessions(tx, account.id)
        return password

    def change_password(self, session: Session, old: str, new: str) -> None:
        """A person's own new password. Other sessions end. Raises UsageError."""
        account = session.account
        if not passwords.fits(account.password, old):
            raise UsageError("the old password is wrong", sentence="old_password_wrong")
        if passwords.too_weak(new, account.name) or passwords.fits(account.password, new):
            raise UsageError("the new password is too weak", sentence="password_weak", letters=passwords.FEWEST_LETTERS)
        hashed = passwords.hashed(new)
        with self.context.ledger.begin() as tx:
            accounts.set_password(tx, account.id, hashed, must_change=False, by=account.name)
            accounts.end_sessions(tx, account.id, but=session.digest)

    def log_in(self, name: str, password: str, *, address: str) -> Login:
        """A session for name and password. Raises NotKnown, TooMany after several wrong ones."""
        name = fold(name)
        paces = {
            _digest(f"name {name}"): (FREE_OF_NAME, MOST_WAIT_OF_NAME_S),
            _digest(f"address {address}"): (FREE_OF_ADDRESS, MOST_WAIT_OF_ADDRESS_S),
        }
        account, before = self._count_try(name, paces)
        # slow on purpose, so no transaction stays open
        if not passwords.fits(account.password if account else None, password) or account is None or account.disabled_at:
            with self.context.ledger.begin() as tx:
                who = (account.id, account.name) if account else ("unknown", "unknown")
                events.note(tx, "login_refused", who[0], actor=who[1])
            raise NotKnown("name or password is wrong", sentence="wrong_login")
        assert account.password is not None
        stronger = passwords.hashed(password) if passwords.outdated(account.password) else None
        with self.context.ledger.begin() as tx:
            for pace in paces:
                # the name starts anew, the address only takes this try back
                kept = before[pace].failures if paces[pace][0] == FREE_OF_ADDRESS else 0
                accounts.note_tries(tx, pace, Tries(failures=kept, wait_until=self.clock()))
            if stronger is not None:
                accounts.rehash(tx, account.id, account.password, stronger)
            return self._open(tx, account, how="password")

    def _count_try(self, name: str, paces: dict[str, tuple[int, float]]) -> tuple[Account | None, dict[str, Tries]]:
        """Counts a try before it is judged, so that many at once gain nothing. Raises TooMany."""
        now = self.clock()
        with self.context.ledger.begin() as tx:
            noted = accounts.tries(tx, list(paces))
            fresh = Tries(failures=0, wait_until=now)
            before = {p: t if (t := noted.get(p)) and now - t.wait_until < FORGOTTEN_S else fresh for p in paces}
            wait = max(tries.wait_until - now for tries in before.values())
            if wait > 0:
                raise TooMany("too many wrong logins", sentence="login_wait", retry_after_s=math.ceil(wait))
            for pace, (free, most) in paces.items():
                failures = before[pace].failures + 1
                pause = min(most, 2.0 ** min(failures - free, 20)) if failures > free else 0.0
                accounts.note_tries(tx, pace, Tries(failures=failures, wait_until=now + pause))
            return (accounts.get(tx, name=name) if name else None), before

    def log_in_by_openid(self, external: str) -> Login:
        """A session for somebody an OpenID provider vouches for. Raises NotAllowed where no account is theirs."""
        with self.context.ledger.begin() as tx:
            account = accounts.get(tx, external=external) if external else None
            if account is None or account.disabled_at:
                raise NotAllowed("no account for this person", sentence="no_account_for_openid")
            return self._open(tx, account, how="openid")

    def make_link(self, name: str, *, by: str) -> str:
        """The token of a link that logs in once, within two minutes, as `name`. Raises NotFound."""
        token = secrets.token_urlsafe(32)
        with self.context.ledger.begin() as tx:
            accounts.add_link(tx, _digest(token), self._named(tx, name).id, expires_at=self.clock() + LINK_S, by=by)
        return token

    def use_link(self, token: str) -> Login:
        """A session for a one-time link. Raises NotKnown when it is used up or its time is over."""
        with self.context.ledger.begin() as tx:
            owner = accounts.use_link(tx, _digest(token), self.clock())
            account = accounts.get(tx, id=owner) if owner else None
            if account is not None and account.disabled_at is None:
                return self._open(tx, account, how="link")
        raise NotKnown("the link was used, or its time is over", sentence="link_over")

    def of_this_machine(self, name: str) -> Account:
        """The account of whoever sits at this machine, made where it is missing: every role, and no password."""
        name = re.sub(r"[^a-z0-9._-]", "-", fold(name)).strip("._-")[:63] or "local"
        new = Account(
            id=secrets.token_hex(16),
            name=name,
            full_name=name,
            grants=tuple(Grant(role=role, agency=dossiers.EVERYWHERE) for role in Role),
            password=None,
            must_change=False,
            external=None,
            created_at=events.now(),
        )
        with self.context.ledger.begin() as tx:
            accounts.add(tx, new, by=name)
            return self._named(tx, name)

    def _open(self, tx: Transaction, account: Account, *, how: str) -> Login:
        token, csrf, now = secrets.token_urlsafe(32), secrets.token_urlsafe(32), self.clock()
        options = self.context.settings.station
        accounts.forget_old(tx, sessions_before=now - options.session_hours * 3600, paces_before=now - FORGOTTEN_S, now=now)
        accounts.open_session(tx, _digest(token), account.id, csrf=csrf, how=how, now=now, by=account.name)
        opened = Session(digest=_digest(token), account=account, csrf=csrf, how=how, made_at=now, seen_at=now)
        return Login(token=token, session=opened)

    def session(self, token: str) -> Session | None:
        """The open session of a token. One that idled too long or is too old ends."""
        now, options = self.clock(), self.context.settings.station
        with self.context.ledger.read() as tx:
            found = accounts.session(tx, _digest(token))
        if found is None:
            return None
        # whoever sits at this machine locks its screen
        idle = found.how != "link" and now - found.seen_at > options.idle_minutes * 60
        if idle or now - found.made_at > options.session_hours * 3600:
            with self.context.ledger.begin() as tx:
                accounts.end_session(tx, found, why="idle" if idle else "old")
            return None
        if now - found.seen_at > TOUCH_S:
            with self.context.ledger.begin() as tx:
                accounts.touch(tx, found.digest, now)
        return found

    def log_out(self, session: Session) -> None:
        """Ends a session."""
        with self.context.ledger.begin() as tx:
            accounts.end_session(tx, session, why="logout")

    def note_refusal(self, account: Account, what: str) -> None:
        """Notes that somebody asked for what is not theirs. `what` names the route."""
        with self.context.ledger.begin() as tx:
            events.note(tx, "refused_access", account.id, actor=account.name, operation=what)

    def below(self, scopes: Collection[str]) -> list[Account]:
        """Accounts whose every role lies within `scopes`: those a manager of them keeps."""
        everything = dossiers.covers(scopes, None)
        return [
            account
            for account in self.find()
            if everything or (account.grants and all(dossiers.covers(scopes, grant.agency) for grant in account.grants))
        ]


def _check(grants: Sequence[Grant]) -> None:
    """Raises UsageError for an agency that is none."""
    for grant in grants:
        if grant.agency != dossiers.EVERYWHERE and not dossiers.AGENCY.fullmatch(grant.agency):
            raise UsageError("name agencies like H60.127.03, or * for all", sentence="grant_agency", agency=grant.agency)


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
