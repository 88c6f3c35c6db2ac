"""What every engine promises. Engine files of `digitizer/ocr/` are collected by name."""

from __future__ import annotations

import shutil
import unicodedata
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from rapidfuzz import fuzz

from digitizer.errors import ConfigError, EngineFailed, EngineMissing
from digitizer.model import Page, Quality
from digitizer.model.scan import no_ink
from digitizer.ocr import Engine, open_engine, read, verify_models
from digitizer.pages import straighten
from digitizer.settings import EngineOptions, PageOptions
from tests.conftest import DEMO, SAMPLES
from tests.scans import load

OCR = Path(__file__).resolve().parents[2] / "digitizer" / "ocr"
ENGINES = sorted(p.stem for p in OCR.glob("*.py") if "\ndef open(options: EngineOptions)" in p.read_text(encoding="utf-8"))
REAL = [name for name in ENGINES if name != "replay"]


@pytest.fixture(scope="module", params=ENGINES)
def engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    if request.param == "tesseract" and shutil.which("tesseract") is None:
        pytest.skip("tesseract is not installed: apt-get install tesseract-ocr-vie")
    options = EngineOptions(name=request.param)
    if request.param == "replay":
        options = options.changed(recording=request.getfixturevalue("recording"))
    yield open_engine(options)


def the_page(path: Path) -> Page:
    (scan,) = load(path, source="5" * 64, options=PageOptions())
    (page,) = straighten(scan, options=PageOptions())
    return page


@pytest.fixture(scope="module")
def page() -> Page:
    return the_page(next(DEMO.rglob("*.jpg")))


def test_there_are_two_engines_and_a_recording() -> None:
    assert ENGINES == ["paddle", "replay", "tesseract"]


@pytest.mark.slow
def test_lines_lie_on_the_page_with_their_words_in_order(engine: Engine, page: Page) -> None:
    lines = engine.read(page)
    height, width = page.pixels.shape[:2]
    assert len(lines) > 10
    for line in lines:
        assert line.text == unicodedata.normalize("NFC", line.text) == " ".join(word.text for word in line.words)
        assert 0 <= line.confidence <= 1
        for box in (line.box, *(word.box for word in line.words)):
            assert box.x0 >= 0
            assert box.y0 >= 0
            assert box.x1 <= width
            assert box.y1 <= height
        if line.letters:
            assert "".join(letter.char for letter in line.letters) == line.text
            assert [k.x0 for k in line.letters] == sorted(k.x0 for k in line.letters)


@pytest.mark.slow
def test_the_same_page_reads_the_same_twice(engine: Engine, page: Page) -> None:
    assert engine.read(page) == engine.read(page)


@pytest.mark.slow
def test_a_blank_page_is_not_shown_to_the_engine(engine: Engine, page: Page) -> None:
    white = replace(page, pixels=np.full((1200, 900, 3), 255, np.uint8), quality=Quality(blank=True), ink_beyond=no_ink)
    text = read(white, engine=engine)
    assert text.blank
    assert text.lines == ()
    assert text.engine == engine.fingerprint


@pytest.mark.parametrize("name", REAL)
@pytest.mark.slow
def test_an_engine_reads_vietnamese_print(name: str) -> None:
    if name == "tesseract" and shutil.which("tesseract") is None:
        pytest.skip("tesseract is not installed: apt-get install tesseract-ocr-vie")
    engine = open_engine(EngineOptions(name=name))
    text = read(the_page(SAMPLES / "decision" / "decision_01.jpg"), engine=engine)
    wanted = "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM"
    assert max(fuzz.partial_ratio(wanted, line.text) for line in text.lines) > 85


@pytest.mark.parametrize("name", REAL)
@pytest.mark.slow
def test_an_engine_survives_odd_pages(name: str, page: Page) -> None:
    if name == "tesseract" and shutil.which("tesseract") is None:
        pytest.skip("tesseract is not installed: apt-get install tesseract-ocr-vie")
    engine = open_engine(EngineOptions(name=name))
    noise = np.random.default_rng(1).integers(0, 255, (400, 300, 3), dtype=np.uint8)
    for pixels in (noise, noise[:20, :20]):
        height, width = pixels.shape[:2]
        for line in engine.read(replace(page, pixels=np.ascontiguousarray(pixels))):
            assert 0 <= line.box.x0 < line.box.x1 <= width and 0 <= line.box.y0 < line.box.y1 <= height
            assert 0 <= line.confidence <= 1
    for pixels in (np.zeros((500, 40, 3), np.uint8), np.full((64, 2000, 3), 255, np.uint8)):
        assert engine.read(replace(page, pixels=pixels)) == (), "one colour holds no text"


def test_models_are_named_with_their_hashes() -> None:
    assert set(verify_models(EngineOptions())) == {"lines-small", "vietnamese-small", "vietnamese-hands"}
    assert set(verify_models(EngineOptions(handwriting=False))) == {"lines-small", "vietnamese-small"}
    assert all(len(digest) == 64 for digest in verify_models(EngineOptions()).values())


def test_a_recording_is_refused_where_there_is_none() -> None:
    with pytest.raises(ConfigError):
        open_engine(EngineOptions(name="replay"))


def test_a_page_that_was_not_recorded_fails(recording: Path, page: Page) -> None:
    engine = open_engine(EngineOptions(name="replay", recording=recording))
    with pytest.raises(EngineFailed):
        engine.read(replace(page, pixels=page.pixels[1:]))


def test_an_unknown_engine_is_refused() -> None:
    with pytest.raises(ConfigError):
        open_engine(EngineOptions(name="abacus"))


def test_a_missing_tesseract_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(EngineMissing, match="apt-get install"):
        open_engine(EngineOptions(name="tesseract"))
