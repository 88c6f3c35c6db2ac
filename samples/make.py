"""Draws samples/: `python samples/make.py` writes every file, `--check` draws again and compares bytes, `--only TEXT` takes some.

Needs the extra `draw` and, the first time, npm and apt-get for the fonts; reading the committed samples needs neither. Every file has
its own seed, so that adding one leaves the others alone.
"""

from __future__ import annotations

import argparse
import sys
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from digitizer.ocr.training.drawing import card, cases, certificates, files, letters, paper, registers, scans, truth
from digitizer.ocr.training.drawing.cases import Case
from digitizer.ocr.training.drawing.fonts import Fonts
from digitizer.ocr.training.drawing.forms import Form, printing
from digitizer.ocr.training.drawing.ink import hand
from digitizer.ocr.training.drawing.paper import Sheet
from digitizer.ocr.training.drawing.places import Commune

HERE = Path(__file__).resolve().parent
SEED = 20260930
#: the commune of the demo dossiers, agency H60.127.03
COMMUNE = Commune("xã Sơn Dương", "", "Tuyên Quang", "008")
OLD_COMMUNE = Commune("xã Tú Thịnh", "huyện Sơn Dương", "Tuyên Quang", "008")
AGENCY = "H60.127.03"
DOSSIER, MIXED = "H60.127.03-260930-0012", "H60.127.03-260930-0015"


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
    """One sheet, what it says, and how to scan it; `type` empty for a sheet that goes on with the document before."""

    type: str
    sheet: Sheet
    records: list[dict[str, Any]] = field(default_factory=list)
    planted: list[dict[str, Any]] = field(default_factory=list)
    scan: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Sample:
    """One file."""

    path: str
    level: str
    draw: Callable[[Studio], Sequence[Drawn]]
    layout: str = "single sheet"
    scan: dict[str, Any] = field(default_factory=dict)


def filled(kind: str, form: Form, more: dict[str, Any] | None = None) -> Drawn:
    """A form with one record."""
    return Drawn(kind, form.sheet, [form.record() | (more or {})], list(form.case.planted))


def register(kind: str, when: date, number: int, how: str, *, dpi: int = 200, note: str = "", plant: str = "", cancelled: bool = False,
             old: bool = False, tone: tuple[int, int, int] = (250, 249, 245)) -> Callable[[Studio], Sequence[Drawn]]:
    """One page with one record."""
    def draw(studio: Studio) -> Sequence[Drawn]:
        case = event(studio.rng, kind, when, number)
        if note:
            cases.note(studio.rng, case, note)
        if plant:
            cases.plant(studio.rng, case, plant)
        body = registers.old_birth_body if old else None
        form = registers.page(studio.fonts, case, studio.rng, dpi=dpi, how=how, tone=tone, body=body)
        if cancelled:
            registers.cancel(form)
        return [filled(kind, form, {"cancelled": True} if cancelled else None)]
    return draw


def open_book(kind: str, when: date, number: int, how: str, *, note: str = "") -> Callable[[Studio], Sequence[Drawn]]:
    """Two facing pages of one book, a record each."""
    def draw(studio: Studio) -> Sequence[Drawn]:
        left, right = book_pages(studio, kind, [when, when], number, how, note=note)
        both = paper.spread(left.sheet, right.sheet)
        return [Drawn(kind, both, left.records + right.records, left.planted + right.planted, {"gutter": True})]
    return draw


def book(kind: str, days: Sequence[date], number: int, how: str, *, note: str = "", turned: Sequence[int] = ()) -> Callable[[Studio], Sequence[Drawn]]:
    """Several pages of one book, one scan each; each record is a document of its own page."""
    def draw(studio: Studio) -> Sequence[Drawn]:
        pages = book_pages(studio, kind, days, number, how, note=note)
        for drawn, rotation in zip(pages, turned, strict=False):
            drawn.scan["rotation"] = rotation
        return pages
    return draw


def book_pages(studio: Studio, kind: str, days: Sequence[date], number: int, how: str, *, note: str = "") -> list[Drawn]:
    """Pages of one book: one print, one commune, one hand."""
    rng, fonts = studio.rng, studio.fonts
    press, writer = printing(fonts, rng), hand(fonts, rng, x_height_mm=1.9) if how == "hand" else how
    pages, place = [], None
    for place_in_book, when in enumerate(days):
        case = event(rng, kind, when, number + place_in_book, place)
        place = case.commune
        if note and place_in_book == 1:
            cases.note(rng, case, note)
        pages.append(filled(kind, registers.page(fonts, case, rng, dpi=200, how=writer, press=press)))
    return pages


def event(rng: np.random.Generator, kind: str, when: date, number: int, place: Commune | None = None) -> Case:
    """The case of a register page."""
    draw = {"birth_register": cases.birth, "marriage_register": cases.marriage, "death_register": cases.death}[kind]
    return draw(rng, when, number, place)


def sheet(kind: str, when: date, number: int, how: str, *, dpi: int = 200, plant: str = "") -> Callable[[Studio], Sequence[Drawn]]:
    """One single sheet."""
    def draw(studio: Studio) -> Sequence[Drawn]:
        born = kind in ("birth_certificate", "birth_extract", "birth_declaration")
        case = (cases.birth if born else cases.single)(studio.rng, when, number)
        if plant:
            cases.plant(studio.rng, case, plant)
        return [on_sheet(studio, kind, case, how, dpi)]
    return draw


def on_sheet(studio: Studio, kind: str, case: Case, how: str, dpi: int = 200) -> Drawn:
    """A case on the sheet of a document type."""
    if kind == "citizen_id_card":
        form, marks = card.citizen_id_card(studio.fonts, case, studio.rng, dpi=dpi)
        return filled(kind, form, marks)
    draw = {"birth_certificate": certificates.birth_certificate, "birth_extract": certificates.birth_extract,
            "birth_declaration": letters.birth_declaration, "marital_status_certificate": letters.marital_status_certificate,
            "decision": letters.decision}[kind]
    return filled(kind, draw(studio.fonts, case, studio.rng, dpi=dpi, how=how))


def family(studio: Studio) -> Case:
    """The birth that the demo dossier is about; the same for each of its files."""
    return cases.birth(np.random.default_rng([SEED, 12]), date(2026, 9, 30), 118, COMMUNE)


def dossier_file(kind: str, how: str, dpi: int = 200) -> Callable[[Studio], Sequence[Drawn]]:
    """One file of the demo dossier: declaration, card of the declarant, certificate."""
    def draw(studio: Studio) -> Sequence[Drawn]:
        case = family(studio)
        if kind == "citizen_id_card":
            case.people["person"], case.when = case.people["declarant"], date(2023, 3, 14)
        return [on_sheet(studio, kind, case, how, dpi)]
    return draw


def mixed(studio: Studio) -> Sequence[Drawn]:
    """Several documents scanned one after another, some turned, with an empty back page between."""
    rng = studio.rng
    single = cases.single(rng, date(2026, 9, 22), 64, COMMUNE)
    applicant = single.people["person"]
    holder = cases.single(rng, date(2022, 6, 3), 1, COMMUNE)
    holder.people["person"] = applicant
    declaration = on_sheet(studio, "birth_declaration", cases.birth(rng, date(2026, 9, 30), 121, COMMUNE), "hand")
    back = Drawn("unknown", scans.blank_back(declaration.sheet, rng))
    certificate = on_sheet(studio, "marital_status_certificate", single, "printer")
    identity = on_sheet(studio, "citizen_id_card", holder, "printer", 300)
    decision = on_sheet(studio, "decision", cases.single(rng, date(2026, 8, 12), 57, COMMUNE), "hand")
    birth = on_sheet(studio, "birth_extract", cases.birth(rng, date(2024, 4, 2), 33, OLD_COMMUNE), "printer")
    certificate.scan["rotation"], decision.scan["rotation"] = 180, 90
    return [declaration, back, certificate, identity, decision, birth]


BOOK_DAYS = (date(2018, 5, 7), date(2018, 5, 9), date(2018, 5, 14))
SPREAD, PAGE, OLD = "two-page spread, one record a page", "one page, one record", "one page, one record, wording of 2006-2015"
SAMPLES = (
    Sample("birth_register/birth_register_01.jpg", "clean", register("birth_register", date(2018, 5, 7), 41, "hand"), PAGE),
    Sample("birth_register/birth_register_02.pdf", "office", register("birth_register", date(2021, 3, 18), 17, "printer", note="copy"), PAGE),
    Sample("birth_register/birth_register_03.jpg", "hard", register("birth_register", date(2009, 8, 12), 63, "hand", old=True, note="ethnicity"),
           OLD, {"effects": ("yellowed paper", "show-through", "stains", "fold", "uneven light", "black border")}),
    Sample("birth_register/birth_register_04.jpg", "office", open_book("birth_register", date(2019, 10, 2), 75, "hand", note="correction"), SPREAD),
    Sample("birth_register/birth_register_05.jpg", "office", register("birth_register", date(2017, 2, 20), 9, "hand", plant="words"), PAGE,
           {"rotation": 90}),
    Sample("birth_register/birth_register_06.jpg", "office", register("birth_register", date(2020, 6, 15), 52, "hand", cancelled=True), PAGE),
    Sample("birth_register/birth_register_07.jpg", "clean", register("birth_register", date(2022, 11, 4), 88, "printer", plant="idsex"), PAGE),
    Sample("marriage_register/marriage_register_01.jpg", "clean", register("marriage_register", date(2019, 12, 2), 77, "printer"), PAGE),
    Sample("marriage_register/marriage_register_02.jpg", "office", register("marriage_register", date(2017, 4, 11), 12, "hand", note="copy"), PAGE,
           {"rotation": 180}),
    Sample("marriage_register/marriage_register_03.jpg", "hard", open_book("marriage_register", date(2018, 1, 22), 4, "hand", note="copy"), SPREAD,
           {"effects": ("yellowed paper", "uneven light", "black border")}),
    Sample("death_register/death_register_01.jpg", "clean", register("death_register", date(2019, 7, 1), 22, "hand"), PAGE),
    Sample("death_register/death_register_02.jpg", "office", register("death_register", date(2016, 9, 27), 31, "typewriter"), PAGE),
    Sample("death_register/death_register_03.jpg", "hard", register("death_register", date(2020, 2, 14), 6, "hand"), PAGE),
    Sample("death_register/death_register_04.tif", "office", book("death_register", (date(2018, 3, 5), date(2018, 3, 9)), 14, "hand",
                                                                  turned=(0, 270)), PAGE),
    Sample("birth_certificate/birth_certificate_01.jpg", "clean", sheet("birth_certificate", date(2025, 9, 8), 133, "hand")),
    Sample("birth_certificate/birth_certificate_02.pdf", "office", sheet("birth_certificate", date(2017, 3, 14), 31, "printer", plant="idyear")),
    Sample("birth_certificate/birth_certificate_03.jpg", "hard", sheet("birth_certificate", date(2016, 6, 6), 58, "hand"), scan={"rotation": 270}),
    Sample("birth_extract/birth_extract_01.jpg", "office", sheet("birth_extract", date(2021, 5, 7), 41, "printer")),
    Sample("birth_extract/birth_extract_02.jpg", "hard", sheet("birth_extract", date(2018, 8, 20), 70, "hand", dpi=300)),
    Sample("marital_status_certificate/marital_status_certificate_01.jpg", "clean",
           sheet("marital_status_certificate", date(2025, 5, 19), 80, "hand")),
    Sample("marital_status_certificate/marital_status_certificate_02.jpg", "office",
           sheet("marital_status_certificate", date(2025, 10, 6), 23, "printer")),
    Sample("birth_declaration/birth_declaration_01.jpg", "office", sheet("birth_declaration", date(2022, 11, 7), 41, "hand")),
    Sample("birth_declaration/birth_declaration_02.jpg", "hard", sheet("birth_declaration", date(2018, 5, 22), 41, "hand", plant="words")),
    Sample("citizen_id_card/citizen_id_card_01.jpg", "clean", sheet("citizen_id_card", date(2022, 8, 7), 1, "printer", dpi=300)),
    Sample("citizen_id_card/citizen_id_card_02.jpg", "office", sheet("citizen_id_card", date(2021, 5, 29), 1, "printer", dpi=300),
           scan={"effects": ("grey photocopy",)}),
    Sample("decision/decision_01.jpg", "clean", sheet("decision", date(2024, 11, 21), 195, "hand")),
    Sample("decision/decision_02.pdf", "office", sheet("decision", date(2025, 8, 7), 57, "hand"), scan={"effects": ("punched holes", "fold")}),
    Sample(f"mixed_dossier/{MIXED}_ho-so.pdf", "office", mixed, "several documents one after another"),
    Sample(f"{AGENCY}/dossiers/{DOSSIER}/to-khai/to-khai-dang-ky-khai-sinh.jpg", "office", dossier_file("birth_declaration", "hand")),
    Sample(f"{AGENCY}/dossiers/{DOSSIER}/giay-to-tuy-than/can-cuoc-cong-dan.jpg", "office", dossier_file("citizen_id_card", "printer", 300),
           scan={"effects": ()}),
    Sample(f"{AGENCY}/dossiers/{DOSSIER}/ket-qua/giay-khai-sinh.pdf", "clean", dossier_file("birth_certificate", "printer")),
    Sample(f"{AGENCY}/books/KS/2018/01/trang-041-043.pdf", "office", book("birth_register", BOOK_DAYS, 41, "hand", note="copy"), PAGE),
)


def render(sample: Sample, fonts: Fonts) -> Iterator[tuple[Path, bytes]]:
    """The file of a sample and its truth."""
    studio = Studio.of(fonts, sample.path)
    drawn = sample.draw(studio)
    pages = [truth.page(d.sheet, scans.scan(d.sheet, studio.rng, sample.level, **(sample.scan | d.scan))) for d in drawn]
    shots = [page.scan for page in pages]
    path = Path(sample.path)
    content = {".jpg": lambda: files.jpeg(shots[0]), ".pdf": lambda: files.pdf(shots), ".tif": lambda: files.tiff(shots)}[path.suffix]()
    yield path, content
    yield path.with_suffix(".truth.json"), truth.write(path.name, sample.layout, pages, list(documents(drawn))).encode()


def documents(drawn: Sequence[Drawn]) -> Iterator[truth.Document]:
    """The documents of a file; pages of one book make one document."""
    groups: list[tuple[str, list[int]]] = []
    for place, page in enumerate(drawn):
        if groups and page.type == groups[-1][0] and page.type.endswith("_register"):
            groups[-1][1].append(place)
        else:
            groups.append((page.type, [place]))
    for kind, places in groups:
        own = [drawn[place] for place in places]
        yield truth.Document(type=kind, pages=places, records=[r for d in own for r in d.records], planted=[p for d in own for p in d.planted])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="draw again and compare with the committed bytes")
    parser.add_argument("--only", default="", help="files whose path contains this")
    options = parser.parse_args()
    fonts, differ, total = Fonts.load(), 0, 0
    for sample in (s for s in SAMPLES if options.only in s.path):
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
