"""Connector `rest+https:`: a dossier system with an HTTP interface, declared by a mapping (`_mapping.py`).

`rest+https://mot-cua.example.gov.vn?mapping=generic`. `rest+http:` is allowed for this machine only. An attachment is sent
with an idempotency key and read back: its hash, its size or the file itself. Only then it gets a receipt. A repeat first asks
whether the file is there. An attachment that reads back differently is removed and sent again. Large files resume where the
upload was cut off.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, suppress
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from digitizer.connectors import Delivery, Dossier
from digitizer.connectors._http_client import HttpClient
from digitizer.connectors._mapping import Call, Interface, dig, fill, load, secrets
from digitizer.errors import AttachRefused, ConfigError, ConnectorDown, DossierNotFound, FileAccess, ReadBackDiffers
from digitizer.model import Receipt

#: keys of `auth` that the secrets file may override
AUTH = {"kind", "header", "token_path", "scope", "ca", "certificate", "certificate_key"}
#: number of read-backs that must differ before the attachment is removed
_READS = 3
#: hosts that `rest+http:` may name
_LOOPBACK = {"127.0.0.1", "localhost", "::1"}


class RestConnector:
    """A dossier system with an HTTP interface. `connect` gives it a method for each call of its mapping."""

    entered_by_hand = False

    def __init__(self, interface: Interface, client: HttpClient) -> None:
        self._interface, self._client, self._calls = interface, client, interface.calls
        self.after_approval = interface.after_approval

    def close(self) -> None:
        """Closes the connections."""
        self._client.close()

    def _send_file(self, kind: str, delivery: Delivery) -> Receipt:
        call = self._calls[kind]
        facts = {**_facts(delivery), "kind": kind, "type_code": self._type_code(delivery), "size": _size(delivery.path)}
        values = call.values(facts)
        if (delivery.repeat or not self._interface.idempotent) and (there := self._lookup(facts)) is not None:
            return self._checked(delivery, there, facts, self._calls["lookup"])
        resumable = self._interface.resumable
        if resumable and facts["size"] > resumable["above_bytes"]:
            return self._checked(delivery, self._resumed(delivery, facts), facts, self._calls["lookup"])
        answer = self._post(call, delivery, facts, values)
        return self._checked(delivery, answer, facts, call)

    def _post(self, call: Call, delivery: Delivery, facts: Mapping[str, Any], values: dict[str, Any]) -> Any:
        with ExitStack() as stack:
            file = stack.enter_context(_opened(delivery.path))
            if call.body == "multipart":
                text = {name: str(value) for name, value in values.items()}
                body: dict[str, Any] = {"data": text, "files": {call.file: (delivery.name, file, delivery.media_type)}}
            else:
                body = {"json": {**values, call.file: base64.b64encode(file.read()).decode()}}
            return self._client.json(call.method, self._url(call, facts), headers=_headers(call, facts), **body)

    def _lookup(self, facts: Mapping[str, Any]) -> Any:
        """The dossier system's answer about this file. None: it does not have the file, or the mapping has no lookup."""
        if (call := self._calls.get("lookup")) is None:
            return None
        try:
            answer = self._client.json(call.method, self._url(call, facts), headers=_headers(call, facts))
        except DossierNotFound:
            return None
        found = dig(answer, call.items) if call.items else [answer]
        return next(iter(found or []), None)

    def _checked(self, delivery: Delivery, answer: Any, facts: Mapping[str, Any], call: Call) -> Receipt:
        """Reads the attachment back and gives the receipt. Raises ReadBackDiffers when it is not what was sent.

        `answer` is the answer of `call` about the attachment.
        """
        external_id, at = dig(answer, call.answer.get("id", "id")), dig(answer, call.answer.get("at", "at"))
        if external_id not in (None, "") and (back := self._calls.get("read_back")) is not None:
            facts = {**facts, "id": external_id}
            at = self._same(delivery, back, facts).get("at", at)
        return _receipt(delivery, external_id, at)

    def _same(self, delivery: Delivery, back: Call, facts: Mapping[str, Any]) -> dict[str, Any]:
        """The read-back that equals what was sent. Otherwise removes the attachment and raises ReadBackDiffers.

        It reads back several times before it removes anything. Otherwise a late removal could hit an attachment that a repeat
        has accepted meanwhile.
        """
        for _ in range(_READS):
            kept = self._read_back(back, facts)
            said = set(kept) & {"sha256", "size"}
            if said and all(kept[name] == facts[name] for name in said):
                return kept
        self._remove(facts)
        raise ReadBackDiffers("the dossier system holds something else than it was given", delivery=delivery.id)

    def _remove(self, facts: Mapping[str, Any]) -> None:
        if (call := self._calls.get("remove")) is not None:
            with suppress(DossierNotFound):  # it is gone already
                self._client.ask(call.method, self._url(call, facts))

    def _read_back(self, call: Call, facts: Mapping[str, Any]) -> dict[str, Any]:
        try:
            if call.content:
                hasher = hashlib.sha256()
                self._client.digest(self._url(call, facts), hasher)
                return {"sha256": hasher.hexdigest()}
            answer = self._client.json(call.method, self._url(call, facts))
        except DossierNotFound as exc:
            raise ReadBackDiffers("the dossier system lost what it took") from exc
        found = {name: dig(answer, path) for name, path in call.answer.items()}
        if isinstance(found.get("sha256"), str):
            found["sha256"] = found["sha256"].lower()
        return {name: value for name, value in found.items() if value is not None}

    def _resumed(self, delivery: Delivery, facts: Mapping[str, Any]) -> Any:
        """Uploads in pieces (tus 1.0.0) from where the last attempt was cut off. Returns the lookup of the attachment."""
        options = self._interface.resumable
        location, offset = self._resume(delivery)
        if location is None:
            answer = self._client.ask(
                "POST",
                self._interface.base + fill(options["path"], facts),
                headers={"Idempotency-Key": delivery.id, "Upload-Length": str(facts["size"]), "Tus-Resumable": "1.0.0"},
                json=fill(options.get("fields", {}), facts),
            )
            location, offset = answer.headers.get("Location"), 0
            if not location:
                raise ConnectorDown("the dossier system does not say where to upload")
            delivery.keep({"location": location})
        with _opened(delivery.path) as file:
            while offset < facts["size"]:
                file.seek(offset)
                offset = self._piece(location, offset, file.read(options["chunk_bytes"]))
        if (there := self._lookup(facts)) is None:
            delivery.keep({})
            raise ReadBackDiffers("the upload became something else", delivery=delivery.id)
        return there

    def _resume(self, delivery: Delivery) -> tuple[str | None, int]:
        location = delivery.progress.get("location")
        if not location:
            return None, 0
        try:
            answer = self._client.ask("HEAD", location, headers={"Tus-Resumable": "1.0.0"})
        except (DossierNotFound, AttachRefused):  # 404, 410: the system dropped the upload
            return None, 0
        return location, _offset(answer)

    def _piece(self, location: str, offset: int, data: bytes) -> int:
        headers = {"Upload-Offset": str(offset), "Content-Type": "application/offset+octet-stream", "Tus-Resumable": "1.0.0"}
        try:
            answer = self._client.ask("PATCH", location, headers=headers, content=data)
        except (AttachRefused, DossierNotFound) as exc:  # 409: the piece came twice, so a repeat asks for the offset
            raise ConnectorDown("the upload is not where it was", **exc.facts) from exc
        if (now := _offset(answer)) <= offset:
            raise ConnectorDown("the upload does not move")
        return now

    def _url(self, call: Call, facts: Mapping[str, Any]) -> str:
        return self._interface.base + call.url(facts)

    def _type_code(self, delivery: Delivery) -> str:
        codes = self._interface.codes
        doctype = str(delivery.metadata.get("doctype") or "")
        return codes.get(doctype, codes.get("default", doctype))


class _Attaches(RestConnector):
    def attach(self, delivery: Delivery) -> Receipt:
        """Sends the file, reads it back, gives the receipt."""
        return self._send_file("attach", delivery)


class _AttachesResults(RestConnector):
    def attach_result(self, delivery: Delivery) -> Receipt:
        """Sends the result, reads it back, gives the receipt."""
        return self._send_file("attach_result", delivery)


class _UpdatesFields(RestConnector):
    def update_fields(self, delivery: Delivery) -> Receipt:
        """Sends approved values."""
        call = self._calls["update_fields"]
        facts = {**_facts(delivery), **delivery.fields}
        answer = self._client.json(call.method, self._url(call, facts), headers=_headers(call, facts), json=call.values(facts))
        return _receipt(delivery, dig(answer, call.answer.get("id", "id")), dig(answer, call.answer.get("at", "at")))


class _Finds(RestConnector):
    def find(self, code: str) -> Dossier:
        """Asks for a dossier. Raises DossierNotFound."""
        call = self._calls["find"]
        return _dossier(self._client.json(call.method, self._url(call, {"dossier": code})), call)


class _ListsDossiers(RestConnector):
    def list_dossiers(self, first: date, last: date) -> Iterator[Dossier]:
        """Dossiers from `first` to `last`. Asks page by page until one brings nothing new."""
        call, page, seen = self._calls["list_dossiers"], 0, set[str]()
        while True:
            facts = {"first": first.isoformat(), "last": last.isoformat(), "page": page}
            found = dig(self._client.json(call.method, self._url(call, facts)), call.items)
            fresh = [d for d in (_dossier(item, call) for item in found or []) if d.code not in seen]
            if not fresh or (page and "{page}" not in call.path):
                return
            yield from fresh
            seen |= {d.code for d in fresh}
            page += 1


#: call of a mapping -> the class with its method
_OPERATIONS: Mapping[str, type[RestConnector]] = {
    "attach": _Attaches,
    "attach_result": _AttachesResults,
    "update_fields": _UpdatesFields,
    "find": _Finds,
    "list_dossiers": _ListsDossiers,
}


def connect(interface: Interface, client: HttpClient) -> RestConnector:
    """A connector whose class has a method for each call of the mapping, and no others."""
    able = [operation for name, operation in _OPERATIONS.items() if name in interface.calls]
    made: RestConnector = type("RestConnector", (*able, RestConnector), {})(interface, client)
    return made


def _facts(delivery: Delivery) -> dict[str, Any]:
    plain = {
        name: getattr(delivery, name) for name in ("dossier", "component", "agency", "name", "media_type", "sha256", "number")
    }
    return {"format": "PDF/A", **delivery.metadata, **plain, "delivery": delivery.id}


def _headers(call: Call, facts: Mapping[str, Any]) -> dict[str, str]:
    return {name: str(fill(template, facts) or "") for name, template in call.headers.items()}


def _offset(answer: Any) -> int:
    try:
        return int(answer.headers["Upload-Offset"])
    except (KeyError, ValueError) as exc:
        raise ConnectorDown("the dossier system does not say how far the upload came") from exc


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError as exc:
        raise FileAccess(f"cannot read {path.name}", file=str(path)) from exc


def _opened(path: Path) -> Any:
    try:
        return path.open("rb")
    except OSError as exc:
        raise FileAccess(f"cannot read {path.name}", file=str(path)) from exc


def _receipt(delivery: Delivery, external_id: Any, at: Any) -> Receipt:
    if external_id in (None, ""):
        raise ConnectorDown("the dossier system's answer has no id of what it took")
    return Receipt(delivery=delivery.id, dossier=delivery.dossier, external_id=str(external_id), at=_moment(at))


def _moment(text: Any) -> datetime:
    try:
        at = datetime.fromisoformat(str(text))
    except ValueError:
        return datetime.now(UTC)
    return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)


def _dossier(item: Any, call: Call) -> Dossier:
    code = dig(item, call.answer.get("code", "code"))
    if not isinstance(code, str) or not code:
        raise ConnectorDown("the dossier system's answer has no dossier code")

    def there(name: str) -> Any:
        return dig(item, call.answer.get(name, name))

    return Dossier(
        code=code,
        agency=there("agency"),
        procedure=there("procedure"),
        received_on=_day(there("received_on")),
        resolved_on=_day(there("resolved_on")),
        components=tuple(str(c) for c in there("components") or []),
    )


def _day(text: Any) -> date | None:
    try:
        return date.fromisoformat(str(text)[:10]) if text else None
    except ValueError:
        return None


def open(url: str, home: Path) -> RestConnector:
    """`rest+https://host/path?mapping=NAME`, `rest+http:` for this machine only. Raises ConfigError."""
    split = urlsplit(url.removeprefix("rest+"))
    if split.scheme not in ("https", "http") or not split.hostname or split.username or split.password:
        raise ConfigError("write rest+https://host?mapping=NAME; credentials belong into the secrets folder")
    if split.scheme == "http" and split.hostname not in _LOOPBACK:
        raise ConfigError("rest+http: is for this machine only; use rest+https:", host=split.hostname)
    name = parse_qs(split.query).get("mapping", ["generic"])[0]
    interface = load(name, home)
    kept = secrets(name, home)
    auth = {**interface.auth, **{key: value for key, value in kept.items() if key in AUTH}}
    client = HttpClient(
        f"{split.scheme}://{split.netloc}{split.path.rstrip('/')}",
        auth=auth,
        secrets=kept,
        folder=home / "secrets" / f"{name}.toml",
        timeout_s=interface.timeout_s,
    )
    return connect(interface, client)
