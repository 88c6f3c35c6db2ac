"""The HTTP side. One thread a connection; a mood decides before and after each request what goes wrong."""

from __future__ import annotations

import json
import random
import re
import secrets
import socket
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from email.parser import BytesParser
from email.policy import HTTP
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from tests.dossier_server.database import Database
from tests.dossier_server.moods import GOOD, Mood

PAGE = 100


class Reset(Exception):
    """The connection is to be reset without an answer."""


class DossierServer(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, database: Database, *, mood: Mood = GOOD, seed: int = 1, port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.database, self.mood = database, mood
        self.api_key, self.client = "test-key", ("test-client", "test-secret")
        self.tokens: dict[str, float] = {}
        self.token_s = 60.0
        self.requests: list[str] = []
        self.happened: dict[str, int] = {}
        self._random, self._lock = random.Random(seed), threading.Lock()
        self._began, self._storm_until = time.monotonic(), 0.0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def chance(self, misery: str) -> bool:
        with self._lock:
            hit = self._random.random() < getattr(self.mood, misery)
            if hit:
                self.happened[misery] = self.happened.get(misery, 0) + 1
            return hit

    def is_down(self) -> float | None:
        """Seconds until it is up again; None when it is up."""
        now = time.monotonic()
        if self.chance("storm"):
            self._storm_until = now + self.mood.storm_s
        if now < self._storm_until:
            return 0.0
        if self.mood.maintenance_every_s:
            left = self.mood.maintenance_s - (now - self._began) % self.mood.maintenance_every_s
            if left > 0 and now - self._began > self.mood.maintenance_every_s:
                return left
        return None

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that go away in the middle are part of the game."""


class Handler(BaseHTTPRequestHandler):
    server: DossierServer
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def __getattr__(self, name: str) -> Any:
        if name.startswith("do_"):
            return self._serve
        raise AttributeError(name)

    def _serve(self) -> None:
        split = urlsplit(self.path)
        self.query = {name: values[0] for name, values in parse_qs(split.query).items()}
        self.server.requests.append(f"{self.command} {split.path}")
        try:
            body = self._body()
            status, answer, headers = self._moody(split.path, body)
        except Reset:
            self._reset()
            return
        self._answer(status, answer, headers)

    def _moody(self, path: str, body: bytes) -> tuple[int, Any, dict[str, str]]:
        server = self.server
        if path.startswith("/_"):
            return self._control(path, body)
        if (left := server.is_down()) is not None:
            return 503, "<html>maintenance</html>", {"Retry-After": str(int(left) + 1)} if left else {}
        if server.chance("html"):
            return 200, "<html>bao tri he thong</html>", {}
        if path == "/oauth/token":
            return self._token(body)
        if not self._known():
            return 401, {"error": "unauthorized"}, {}
        if server.chance("throttle"):
            return 429, {"error": "slow down"}, {"Retry-After": f"{server.mood.retry_after_s:g}"}
        if server.chance("slow"):
            time.sleep(server.mood.slow_s)
        status, answer = self._route(path, body)
        if server.chance("duplicate"):
            status, answer = self._route(path, body)
        if server.chance("lost_answer"):
            raise Reset
        return status, answer, {}

    def _body(self) -> bytes:
        length = int(self.headers.get("Content-Length") or 0)
        if "chunked" in (self.headers.get("Transfer-Encoding") or ""):
            return b"".join(self._chunks())
        if length > 1000 and self.server.chance("reset"):
            self.rfile.read(length // 2)
            raise Reset
        return self.rfile.read(length)

    def _chunks(self) -> Iterator[bytes]:
        while size := int(self.rfile.readline().strip() or b"0", 16):
            yield self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()

    def _reset(self) -> None:
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()

    def _answer(self, status: int, answer: Any, headers: dict[str, str]) -> None:
        is_json = not isinstance(answer, str | bytes)
        data = json.dumps(answer).encode() if is_json else answer.encode() if isinstance(answer, str) else answer
        if status == 204:
            data = b""
        self.send_response(status)
        for name, value in {**headers, **getattr(self, "extra", {})}.items():
            self.send_header(name, value)
        self.extra: dict[str, str] = {}
        self.send_header("Content-Type", "application/json" if is_json else "text/html")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if self.command == "HEAD":
            return
        if data and self.server.chance("drip"):
            for i in range(len(data)):
                self.wfile.write(data[i : i + 1])
                time.sleep(self.server.mood.drip_s / len(data))
        else:
            self.wfile.write(data)

    def _control(self, path: str, body: bytes) -> tuple[int, Any, dict[str, str]]:
        if path == "/_mood":
            self.server.mood = Mood(**json.loads(body or b"{}"))
        return 200, self.server.happened, {}

    def _token(self, body: bytes) -> tuple[int, Any, dict[str, str]]:
        asked = {name: values[0] for name, values in parse_qs(body.decode()).items()}
        if (asked.get("client_id"), asked.get("client_secret")) != self.server.client:
            return 401, {"error": "invalid_client"}, {}
        token = secrets.token_hex(8)
        self.server.tokens[token] = time.monotonic() + self.server.token_s
        return 200, {"access_token": token, "token_type": "Bearer", "expires_in": self.server.token_s}, {}

    def _known(self) -> bool:
        if self.headers.get("X-API-Key") == self.server.api_key:
            return True
        given = self.headers.get("Authorization") or ""
        if given == "Basic dGVzdC1jbGllbnQ6dGVzdC1zZWNyZXQ=":
            return True
        token = given.removeprefix("Bearer ")
        if self.server.chance("expire"):
            self.server.tokens.pop(token, None)
        return self.server.tokens.get(token, 0) > time.monotonic()

    # --- the dossier system itself ------------------------------------------------------------------------------------

    def _route(self, path: str, body: bytes) -> tuple[int, Any]:
        for method, pattern, function in ROUTES:
            if method == self.command and (match := re.fullmatch(pattern, path)):
                return function(self, body, *(unquote(part) for part in match.groups()))
        return 404, {"error": "no such path"}

    def _find(self, _: bytes, code: str) -> tuple[int, Any]:
        found = self.server.database.dossier(code)
        return (200, found) if found else (404, {"error": "no such dossier"})

    def _list(self, _: bytes) -> tuple[int, Any]:
        page = int(self.query.get("page", 0))
        found = self.server.database.dossiers(self.query["from"], self.query["to"], page * PAGE, PAGE)
        return 200, {"items": found}

    def _attach(self, body: bytes, code: str) -> tuple[int, Any]:
        if self.server.database.dossier(code) is None:
            return 404, {"error": "no such dossier"}
        fields, file, name = self._form(body)
        if fields.get("component") == "CẤM":
            return 422, {"error": "this component takes no files"}
        return 201, self._put(code, fields.get("component", ""), fields.get("kind", "component"), name, file, json.dumps(fields))

    def _put(
        self, code: str, component: str, kind: str, name: str, content: bytes, fields: str = "{}", key: str | None = None
    ) -> dict[str, Any]:
        key = None if self.server.mood.forgetful else key or self.headers.get("Idempotency-Key")
        what = {"dossier": code, "component": component, "kind": kind, "name": name, "key": key, "fields": fields}
        return self.server.database.attach(**what, content=content, corrupt=self.server.chance("corrupt"))  # type: ignore[arg-type]

    def _form(self, body: bytes) -> tuple[dict[str, str], bytes, str]:
        head = f"Content-Type: {self.headers['Content-Type']}\r\n\r\n".encode()
        fields, file, name = {}, b"", ""
        for part in BytesParser(policy=HTTP).parsebytes(head + body).iter_parts():  # type: ignore[attr-defined]
            data = part.get_payload(decode=True) or b""
            if part.get_filename():
                file, name = data, part.get_filename()
            else:
                fields[part.get_param("name", header="content-disposition")] = data.decode()
        return fields, file, name

    def _attachments(self, _: bytes, code: str) -> tuple[int, Any]:
        asked = {name: self.query[name] for name in ("sha256", "component", "key") if name in self.query}
        return 200, {"items": self.server.database.attachments(code, **asked)}

    def _attachment(self, _: bytes, number: str) -> tuple[int, Any]:
        found = self.server.database.attachment(int(number))
        if found and self.server.chance("wrong_read_back"):
            found["sha256"] = "0" * 64
        return (200, found) if found else (404, {"error": "no such attachment"})

    def _content(self, _: bytes, number: str) -> tuple[int, Any]:
        found = self.server.database.content(int(number))
        return (200, found) if found is not None else (404, {"error": "no such attachment"})

    def _remove(self, _: bytes, number: str) -> tuple[int, Any]:
        self.server.database.rows("DELETE FROM attachment WHERE id = ?", int(number))
        return 204, None

    def _record(self, body: bytes, code: str, name: str) -> tuple[int, Any]:
        if self.server.database.dossier(code) is None:
            return 404, {"error": "no such dossier"}
        return 200, self.server.database.put_record(code, name, self.headers.get("Idempotency-Key"), body.decode())

    def _begin(self, body: bytes, code: str) -> tuple[int, Any]:
        if self.server.database.dossier(code) is None:
            return 404, {"error": "no such dossier"}
        asked = json.loads(body)
        number = self.server.database.begin_upload(
            dossier=code, component=asked["component"], kind=asked["kind"], name=asked["name"],
            key=self.headers.get("Idempotency-Key"), length=int(self.headers["Upload-Length"]),
        )  # fmt: skip
        self.extra = {"Location": f"/api/uploads/{number}"}
        return 201, {}

    def _offset(self, _: bytes, number: str) -> tuple[int, Any]:
        found = self.server.database.upload(int(number))
        if found is None:
            return 404, None
        self.extra = {"Upload-Offset": str(len(found["content"]))}
        return 200, None

    def _grow(self, body: bytes, number: str) -> tuple[int, Any]:
        now = self.server.database.grow_upload(int(number), int(self.headers["Upload-Offset"]), body)
        upload = self.server.database.upload(int(number))
        if now is None or upload is None:
            return 409, {"error": "not where it ends"}
        if now == upload["length"]:
            what = {name: upload[name] for name in ("component", "kind", "name", "key")}
            self._put(upload["dossier"], content=bytes(upload["content"]), **what)
        self.extra = {"Upload-Offset": str(now)}
        return 204, None

    # --- Công văn 7197/BKHCN-CĐSQG ------------------------------------------------------------------------------------

    def _import(self, body: bytes) -> tuple[int, Any]:
        fields, file, name = self._form(body)
        missing = [code for code in ("DocCode", "TypeName", "CodeNumber", "CodeNotation", "IssuedDate", "OrganName", "Subject")
                   if not fields.get(code)]  # fmt: skip
        if missing:
            return 422, {"error": "missing", "fields": missing}
        put = self._put(fields["DocCode"], "", "document", name, file, json.dumps(fields))
        return 201, {"DocCode": fields["DocCode"], "ImportedAt": put["created_at"]}

    def _document(self, _: bytes, code: str) -> tuple[int, Any]:
        found = self.server.database.attachments(code)
        return (200, {"DocCode": code, "ImportedAt": found[0]["created_at"]}) if found else (404, {"error": "no such document"})

    def _download(self, body: bytes, code: str) -> tuple[int, Any]:
        found = self.server.database.attachments(code)
        return self._content(body, str(found[0]["id"])) if found else (404, {"error": "no such document"})


ROUTES = [
    ("GET", r"/api/dossiers/([^/]+)", Handler._find),
    ("GET", r"/api/dossiers", Handler._list),
    ("POST", r"/api/dossiers/([^/]+)/attachments", Handler._attach),
    ("GET", r"/api/dossiers/([^/]+)/attachments", Handler._attachments),
    ("GET", r"/api/attachments/(\d+)", Handler._attachment),
    ("GET", r"/api/attachments/(\d+)/content", Handler._content),
    ("DELETE", r"/api/attachments/(\d+)", Handler._remove),
    ("PUT", r"/api/dossiers/([^/]+)/records/([^/]+)", Handler._record),
    ("POST", r"/api/dossiers/([^/]+)/uploads", Handler._begin),
    ("HEAD", r"/api/uploads/(\d+)", Handler._offset),
    ("PATCH", r"/api/uploads/(\d+)", Handler._grow),
    ("POST", r"/api/v1/documents/import", Handler._import),
    ("GET", r"/api/v1/documents/download/([^/]+)", Handler._download),
    ("GET", r"/api/v1/documents/([^/]+)", Handler._document),
]


@contextmanager
def running(database: Database | None = None, *, mood: Mood = GOOD, seed: int = 1) -> Iterator[DossierServer]:
    """A server in a thread of this process, on a free port."""
    server = DossierServer(database or Database(), mood=mood, seed=seed)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
