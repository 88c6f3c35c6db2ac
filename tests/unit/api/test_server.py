"""What the server overrides in uvicorn, which promises none of it. A new uvicorn that lacks it must fail here, not in service."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Iterator
from types import CodeType

import pytest
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle
from uvicorn.server import ServerState

from digitizer.api.server import PatientProtocol, _Server, protocol
from digitizer.settings import ApiOptions

#: methods of `PatientProtocol` that asyncio calls
ASYNCIO = ("connection_made", "connection_lost", "data_received")
#: methods of `PatientProtocol` that uvicorn calls
UVICORN = ("on_response_complete", "send_400_response")


def names(code: CodeType) -> Iterator[str]:
    """Attributes and globals that a function uses."""
    yield from code.co_names
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            yield from names(inner)


def used(*classes: type) -> set[str]:
    functions = [f for one in classes for f in vars(one).values() if inspect.isfunction(f)]
    return {name for function in functions for name in names(function.__code__)}


def test_what_a_connection_overrides_is_there_and_is_called() -> None:
    ours = {name for name, value in vars(PatientProtocol).items() if inspect.isfunction(value)}
    assert ours - {"_within", "_in_time", "_too_late", "_end"} == set(ASYNCIO) | set(UVICORN)
    for name in ASYNCIO:
        assert name in vars(asyncio.Protocol) or name in vars(asyncio.BaseProtocol)
        assert name in vars(H11Protocol)
    for name in UVICORN:
        assert name in vars(H11Protocol)
        assert name in used(H11Protocol, RequestResponseCycle), f"uvicorn calls no {name}"


@pytest.mark.parametrize("name", [*ASYNCIO, *UVICORN])
def test_what_a_connection_overrides_takes_the_same_arguments(name: str) -> None:
    ours, theirs = (list(inspect.signature(getattr(one, name)).parameters) for one in (PatientProtocol, H11Protocol))
    assert ours == theirs


def test_a_connection_has_what_is_read_from_uvicorn() -> None:
    async def app(scope: object, receive: object, send: object) -> None:
        return

    async def made() -> PatientProtocol:
        config = uvicorn.Config(app, log_config=None)
        config.load()
        return protocol(ApiOptions(connections=7))(config=config, server_state=ServerState(), app_state={})

    connection = asyncio.run(made())
    assert connection.connections == set()
    assert connection.cycle is None
    assert connection.options.connections == 7
    assert hasattr(connection, "loop")
    assert {"transport"} <= used(H11Protocol)
    assert {"response_complete", "more_body"} <= set(RequestResponseCycle.__init__.__code__.co_names)


def test_the_server_ends_through_shutdown() -> None:
    assert "shutdown" in vars(uvicorn.Server)
    assert list(inspect.signature(_Server.shutdown).parameters) == list(inspect.signature(uvicorn.Server.shutdown).parameters)
    assert "shutdown" in used(uvicorn.Server)
