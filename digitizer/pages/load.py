"""Bytes -> Scans. A scan is hostile input, so a caged child process (`decode.py`) decodes each file.

Pixels come back through a pipe. A child that dies leaves no shared memory and no file behind.
"""

from __future__ import annotations

import json
import os
import signal
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

import numpy as np
from pydantic import TypeAdapter, ValidationError

from digitizer import forks
from digitizer.errors import DamagedFile, EncryptedPdf, FileAccess, InputError, PdfPortfolio, TooLarge, UnsupportedFormat, XfaForm
from digitizer.model import Box, Image16, Pixels, Problem, Scan, TextBeside
from digitizer.pages.answers import Header, Image16Header, No16, PageHeader, Refusal
from digitizer.pages.embedded_text import with_glyphs
from digitizer.settings import Limits, PageOptions

T = TypeVar("T")

#: code of a refusal -> error
_ERRORS: dict[str, Callable[..., InputError]] = {
    error.code: error for error in (DamagedFile, EncryptedPdf, PdfPortfolio, TooLarge, UnsupportedFormat, XfaForm)
}
#: first bytes of a file -> media type
_MAGIC = {
    b"\xff\xd8\xff": "image/jpeg",
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"II*\0": "image/tiff",
    b"MM\0*": "image/tiff",
    # BigTIFF, for files over 4 GB. Some programs write nothing else
    b"II+\0": "image/tiff",
}
#: the header of a PDF stands within so many bytes, possibly behind junk. MuPDF repairs such files
_PDF_WITHIN = 8192
#: most px of a page that is read at full size. A larger one is halved for reading, but not in its archive copy
_READ_PX = 40_000_000
#: longest line of a decoder, bytes. A page of 60,000 glyphs takes 4 MB
_MOST_LINE = 32_000_000
#: the task of the child
_TASK = str(Path(__file__).with_name("decode.py"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspection:
    """Facts about a file, found without decoding its pixels."""

    #: by content, never by name: application/pdf, image/tiff, image/jpeg, image/png
    media_type: str
    #: number of scans in it
    pages: int
    #: it is a PDF with a digital signature, which must never be altered
    signed: bool = False
    #: it is a PDF whose damaged structure was repaired
    repaired: bool = False


class ScanFile:
    """A file held open by its decoder: `with ScanFile(...) as file: file.read(0)`.

    One decoder serves all pages, because its start costs more than many a page. A decoder that died is started again.
    Raises FileAccess, DamagedFile, UnsupportedFormat, TooLarge or EncryptedPdf when opened.
    """

    def __init__(self, path: Path, *, source: str, options: PageOptions) -> None:
        self._path, self._source, self._options = path, source, options
        #: the decoder may be asked for 16 bits a channel
        self._deep = False
        self._media_type = _media_type(path, options.limits)
        self._decoder: _Decoder | None = None
        self.inspection = self._open()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Ends the decoder. It may be called again."""
        if self._decoder is not None:
            self._decoder.close()
            self._decoder = None

    def read(self, index: int) -> Scan:
        """The scan at `index`, from 0. Raises DamagedFile or TooLarge with the fact `page`, counted from 1."""
        answer, pixels = self._ask(index, _Decoder.page)
        beside = tuple(TextBeside(kind=kind, name=name, text=text) for kind, name, text in answer.beside)
        noticed = {"pdf_repaired": self.inspection.repaired, "cut_short": answer.cut_short}
        problems = tuple(Problem(code=code) for code, is_so in noticed.items() if is_so)
        if answer.notes:
            problems += (Problem(code="notes_beside", facts={"count": answer.notes}),)
        scan = Scan(
            source=self._source,
            index=index,
            pixels=pixels,
            dpi=answer.dpi,
            area=Box(*answer.area) if answer.area else None,
            problems=problems,
            full=(answer.width, answer.height) if answer.coarser > 1 else None,
            beside=beside,
        )
        return with_glyphs(scan, answer.text.model_dump()) if answer.text else scan

    def image_16bit(self, index: int) -> Image16 | None:
        """The scan at `index` with all its bits. None when it is no page of a TIFF with 16 bits a channel. Raises as `read`."""
        if self._media_type != "image/tiff":
            return None
        if not self._deep:
            # another decoder, with more libraries, which it must import before its walls shut
            self.close()
            self._deep = True
        return self._ask(index, _Decoder.image_16bit)

    def _ask(self, index: int, question: Callable[[_Decoder, int], T]) -> T:
        if not 0 <= index < self.inspection.pages:
            raise DamagedFile("The file has no such page.", page=index + 1, pages=self.inspection.pages)
        if self._decoder is None:
            self._open()
        assert self._decoder is not None
        try:
            return question(self._decoder, index)
        except _DecoderDied as exc:
            self.close()
            raise exc.error(page=index + 1) from None

    def _open(self) -> Inspection:
        decoder = _Decoder(self._path, self._options.limits, media_type=self._media_type, deep=self._deep)
        try:
            answer = decoder.open(
                {
                    "media_type": self._media_type,
                    "limits": self._options.limits.model_dump(),
                    "render_dpi": self._options.render_dpi,
                    "read_px": _READ_PX,
                    "text": self._options.mode != "force",
                    "deep": self._deep,
                }
            )
        except _DecoderDied as exc:
            decoder.close()
            raise exc.error() from None
        except BaseException:
            decoder.close()
            raise
        self._decoder = decoder
        return Inspection(media_type=self._media_type, **answer.model_dump())


def _media_type(path: Path, limits: Limits) -> str:
    """The media type by the first bytes. Raises FileAccess, DamagedFile, TooLarge, UnsupportedFormat."""
    try:
        with path.open("rb") as file:
            head, size = file.read(_PDF_WITHIN), os.fstat(file.fileno()).st_size
    except OSError as exc:
        raise FileAccess(file=path.name) from exc
    if size == 0:
        raise DamagedFile("The file is empty.", bytes=0)
    if size > limits.file_bytes:
        raise TooLarge(limit="file_bytes", value=size)
    return sniff(head)


def sniff(head: bytes) -> str:
    """The media type of a file by its first bytes. 8192 bytes are enough. Raises UnsupportedFormat."""
    for magic, media_type in _MAGIC.items():
        if head.startswith(magic):
            return media_type
    if b"%PDF-" in head[:_PDF_WITHIN]:
        return "application/pdf"
    raise UnsupportedFormat()


class _DecoderDied(Exception):
    """The child ended within an answer. `status` is that of subprocess, or None when the time was up."""

    def __init__(self, status: int | None) -> None:
        self.status = status
        super().__init__(str(status))

    def error(self, **facts: int) -> InputError:
        """The error for the operator: the file is over a limit, or it crashed a decoder."""
        if self.status is None:
            return TooLarge("Decoding took too long.", limit="child_wall_s", **facts)
        if self.status == -getattr(signal, "SIGXCPU", 0):
            return TooLarge("Decoding took too long.", limit="child_cpu_s", **facts)
        if self.status == -getattr(signal, "SIGKILL", 0):
            return TooLarge("Decoding took too much memory.", limit="memory", **facts)
        return DamagedFile("A decoder crashed on the file.", status=self.status, **facts)


A = TypeVar("A")


class _Decoder:
    """The child process, with its questions and answers. It gets the file as an open descriptor, where the system can."""

    def __init__(self, path: Path, limits: Limits, *, media_type: str, deep: bool) -> None:
        self._limits = limits
        try:
            self._child = forks.start(_TASK, [path], hint=media_type + ("+deep" if deep else ""))
        except OSError as exc:
            raise FileAccess(file=path.name) from exc

    def open(self, order: dict[str, Any]) -> Header:
        """What the file is. Raises InputError for a refusal, _DecoderDied."""
        with _Deadline(self._child, self._limits.child_wall_s):
            header = self._exchange(order, _HEADER)
        if header.pages > self._limits.pages:
            raise DamagedFile("The decoder was not believed.", reason="answer")
        return header

    def page(self, index: int) -> tuple[PageHeader, Pixels]:
        """(header, (H, W, 3) uint8 RGB) of one scan. Raises InputError, _DecoderDied."""
        with _Deadline(self._child, self._limits.child_wall_s):
            answer = self._exchange({"page": index}, _PAGE)
            width, height = -(-answer.width // answer.coarser), -(-answer.height // answer.coarser)
            if width * height > max(_READ_PX, self._limits.megapixels * 1_000_000):
                raise DamagedFile("The decoder was not believed.", reason="answer", page=index + 1)
            pixels = np.empty((height, width, 3), np.uint8)
            self._fill(pixels.data.cast("B"))
        return answer, pixels

    def image_16bit(self, index: int) -> Image16 | None:
        """One scan of 16 bits a channel, or None when it has fewer. Raises InputError, _DecoderDied."""
        with _Deadline(self._child, self._limits.child_wall_s):
            answer = self._exchange({"image_16bit": index}, _IMAGE_16BIT)
            if isinstance(answer, No16):
                return None
            # what is packed is hardly longer than what it was
            if answer.size > 2 * answer.width * answer.height * answer.channels * 1.01 + answer.height + 10_000:
                raise DamagedFile("The decoder was not believed.", reason="answer", page=index + 1)
            data = bytearray(answer.size)
            self._fill(memoryview(data))
        return Image16(width=answer.width, height=answer.height, channels=answer.channels, data=bytes(data))

    def _exchange(self, order: dict[str, Any], expected: TypeAdapter[A]) -> A:
        try:
            self._child.requests.write(json.dumps(order).encode() + b"\n")
            self._child.requests.flush()
        except OSError:
            raise _DecoderDied(self._child.wait()) from None
        line = self._child.answers.readline(_MOST_LINE)
        if not line.endswith(b"\n"):
            self._child.kill() if len(line) >= _MOST_LINE else None
            raise _DecoderDied(self._child.wait())
        try:
            if line.startswith(b'{"error"'):
                refusal = Refusal.model_validate_json(line)
                raise _ERRORS[refusal.error](**refusal.facts)
            return expected.validate_json(line)
        except ValidationError:
            raise DamagedFile("The decoder was not believed.", reason="answer") from None

    def _fill(self, buffer: memoryview) -> None:
        filled = 0
        while filled < len(buffer):
            got = self._child.answers.readinto(buffer[filled:])  # type: ignore[attr-defined]
            if not got:
                raise _DecoderDied(self._child.wait())
            filled += got

    def close(self) -> None:
        """Ends and reaps the child."""
        self._child.close()


_HEADER, _PAGE = TypeAdapter(Header), TypeAdapter(PageHeader)
_IMAGE_16BIT: TypeAdapter[Image16Header | No16] = TypeAdapter(Image16Header | No16)


class _Deadline:
    """Kills `child` after `seconds`. Its death then counts as out of time."""

    def __init__(self, child: forks.Child, seconds: float) -> None:
        self._child, self._late = child, False
        self._timer = threading.Timer(seconds, self._kill)
        self._timer.daemon = True

    def _kill(self) -> None:
        self._late = True
        self._child.kill()

    def __enter__(self) -> Self:
        self._timer.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._timer.cancel()
        if self._late and isinstance(error, _DecoderDied):
            error.status = None
