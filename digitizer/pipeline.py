"""Puts the stages together. Pure: no clock but for timing, no network, no globals.

Three steps, which jobs of the service run one after the other:
`read_pages` loads, straightens and reads scans. `finish` classifies and extracts a bundle. `render_files` writes its artifacts.
`light_copy` makes the small derivative of a finished PDF.
"""

from __future__ import annotations

import shutil
import time
from collections import defaultdict
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cache, partial
from importlib.metadata import version
from pathlib import Path

from digitizer.classify import classify, split_side_by_side
from digitizer.doctypes import DocType
from digitizer.errors import EngineFailed, InputError
from digitizer.extract import extract
from digitizer.model import (
    Artifact,
    Digitized,
    Image16,
    Page,
    PageText,
    Pixels,
    Problem,
    Quality,
    Ruling,
    Run,
    Scan,
    Sheet,
    Source,
    Warp,
)
from digitizer.ocr import Engine, read
from digitizer.ocr.legibility import judged, legibility, may_lie_otherwise
from digitizer.output import PdfStyle, caged, render
from digitizer.pages import ScanFile, find_embedded_text, grade, straighten
from digitizer.settings import OutputOptions, PageOptions
from digitizer.spelling import correct_marks

#: libraries whose versions stand in every result
_LIBRARIES = ("digitizer", "paddleocr", "onnxruntime", "opencv-contrib-python", "pymupdf", "pikepdf")


@cache
def _versions() -> Mapping[str, str]:
    """Versions of this process, asked once because it costs milliseconds."""
    return {name: version(name) for name in _LIBRARIES}


@dataclass(slots=True)
class Stopwatch:
    """Adds up the seconds of each stage."""

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
    """Engine, declarations and options of the stages. Built once, never changed."""

    engine: Engine
    doctypes: Mapping[str, DocType]
    #: digest over the declarations
    doctypes_digest: str
    pages: PageOptions
    output: OutputOptions = field(default_factory=OutputOptions)

    @property
    def fingerprint(self) -> str:
        """Changes whenever the same page could read differently. Readings are stored under it."""
        mode = self.pages.mode
        return self.engine.fingerprint if mode == PageOptions().mode else f"{self.engine.fingerprint}+{mode}"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Reading:
    """The reading of one scan: its PageTexts, left part first, and the seconds each stage took."""

    scan: int
    texts: tuple[PageText, ...]
    seconds: Mapping[str, float]


def read_pages(
    path: Path, *, source: str, scans: Sequence[int], tools: Tools, file: ScanFile | None = None
) -> Generator[Reading, None, None]:
    """A Reading for each of `scans`. One scan of pixels is in memory at a time.

    `file`: the opened `path`, where it is open already. It is closed here. A scan that cannot be decoded or read gives one empty
    PageText with the problem in its quality, so a bad page ends nothing.
    """
    try:
        for scan in scans:
            watch = Stopwatch()
            try:
                with watch("load"):
                    file = file or ScanFile(path, source=source, options=tools.pages)
                texts = _read(file, scan, tools, watch)
            except (InputError, EngineFailed) as exc:
                problem = Problem(code=exc.code, facts={**exc.facts, "page": scan + 1})
                texts = (failed_page(source, scan, problem),)
            yield Reading(scan=scan, texts=texts, seconds=dict(watch.seconds))
    finally:
        if file is not None:
            file.close()


def _read(file: ScanFile, index: int, tools: Tools, watch: Stopwatch) -> tuple[PageText, ...]:
    with watch("load"):
        scan = file.read(index)
    texts = _texts(scan, tools, watch)
    if any(may_lie_otherwise(text) for text in texts):
        texts = _texts(scan, tools, watch, reads=lambda pixels: _legibility(pixels, tools.engine))
    return tuple(_judged(text) for text in texts)


def _texts(scan: Scan, tools: Tools, watch: Stopwatch, *, reads: Callable[[Pixels], float] | None = None) -> tuple[PageText, ...]:
    """The pages of a scan, read. With `reads`, the way up of each sheet is settled by reading."""
    with watch("straighten"):
        pages = straighten(scan, options=tools.pages, reads=reads)
        if scan.glyphs:
            pages = tuple(replace(page, embedded_text=find_embedded_text(scan, page, mode=tools.pages.mode)) for page in pages)
    with watch("read"):
        first, *others = (read(page, engine=tools.engine) for page in pages)
        return replace(first, beside=scan.beside), *others


def _judged(text: PageText) -> PageText:
    """`text` without noise, graded by what its reading tells."""
    lines, problems = judged(text)
    if problems == text.quality.problems:
        return text
    return replace(text, lines=lines, quality=replace(text.quality, problems=problems, grade=grade(problems)))


def _legibility(pixels: Pixels, engine: Engine) -> float:
    """How well a part of a page, (H, W, 3) uint8 RGB, is read, 0-1."""
    height, width = pixels.shape[:2]
    sheet = Sheet(width=width, height=height)
    page = Page(
        source="", scan=0, part=0, pixels=pixels, dpi=0.0, sheet=sheet, to_scan=Warp.identity(), quality=Quality()
    )  # fmt: skip
    return legibility(engine.read(page))


def failed_page(source: str, scan: int, problem: Problem) -> PageText:
    """The PageText of a scan that could not be read. It keeps page counts true."""
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
    readings: Sequence[tuple[int, Reading]],
    tools: Tools,
    known: Mapping[str, str] | None = None,
    received: date | None = None,
) -> Digitized:
    """Classifies and extracts a bundle. `readings`: (position of the scan in the bundle, Reading), in order.

    `known`: field values that came with the submission, used where the page does not state them.
    `received`: the day the scan came, Hanoi time.
    """
    watch = Stopwatch()
    for _, reading in readings:
        for stage, seconds in reading.seconds.items():
            watch.seconds[stage] += seconds
    positions = tuple(position for position, reading in readings for _ in reading.texts)
    pages = tuple(text for _, reading in readings for text in reading.texts)
    with watch("classify"):
        pages, positions = split_side_by_side(pages, positions)
        documents = classify(pages, positions, bundle=bundle, doctypes=tools.doctypes)
    with watch("extract"):
        documents = tuple(
            replace(d, records=extract(d, pages, doctypes=tools.doctypes, known=known, received=received)) for d in documents
        )
    with watch("correct"):
        pages = correct_marks(pages, documents)
    return Digitized(
        bundle=bundle,
        sources=sources,
        pages=pages,
        positions=positions,
        documents=documents,
        problems=tuple(replace(p, page=i) for i, page in enumerate(pages) for p in page.quality.problems),
        run=Run(
            versions=_versions(),
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
    tools: Tools,
    signed: frozenset[str] = frozenset(),
) -> tuple[Artifact, ...]:
    """Writes the artifacts of `result` into the folder `into`. The files are decoded and parsed in caged children only."""
    with ExitStack() as opened:
        held: dict[str, ScanFile] = {}

        def file(source: str) -> ScanFile:
            if source not in held:
                held[source] = opened.enter_context(ScanFile(files[source], source=source, options=tools.pages))
            return held[source]

        def decode(source: str, scan: int) -> Pixels:
            return file(source).read(scan).pixels

        def decode_16bit(source: str, scan: int) -> Image16 | None:
            return file(source).image_16bit(scan)

        titles = {name: doctype.title[0] for name, doctype in tools.doctypes.items() if doctype.title}
        style = PdfStyle(titles=titles, mark=tools.output.mark, rasterise=tools.pages.mode == "force")
        write = partial(caged.write_pdf, limits=tools.pages.limits)
        return render(
            result, files, name=name, into=into, decode=decode, decode_16bit=decode_16bit, signed=signed, style=style, write=write
        )


def light_copy(archive: Path, target: Path, *, options: PageOptions, pages: Sequence[int] | None = None) -> None:
    """Writes the light derivative (about 100 kB an A4 page) of a searchable PDF of ours, or of some of its pages.

    A signed PDF is copied as it is. Raises OutputInvalid, InputError.
    """
    with ScanFile(archive, source="", options=options) as file:
        if file.inspection.signed:
            shutil.copyfile(archive, target)
            return
        caged.write_light(archive, target, decode=file.read, pages=pages, count=file.inspection.pages, limits=options.limits)
