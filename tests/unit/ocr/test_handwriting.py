"""Print and pen are told apart, on lines of a sample."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image

from digitizer.model import Box, Pixels
from digitizer.ocr.handwriting import WordGroup, handwriting_probability, word_groups
from digitizer.pages import straighten
from digitizer.settings import PageOptions
from tests.conftest import SAMPLES
from tests.scans import load

SAMPLE = SAMPLES / "birth_register" / "birth_register_04.jpg"


@pytest.fixture(scope="module")
def strip() -> Callable[[Box], Pixels]:
    (scan,) = load(SAMPLE, source="0" * 64, options=PageOptions())
    page, *_ = straighten(scan, options=PageOptions())

    def cut(box: Box) -> Pixels:
        crop = Image.fromarray(page.pixels[int(box.y0) : int(box.y1), int(box.x0) : int(box.x1)])
        return np.asarray(crop.resize((round(crop.width * 48 / crop.height), 48)))

    return cut


@pytest.mark.slow
@pytest.mark.parametrize(
    ("what", "box"),
    [
        ("heading", Box(180, 288, 649, 331)),
        ("under a signature", Box(250, 1913, 588, 1944)),
        ("label of a tick box", Box(1187, 443, 1535, 478)),
        ("Ghi chú", Box(1295, 730, 1420, 767)),
    ],
)
def test_print_is_no_pen(strip: Callable[[Box], Pixels], what: str, box: Box) -> None:
    sure = handwriting_probability(strip(box))
    assert sure is not None and sure < 0.1, what


@pytest.mark.slow
@pytest.mark.parametrize(
    "box", [Box(179, 562, 531, 605), Box(187, 1184, 397, 1219), Box(251, 2055, 577, 2135), Box(797, 2073, 963, 2111)]
)
def test_a_pen_is_no_print(strip: Callable[[Box], Pixels], box: Box) -> None:
    sure = handwriting_probability(strip(box))
    assert sure is not None and sure > 0.9


def test_empty_paper_says_nothing() -> None:
    assert handwriting_probability(np.full((48, 300, 3), 244, np.uint8)) is None
    assert handwriting_probability(np.zeros((48, 8, 3), np.uint8)) is None


@pytest.mark.parametrize(
    "box", [Box(173, 1239, 713, 1297), Box(176, 697, 832, 744), Box(173, 828, 1010, 884), Box(176, 903, 749, 950)]
)
def test_the_pen_behind_a_label_is_a_group_of_its_own(strip: Callable[[Box], Pixels], box: Box) -> None:
    pixels = strip(box)
    label, value = word_groups(pixels)
    assert (label.start, label.by_hand, value.by_hand, value.end) == (0, False, True, pixels.shape[1])
    assert label.end == value.start
    # the cut goes through paper
    column = pixels[6:32, label.end].mean(axis=1)
    assert column.min() > 150


def test_a_line_of_one_kind_is_one_group(strip: Callable[[Box], Pixels]) -> None:
    printed, written = strip(Box(176, 1725, 1105, 1772)), strip(Box(254, 2058, 575, 2129))
    assert word_groups(printed) == [WordGroup(0, printed.shape[1], False)]
    assert word_groups(written) == [WordGroup(0, written.shape[1], True)]


def test_empty_paper_is_one_group_of_print() -> None:
    assert word_groups(np.full((48, 304, 3), 244, np.uint8)) == [WordGroup(0, 304, False)]
    assert word_groups(np.zeros((48, 8, 3), np.uint8)) == [WordGroup(0, 8, False)]
