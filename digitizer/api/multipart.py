"""Bodies as they come: hashed and written to scratch block by block, never whole in memory."""

from __future__ import annotations

import re
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import BinaryIO

from fastapi import Request
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.concurrency import run_in_threadpool

from digitizer.api import guard
from digitizer.errors import DamagedFile, TooLarge, UnsupportedFormat, UsageError
from digitizer.ledger.api_keys import Caller
from digitizer.pages import sniff
from digitizer.settings import Settings
from digitizer.text import nfc

#: bytes gathered before they are written
_BLOCK = 1 << 20
#: bytes the kind of a file is told by
_HEAD = 8192
#: form fields of an upload
_MOST_FIELDS, MOST_FIELD_BYTES = 20, 65_536
_FILE = "file"
#: what clients say when they do not know
_UNSAID = {"", "application/octet-stream", "binary/octet-stream"}
_OTHER_NAMES = {
    "image/jpg": "image/jpeg",
    "image/pjpeg": "image/jpeg",
    "image/tif": "image/tiff",
    "application/x-pdf": "application/pdf",
}


@dataclass(slots=True)
class Spool:
    """A file on its way to the store."""

    path: Path
    name: str
    declared: str
    most: int
    size: int = 0
    head: bytes = b""
    _sink: BinaryIO | None = None
    _waiting: bytearray = field(default_factory=bytearray)

    def add(self, data: bytes) -> None:
        """Takes bytes. They are written by `flush`. Raises TooLarge."""
        self.size += len(data)
        if self.size > self.most:
            raise TooLarge("the file is too long", limit=self.most)
        if len(self.head) < _HEAD:
            self.head += data[: _HEAD - len(self.head)]
        self._waiting += data

    @property
    def due(self) -> bool:
        """Whether enough has gathered to be written."""
        return len(self._waiting) >= _BLOCK

    def flush(self) -> None:
        """Writes what has gathered."""
        if self._sink is None:
            self._sink = self.path.open("wb")
        self._sink.write(self._waiting)
        self._waiting.clear()

    def close(self) -> None:
        """Writes the rest. Raises DamagedFile when nothing came, UnsupportedFormat when it is not what it is said to be."""
        self.flush()
        if self._sink is not None:
            self._sink.close()
        if self.size == 0:
            raise DamagedFile("the file is empty", bytes=0)
        found = sniff(self.head)
        said = _OTHER_NAMES.get(self.declared, self.declared)
        if said not in _UNSAID and said != found:
            raise UnsupportedFormat("the file is not of the kind that Content-Type says")


@dataclass(slots=True)
class Form:
    """A multipart body: one file and text fields."""

    folder: Path
    most_bytes: int
    most_field_bytes: int
    fields: dict[str, str] = field(default_factory=dict)
    file: Spool | None = None
    ended: bool = False
    _headers: dict[bytes, bytes] = field(default_factory=dict)
    _name: bytes = b""
    _value: bytes = b""
    _field: str | None = None
    _text: bytearray = field(default_factory=bytearray)
    _text_bytes: int = 0

    def parser(self, content_type: str) -> MultipartParser:
        """A parser that fills this form. Raises UsageError without a boundary."""
        kind, options = parse_options_header(content_type)
        if kind != b"multipart/form-data" or not options.get(b"boundary"):
            raise UnsupportedFormat("send multipart/form-data")
        return MultipartParser(
            options[b"boundary"],
            {
                "on_part_begin": self._begin,
                "on_header_field": self._on_name,
                "on_header_value": self._on_value,
                "on_header_end": self._on_header,
                "on_headers_finished": self._on_headers,
                "on_part_data": self._on_data,
                "on_part_end": self._end,
                "on_end": self._on_end,
            },
        )

    def _begin(self) -> None:
        self._headers, self._field = {}, None
        self._text.clear()

    def _on_name(self, data: bytes, start: int, end: int) -> None:
        self._name += data[start:end]

    def _on_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _on_header(self) -> None:
        self._headers[self._name.lower()] = self._value
        self._name = self._value = b""

    def _on_headers(self) -> None:
        _, options = parse_options_header(self._headers.get(b"content-disposition", b""))
        name = options.get(b"name", b"").decode("utf-8", "replace")
        if name == _FILE:
            if self.file is not None:
                raise UsageError("send one file")
            given = options.get(b"filename", b"").decode("utf-8", "replace")
            declared = self._headers.get(b"content-type", b"").partition(b";")[0].strip().lower().decode("latin-1")
            self.file = Spool(path=self.folder / "file", name=clean_name(given), declared=declared, most=self.most_bytes)
        elif name in self.fields or not name or len(self.fields) >= _MOST_FIELDS:
            raise UsageError("each field once, and it has a name")
        else:
            self._field = name

    def _on_data(self, data: bytes, start: int, end: int) -> None:
        if self._field is None:
            assert self.file is not None
            self.file.add(data[start:end])
            return
        self._text_bytes += end - start
        if self._text_bytes > self.most_field_bytes:
            raise TooLarge("the fields are too long", limit=self.most_field_bytes)
        self._text += data[start:end]

    def _end(self) -> None:
        if self._field is not None:
            try:
                self.fields[self._field] = nfc(self._text.decode()).strip()
            except UnicodeDecodeError as exc:
                raise UsageError("fields are UTF-8") from exc

    def _on_end(self) -> None:
        self.ended = True


@asynccontextmanager
async def received_form(request: Request, key: Caller, settings: Settings) -> AsyncIterator[Form]:
    """The form a request carries, its file in `scratch` while the context lasts.

    Raises UsageError, UnsupportedFormat, DamagedFile, TooLarge, TooSlow.
    """
    with TemporaryDirectory(dir=settings.scratch, ignore_cleanup_errors=True) as folder:
        form = Form(folder=Path(folder), most_bytes=_most(key, settings), most_field_bytes=MOST_FIELD_BYTES)
        parser = form.parser(request.headers.get("content-type", ""))
        try:
            async for block in request.stream():
                parser.write(block)
                if form.file is not None and form.file.due:
                    await _away(request, form.file)
            parser.finalize()
        except FormParserError as exc:
            raise UsageError("this is no multipart/form-data") from exc
        if not form.ended:
            raise UsageError("the form ends too early")
        if form.file is None:
            raise UsageError("there is no part called `file`")
        await run_in_threadpool(form.file.close)
        yield form


@asynccontextmanager
async def received_file(request: Request, key: Caller, settings: Settings) -> AsyncIterator[Spool]:
    """The file that is the whole body of a request, in `scratch` while the context lasts. Raises as `received_form`."""
    with TemporaryDirectory(dir=settings.scratch, ignore_cleanup_errors=True) as folder:
        declared = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        file = Spool(path=Path(folder) / "file", name="", declared=declared, most=_most(key, settings))
        async for block in request.stream():
            file.add(block)
            if file.due:
                await _away(request, file)
        await run_in_threadpool(file.close)
        yield file


def _most(key: Caller, settings: Settings) -> int:
    return min(key.limits.get("body_bytes", settings.api.body_bytes), settings.pages.limits.file_bytes)


async def _away(request: Request, file: Spool) -> None:
    began = time.monotonic()
    await run_in_threadpool(file.flush)
    guard.slowed(request.scope, time.monotonic() - began)


def clean_name(name: str) -> str:
    """A file name without folders and control characters, NFC, at most 200 characters. `tep` when nothing is left."""
    last = re.split(r"[/\\]", nfc(name))[-1]
    return "".join(c for c in last if c.isprintable()).strip(". ")[-200:] or "tep"
