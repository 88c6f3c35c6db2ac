"""Logging in with the accounts of an OpenID Connect provider."""

from __future__ import annotations

import json
from dataclasses import asdict

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from digitizer.errors import NotFound, NotKnown
from digitizer.openid import Begun, Provider
from digitizer.service import Service
from digitizer.station.access import PREFIX, is_secure
from digitizer.station.login import HOME, wanted_page, with_cookie

router = APIRouter()

#: cookie of a login under way, the path that browsers send it to, and how long it lasts, seconds
_COOKIE, _PATH, _KEPT_S = "digitizer_openid", f"{PREFIX}/login", 600


def _provider(request: Request) -> Provider:
    """The provider of the settings. Raises NotFound where they name none."""
    service: Service = request.app.state.service
    if not service.settings.openid.issuer:
        raise NotFound()
    provider: Provider = request.app.state.openid
    return provider


def _back(request: Request) -> str:
    """Where the provider sends the browser to: as registered there, whatever name the browser used."""
    service: Service = request.app.state.service
    base = service.settings.station.public_url.rstrip("/") or f"{request.url.scheme}://{request.url.netloc}"
    return f"{base}{PREFIX}{request.app.url_path_for('openid_back')}"


@router.get("/login/openid", name="openid_login")
def openid_login(request: Request, next: str = HOME) -> Response:
    """Sends the browser to the provider."""
    provider = _provider(request)
    begun = provider.begin()
    answer = RedirectResponse(provider.address(begun, back=_back(request)), 303)
    kept = json.dumps({**asdict(begun), "next": wanted_page(next)})
    secure = is_secure(request)
    answer.set_cookie(_COOKIE, kept, path=_PATH, max_age=_KEPT_S, httponly=True, samesite="lax", secure=secure)
    return answer


@router.get("/login/openid/back", name="openid_back")
def openid_back(request: Request, state: str = "", code: str = "") -> Response:
    """Takes the browser back from the provider and opens a session."""
    provider = _provider(request)
    try:
        kept = json.loads(request.cookies.get(_COOKIE, ""))
        begun = Begun(state=kept["state"], nonce=kept["nonce"], verifier=kept["verifier"])
        wanted = wanted_page(str(kept["next"]))
    except (ValueError, KeyError, TypeError) as exc:
        raise NotKnown("no login is under way in this browser", sentence="openid_refused") from exc
    external = provider.who(begun, code=code, state=state, back=_back(request))
    service: Service = request.app.state.service
    answer = with_cookie(request, RedirectResponse(wanted, 303), service.accounts.log_in_by_openid(external))
    answer.delete_cookie(_COOKIE, path=_PATH)
    return answer
