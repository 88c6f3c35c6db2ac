"""Writes PDFs from a stranger's files in a caged child (`writer.py`). This process opens the files and never parses them.

A child that dies of its limits has written nothing of worth. The PDF is then made from pictures of the pages.
"""

from __future__ import annotations

import logging
import pickle
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, TypeAdapter, ValidationError

from digitizer import forks
from digitizer.errors import FileAccess, InputError, OutputInvalid
from digitizer.model import Digitized, Problem, Scan
from digitizer.output.pdf import Decoders, PdfStyle
from digitizer.output.writer import Order
from digitizer.settings import Limits

log = logging.getLogger(__name__)

_TASK = "digitizer.output.writer"
#: files that travel as descriptors. A message holds 253 of them at most
_MOST_DESCRIPTORS = 200
#: CPU seconds, and seconds to wait, for each page besides those of any child
_PAGE_CPU_S = 5
_PAGE_WALL_S = 2.0
#: longest line of a child, bytes
_MOST_LINE = 100_000

T = TypeVar("T")
_Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9_]{1,40}$")]
_Facts = Annotated[dict[_Name, Annotated[str, Field(max_length=3000)] | int | float], Field(max_length=8)]


class _Line(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", hide_input_in_errors=True, allow_inf_nan=False)


class _Ask(_Line):
    ask: Literal["pixels", "image_16bit", "scan", "bytes"]
    source: Annotated[str, Field(max_length=100)]
    scan: int = Field(ge=0)


class _Problem(_Line):
    code: _Name
    facts: _Facts


class _Done(_Line):
    problems: list[_Problem] = Field(max_length=50)


class _Failed(_Line):
    failed: _Name
    facts: _Facts


_LINES: TypeAdapter[_Ask | _Done | _Failed] = TypeAdapter(_Ask | _Done | _Failed)


class _Died(Exception):
    """The child ended before its work did, by a limit or a crash, or it was not believed."""


def write_pdf(
    result: Digitized,
    files: Mapping[str, Path],
    target: Path,
    *,
    signed: frozenset[str],
    decode: Decoders,
    style: PdfStyle,
    limits: Limits,
) -> tuple[Problem, ...]:
    """`pdf.write_pdf` in a caged child. Raises OutputInvalid, FileAccess."""
    kinds = {source.id: source.media_type for source in result.sources}
    # PDFs are mapped, so they come first. An image is read as a whole anyhow
    sources = tuple(sorted(files, key=lambda source: kinds.get(source) != "application/pdf")[:_MOST_DESCRIPTORS])
    pages = len(result.pages)
    order = Order(
        limits=limits, cpu_s=limits.child_cpu_s + _PAGE_CPU_S * pages, sources=sources, result=result, signed=signed, style=style
    )

    def answer(asked: _Ask) -> Any:
        if asked.source not in files:
            raise _Died
        given: dict[str, Callable[[], Any]] = {
            "pixels": lambda: decode.pixels(asked.source, asked.scan),
            "image_16bit": lambda: decode.image_16bit(asked.source, asked.scan),
            "bytes": files[asked.source].read_bytes,
        }
        if asked.ask not in given:
            raise _Died
        return given[asked.ask]()

    given, wall_s = [files[source] for source in sources], limits.child_wall_s + _PAGE_WALL_S * pages
    try:
        noticed = _run(order, given, target, answer, wall_s)
    except _Died:
        if style.rasterise or "application/pdf" not in kinds.values():
            raise OutputInvalid("the PDF cannot be written within the limits") from None
        return _from_pictures(
            replace(order, style=replace(style, rasterise=True), signed=frozenset()), given, target, answer, wall_s
        )
    if any(problem.code == "pdf_rebuilt" for problem in noticed):
        log.warning("PDF rebuilt", extra={"action": "rebuild_pdf", "source": result.bundle})
    return noticed


def _from_pictures(
    order: Order, given: Sequence[Path], target: Path, answer: Callable[[_Ask], Any], wall_s: float
) -> tuple[Problem, ...]:
    assert order.result is not None
    log.warning("PDF rebuilt", extra={"action": "rebuild_pdf", "source": order.result.bundle, "error": "limits"})
    try:
        return (*_run(order, given, target, answer, wall_s), Problem(code="pdf_rebuilt"))
    except _Died:
        raise OutputInvalid("the PDF cannot be written within the limits") from None


def write_light(
    archive: Path, target: Path, *, decode: Callable[[int], Scan], pages: Sequence[int] | None, count: int, limits: Limits
) -> None:
    """`light.write_light` in a caged child. `count`: pages of the archive copy. Raises OutputInvalid, what `decode` raises."""
    order = Order(
        limits=limits,
        cpu_s=limits.child_cpu_s + _PAGE_CPU_S * count,
        sources=("",),
        pages=tuple(pages) if pages is not None else None,
    )

    def answer(asked: _Ask) -> Any:
        if asked.ask != "scan":
            raise _Died
        return decode(asked.scan)

    try:
        _run(order, [archive], target, answer, limits.child_wall_s + _PAGE_WALL_S * count)
    except _Died:
        raise OutputInvalid("the light copy cannot be written within the limits", file=archive.name) from None


def _run(order: Order, given: Sequence[Path], target: Path, answer: Callable[[_Ask], Any], wall_s: float) -> tuple[Problem, ...]:
    """What a child says of its work. Raises OutputInvalid, InputError, FileAccess, _Died."""
    target.unlink(missing_ok=True)
    try:
        child = forks.start(_TASK, given, writes=[target])
    except OSError as exc:
        raise FileAccess(file=target.name) from exc
    refused: list[InputError] = []
    try:
        line = _told(child, order, wall_s)
        while isinstance(line, _Ask):
            reply: tuple[Any, str | None]
            try:
                reply = answer(line), None
            except InputError as exc:
                refused.append(exc)
                if line.ask == "image_16bit":
                    facts = {"source": line.source, "page": line.scan + 1, "error": exc.code, **exc.facts}
                    log.warning("scan keeps 8 of its 16 bits", extra={"action": "unpack_16bit", **facts})
                reply = None, exc.code
            line = _told(child, reply, wall_s)
    finally:
        child.close()
    if isinstance(line, _Failed):
        if line.failed == InputError.code and refused:
            raise refused[-1]
        if line.failed == OutputInvalid.code:
            raise OutputInvalid("the PDF cannot be written")
        raise _Died
    return tuple(Problem(code=problem.code, facts=problem.facts) for problem in line.problems)


def _told(child: forks.Child, message: Any, wall_s: float) -> _Ask | _Done | _Failed:
    """The next line of the child after `message`. Raises _Died."""
    timer = threading.Timer(wall_s, child.kill)
    timer.daemon = True
    timer.start()
    try:
        pickle.dump(message, child.requests, protocol=5)
        child.requests.flush()
        return _LINES.validate_json(child.answers.readline(_MOST_LINE))
    except (OSError, ValidationError):
        raise _Died from None
    finally:
        timer.cancel()
