"""What the reader's own doubt says of a page."""

from __future__ import annotations

from dataclasses import replace

import pytest

from digitizer.model import PageText, Problem, Quality
from digitizer.ocr.legibility import judged, legibility, may_lie_otherwise
from tests.unit.builders import line, page_of

UNSURE = Problem(code="orientation_unsure")


def read(text: str, confidence: float, *problems: Problem) -> PageText:
    return replace(page_of(line(text, confidence=confidence)), quality=Quality(problems=problems))


def test_a_page_is_as_legible_as_its_letters() -> None:
    assert legibility((line("Nguyễn Văn An", confidence=0.9), line("x", confidence=0.2))) == pytest.approx(0.85)
    assert legibility((line("lý", confidence=0.99),)) == 0


def test_noise_is_no_text() -> None:
    lines, problems = judged(read("lI.,Iiư'l,.Il", 0.5))
    assert lines == ()
    assert [problem.code for problem in problems] == ["unreadable"]


def test_what_is_seen_from_behind_is_no_text() -> None:
    lines, problems = judged(read("Nguyễn Văn An", 0.9, Problem(code="mirrored")))
    assert lines == ()
    assert [problem.code for problem in problems] == ["mirrored", "unreadable"]


def test_a_page_that_is_read_plainly_lies_the_right_way_up() -> None:
    page = read("Nguyễn Văn An", 0.99, UNSURE)
    assert not may_lie_otherwise(page)
    lines, problems = judged(page)
    assert lines == page.lines
    assert problems == ()


@pytest.mark.parametrize(("text", "confidence"), [("Nguyễn Văn An", 0.93), ("số 69", 0.99)])
def test_a_page_that_is_not_read_plainly_or_says_little_stays_unsure(text: str, confidence: float) -> None:
    page = read(text, confidence, UNSURE)
    assert may_lie_otherwise(page)
    assert judged(page) == (page.lines, (UNSURE,))


def test_a_page_that_is_read_badly_may_lie_another_way_up_and_a_blank_one_may_not() -> None:
    assert may_lie_otherwise(read("Nguyễn Văn An", 0.85))
    assert not may_lie_otherwise(replace(page_of(), blank=True))
