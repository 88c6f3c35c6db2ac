"""Webhooks to clients: signed by Standard Webhooks (standardwebhooks.com), sent only where a callback may go.

A host name is resolved once. The address found is checked, and the connection goes to that same address. A name that
resolves to another address a moment later (DNS rebinding) changes nothing. Redirects are not followed. Proxies of the
environment are not used.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import ipaddress
import socket
from collections.abc import Mapping, Sequence

import httpx

from digitizer import retry_after
from digitizer.errors import AddressRefused, AttachRefused, ConnectorBusy, ConnectorDown

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
#: seconds to wait for a connection
_CONNECT_S = 5.0
#: seconds to wait for an answer
_ANSWER_S = 15.0
#: bytes of an answer that are read
_ANSWER_BYTES = 65_536
#: IPv4 addresses in disguise: NAT64, 6to4, Teredo
_WRAPPED = [ipaddress.ip_network(net) for net in ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32")]


def sign(secrets: Sequence[str], message_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """Headers of a message, with one signature for each secret that is valid now. A receiver may know either secret."""
    content = f"{message_id}.{timestamp}.".encode() + body
    found = [base64.b64encode(hmac.digest(key_of(secret), content, hashlib.sha256)).decode() for secret in secrets]
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(f"v1,{signature}" for signature in found),
    }


def key_of(secret: str) -> bytes:
    """The key bytes of `whsec_<base64>`."""
    return base64.b64decode(secret.removeprefix("whsec_"))


def networks(text: str) -> list[ipaddress.IPv4Network | ipaddress.IPv6Network]:
    """`10.20.0.0/16, ::1/128` as networks. Raises ValueError."""
    return [ipaddress.ip_network(part.strip()) for part in text.split(",") if part.strip()]


def resolve(url: str, allowed: str) -> tuple[httpx.URL, Address]:
    """The parsed address of a callback and the IP address to connect to.

    Raises AddressRefused where callbacks must not go, ConnectorDown where the name is not found.
    """
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL as exc:
        raise AddressRefused("the callback address is no URL") from exc
    if parsed.scheme not in ("http", "https") or not parsed.host or parsed.userinfo or parsed.fragment:
        raise AddressRefused("a callback address is https://host[:port]/path")
    try:
        port = parsed.port or (443 if parsed.scheme == "https" else 80)
        answers = socket.getaddrinfo(parsed.host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as exc:
        raise ConnectorDown("the name of the callback address is not known") from exc
    found = [ipaddress.ip_address(str(answer[4][0]).partition("%")[0]) for answer in answers]
    inside = [any(address in net for net in networks(allowed)) for address in found]
    if not all(ours or is_public(address) for ours, address in zip(inside, found, strict=True)):
        raise AddressRefused("the callback address leads to a network it must not reach")
    if parsed.scheme == "http" and not all(inside):
        raise AddressRefused("callbacks outside of the allowed networks go by https only")
    return parsed, found[0]


def is_public(address: Address) -> bool:
    """Whether an address belongs to the open Internet. Private, loopback, link-local, multicast and wrapped ones do not."""
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return is_public(address.ipv4_mapped)
        if any(address in net for net in _WRAPPED):
            return False
    return address.is_global and not address.is_multicast and not address.is_reserved


def post(url: str, body: bytes, headers: Mapping[str, str], *, allowed: str) -> int:
    """Posts a callback and gives the HTTP status, 200 to 299.

    Raises AddressRefused, AttachRefused (410: never again), ConnectorDown and ConnectorBusy (try again).
    """
    parsed, address = resolve(url, allowed)
    host = f"[{address}]" if address.version == 6 else str(address)
    port = f":{parsed.port}" if parsed.port else ""
    named = {"host": f"{parsed.netloc.decode('ascii')}", "content-type": "application/json", **headers}
    timeout = httpx.Timeout(_ANSWER_S, connect=_CONNECT_S)
    try:
        with (
            httpx.Client(trust_env=False, follow_redirects=False, timeout=timeout) as client,
            client.stream(
                "POST",
                f"{parsed.scheme}://{host}{port}{parsed.raw_path.decode('ascii')}",
                content=body,
                headers=named,
                extensions={"sni_hostname": parsed.host},
            ) as answer,
        ):
            _drain(answer)
            return _judge(answer)
    except (httpx.HTTPError, httpx.InvalidURL) as exc:
        raise ConnectorDown(f"callback: {type(exc).__name__}") from exc


def _drain(answer: httpx.Response) -> None:
    got = 0
    for block in answer.iter_raw():
        got += len(block)
        if got > _ANSWER_BYTES:
            return


def _judge(answer: httpx.Response) -> int:
    status = answer.status_code
    if 200 <= status < 300:
        return status
    if status == 410:
        raise AttachRefused("the receiver wants no more callbacks", status=status)
    if status in (429, 503):
        wait = retry_after.seconds(answer.headers.get("Retry-After"))
        raise ConnectorBusy("the receiver asks to come back later", retry_after_s=wait, status=status)
    raise ConnectorDown("the receiver did not take the callback", status=status)
