"""CTC columns to letters."""

from __future__ import annotations

import numpy as np
import pytest

from digitizer.ocr.ctc import best_path


def columns(text: str, charset: str = "abc ") -> np.ndarray:
    """CTC columns that say `text`; `_` is the blank."""
    found = np.full((len(text), len(charset) + 1), 0.01, np.float32)
    for row, letter in enumerate(text):
        found[row, 0 if letter == "_" else charset.index(letter) + 1] = 0.9
    return found


@pytest.mark.parametrize(
    ("path", "text"), [("aab", "ab"), ("a_a", "aa"), ("__a__", "a"), ("___", ""), ("", ""), ("ab__bc", "abbc"), ("a b", "a b")]
)
def test_equal_columns_are_one_letter_and_blanks_divide(path: str, text: str) -> None:
    signs = best_path(columns(path), "abc ")
    assert "".join(sign.char for sign in signs) == text
    assert all(0 <= sign.first <= sign.last < len(path) for sign in signs)
