"""Who is asking: `Authorization: Bearer dgz_…` on every request, checked before a byte of the body is read."""

from __future__ import annotations

import math
from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from starlette.concurrency import run_in_threadpool

from digitizer.api import guard
from digitizer.api.guard import Bucket
from digitizer.errors import NotAllowed, NotKnown, TooMany
from digitizer.ledger.api_keys import ApiKey, Verb
from digitizer.service import Service

_BEARER = HTTPBearer(
    auto_error=False, scheme_name="apiKey", description="A key made by `digitizer clients add`: `Authorization: Bearer dgz_…`"
)
#: buckets are dropped when there are more. A key or address then starts with a full one
_MOST_BUCKETS = 10_000


class Access:
    """Keys and their pace. One per server process."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self._buckets: dict[str, Bucket] = {}

    async def key(self, request: Request, token: str | None) -> ApiKey:
        """The key of a request. Raises NotKnown, TooMany."""
        try:
            if token is None:
                raise NotKnown()
            found = await run_in_threadpool(self.service.api_keys.authenticate, token)
        except NotKnown:
            address = request.client.host if request.client else ""
            self._pace(f"address:{address}", self.service.settings.api.wrong_keys_per_minute)
            raise
        guard.note(request.scope, client=found.client)
        request.state.key = found
        self._pace(found.id, found.limits.get("requests_per_minute", self.service.settings.api.requests_per_minute))
        return found

    def _pace(self, name: str, per_minute: int) -> None:
        if len(self._buckets) > _MOST_BUCKETS:
            self._buckets.clear()
        bucket = self._buckets.setdefault(name, Bucket(per_minute))
        wait = bucket.take()
        if wait:
            raise TooMany("too many requests", limit=per_minute, retry_after_s=math.ceil(wait))


class Allowed:
    """A dependency: the caller's key, which must be good for `verb`."""

    def __init__(self, verb: Verb) -> None:
        self.verb = verb

    async def __call__(self, request: Request, given: Annotated[HTTPAuthorizationCredentials | None, Depends(_BEARER)]) -> ApiKey:
        """Raises NotKnown, NotAllowed, TooMany."""
        access: Access = request.app.state.access
        key = await access.key(request, given.credentials if given else None)
        if self.verb not in key.verbs:
            raise NotAllowed()
        return key


Submitter = Annotated[ApiKey, Depends(Allowed(Verb.SUBMIT))]
Reader = Annotated[ApiKey, Depends(Allowed(Verb.READ))]
Canceller = Annotated[ApiKey, Depends(Allowed(Verb.CANCEL))]
Reprocessor = Annotated[ApiKey, Depends(Allowed(Verb.REPROCESS))]
