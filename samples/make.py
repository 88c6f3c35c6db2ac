"""Draws samples/: `python samples/make.py` writes every file, `--check` draws again and compares bytes, `--only TEXT` takes some.

Needs the extra `draw` and, the first time, npm and apt-get for the fonts. Reading the committed samples needs neither.
Every file has its own seed, so that adding one leaves the others alone.
"""

from __future__ import annotations

import argparse
import sys
import tomllib
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from training.drawing import books, cases, files, others, paper, papers, registers, scans, sheets, truth
from training.drawing.cases import Case, Office
from training.drawing.fonts import Fonts
from training.drawing.forms import Form, printing
from training.drawing.ink import hand
from training.drawing.paper import Sheet
from training.drawing.people import Paper
from training.drawing.places import Commune

HERE = Path(__file__).resolve().parent
SEED = 20260930
#: the commune of the demo dossiers, agency H60.127.03
COMMUNE = Commune("xã Sơn Dương", "", "Tuyên Quang", "008")
OLD_COMMUNE = Commune("xã Tú Thịnh", "huyện Sơn Dương", "Tuyên Quang", "008")


@dataclass(slots=True)
class Studio:
    """What one sample is drawn with."""

    fonts: Fonts
    rng: np.random.Generator

    @classmethod
    def of(cls, fonts: Fonts, name: str) -> Studio:
        """A studio with the seed of `name`."""
        return cls(fonts, np.random.default_rng([SEED, zlib.crc32(name.encode())]))


@dataclass(slots=True)
class Drawn:
    """One sheet, its values, and how to scan it. `type` is empty for a sheet that continues the document before."""

    type: str
    sheet: Sheet
    records: list[dict[str, Any]] = field(default_factory=list)
    planted: list[dict[str, Any]] = field(default_factory=list)
    scan: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One file, as declared in samples.toml."""

    path: str
    level: str
    draw: str
    type: str = ""
    days: tuple[date, ...] = ()
    number: int = 0
    by: str = "hand"
    dpi: int = 200
    note: str = ""
    plant: str = ""
    cancelled: bool = False
    #: label of the ticked box, where it is not the first
    tick: str = ""
    #: papers of a bundle, one scan each. `+back`: with a printed back. `+blank`: with an empty back.
    papers: tuple[str, ...] = ()
    #: rotation of each scan of a book
    turned: tuple[int, ...] = ()
    scan: dict[str, Any] = field(default_factory=dict)

    @property
    def layout(self) -> str:
        """What the truth calls it."""
        old = self.draw == "page" and self.days[0].year < 2016
        return "one page, one record, wording of 2006-2015" if old else LAYOUTS[self.draw]


def declared() -> list[Sample]:
    """The samples of samples.toml."""
    entries = tomllib.loads((HERE / "samples.toml").read_text(encoding="utf-8"))["sample"]
    return [
        Sample(**{name: tuple(value) if isinstance(value, list) else value for name, value in entry.items()}) for entry in entries
    ]


def filled(kind: str, form: Form, more: dict[str, Any] | None = None) -> Drawn:
    """A form with one record."""
    return Drawn(kind, form.sheet, [form.record() | (more or {})], list(form.case.planted))


def page(studio: Studio, sample: Sample) -> Sequence[Drawn]:
    """One page with one record."""
    case = event(studio.rng, sample.type, sample.days[0], sample.number)
    if sample.note:
        cases.note(studio.rng, case, sample.note)
    if sample.plant:
        cases.plant(studio.rng, case, sample.plant)
    if sample.tick:
        cases.tick(case, books.BOOKS[sample.type].ticks, sample.tick)
    form = books.one(studio.fonts, sample.type, case, studio.rng, dpi=sample.dpi, how=sample.by)
    if sample.cancelled:
        registers.cancel(form)
    return [filled(sample.type, form, {"cancelled": True} if sample.cancelled else None)]


def stack(studio: Studio, sample: Sample) -> Sequence[Drawn]:
    """Records one below the other on a page: `days` has one each."""
    at = cases.office(studio.rng, sample.days[0])
    entries = [event(studio.rng, sample.type, when, sample.number + n, at) for n, when in enumerate(sample.days)]
    if sample.note:
        cases.note(studio.rng, entries[-1], sample.note)
    sheet, forms = books.stacked(studio.fonts, sample.type, entries, studio.rng, dpi=sample.dpi, how=sample.by)
    return [Drawn(sample.type, sheet, [form.record() for form in forms])]


def table(studio: Studio, sample: Sample) -> Sequence[Drawn]:
    """A wide table with a record a row."""
    at = cases.office(studio.rng, sample.days[0])
    entries = [event(studio.rng, sample.type, when, sample.number + n, at) for n, when in enumerate(sample.days)]
    drawn = books.table(studio.fonts, sample.type, entries, studio.rng, dpi=sample.dpi, how=sample.by)
    return [Drawn(sample.type, drawn.sheet, drawn.records)]


def volume(studio: Studio, sample: Sample) -> Sequence[Drawn]:
    """A thin book: cover, pages, closing statement."""
    pages = list(book(studio, sample))
    case = event(np.random.default_rng([SEED, sample.number]), sample.type, sample.days[0], sample.number)
    front = books.cover(studio.fonts, sample.type, case, studio.rng, dpi=sample.dpi)
    end = books.closing(studio.fonts, case, studio.rng, dpi=sample.dpi, pages=len(pages), entries=len(pages))
    return [Drawn(sample.type, front), *pages, Drawn(sample.type, end)]


def bundle(studio: Studio, sample: Sample) -> Sequence[Drawn]:
    """Papers scanned one after another, some with their backs."""
    found: list[Drawn] = []
    for place, paper_ in enumerate(sample.papers):
        kind, _, back = paper_.partition("+")
        rng = np.random.default_rng([SEED, place, zlib.crc32(sample.path.encode())])
        if kind in OTHERS:
            case = sheets.SHEETS["decision"].event(rng, sample.days[0], sample.number, None)
            found.append(Drawn("unknown", OTHERS[kind](studio.fonts, case, studio.rng, dpi=sample.dpi)))
            continue
        drawing = sheets.SHEETS[kind]
        case = drawing.event(rng, sample.days[0], sample.number + place, None)
        found.append(on_sheet(studio, kind, case, drawing.how, drawing.dpi))
        if back == "blank":
            found.append(Drawn("unknown", scans.blank_back(found[-1].sheet, studio.rng)))
        elif back:
            draw = papers.land_back if kind == "land_certificate" else others.instructions
            found.append(Drawn("", draw(studio.fonts, case, studio.rng, dpi=sample.dpi)))
    for drawn, rotation in zip(found, sample.turned, strict=False):
        drawn.scan["rotation"] = rotation
    return found


def spread(studio: Studio, sample: Sample) -> Sequence[Drawn]:
    """Two facing pages of one book, a record each."""
    left, right = book(studio, sample)
    both = paper.spread(left.sheet, right.sheet)
    return [Drawn(sample.type, both, left.records + right.records, left.planted + right.planted, {"gutter": True})]


def book(studio: Studio, sample: Sample) -> Sequence[Drawn]:
    """Pages of one book: one print, one office, one hand, and a remark on the second page."""
    rng, fonts = studio.rng, studio.fonts
    writer = hand(fonts, rng, x_height_mm=2.1) if sample.by == "hand" else sample.by
    press, at, pages = printing(fonts, rng, sample.by), cases.office(rng, sample.days[0]), []
    for place, when in enumerate(sample.days):
        case = event(rng, sample.type, when, sample.number + place, at)
        if sample.note and place == 1:
            cases.note(rng, case, sample.note)
        pages.append(filled(sample.type, registers.page(fonts, case, rng, dpi=sample.dpi, how=writer, press=press)))
    for drawn, rotation in zip(pages, sample.turned, strict=False):
        drawn.scan["rotation"] = rotation
    return pages


def event(rng: np.random.Generator, kind: str, when: date, number: int, at: Office | None = None) -> Case:
    """The case of a register page."""
    return books.BOOKS[kind].event(rng, when, number, at)


def sheet(studio: Studio, sample: Sample) -> Sequence[Drawn]:
    """One single sheet."""
    case = sheets.SHEETS[sample.type].event(studio.rng, sample.days[0], sample.number, None)
    if sample.plant:
        cases.plant(studio.rng, case, sample.plant)
    return [on_sheet(studio, sample.type, case, sample.by, sample.dpi)]


def on_sheet(studio: Studio, kind: str, case: Case, how: str, dpi: int = 200) -> Drawn:
    """A case on the sheet of a document type."""
    form = sheets.SHEETS[kind].draw(studio.fonts, case, studio.rng, dpi=dpi, how=how)
    return filled(kind, form, form.marks)


def our_office() -> Office:
    """The office of the demo dossiers."""
    return cases.office(np.random.default_rng([SEED, 3]), date(2026, 9, 1), COMMUNE)


def family() -> Case:
    """The birth in the demo dossier, the same for each of its files. The declarant holds the card that is in it."""
    case = cases.birth(np.random.default_rng([SEED, 12]), date(2026, 9, 30), 118, our_office())
    declarant = case.people["declarant"]
    held = Paper(kind="CCCD", number=declarant.personal_number, issued=date(2023, 3, 14), issuer="Cục CS QLHC về TTXH")
    case.people["declarant"] = replace(declarant, paper=held)
    case.put("nycSoGiayToTuyThan", held.number, held.written(case.manner, 0))
    return case


def dossier(studio: Studio, sample: Sample) -> Sequence[Drawn]:
    """One file of the demo dossier: declaration, card of the declarant, certificate."""
    case = family()
    if sample.type == "citizen_id_card":
        case.people["person"] = case.people["declarant"]
        case.when = case.people["declarant"].paper.issued
    return [on_sheet(studio, sample.type, case, sample.by, sample.dpi)]


def mixed(studio: Studio, sample: Sample) -> Sequence[Drawn]:
    """Several documents scanned one after another, some turned, with an empty back page between."""
    rng, at = studio.rng, our_office()
    single = cases.single(rng, date(2026, 9, 22), 64, at)
    applicant = single.people["person"]
    holder = cases.opened(rng, applicant.paper.issued, at)
    holder.people["person"] = applicant
    declaration = on_sheet(studio, "birth_declaration", cases.birth(rng, date(2026, 9, 30), 121, at), "hand")
    back = Drawn("unknown", scans.blank_back(declaration.sheet, rng))
    certificate = on_sheet(studio, "marital_status_certificate", single, "printer")
    identity = on_sheet(studio, "citizen_id_card", holder, "printer", 300)
    decision = on_sheet(studio, "decision", cases.single(rng, date(2026, 8, 12), 57, at), "hand")
    born = cases.birth(rng, date(2024, 4, 2), 33, cases.office(rng, date(2024, 4, 2), OLD_COMMUNE))
    extract = on_sheet(studio, "birth_extract", born, "printer")
    certificate.scan["rotation"], decision.scan["rotation"] = 180, 90
    return [declaration, back, certificate, identity, decision, extract]


DRAW: dict[str, Callable[[Studio, Sample], Sequence[Drawn]]] = {
    "page": page, "spread": spread, "book": book, "sheet": sheet, "dossier": dossier, "mixed": mixed,
    "stack": stack, "table": table, "volume": volume, "bundle": bundle,
}  # fmt: skip
LAYOUTS = {
    "page": "one page, one record", "spread": "two-page spread, one record a page", "book": "one page, one record",
    "sheet": "single sheet", "dossier": "single sheet", "mixed": "several documents one after another",
    "stack": "one page, records one below the other", "table": "wide table, one record a row",
    "volume": "cover, one record a page, closing statement", "bundle": "several documents one after another",
}  # fmt: skip
#: papers of no declared type
OTHERS: dict[str, Callable[..., Sheet]] = {"foreign": others.foreign, "notice": others.notice, "receipt": others.receipt}


def render(sample: Sample, fonts: Fonts) -> Iterator[tuple[Path, bytes]]:
    """The file of a sample and its truth."""
    studio = Studio.of(fonts, sample.path)
    drawn = DRAW[sample.draw](studio, sample)
    pages = [truth.page(d.sheet, scans.scan(d.sheet, studio.rng, sample.level, **(sample.scan | d.scan))) for d in drawn]
    shots = [page.scan for page in pages]
    path = Path(sample.path)
    content = {".jpg": lambda: files.jpeg(shots[0]), ".pdf": lambda: files.pdf(shots), ".tif": lambda: files.tiff(shots)}[
        path.suffix
    ]()
    yield path, content
    yield path.with_suffix(".truth.json"), truth.write(path.name, sample.layout, pages, list(documents(drawn))).encode()


def documents(drawn: Sequence[Drawn]) -> Iterator[truth.Document]:
    """The documents of a file. Pages of one book make one document."""
    groups: list[tuple[str, list[int]]] = []
    for place, page in enumerate(drawn):
        if groups and (not page.type or (page.type == groups[-1][0] and page.type.endswith("_register"))):
            groups[-1][1].append(place)
        else:
            groups.append((page.type, [place]))
    for kind, places in groups:
        own = [drawn[place] for place in places]
        yield truth.Document(
            type=kind, pages=places, records=[r for d in own for r in d.records], planted=[p for d in own for p in d.planted]
        )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="draw again and compare with the committed bytes")
    parser.add_argument("--only", default="", help="files whose path contains this")
    options = parser.parse_args()
    fonts, differ, total = Fonts.load(), 0, 0
    for sample in (s for s in declared() if options.only in s.path):
        for path, content in render(sample, fonts):
            total += len(content)
            target = HERE / path
            same = target.exists() and target.read_bytes() == content
            differ += not same
            print(f"{'same' if same else 'differs' if options.check else 'written':8}{len(content) // 1024:6} kB  {path}")
            if not options.check:
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(content)
    print(f"{total / 1e6:.1f} MB")
    return int(options.check and differ > 0)


if __name__ == "__main__":
    sys.exit(main())
