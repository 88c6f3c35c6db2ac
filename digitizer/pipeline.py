"""The whole flow on one screen: pure stages, no clock but for timing, no network, no globals.

`read_pages` and `finish` are its two halves; `digitize` is both in one go, for a single file without a ledger.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from importlib.metadata import version
from pathlib import Path

from digitizer.classify import classify
from digitizer.doctypes import DocType
from digitizer.errors import InputError
from digitizer.extract import extract
from digitizer.model import Artifact, Digitized, PageText, Pixels, Problem, Quality, Ruling, Run, Source, Warp
from digitizer.ocr import Engine, read
from digitizer.output import render
from digitizer.pages import ScanFile, straighten
from digitizer.settings import PageOptions

_LIBRARIES = ("digitizer", "paddleocr", "onnxruntime", "opencv-contrib-python", "pymupdf", "pikepdf")


@dataclass(slots=True)
class Stopwatch:
    """Seconds by stage."""

    seconds: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))

    @contextmanager
    def __call__(self, stage: str) -> Iterator[None]:
        """Adds the time spent inside to `stage`."""
        start = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[stage] += time.perf_counter() - start


@dataclass(frozen=True, slots=True, kw_only=True)
class Tools:
    """What the stages work with; built once, never changes."""

    engine: Engine
    doctypes: Mapping[str, DocType]
    #: digest over the declarations
    doctypes_digest: str
    pages: PageOptions


def read_pages(
    path: Path, *, source: str, scans: Sequence[int], tools: Tools, watch: Stopwatch
) -> Iterator[tuple[int, tuple[PageText, ...]]]:
    """(scan index, its PageTexts) for each of `scans`; one scan of pixels in memory at a time.

    A scan that cannot be decoded gives one blank PageText with the problem in its quality: a bad page ends nothing.
    """
    try:
        with watch("load"):
            file = ScanFile(path, source=source, options=tools.pages)
    except InputError as exc:
        yield from ((index, (_failed(source, index, exc),)) for index in scans)
        return
    with file:
        for index in scans:
            try:
                with watch("load"):
                    scan = file.read(index)
            except InputError as exc:
                yield index, (_failed(source, index, exc),)
                continue
            with watch("straighten"):
                pages = straighten(scan, options=tools.pages)
            with watch("read"):
                texts = tuple(read(page, engine=tools.engine) for page in pages)
            yield index, texts


def _failed(source: str, index: int, exc: InputError) -> PageText:
    return failed_page(source, index, Problem(code=exc.code, facts={**exc.facts, "page": index + 1}))


def failed_page(source: str, scan: int, problem: Problem) -> PageText:
    """What stands for a scan that could not be read, so that page counts stay true."""
    return PageText(
        source=source,
        scan=scan,
        part=0,
        width=0,
        height=0,
        dpi=0.0,
        sheet=None,
        to_scan=Warp.identity(),
        quality=Quality(problems=(problem,)),
        lines=(),
        ruling=Ruling(),
        marks=(),
        blank=False,
        engine="",
    )


def finish(
    *,
    bundle: str,
    sources: tuple[Source, ...],
    texts: Sequence[tuple[int, PageText]],
    tools: Tools,
    watch: Stopwatch,
    known: Mapping[str, str] | None = None,
) -> Digitized:
    """Classifies and extracts a bundle. `texts`: (position of the scan in the bundle, PageText), in order."""
    positions = tuple(position for position, _ in texts)
    pages = tuple(text for _, text in texts)
    with watch("classify"):
        documents = classify(pages, positions, bundle=bundle, doctypes=tools.doctypes)
    with watch("extract"):
        documents = tuple(replace(d, records=extract(d, pages, doctypes=tools.doctypes, known=known)) for d in documents)
    problems = tuple(replace(p, page=i) for i, page in enumerate(pages) for p in page.quality.problems)
    return Digitized(
        bundle=bundle,
        sources=sources,
        pages=pages,
        positions=positions,
        documents=documents,
        problems=problems,
        run=Run(
            versions={name: version(name) for name in _LIBRARIES},
            models=dict(tools.engine.models),
            doctypes=tools.doctypes_digest,
            seconds=dict(watch.seconds),
        ),
    )


def render_files(
    result: Digitized,
    files: Mapping[str, Path],
    *,
    name: str,
    into: Path,
    options: PageOptions,
    signed: frozenset[str] = frozenset(),
) -> tuple[Artifact, ...]:
    """The artifacts of `result` in the folder `into`; what has to be decoded for them is decoded in a limited child."""
    with ExitStack() as opened:
        held: dict[str, ScanFile] = {}

        def decode(source: str, scan: int) -> Pixels:
            if source not in held:
                held[source] = opened.enter_context(ScanFile(files[source], source=source, options=options))
            return held[source].read(scan).pixels

        return render(result, files, name=name, into=into, decode=decode, signed=signed)


def digitize(
    path: Path, source: Source, *, scans: Sequence[int], tools: Tools, name: str, into: Path, signed: bool = False
) -> Digitized:
    """One file from bytes to artifacts in the folder `into`."""
    watch = Stopwatch()
    texts = [
        (index, text)
        for index, pages in read_pages(path, source=source.id, scans=scans, tools=tools, watch=watch)
        for text in pages
    ]
    result = finish(bundle=source.id, sources=(source,), texts=texts, tools=tools, watch=watch)
    with watch("render"):
        artifacts = render_files(
            result, {source.id: path}, name=name, into=into, options=tools.pages, signed=frozenset([source.id] if signed else ())
        )
    return replace(result, artifacts=artifacts)
