"""The task that writes PDFs from a stranger's files for `caged.py`, in a child of `fork_server.py`, behind `sandbox.py`.

The first order is `Order`, pickled: our own process is believed, the child is not. While it works, the child asks in lines of
JSON, `{"ask": "pixels" | "image_16bit" | "scan" | "bytes", "source", "scan"}`. Each answer is `(value, None)` or `(None, code)`.
Its last line is `{"problems": [...]}` or `{"failed": code, "facts": {...}}`. The PDF goes into the last of its files.
"""

from __future__ import annotations

import importlib
import io
import json
import os
import pickle
import pkgutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, BinaryIO

from pikepdf import Pdf, pdfa

from digitizer import sandbox
from digitizer.errors import DigitizerError, InputError
from digitizer.model import Digitized, Problem
from digitizer.output.conformance import offenders, save
from digitizer.output.existing_text import drop_text
from digitizer.output.light import write_light
from digitizer.output.pdf import Decoders, Font, PdfStyle, write_pdf
from digitizer.output.stamp import mark
from digitizer.settings import Limits

#: packages of fontTools whose modules pikepdf's validator imports as fonts ask for them
_FONT_PACKAGES = ("fontTools.ttLib.tables", "fontTools.encodings")


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What to write."""

    limits: Limits
    #: CPU seconds for all of it
    cpu_s: int
    #: sources whose files came as descriptors, in their order. Others are asked for
    sources: tuple[str, ...]
    #: the searchable PDF of this result …
    result: Digitized | None = None
    signed: frozenset[str] = frozenset()
    style: PdfStyle | None = None
    #: … or the light copy of the only file, of these pages
    pages: tuple[int, ...] | None = None


def load_libraries(hint: str) -> None:
    """Imports and loads what writing needs, by writing a page of ours."""
    _rehearse()


@cache
def _rehearse() -> None:
    for package in (pdfa, *map(importlib.import_module, _FONT_PACKAGES)):
        for module in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
            importlib.import_module(module.name)
    # pikepdf reads the colour profile from its package for each PDF, which a child cannot
    intent: Any = importlib.import_module("pikepdf.pdfa._output_intent")
    intent.load_srgb = cache(intent.load_srgb)
    for name in ("JpegImagePlugin", "MpoImagePlugin", "PngImagePlugin", "TiffImagePlugin"):
        importlib.import_module(f"PIL.{name}")
    for name in ("utf_16", "utf_16_be", "latin_1", "cp1252", "cp437", "mac_roman", "utf_8_sig"):
        importlib.import_module(f"encodings.{name}")
    with Pdf.new() as pdf, io.BytesIO() as target:
        page = pdf.add_blank_page(page_size=(200, 200))
        Font(pdf).complete({"a"})
        mark(pdf, page, "Đ")
        drop_text(pdf, page)
        save(pdf, target, {"Subject": "Đ", "Language": "vi"})
        offenders(target)


class _Parent:
    """Our process: what it ordered, and what it is asked."""

    def __init__(self, requests: BinaryIO, answers: BinaryIO) -> None:
        self._requests, self._answers = requests, answers

    def order(self) -> Order:
        order: Order = pickle.load(self._requests)
        return order

    def ask(self, what: str, source: str, scan: int) -> Any:
        """Raises InputError where our process could not give it."""
        self.say({"ask": what, "source": source, "scan": scan})
        value, code = pickle.load(self._requests)
        if code is not None:
            raise InputError(f"not decoded: {code}")
        return value

    def say(self, line: Mapping[str, Any]) -> None:
        self._answers.write(json.dumps(line).encode() + b"\n")
        self._answers.flush()


class _Files(Mapping[str, BinaryIO]):
    """Source id -> its file, from its start. A file that did not come with the order is asked for."""

    def __init__(self, came: Mapping[str, BinaryIO], all_sources: tuple[str, ...], parent: _Parent) -> None:
        self._came, self._all, self._parent = came, all_sources, parent

    def __getitem__(self, source: str) -> BinaryIO:
        file = self._came.get(source) or io.BytesIO(self._parent.ask("bytes", source, 0))
        file.seek(0)
        return file

    def __iter__(self) -> Iterator[str]:
        return iter(self._all)

    def __len__(self) -> int:
        return len(self._all)


def serve(requests: BinaryIO, answers: BinaryIO, files: list[int]) -> None:
    """Does one order."""
    parent = _Parent(requests, answers)
    order = parent.order()
    *originals, target = [os.fdopen(descriptor, "rb" if n + 1 < len(files) else "r+b") for n, descriptor in enumerate(files)]
    sizes = sum(os.fstat(file.fileno()).st_size for file in originals)
    sandbox.limit(memory_bytes=order.limits.child_memory_bytes + sizes, write_bytes=4 * order.limits.file_bytes)
    sandbox.limit_cpu(order.cpu_s)
    sandbox.enter()
    try:
        problems = _written(order, dict(zip(order.sources, originals, strict=True)), target, parent)
        target.flush()
        parent.say({"problems": [{"code": p.code, "facts": dict(p.facts)} for p in problems]})
    except DigitizerError as exc:
        parent.say({"failed": exc.code, "facts": {}})
    except MemoryError:
        parent.say({"failed": "memory", "facts": {}})


def _written(order: Order, came: dict[str, Any], target: Any, parent: _Parent) -> tuple[Problem, ...]:
    if order.result is None:
        write_light(next(iter(came.values())), target, decode=lambda index: parent.ask("scan", "", index), pages=order.pages)
        return ()
    assert order.style is not None
    decoders = Decoders(
        pixels=lambda source, scan: parent.ask("pixels", source, scan),
        image_16bit=lambda source, scan: parent.ask("image_16bit", source, scan),
    )
    sources = _Files(came, tuple(source.id for source in order.result.sources), parent)
    return write_pdf(order.result, sources, target, signed=order.signed, decode=decoders, style=order.style)
