"""The recogniser: letters and words of a line in their places, bounded columns, a folder that PaddleOCR's loader runs."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rapidfuzz import fuzz

from digitizer.lattice import Stretch, unpack
from digitizer.model import (
    Box,
    Letter,
)
from digitizer.ocr import open_engine
from digitizer.ocr.ctc import Sign, best_path
from digitizer.ocr.handwriting_strip import STRIDE
from digitizer.ocr.recogniser import LinePlace, Network, to_line, words_of
from digitizer.ocr.weights import RECOGNISER, SHIPPED, recogniser
from digitizer.pages import straighten
from digitizer.settings import EngineOptions, PageOptions
from tests.conftest import SAMPLES
from tests.scans import load


@pytest.mark.slow
def test_odd_strips_end_in_bounded_columns() -> None:
    model = recogniser(EngineOptions())
    network, rng = Network(model, 1), np.random.default_rng(3)
    for width in (8, 16, 48, 3_200):
        for strip in (np.full((48, width, 3), 255, np.uint8), rng.integers(0, 255, (48, width, 3), dtype=np.uint8)):
            found = network.columns(strip)
            assert found.shape == (width // STRIDE, 1 + len(model.charset))
            assert np.allclose(found.sum(axis=1), 1, atol=1e-3)


@pytest.mark.slow
def test_the_loader_of_paddleocr_runs_our_recogniser(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PADDLE_PDX_DISABLE_MODEL_SOURCE_CHECK", "True")
    from paddleocr import TextRecognition

    (scan,) = load(SAMPLES / "decision" / "decision_01.jpg", source="5" * 64, options=PageOptions())
    (page,) = straighten(scan, options=PageOptions())
    loaded = TextRecognition(
        model_name="PP-OCRv6_small_rec", model_dir=str(SHIPPED / RECOGNISER), engine="onnxruntime", device="cpu"
    )
    title = max(open_engine(EngineOptions()).read(page), key=lambda line: "CỘNG HÒA" in line.text)
    box = title.box
    strip = page.pixels[int(box.y0) : int(box.y1), int(box.x0) : int(box.x1), ::-1]
    (said,) = loaded.predict(np.ascontiguousarray(strip))
    assert fuzz.ratio(said["rec_text"], title.text) > 90


def columns(text: str, charset: str = "abc ") -> np.ndarray:
    """CTC columns that say `text`; `_` is the blank."""
    found = np.full((len(text), len(charset) + 1), 0.01, np.float32)
    for row, letter in enumerate(text):
        found[row, 0 if letter == "_" else charset.index(letter) + 1] = 0.9
    return found


def test_letters_of_a_line_have_their_places() -> None:
    found = to_line(best_path(columns("_aa__b_ _c_"), "abc "), LinePlace(Box(100, 10, 210, 40)), [Stretch(0, 100, 10)], 11, 100)
    assert found is not None
    assert found.text == "ab c"
    assert [word.text for word in found.words] == ["ab", "c"]
    assert [letter.char for letter in found.letters] == ["a", "b", " ", "c"]
    xs = [letter.x0 for letter in found.letters]
    assert xs == sorted(xs)
    assert 100 <= found.letters[0].x0 < found.letters[-1].x1 <= 210


@pytest.mark.parametrize("path", ["", "___", "_ _ "])
def test_a_line_of_nothing_is_none(path: str) -> None:
    place, scale = LinePlace(Box(0, 0, 80, 20)), [Stretch(0, 0, 8)]
    assert to_line(best_path(columns(path), "abc "), place, scale, max(len(path), 1), 100) is None


def signs(text: str, width: int = 3) -> list[Sign]:
    return [Sign(char, width * i, width * i + 1, 0.5 + 0.1 * (i % 5)) for i, char in enumerate(text)]


@settings(max_examples=60)
@given(st.text(alphabet="ab đ", max_size=20))
def test_a_line_has_single_spaces_and_its_letters_and_words_lie_in_order_within_its_box(text: str) -> None:
    box = Box(50, 10, 50 + 24 * max(len(text), 1), 40)
    found = to_line(signs(text), LinePlace(box), [Stretch(0, box.x0, 8)], 3 * len(text), 100)
    if not text.strip():
        assert found is None
        return
    assert found is not None
    assert found.text == " ".join(text.split()) == "".join(k.char for k in found.letters)
    assert [w.text for w in found.words] == text.split()
    edges = [edge for k in found.letters for edge in (k.x0, k.x1)]
    assert edges == sorted(edges)
    assert box.x0 <= edges[0] <= edges[-1] <= box.x1
    assert all(k.x1 > k.x0 for k in found.letters)
    assert 0.5 <= found.confidence <= 0.9
    assert all(box.x0 <= w.box.x0 < w.box.x1 <= box.x1 and (w.box.y0, w.box.y1) == (10, 40) for w in found.words)


def test_a_letter_far_from_its_neighbours_does_not_reach_half_way_to_them() -> None:
    far_apart, place = [Sign("a", 10, 10, 1.0), Sign("b", 90, 90, 1.0)], LinePlace(Box(0, 0, 1000, 30))
    found = to_line(far_apart, place, [Stretch(0, 0, 10)], 100, 100)
    assert found is not None
    assert [(k.x0, k.x1) for k in found.letters] == [(80, 130), (880, 930)]


def test_a_word_is_as_sure_as_its_letters_are_on_average() -> None:
    letters = [
        Letter(char=c, x0=10 * i, x1=10 * i + 10, confidence=s)
        for i, (c, s) in enumerate([("a", 1.0), ("b", 0.5), (" ", 0.1), ("c", 0.8)])
    ]
    words = list(words_of(letters, LinePlace(Box(0, 0, 40, 20)), 100))
    assert [(w.text, w.confidence, w.box) for w in words] == [("ab", 0.75, Box(0, 0, 20, 20)), ("c", 0.8, Box(30, 0, 40, 20))]
    leaning = list(words_of(letters, LinePlace(Box(0, 10, 40, 30), slope=0.1), 100))
    assert [(w.box.y0, w.box.y1) for w in leaning] == [(8, 30), (11, 32)], "each word where it stands on the slope"
    assert list(words_of([], LinePlace(Box(0, 0, 1, 1)), 100)) == []


@pytest.mark.slow
def test_a_label_and_the_pen_behind_it_are_one_line_in_which_all_letters_have_their_places(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # a drawn pen is left to the network for print: here it is not
    monkeypatch.setattr("digitizer.ocr.two_readers.SURER", -1.0)
    (scan,) = load(SAMPLES / "birth_register" / "birth_register_04.jpg", source="5" * 64, options=PageOptions())
    page, *_ = straighten(scan, options=PageOptions())
    lines = open_engine(EngineOptions()).read(page)
    line = next(line for line in lines if line.text.startswith("Nơi sinh:"))
    assert fuzz.ratio(line.text, "Nơi sinh: Bệnh viện Đa khoa tỉnh Hà Giang") > 90
    assert line.lattice is not None
    assert line.lattice.stretches, "print and pen were read apart"
    edges = [edge for letter in line.letters for edge in (letter.x0, letter.x1)]
    assert edges == sorted(edges)
    assert line.box.x0 <= edges[0] < edges[-1] <= line.box.x1
    by_lattice = [column.x for column in unpack(line.lattice)]
    assert by_lattice == sorted(by_lattice)
    pen = next(letter for letter in line.letters if letter.char == "B")
    assert page.pixels[int(line.box.y0) : int(line.box.y1), int(pen.x0) : int(pen.x1)].min() < 120, "ink where the letter stands"
