"""Running the application: uvicorn with limits on connections and on how long a request head may take."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar, cast

import uvicorn
from fastapi import FastAPI
from uvicorn.protocols.http.h11_impl import H11Protocol

from digitizer.api import problems
from digitizer.api.progress import Streams
from digitizer.errors import Busy, ConfigError, TooSlow
from digitizer.service import Service
from digitizer.settings import ApiOptions

#: seconds a client has to stop sending a body that was refused
_LINGER_S = 2.0
#: seconds a connection may idle between two requests
_KEEP_ALIVE_S = 15
#: seconds running requests have to end when the server is told to stop
_GRACE_S = 20


class PatientProtocol(H11Protocol):
    """One HTTP/1.1 connection. It gives up on slow heads, and is refused when there are too many connections."""

    options: ClassVar[ApiOptions]
    deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        """Refuses a connection above the limit. Any other has `header_s` for its first request head."""
        super().connection_made(transport)
        if len(self.connections) > self.options.connections:
            self._end(problems.raw(Busy.code, Busy.http_status))
        else:
            self._within(self.options.header_s)

    def connection_lost(self, exc: Exception | None) -> None:
        """Ends the time limit with the connection."""
        self._in_time()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """A whole head ends the time limit. The first byte of the next head starts it."""
        if self.transport.is_closing():
            return
        before, idle = self.cycle, self.cycle is None or self.cycle.response_complete
        super().data_received(data)
        if self.cycle is not before:
            self._in_time()
        elif idle and self.deadline is None:
            self._within(self.options.header_s)

    def on_response_complete(self) -> None:
        """A client that still sends a refused body has `_LINGER_S` to stop."""
        super().on_response_complete()
        if self.cycle is not None and self.cycle.more_body and not self.transport.is_closing():
            self._within(_LINGER_S)

    def send_400_response(self, msg: str) -> None:
        """Answers a request that is no HTTP with a problem document."""
        self._end(problems.raw("usage", 400))

    def _within(self, seconds: float) -> None:
        self._in_time()
        self.deadline = self.loop.call_later(seconds, self._too_late)

    def _in_time(self) -> None:
        if self.deadline is not None:
            self.deadline.cancel()
            self.deadline = None

    def _too_late(self) -> None:
        answered = self.cycle is not None and self.cycle.more_body
        self._end(b"" if answered else problems.raw(TooSlow.code, TooSlow.http_status))

    def _end(self, answer: bytes) -> None:
        if not self.transport.is_closing():
            self.transport.write(answer)
            self.transport.close()


def protocol(options: ApiOptions) -> type[PatientProtocol]:
    """The class of connections with these limits. uvicorn takes a class, so the options are its attribute."""
    return type("PatientProtocol", (PatientProtocol,), {"options": options})


def serve(
    app: FastAPI,
    *,
    host: str,
    port: int,
    certificate: Path | None = None,
    private_key: Path | None = None,
    ready: Callable[[str], None],
) -> None:
    """Serves until SIGTERM or Ctrl-C. Raises ConfigError for a public address that nobody could use, or one that is taken.

    `app` is `create(service)` of `digitizer.api` or of `digitizer.station`. `ready` is called with the address once connections
    are taken. Port 0 is any free one.
    """
    service: Service = app.state.service
    known = any(key.active for key in service.api_keys.find()) or service.accounts.any()
    if not is_loopback(host) and not known:
        raise ConfigError(
            "others could reach this address, and there is neither API key nor account yet: `digitizer clients add`",
            sentence="no_api_key_yet",
            host=host,
        )
    if (certificate is None) != (private_key is None):
        raise ConfigError("a certificate and its private key go together", sentence="certificate_and_key")
    _raise_open_files()
    options = service.settings.api
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        http=cast(Any, protocol(options)),
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        backlog=2048,
        timeout_keep_alive=_KEEP_ALIVE_S,
        timeout_graceful_shutdown=_GRACE_S,
        ssl_certfile=certificate,
        ssl_keyfile=private_key,
    )
    listener = _listen(host, port)
    ready(f"{'http' if certificate is None else 'https'}://{_shown(host)}:{listener.getsockname()[1]}")
    _Server(config, app.state.streams).run(sockets=[listener])


class _Server(uvicorn.Server):
    """A server that ends its event streams first, so that they do not hold it up."""

    def __init__(self, config: uvicorn.Config, streams: Streams) -> None:
        super().__init__(config)
        self.streams = streams

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self.streams.end()
        await super().shutdown(sockets)


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches `host`. Raises ConfigError for a name nobody knows."""
    try:
        found = {info[4][0] for info in socket.getaddrinfo(host, None)}
    except OSError as exc:
        raise ConfigError("there is no such address on this machine", sentence="no_such_address", host=host) from exc
    return all(ipaddress.ip_address(str(address).partition("%")[0]).is_loopback for address in found)


def _shown(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as exc:
        listener.close()
        raise ConfigError(
            "this address is taken, or not one of this machine", sentence="address_taken", host=host, port=port
        ) from exc
    listener.listen(2048)
    return listener


def _raise_open_files() -> None:
    """As many files as the system lets us open. Every connection is one."""
    try:
        import resource
    except ImportError:  # Windows has no such limit
        return
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
