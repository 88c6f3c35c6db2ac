"""API keys: made, found, ended. A key is `dgz_<id>_<secret>`. The secret has 256 bits, so one SHA-256 hides it well."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import time
from collections.abc import Collection, Mapping, Sequence

from digitizer import dossiers
from digitizer.errors import NotFound, NotKnown, UsageError
from digitizer.ledger import api_keys, events
from digitizer.ledger.api_keys import ApiKey, Verb
from digitizer.service.context import ServiceContext

DAY_S = 86_400
#: a client's name stands in event logs and metrics
CLIENT = re.compile(r"[a-z0-9][a-z0-9.-]{0,62}")
_TOKEN = re.compile(r"dgz_([0-9a-f]{12})_([A-Za-z0-9_-]{43})")


class ApiKeys:
    """Makes, finds and ends the API keys of systems outside."""

    def __init__(self, context: ServiceContext) -> None:
        self.context = context

    def add(
        self,
        client: str,
        *,
        agencies: Sequence[str],
        verbs: Sequence[Verb],
        by: str,
        days: int | None = None,
        limits: Mapping[str, int] | None = None,
    ) -> tuple[ApiKey, str]:
        """A new key and its token, which is shown this once and never again. Raises UsageError."""
        if not CLIENT.fullmatch(client):
            raise UsageError(
                "a client is named with small letters, digits, dots and hyphens", sentence="client_name", client=client
            )
        wrong = [agency for agency in agencies if agency != dossiers.EVERYWHERE and not dossiers.AGENCY.fullmatch(agency)]
        if wrong or not agencies or not verbs:
            raise UsageError(
                "name agencies like H60.127.03, or * for all, and what the key may do",
                sentence="key_scope",
                agency=" ".join(wrong),
            )
        secret = secrets.token_urlsafe(32)
        key = ApiKey(
            id=secrets.token_hex(6),
            client=client,
            digest=_digest(secret),
            agencies=tuple(agencies),
            verbs=tuple(verbs),
            limits=dict(limits or {}),
            created_at=events.now(),
            expires_at=time.time() + DAY_S * (self.context.settings.api.key_days if days is None else days),
        )
        with self.context.ledger.begin() as tx:
            api_keys.add(tx, key, by=by)
        return key, f"dgz_{key.id}_{secret}"

    def rotate(self, client: str, *, by: str) -> tuple[ApiKey, str]:
        """A new key in place of the client's newest. The old ones still work for some days. Raises NotFound."""
        old = [key for key in self.find(client) if key.active]
        if not old:
            raise NotFound("this client has no key to rotate", client=client)
        newest = old[-1]
        made = self.add(client, agencies=newest.agencies, verbs=newest.verbs, limits=newest.limits, by=by)
        until = time.time() + DAY_S * self.context.settings.api.overlap_days
        with self.context.ledger.begin() as tx:
            api_keys.expire(tx, [key.id for key in old], until, by=by)
        return made

    def revoke(self, key_id: str, *, by: str) -> None:
        """Ends a key now. Raises NotFound."""
        with self.context.ledger.begin() as tx:
            if not api_keys.revoke(tx, key_id, by=by):
                raise NotFound("there is no such key, or it was revoked before", key=key_id)

    def find_id(self, beginning: str) -> str:
        """The id of the one key whose id begins so. Raises NotFound, AmbiguousId."""
        with self.context.ledger.read() as tx:
            return api_keys.key_like(tx, beginning)

    def find(self, client: str | None = None) -> list[ApiKey]:
        """All keys, or one client's."""
        with self.context.ledger.read() as tx:
            return api_keys.find(tx, client=client)

    def active(self, key_ids: Collection[str]) -> set[str]:
        """Those of `key_ids` that are neither expired nor revoked."""
        with self.context.ledger.read() as tx:
            found = [api_keys.get(tx, key_id) for key_id in key_ids]
        return {key.id for key in found if key is not None and key.active}

    def authenticate(self, token: str) -> ApiKey:
        """The key a token belongs to. Raises NotKnown when it is none, expired or revoked."""
        match = _TOKEN.fullmatch(token)
        if match is None:
            raise NotKnown()
        with self.context.ledger.read() as tx:
            key = api_keys.get(tx, match[1])
        if key is None or not hmac.compare_digest(key.digest, _digest(match[2])) or not key.active:
            raise NotKnown()
        return key


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
