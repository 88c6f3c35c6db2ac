"""Callbacks: signed, in order, repeated until taken, and never sent where they must not go."""

from __future__ import annotations

import ipaddress
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from digitizer import webhooks
from digitizer.client import verify_callback
from digitizer.errors import AddressRefused, ConnectorBusy, ConnectorDown, UsageError
from digitizer.ledger import outbox
from digitizer.ledger.api_keys import ApiKey, Verb
from digitizer.service import Service, Submission
from digitizer.settings import ApiOptions, Settings
from tests.api.conftest import AGENCY, CODE, SCAN


class Receiver:
    """An intake system that keeps what it is told; `status` is what it answers."""

    def __init__(self) -> None:
        self.got: list[tuple[dict[str, str], bytes]] = []
        self.status, self.headers = 204, {}
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                if receiver.status < 300:
                    receiver.got.append((dict(self.headers), body))
                self.send_response(receiver.status)
                for name, value in receiver.headers.items():
                    self.send_header(name, value)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                return

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def told(self, secret: str) -> list[str]:
        return [verify_callback(secret, headers, body)["type"] for headers, body in self.got]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    yield made
    made.server.shutdown()
    made.server.server_close()


@dataclass
class Wait:
    """How far the clock of the outbox is ahead."""

    seconds: float = 0.0

    def now(self) -> float:
        return time.time() + self.seconds


@pytest.fixture
def ahead() -> Wait:
    return Wait()


@pytest.fixture
def service(tmp_path: Path, ahead: Wait) -> Iterator[Service]:
    settings = Settings(home=tmp_path / "home", api=ApiOptions(callback_networks="127.0.0.0/8"))
    with Service.open(settings, clock=ahead.now) as opened:
        yield opened


def submit(service: Service, key: ApiKey, component: str) -> str:
    place = service.client_documents.placed(key, Submission(actor="", dossier=CODE, component=component))
    return service.client_documents.submit(key, [SCAN], "a.jpg", place)[0].id


def test_a_client_is_told_in_order_and_with_both_secrets_while_they_change(service: Service, receiver: Receiver) -> None:
    key, _ = service.api_keys.add("motcua", agencies=[AGENCY], verbs=list(Verb), by="test")
    old = service.webhooks.set_address("motcua", receiver.url, rotate=False, by="test")
    assert old is not None
    assert service.webhooks.set_address("motcua", receiver.url, rotate=False, by="test") is None, "the secret is shown once"
    ids = [submit(service, key, component) for component in "abc"]
    for id in ids:
        service.client_documents.cancel(key, id, reason="thử")
    service.deliveries.deliver()
    assert receiver.told(old) == ["document.cancelled"] * 3
    messages = [verify_callback(old, headers, body) for headers, body in receiver.got]
    assert [message["data"]["id"] for message in messages] == ids
    assert messages[0]["data"]["dossier"] == CODE
    new = service.webhooks.set_address("motcua", None, rotate=True, by="test")
    assert new is not None
    service.client_documents.process_again(key, ids[0], reason="thử")
    service.client_documents.cancel(key, ids[0], reason="thử")
    service.deliveries.deliver()
    headers, body = receiver.got[-1]
    assert verify_callback(old, headers, body) == verify_callback(new, headers, body)


def test_a_receiver_that_is_down_gets_everything_later_in_order_and_other_clients_do_not_wait(
    service: Service, receiver: Receiver, ahead: Wait
) -> None:
    other = Receiver()
    keys = {}
    for name, url in (("motcua", receiver.url), ("khac", other.url)):
        keys[name] = service.api_keys.add(name, agencies=[AGENCY], verbs=list(Verb), by="test")[0]
        service.webhooks.set_address(name, url, rotate=False, by="test")
    receiver.status = 500
    ids = {name: [submit(service, key, component) for component in "ab"] for name, key in keys.items()}
    for name, key in keys.items():
        for id in ids[name]:
            service.client_documents.cancel(key, id, reason="thử")
    service.deliveries.deliver()
    assert (len(receiver.got), len(other.got)) == (0, 2)
    receiver.status, receiver.headers = 302, {"location": other.url}
    ahead.seconds = 3_600
    service.deliveries.deliver()
    assert len(other.got) == 2, "a redirect is not followed"
    receiver.status, receiver.headers = 204, {}
    ahead.seconds = 9_000
    service.deliveries.deliver()
    with service.context.ledger.read() as tx:
        assert outbox.counts(tx) == {"DONE": 4}
    message_ids = [headers["webhook-id"] for headers, _ in receiver.got]
    assert len(set(message_ids)) == 2
    other.server.shutdown()
    other.server.server_close()


def test_a_receiver_that_is_gone_for_good_is_not_asked_again(service: Service, receiver: Receiver) -> None:
    key, _ = service.api_keys.add("motcua", agencies=[AGENCY], verbs=list(Verb), by="test")
    service.webhooks.set_address("motcua", receiver.url, rotate=False, by="test")
    receiver.status = 410
    service.client_documents.cancel(key, submit(service, key, "a"), reason="thử")
    service.deliveries.deliver()
    with service.context.ledger.read() as tx:
        assert [row["error"] for row in outbox.pending(tx)] == ["attach_refused"]
    service.webhooks.remove("motcua", by="test")
    service.client_documents.cancel(key, submit(service, key, "b"), reason="thử")
    with service.context.ledger.read() as tx:
        assert outbox.counts(tx) == {"DEAD": 1}


@pytest.mark.parametrize(
    "address",
    [
        "10.0.0.1",
        "172.16.3.4",
        "192.168.1.1",
        "127.0.0.1",
        "169.254.169.254",
        "0.0.0.0",
        "100.64.0.1",
        "224.0.0.1",
        "255.255.255.255",
        "::1",
        "::",
        "fe80::1",
        "fc00::1",
        "ff02::1",
        "::ffff:10.0.0.1",
        "64:ff9b::a00:1",
        "2002:a00:1::",
        "2001:0:1::",
        "198.18.0.1",
        "240.0.0.1",
        "2001:db8::1",
    ],
)
def test_inner_addresses_are_not_public(address: str) -> None:
    assert not webhooks.is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize("address", ["1.1.1.1", "113.160.0.1", "2606:4700::1111", "::ffff:1.1.1.1"])
def test_addresses_of_the_open_internet_are_public(address: str) -> None:
    assert webhooks.is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize(
    "url",
    [
        "https://127.0.0.1/",
        "https://localhost/",
        "https://[::1]/",
        "https://0x7f000001/",
        "https://2130706433/",
        "https://127.1/",
        "http://1.1.1.1/",
        "ftp://1.1.1.1/",
        "https://user:pw@1.1.1.1/",
        "https://1.1.1.1/#x",
        "file:///etc/passwd",
        "https:///x",
        "x",
    ],
)
def test_an_address_that_leads_inside_or_is_none_is_refused(service: Service, url: str) -> None:
    with pytest.raises((AddressRefused, ConnectorDown)):
        webhooks.resolve(url, "")
    strict = Settings(home=service.settings.home)
    with Service.open(strict) as without, pytest.raises(UsageError):
        without.webhooks.set_address("motcua", url, rotate=False, by="test")


def test_a_name_that_has_an_inner_address_among_others_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def both(*_: object, **__: object) -> list[tuple[object, ...]]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (ip, 443)) for ip in ("1.1.1.1", "10.0.0.1")]

    monkeypatch.setattr(socket, "getaddrinfo", both)
    with pytest.raises(AddressRefused):
        webhooks.resolve("https://rebind.example/", "")


def test_the_address_that_was_checked_is_the_one_connected_to(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that resolves to an inner address a moment later (DNS rebinding) is never asked again."""
    asked: list[str] = []

    def once(host: object, *_: object, **__: object) -> list[tuple[object, ...]]:
        asked.append(str(host))
        ip = "1.1.1.1" if len(asked) == 1 else "127.0.0.1" if host == "rebind.example" else str(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (ip, 443))]

    connected: list[str] = []

    def connect(self: socket.socket, address: tuple[str, int]) -> None:
        connected.append(address[0])
        raise OSError("no network in tests")

    monkeypatch.setattr(socket, "getaddrinfo", once)
    monkeypatch.setattr(socket.socket, "connect", connect)
    with pytest.raises(ConnectorDown):
        webhooks.post("https://rebind.example/hook", b"{}", {}, allowed="")
    assert connected == ["1.1.1.1"]
    assert asked.count("rebind.example") == 1


def test_a_receiver_refuses_an_old_or_changed_callback() -> None:
    secret, body = "whsec_" + "A" * 43 + "=", b'{"type":"x"}'
    headers = webhooks.sign([secret], "m1", 1_000_000, body)
    assert verify_callback(secret, headers, body, now=1_000_100) == {"type": "x"}
    for changed in (
        {"now": 1_000_301}, {"now": 999_699}, {"body": b'{"type":"y"}'}, {"secret": "whsec_" + "B" * 43 + "="},
        {"headers": {**headers, "webhook-id": "m2"}}, {"headers": {**headers, "webhook-timestamp": "1000001"}}, {"headers": {}},
    ):  # fmt: skip
        given = {"secret": secret, "headers": headers, "body": body, "now": 1_000_100, **changed}
        with pytest.raises(ValueError, match="callback"):
            verify_callback(given["secret"], given["headers"], given["body"], now=given["now"])  # type: ignore[arg-type]


def test_a_busy_receiver_says_when_to_come_back(receiver: Receiver) -> None:
    receiver.status, receiver.headers = 503, {"Retry-After": "0.5"}
    with pytest.raises(ConnectorBusy) as caught:
        webhooks.post(receiver.url, b"{}", {}, allowed="127.0.0.0/8")
    assert caught.value.retry_after_s == 0.5
