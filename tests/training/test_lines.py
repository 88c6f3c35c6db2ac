"""Lines to train on: cut from drawn pages as a detector would, with their exact text."""

from __future__ import annotations

import unicodedata
from itertools import islice

import numpy as np
import pytest

from training import lines
from training.drawing.fonts import Fonts


@pytest.fixture(autouse=True)
def few_words(monkeypatch: pytest.MonkeyPatch) -> None:
    """The dictionary is a Debian package that only training needs."""
    monkeypatch.setattr(lines, "syllables", lambda: (("an", "mai", "tien", "hoa"), ("hai", "ba")))


def drawn(fonts: Fonts, seed: int, count: int) -> list[lines.Cut]:
    return list(islice(iter(lines.Lines(fonts, seed)), count))


def test_a_line_is_48_px_high_and_says_what_its_text_says(fonts: Fonts) -> None:
    for cut in drawn(fonts, 1, 60):
        assert cut.pixels.shape[0] == lines.HEIGHT
        assert cut.pixels.shape[2] == 3
        assert cut.pixels.dtype == np.uint8
        assert cut.text == unicodedata.normalize("NFC", " ".join(cut.text.split()))
        assert cut.text


def test_there_is_ink_on_most_lines(fonts: Fonts) -> None:
    inked = [cut.pixels.max().astype(int) - cut.pixels.min() > 60 for cut in drawn(fonts, 2, 80)]
    assert np.mean(inked) > 0.9


def test_the_same_seed_draws_the_same_lines(fonts: Fonts) -> None:
    first, second, other = drawn(fonts, 3, 12), drawn(fonts, 3, 12), drawn(fonts, 4, 12)
    assert [cut.text for cut in first] == [cut.text for cut in second]
    assert all(np.array_equal(a.pixels, b.pixels) for a, b in zip(first, second, strict=True))
    assert [cut.text for cut in first] != [cut.text for cut in other]


def test_pens_and_print_take_turns(fonts: Fonts) -> None:
    assert {cut.hand for cut in drawn(fonts, 5, 120)} == {True, False}
