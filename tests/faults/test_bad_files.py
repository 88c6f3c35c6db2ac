"""Files from other programs' bug trackers, and files broken on purpose: each works, or is refused with one of our errors."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import pytest

from digitizer.errors import DamagedFile, EncryptedPdf, InputError, TooLarge, UnsupportedFormat
from digitizer.model import Page
from digitizer.pages import Inspection, ScanFile, straighten
from digitizer.settings import PageOptions
from tests.conftest import ROOT
from tests.processes import decoders
from tests.scans import inspect

FOLDER = Path(os.environ.get("EVAL_DATA", ROOT.parent / "shared" / "data")) / "badfiles"
OPTIONS = PageOptions(render_dpi=100)
FILES = sorted(p for p in FOLDER.glob("*") if p.suffix not in (".md", ".tsv")) if FOLDER.is_dir() else []
WHERE = {path.name: path for path in FILES}

REFUSED: dict[str, tuple[type[InputError], dict[str, str | int]]] = {
    "d_bad_crc.png": (DamagedFile, {"page": 1}),
    "d_bomb_1bit.png": (TooLarge, {"page": 1, "limit": "megapixels", "value": 400}),
    "d_password.pdf": (EncryptedPdf, {}),
    "d_text_named_pdf.pdf": (UnsupportedFormat, {}),
    "d_truncated.jpg": (DamagedFile, {"page": 1}),
    "d_zero_byte.jpg": (DamagedFile, {"bytes": 0}),
    "ingest-file_regression_webp.webp": (UnsupportedFormat, {}),
    "pikepdf_newline-buffer-test.pdf": (DamagedFile, {"reason": "no pages"}),
    "pngx_encrypted.pdf": (EncryptedPdf, {}),
    "pngx_password-is-test.pdf": (EncryptedPdf, {}),
    "pypdfium2_encrypted.pdf": (EncryptedPdf, {}),
}


@dataclass(frozen=True, kw_only=True)
class Works:
    """What comes out. `size`: (width, height) px of the first page; `rotation`: how its scan lay."""

    pages: int
    size: tuple[int, int]
    media_type: str = "application/pdf"
    rotation: int = 0
    repaired: bool = False
    blank: bool = False
    #: codes of problems of the first page
    problems: tuple[str, ...] = ()


BROKEN_VIETNAMESE = Works(pages=9, size=(827, 1170), repaired=True, problems=("pdf_repaired", "low_dpi"))
#: halves of pages: their text runs over the edge
GUESSED = ("dpi_estimated", "low_dpi", "cut_off")
WORKS: dict[str, Works] = {
    "d_16bit.png": Works(pages=1, size=(827, 584), media_type="image/png", problems=GUESSED),
    "d_1x1.png": Works(pages=1, size=(1, 1), media_type="image/png", blank=True, problems=("too_small",)),
    "d_bitrot.pdf": BROKEN_VIETNAMESE,
    "d_exif_rotated.jpg": Works(pages=1, size=(1654, 1169), media_type="image/jpeg", problems=GUESSED),
    "d_g4_multipage.tif": Works(pages=2, size=(1654, 1169), media_type="image/tiff", problems=GUESSED),
    "d_leading_garbage.pdf": BROKEN_VIETNAMESE,
    "d_png_named.jpg": Works(pages=1, size=(1654, 1169), media_type="image/png", problems=GUESSED),
    # its flag lays an upright page on its side; the page is read upright all the same
    "d_rotate_flag.pdf": Works(pages=1, size=(827, 1170), rotation=270, problems=("low_dpi",)),
    "d_truncated.pdf": BROKEN_VIETNAMESE,
    "d_white.png": Works(pages=1, size=(1654, 2339), media_type="image/png", blank=True, problems=("dpi_estimated",)),
    "d_xref_wiped.pdf": BROKEN_VIETNAMESE,
    "ingest-file_500_pages.pdf": Works(pages=500, size=(850, 1100), problems=("low_dpi", "orientation_unsure")),
    "omp_aspect.pdf": Works(pages=1, size=(500, 400), problems=("low_dpi",)),
    "omp_no_contents.pdf": Works(pages=1, size=(1000, 1000), blank=True, problems=("low_dpi",)),
}


def read(path: Path) -> tuple[Inspection, list[Page]]:
    """Opens a file and straightens the scans at its first three positions."""
    with ScanFile(path, source="", options=OPTIONS) as file:
        indices = range(min(3, file.inspection.pages))
        return file.inspection, [page for index in indices for page in straighten(file.read(index), options=OPTIONS)]


@pytest.fixture(autouse=True)
def bad_files() -> None:
    if not FILES:
        pytest.skip(f"no bad files at {FOLDER} (set EVAL_DATA)")


def test_every_file_broken_on_purpose_has_an_expected_end() -> None:
    labelled = {line.split("\t")[0] for line in (FOLDER / "labels.tsv").read_text(encoding="utf-8").splitlines()}
    assert labelled == set(WHERE)
    assert not REFUSED.keys() & WORKS.keys()
    assert {name for name in labelled if name.startswith("d_")} <= REFUSED.keys() | WORKS.keys() <= labelled


@pytest.mark.parametrize("name", sorted(WHERE.keys() - REFUSED.keys() - WORKS.keys()))
def test_an_odd_file_works_or_is_refused_with_an_error_of_ours(name: str) -> None:
    try:
        _, pages = read(WHERE[name])
    except InputError as refused:
        assert refused.code in {"damaged_file", "too_large", "encrypted_pdf", "unsupported_format"}
    else:
        assert all(page.pixels.size for page in pages)
        assert pages
    assert decoders() == [], "no decoder is left"


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_a_bad_file_is_refused_for_its_reason(name: str) -> None:
    error, facts = REFUSED[name]
    with pytest.raises(error) as refused:
        read(WHERE[name])
    assert type(refused.value) is error
    assert facts.items() <= refused.value.facts.items()
    assert decoders() == [], "no decoder is left"


@pytest.mark.parametrize("name", sorted(WORKS))
def test_a_bad_file_that_can_be_read_gives_its_pages(name: str) -> None:
    expected = WORKS[name]
    inspection, pages = read(WHERE[name])
    assert inspection == inspect(WHERE[name], options=OPTIONS)
    assert (inspection.media_type, inspection.pages, inspection.repaired) == (
        expected.media_type,
        expected.pages,
        expected.repaired,
    )
    assert len(pages) == min(3, expected.pages)
    first = pages[0]
    assert (first.pixels.shape[1], first.pixels.shape[0]) == expected.size
    assert (first.quality.rotation, first.quality.blank) == (expected.rotation, expected.blank)
    assert tuple(problem.code for problem in first.quality.problems) == expected.problems
