"""Two readers: which words the strong one reads again, and that nothing is lost where its columns are put in."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rapidfuzz import fuzz

from digitizer.errors import ModelError
from digitizer.model import Page, Pixels
from digitizer.ocr import open_engine, verify_models
from digitizer.ocr.cascade import STRIDE, Cascade, Network, doubtful, trimmed
from digitizer.ocr.ctc import best_path, likelihood
from digitizer.ocr.weights import FAST, RECOGNISER, SHIPPED, check_model, fast, recogniser
from digitizer.pages import load, straighten
from digitizer.settings import EngineOptions, PageOptions
from tests.conftest import SAMPLES

CHARSET = (" ", *"abcdef")
INDEX = {char: i + 1 for i, char in enumerate(CHARSET)}


def columns(*cells: tuple[str, float]) -> np.ndarray:
    """A column a cell: its character ("" the blank) and probability; the rest is `f`'s."""
    table = np.zeros((len(cells), 1 + len(CHARSET)), np.float32)
    for row, (char, p) in zip(table, cells, strict=True):
        row[INDEX.get(char, 0)] = p
        row[INDEX["f"]] += 1 - p
    return table


def text(table: np.ndarray) -> str:
    return "".join(sign.char for sign in best_path(table, CHARSET))


def line(said: str, doubts: str = "") -> np.ndarray:
    """Each letter in a column of its own, a blank behind it; those in `doubts` are not sure."""
    return columns(*(cell for char in said for cell in ((char, 0.6 if char in doubts else 0.9999), ("", 1.0))))


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1), st.lists(st.integers(1, 3), max_size=4))
def test_how_likely_a_text_is_is_the_sum_over_its_paths(seed: int, letters: list[int]) -> None:
    chances = np.random.default_rng(seed).dirichlet([0.5] * 4, 5).astype(np.float32)
    total = 0.0
    for path in itertools.product(range(4), repeat=5):
        if [k for k, before in zip(path, (0, *path[:-1]), strict=True) if k and k != before] == letters:
            total += float(np.prod([chances[i, k] for i, k in enumerate(path)]))
    assert likelihood(chances, letters) == pytest.approx(total, abs=1e-6)


def test_a_line_that_is_sure_is_not_read_again() -> None:
    assert doubtful(line("abc de abc"), CHARSET) == []
    assert doubtful(columns(("", 1.0), ("", 1.0)), CHARSET) == []


def test_a_doubtful_word_is_read_again_between_its_spaces() -> None:
    said = "aaaaaaaa aba bbbbbbbb ccccccccc ".replace("aaaaaaaa", "abababac").replace("bbbbbbbb", "babababa")
    table = line(said.replace("ccccccccc", "acacacaca"))
    table[20] = columns(("b", 0.6))[0]
    assert doubtful(table, CHARSET) == [(17, 24)]


def test_doubtful_words_near_one_another_are_read_together_and_most_of_a_line_as_a_whole() -> None:
    said = "abababababababab ca ab cb abababababababab abababababab"
    (span,) = doubtful(line(said, doubts="c"), CHARSET)
    assert text(line(said)[slice(*span)]) == "ca ab cb"
    assert doubtful(line("ca ab", doubts="ab"), CHARSET) == [(0, 10)]


def test_spaces_at_the_ends_of_what_was_read_again_are_taken_for_nothing() -> None:
    assert text(trimmed(line(" ab ab "), INDEX[" "])) == "ab ab"
    assert text(trimmed(line("  "), INDEX[" "])) == ""


# --- the models we ship ----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def page() -> Page:
    (scan,) = load(SAMPLES / "decision" / "decision_01.jpg", source="5" * 64, options=PageOptions())
    (page,) = straighten(scan, options=PageOptions())
    return page


def test_both_readers_have_the_same_letters_and_columns() -> None:
    strong = recogniser(EngineOptions())
    quick = fast(EngineOptions(cascade=True), strong)
    assert quick is not None
    noise = np.random.default_rng(1).integers(0, 255, (48, 31 * STRIDE, 3), dtype=np.uint8)
    shapes = {Network(model, 1).columns(noise).shape for model in (strong, quick)}
    assert shapes == {(31, 1 + len(strong.charset))}


def test_a_fast_reader_of_other_letters_is_refused(tmp_path: Path) -> None:
    import shutil

    folder = Path(shutil.copytree(SHIPPED / FAST, tmp_path / "other"))
    declared = (folder / "inference.yml").read_text(encoding="utf-8")
    (folder / "inference.yml").write_text(declared.replace("  - a\n  - b\n", "  - b\n  - a\n"), encoding="utf-8")
    assert check_model(folder, "recogniser").charset != recogniser(EngineOptions()).charset
    with pytest.raises(ModelError, match="in their order"):
        open_engine(EngineOptions(cascade=True, fast=folder))


def test_the_fast_reader_is_named_only_where_it_is_used() -> None:
    assert FAST in verify_models(EngineOptions(cascade=True))
    assert FAST not in verify_models(EngineOptions())
    one, two = open_engine(EngineOptions(cascade=True)), open_engine(EngineOptions())
    assert one.fingerprint.startswith(two.fingerprint)
    assert one.fingerprint != two.fingerprint


class Counting(Cascade):
    """Says how much of every strip the strong reader saw."""

    seen = 0

    def __init__(self, options: EngineOptions) -> None:
        strong = recogniser(options)
        super().__init__(strong, fast(options, strong), 1)
        read = self._strong.columns

        def columns(strip: Pixels) -> np.ndarray:
            self.seen += strip.shape[1]
            return read(strip)

        self._strong.columns = columns  # type: ignore[method-assign]


@pytest.mark.slow
def test_a_pen_is_read_by_the_strong_reader_alone(page: Page) -> None:
    readers, strip = Counting(EngineOptions(cascade=True)), np.ascontiguousarray(page.pixels[100:148, 100:500])
    alone = Cascade(recogniser(EngineOptions()), None, 1)
    for hand in (None, 0.9):
        assert np.array_equal(readers.columns(strip, hand), alone.columns(strip, hand))
    assert readers.seen == 800


@pytest.mark.slow
def test_print_reads_the_same_but_for_full_stops_with_the_fast_reader_before_the_strong_one(page: Page) -> None:
    both, alone = (open_engine(EngineOptions(cascade=cascade)).read(page) for cascade in (True, False))
    same = [a.text.replace(".", "") == b.text.replace(".", "") for a, b in zip(both, alone, strict=True)]
    assert len(same) > 15
    assert np.mean(same) > 0.85


@pytest.mark.slow
def test_odd_strips_end_in_bounded_columns() -> None:
    readers = Counting(EngineOptions(cascade=True))
    rng = np.random.default_rng(3)
    for width in (8, 16, 48, 3_200):
        for strip in (np.full((48, width, 3), 255, np.uint8), rng.integers(0, 255, (48, width, 3), dtype=np.uint8)):
            for hand in (None, 0.0):
                found = readers.columns(strip, hand)
                assert found.shape == (width // STRIDE, 1 + len(readers.charset))
                assert np.allclose(found.sum(axis=1), 1, atol=1e-3)


@pytest.mark.slow
@pytest.mark.parametrize("name", [RECOGNISER, FAST])
def test_the_loader_of_paddleocr_runs_both(name: str, page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PADDLE_PDX_DISABLE_MODEL_SOURCE_CHECK", "True")
    from paddleocr import TextRecognition

    loaded = TextRecognition(model_name="PP-OCRv6_small_rec", model_dir=str(SHIPPED / name), engine="onnxruntime", device="cpu")
    title = max(open_engine(EngineOptions()).read(page), key=lambda line: "CỘNG HÒA" in line.text)
    box = title.box
    strip = page.pixels[int(box.y0) : int(box.y1), int(box.x0) : int(box.x1), ::-1]
    (said,) = loaded.predict(np.ascontiguousarray(strip))
    assert fuzz.ratio(said["rec_text"], title.text) > 90
