"""Logging in with an OpenID Connect provider: authorization code with PKCE. The only home of Authlib and joserfc."""

from __future__ import annotations

import ipaddress
import secrets
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httpx

from digitizer.errors import ConfigError, NotKnown, ServiceError
from digitizer.settings import OpenIdOptions

#: signatures we take. No shared secrets, and never `none`
_ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"]
#: seconds the provider's addresses and keys are kept
_KEPT_S = 600.0
#: seconds to wait for the provider
_WAIT_S = 10.0
#: seconds by which its clock may differ from ours
_LEEWAY_S = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """A login under way. The browser keeps it in a cookie, so that nobody can end what somebody else began."""

    state: str
    nonce: str
    verifier: str


class Provider:
    """One provider, as the settings name it. Safe to use from several threads."""

    def __init__(self, options: OpenIdOptions) -> None:
        self.options = options
        self._known: Mapping[str, Any] = {}
        self._keys: Any = None
        self._until = 0.0
        self._asking = threading.Lock()

    @staticmethod
    def begin() -> Begun:
        """What a new login needs."""
        return Begun(state=secrets.token_urlsafe(24), nonce=secrets.token_urlsafe(24), verifier=secrets.token_urlsafe(48))

    def address(self, begun: Begun, *, back: str) -> str:
        """Where the browser goes to log in. `back`: where it comes back to. Raises ServiceError, ConfigError."""
        known, _ = self._look()
        with self._client(back) as client:
            address, _ = client.create_authorization_url(
                known["authorization_endpoint"], state=begun.state, nonce=begun.nonce, code_verifier=begun.verifier
            )
        return str(address)

    def who(self, begun: Begun, *, code: str, state: str, back: str) -> str:
        """The claim that says who came back. Raises NotKnown, ServiceError, ConfigError."""
        if not secrets.compare_digest(begun.state.encode(), state.encode()):
            raise _refused("state")
        claims = self._claims(begun, self._id_token(begun, code, back))
        found = claims.get(self.options.claim)
        # anybody may write an address that is not theirs into a profile
        if self.options.claim == "email" and claims.get("email_verified") is not True:
            raise _refused("email_verified")
        if not isinstance(found, str) or not found:
            raise _refused("claim")
        return found

    def _client(self, back: str) -> Any:
        from authlib.integrations.httpx_client import OAuth2Client

        return OAuth2Client(
            client_id=self.options.client_id,
            client_secret=self.options.client_secret.get_secret_value(),
            scope="openid profile email",
            redirect_uri=back,
            code_challenge_method="S256",
            timeout=_WAIT_S,
            trust_env=False,
        )

    def _id_token(self, begun: Begun, code: str, back: str) -> str:
        from authlib.integrations.base_client import OAuthError

        known, _ = self._look()
        try:
            with self._client(back) as client:
                token = client.fetch_token(known["token_endpoint"], code=code, code_verifier=begun.verifier)
        except OAuthError as exc:
            raise _refused("code") from exc
        except httpx.HTTPError as exc:
            raise _away() from exc
        return str(token.get("id_token", ""))

    def _claims(self, begun: Begun, id_token: str) -> Mapping[str, Any]:
        from joserfc import jwt
        from joserfc.errors import JoseError

        _, keys = self._look()
        wanted = jwt.JWTClaimsRegistry(
            leeway=_LEEWAY_S,
            iss={"essential": True, "value": self.options.issuer},
            aud={"essential": True, "value": self.options.client_id},
            exp={"essential": True},
            nonce={"essential": True, "value": begun.nonce},
        )
        try:
            token = jwt.decode(id_token, keys, algorithms=_ALGORITHMS)
            wanted.validate(token.claims)
        except (JoseError, ValueError) as exc:
            raise _refused("id_token") from exc
        claims: Mapping[str, Any] = token.claims
        return claims

    def _look(self) -> tuple[Mapping[str, Any], Any]:
        """The provider's addresses and keys, asked for now and then. Raises ServiceError, ConfigError."""
        from joserfc.jwk import KeySet

        with self._asking:
            if time.monotonic() > self._until:
                try:
                    with httpx.Client(timeout=_WAIT_S, trust_env=False) as client:
                        address = f"{_safe(self.options.issuer).rstrip('/')}/.well-known/openid-configuration"
                        known = client.get(address).raise_for_status().json()
                        keys = KeySet.import_key_set(client.get(_safe(known["jwks_uri"])).raise_for_status().json())
                except (httpx.HTTPError, ValueError, KeyError) as exc:
                    raise _away() from exc
                if known.get("issuer") != self.options.issuer:
                    raise ConfigError("openid.issuer is not what the provider calls itself", sentence="openid_issuer")
                self._known, self._keys, self._until = known, keys, time.monotonic() + _KEPT_S
            return self._known, self._keys


def _safe(address: str) -> str:
    """`address`, which nobody between can read. Raises ConfigError for plain HTTP to another machine."""
    parts = urlsplit(address)
    try:
        here = parts.hostname == "localhost" or ipaddress.ip_address(parts.hostname or "").is_loopback
    except ValueError:
        here = False
    if parts.scheme != "https" and not here:
        raise ConfigError("openid.issuer must be https://", sentence="openid_https")
    return address


def _refused(what: str) -> NotKnown:
    return NotKnown("the provider's answer does not fit", sentence="openid_refused", what=what)


def _away() -> ServiceError:
    return ServiceError("the OpenID provider does not answer", sentence="openid_away")
