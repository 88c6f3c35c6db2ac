"""Prose whose marks are open becomes a syllable; values, writing and what the pixels are sure of stay as they were read."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from digitizer.lattice import Stretch, pack
from digitizer.model import Box, Document, Field, Line, Record, Verdict
from digitizer.ocr.ctc import best_path
from digitizer.ocr.recogniser import LinePlace, to_line
from digitizer.spelling import correct_marks
from tests.unit.builders import page_of

CHARSET = (" ", *"acdghinoptuyêểễỗổợơ.-")
PLACE = LinePlace(Box(100, 200, 500, 230))


def read(text: str, **other: tuple[str, float]) -> Line:
    """A printed line that reads `text`, in which some letters may be another one as well."""
    columns = np.zeros((2 * len(text), 1 + len(CHARSET)), np.float32)
    columns[1::2, 0] = 1
    for row, char in zip(columns[::2], text, strict=True):
        instead, p = other.get(char, (char, 0.0))
        if char == "?":  # nothing, or what is instead
            row[0], row[1 + CHARSET.index(instead)] = 1 - p, p
            continue
        row[1 + CHARSET.index(char)] = 1 - p
        row[1 + CHARSET.index(instead)] += p
    line = to_line(best_path(columns, CHARSET), PLACE, [Stretch(0, 100, 400 / len(columns))], len(columns), 400)
    assert line is not None
    return replace(line, lattice=pack(columns, CHARSET, x0=100, x1=500), hand=0.02)


def unread(text: str, p: float) -> Line:
    """A printed line behind which a full stop may stand with this probability."""
    return read(text + "?", **{"?": (".", p)})


def settled(line: Line, value: Box | None = None) -> str:
    field = Field(name="ghiChu", raw="", value=None, confidence=0.5, accepted=False, page=0, box=value)
    record = Record(id="0/0/0", fields=(field,), verdict=Verdict.REVIEW)
    document = Document(id="0/0", pages=(0,), texts=(0,), doctype=None, score=0.0, records=(record,))
    (page,) = correct_marks([page_of(line)], [document])
    said = page.lines[0]
    assert said.text == "".join(letter.char for letter in said.letters) == " ".join(word.text for word in said.words)
    return said.text


def test_a_word_that_is_no_syllable_becomes_the_one_its_marks_leave_open() -> None:
    assert settled(read("chuyễn cho ai", ễ=("ể", 0.1))) == "chuyển cho ai"
    assert settled(read("thỗ", ỗ=("ổ", 0.04))) == "thổ"


def test_a_full_stop_that_was_taken_for_a_dot_to_write_on_ends_its_line() -> None:
    assert settled(unread("cho ai", 0.1)) == "cho ai."
    assert settled(unread("cho ai", 0.01)) == "cho ai"
    assert settled(unread("cho ai -", 0.1)) == "cho ai -"
    assert settled(unread("cho ai", 0.1), Box(110, 205, 160, 228)) == "cho ai"


def test_a_letter_that_was_put_in_is_no_surer_than_the_reader_was_of_it() -> None:
    (page,) = correct_marks([page_of(read("thỗ", ỗ=("ổ", 0.2)))], [])
    assert page.lines[0].letters[-1].confidence == pytest.approx(0.2, abs=0.02)


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (read("chuyễn", ễ=("ể", 0.01)), "the reader is sure"),
        (read("cho", o=("ơ", 0.4)), "a syllable as it stands"),
        (read("thỗ", ỗ=("a", 0.3)), "another letter, not another mark"),
        (replace(read("thỗ", ỗ=("ổ", 0.3)), hand=0.9), "written by hand"),
        (replace(read("thỗ", ỗ=("ổ", 0.3)), hand=None), "nobody looked"),
        (replace(read("thỗ", ỗ=("ổ", 0.3)), lattice=None), "nothing is known of it"),
    ],
)
def test_everything_else_stays_as_it_was_read(line: Line, why: str) -> None:
    assert settled(line) == line.text, why


def test_a_value_is_never_settled() -> None:
    line = read("chuyễn thỗ", ễ=("ể", 0.1), ỗ=("ổ", 0.1))
    assert settled(line, Box(300, 205, 420, 228)) == "chuyễn thỗ"
    assert settled(line, Box(300, 300, 420, 328)) == "chuyển thổ"
