"""Files from other programs' bug trackers, and files broken on purpose: each works, or is refused with one of our errors."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from digitizer.errors import DamagedFile, EncryptedPdf, InputError, TooLarge, UnsupportedFormat
from digitizer.pages import ScanFile, straighten
from digitizer.settings import PageOptions
from tests.conftest import ROOT

FOLDER = Path(os.environ.get("EVAL_DATA", ROOT.parent / "shared" / "data")) / "badfiles"
OPTIONS = PageOptions(render_dpi=100)
FILES = sorted(p for p in FOLDER.glob("*") if p.suffix not in (".md", ".tsv")) if FOLDER.is_dir() else []
REFUSED: dict[str, type[InputError]] = {
    "d_bad_crc.png": DamagedFile,
    "d_bomb_1bit.png": TooLarge,
    "d_password.pdf": EncryptedPdf,
    "d_text_named_pdf.pdf": UnsupportedFormat,
    "d_truncated.jpg": DamagedFile,
    "d_zero_byte.jpg": DamagedFile,
    "ingest-file_regression_webp.webp": UnsupportedFormat,
    "pikepdf_newline-buffer-test.pdf": DamagedFile,
    "pngx_encrypted.pdf": EncryptedPdf,
    "pngx_password-is-test.pdf": EncryptedPdf,
    "pypdfium2_encrypted.pdf": EncryptedPdf,
}
PAGES = {
    "d_g4_multipage.tif": 2,
    "ingest-file_500_pages.pdf": 500,
    "omp_cardinal.pdf": 4,
    "pngx_multi-page-mixed.pdf": 6,
    "d_truncated.pdf": 9,
}


def read(path: Path) -> int:
    """Opens a file and straightens its first three pages; how many it has."""
    with ScanFile(path, source="", options=OPTIONS) as file:
        for index in range(min(3, file.inspection.pages)):
            assert straighten(file.read(index), options=OPTIONS)
        return file.inspection.pages


@pytest.mark.skipif(not FILES, reason=f"no bad files at {FOLDER} (set EVAL_DATA)")
def test_there_are_bad_files_to_try() -> None:
    assert set(REFUSED) | set(PAGES) <= {path.name for path in FILES}


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.name)
def test_a_bad_file_works_or_is_refused_by_name(path: Path) -> None:
    error = REFUSED.get(path.name)
    if error is None:
        assert read(path) == PAGES.get(path.name, read(path))
        return
    with pytest.raises(error) as refused:
        read(path)
    assert type(refused.value) is error
