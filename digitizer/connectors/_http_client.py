"""HTTP client for dossier systems: credentials, time limits, JSON answers, and failures as our errors."""

from __future__ import annotations

import ssl
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from digitizer import retry_after
from digitizer.errors import AttachRefused, ConfigError, ConnectorBusy, ConnectorDown, ConnectorLogin, DossierNotFound

#: most bytes of an answer. Files that are read back may be larger
_ANSWER_BYTES = 20_000_000
#: HTTP statuses of a system that wants us to come back later
_BUSY = {408, 425, 429, 503}


class HttpClient:
    """One dossier system. Safe to use from many threads."""

    def __init__(self, base: str, *, auth: Mapping[str, str], secrets: Mapping[str, str], folder: Path, timeout_s: float) -> None:
        self._auth, self._secrets, self._timeout_s = auth, secrets, timeout_s
        self._token, self._token_until, self._lock = "", 0.0, threading.Lock()
        self._check_auth(folder)
        self._client = httpx.Client(
            base_url=base,
            verify=_tls(auth, folder) if base.startswith("https:") else True,
            timeout=httpx.Timeout(timeout_s, connect=min(15.0, timeout_s)),
            limits=httpx.Limits(max_connections=32, max_keepalive_connections=16),
            follow_redirects=False,
        )

    def ask(self, method: str, url: str, *, headers: Mapping[str, str] | None = None, **body: Any) -> httpx.Response:
        """Sends a request and reads the whole answer.

        Raises ConnectorDown (or ConnectorBusy, ConnectorLogin), DossierNotFound (404), AttachRefused (other 4xx).
        """
        response = self._once(method, url, headers, body)
        if response.status_code == 401 and self._kind == "oauth2":
            with self._lock:
                self._token_until = 0.0  # the system refused the token before it expired
            response = self._once(method, url, headers, body)
        _raise_for(response)
        return response

    def json(self, method: str, url: str, **rest: Any) -> Any:
        """The JSON answer, None for an empty one. Raises as `ask`.

        Anything else, such as the page of a proxy, raises ConnectorDown.
        """
        response = self.ask(method, url, **rest)
        if not response.content:
            return None
        try:
            return response.json()
        except ValueError as exc:
            raise ConnectorDown("the dossier system answers something else than JSON", status=response.status_code) from exc

    def close(self) -> None:
        """Closes the connections."""
        self._client.close()

    def _once(self, method: str, url: str, headers: Mapping[str, str] | None, body: Mapping[str, Any]) -> httpx.Response:
        for stream in _streams(body):
            stream.seek(0)
        with translated():
            request = self._client.build_request(method, url, headers={**self._credentials(), **(headers or {})}, **body)
            response = self._client.send(request, stream=True)
            try:
                return self._read(response)
            finally:
                response.close()

    def _read(self, response: httpx.Response) -> httpx.Response:
        """Reads an answer within the limits of time and size. A slow answer cannot hold us longer."""
        deadline, data = time.monotonic() + self._timeout_s, bytearray()
        for block in response.iter_bytes():
            data += block
            if time.monotonic() > deadline or len(data) > _ANSWER_BYTES:
                raise ConnectorDown("the dossier system's answer does not end")
        kept = {k: v for k, v in response.headers.items() if k.lower() not in ("content-encoding", "content-length")}
        return httpx.Response(response.status_code, headers=kept, content=bytes(data))

    def digest(self, url: str, hasher: Any) -> None:
        """Feeds a file of the dossier system to `hasher` block by block."""
        with translated(), self._client.stream("GET", url, headers=self._credentials()) as response:
            if response.status_code >= 400:
                _raise_for(response)
            for block in response.iter_bytes(1 << 20):
                hasher.update(block)

    @property
    def _kind(self) -> str:
        return self._auth.get("kind", "none")

    def _check_auth(self, folder: Path) -> None:
        wanted = {"api_key": ("key",), "basic": ("user", "password"), "oauth2": ("client_id", "client_secret"), "none": ()}
        if self._kind not in wanted:
            raise ConfigError("auth.kind is api_key, basic, oauth2 or none", key=self._kind)
        missing = [name for name in wanted[self._kind] if name not in self._secrets]
        if missing:
            raise ConfigError(f"write {', '.join(missing)} into the secrets file", file=str(folder))

    def _credentials(self) -> dict[str, str]:
        if self._kind == "api_key":
            return {self._auth.get("header", "X-API-Key"): self._secrets["key"]}
        if self._kind == "basic":
            request = httpx.Request("GET", "http://x")
            next(httpx.BasicAuth(self._secrets["user"], self._secrets["password"]).auth_flow(request))
            return {"Authorization": request.headers["Authorization"]}
        return {"Authorization": f"Bearer {self._bearer()}"} if self._kind == "oauth2" else {}

    def _bearer(self) -> str:
        """The access token (RFC 6749 §4.4). A new one is requested a little before it expires."""
        with self._lock:
            if time.monotonic() >= self._token_until:
                asked = {"grant_type": "client_credentials", "scope": self._auth.get("scope")}
                asked |= {name: self._secrets[name] for name in ("client_id", "client_secret")}
                answer = self._client.post(
                    self._auth.get("token_path", "/oauth/token"), data={k: v for k, v in asked.items() if v is not None}
                )
                _raise_for(answer, login=True)
                self._token, life = _token(answer)
                self._token_until = time.monotonic() + max(1.0, life * 0.9 - 1.0)
            return self._token


def _token(answer: httpx.Response) -> tuple[str, float]:
    try:
        plain = answer.json()
        return str(plain["access_token"]), float(plain.get("expires_in") or 300.0)
    except (ValueError, KeyError, TypeError) as exc:
        raise ConnectorDown("the dossier system gives no token") from exc


def _tls(auth: Mapping[str, str], folder: Path) -> ssl.SSLContext:
    """TLS that trusts the authority in `ca`, else those of this machine. A declared `certificate` is presented (mTLS)."""
    try:
        context = ssl.create_default_context(cafile=str(folder.parent / auth["ca"]) if "ca" in auth else None)
        if "certificate" in auth:
            key = folder.parent / auth["certificate_key"] if "certificate_key" in auth else None
            context.load_cert_chain(folder.parent / auth["certificate"], key)
    except (OSError, ssl.SSLError) as exc:
        raise ConfigError("a certificate or its key cannot be read", file=str(folder.parent)) from exc
    return context


def _streams(body: Mapping[str, Any]) -> Iterator[Any]:
    for value in (body.get("files") or {}).values():
        yield value[1]


@contextmanager
def translated() -> Iterator[None]:
    """Translates errors of httpx into ours."""
    try:
        yield
    except (httpx.TransportError, httpx.DecodingError, httpx.StreamError) as exc:
        raise ConnectorDown(f"dossier system: {type(exc).__name__}", what=type(exc).__name__) from exc
    except httpx.InvalidURL as exc:
        raise ConfigError("the address of the dossier system cannot be used") from exc


def _raise_for(response: httpx.Response, *, login: bool = False) -> None:
    status = response.status_code
    if 200 <= status < 300:
        return
    if status in _BUSY:
        raise ConnectorBusy(retry_after_s=retry_after.seconds(response.headers.get("Retry-After")), status=status)
    if status == 401 or (login and 400 <= status < 500):
        raise ConnectorLogin(status=status)
    if status == 404:
        raise DossierNotFound(status=status)
    if 400 <= status < 500:
        raise AttachRefused(status=status)
    raise ConnectorDown("the dossier system failed", status=status)
