"""Dashes before the items of a list belong to their lines; nothing else that stands left of a line does."""

from __future__ import annotations

import io
from importlib.resources import files

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from digitizer.model import Box, Pixels
from digitizer.ocr.dashes import with_dashes
from digitizer.ocr.paddle import PaddleEngine
from digitizer.ocr.recogniser import LinePlace, Recogniser
from digitizer.ocr.weights import recogniser
from digitizer.settings import EngineOptions

#: of a line, px
LINE = Box(300.0, 100.0, 620.0, 140.0)


def page(*dark: tuple[int, int, int, int]) -> Pixels:
    """A page with a line of letters in LINE, and other ink (x0, y0, x1, y1)."""
    pixels = np.full((300, 800, 3), 245, np.uint8)
    for x0, y0, x1, y1 in (*((x, 108, x + 6, 132) for x in range(306, 616, 12)), *dark):
        pixels[y0:y1, x0:x1] = 40
    return pixels


def left_end(pixels: Pixels, *others: Box) -> float:
    return with_dashes(pixels, [LinePlace(LINE), *(LinePlace(box) for box in others)])[0].box.x0


def test_a_dash_joins_the_line_it_stands_before() -> None:
    assert left_end(page((268, 121, 282, 125))) == pytest.approx(262)


@pytest.mark.parametrize(
    "dark",
    [
        [],
        [(268, 90, 272, 150)],  # an upright rule
        [(200, 121, 282, 125)],  # a rule that goes on to the left
        [(268, 133, 282, 137)],  # a stroke to write on
        [(x, 121, x + 4, 125) for x in range(240, 296, 8)],  # a leader
        [(250, 121, 264, 125), (274, 121, 288, 125)],
        [(262, 108, 282, 132)],  # a letter
    ],
)
def test_other_ink_does_not(dark: list[tuple[int, int, int, int]]) -> None:
    assert left_end(page(*dark)) == LINE.x0


def test_a_dash_between_two_columns_of_text_belongs_to_neither() -> None:
    assert left_end(page((268, 121, 282, 125)), Box(100, 100, 262, 140)) == LINE.x0


def test_pale_paper_without_ink_has_no_dashes() -> None:
    assert left_end(np.full((300, 800, 3), 245, np.uint8)) == LINE.x0


@pytest.mark.slow
def test_a_list_is_read_with_its_dashes() -> None:
    sheet = Image.new("RGB", (1_654, 2_339), "white")
    face = ImageFont.truetype(io.BytesIO((files("digitizer.output") / "stamp.ttf").read_bytes()), 36)
    items = ("Như trên;", "Chủ tịch, các Phó Chủ tịch;", "Lưu: VT;")
    for number, item in enumerate(items):
        ImageDraw.Draw(sheet).text((200, 400 + 60 * number), "-", fill="black", font=face)
        ImageDraw.Draw(sheet).text((240, 400 + 60 * number), item, fill="black", font=face)
    pixels, options = np.asarray(sheet), EngineOptions()
    places = PaddleEngine(options).places(pixels)
    read = sorted(Recogniser(recogniser(options), None, threads=1).read(pixels, places), key=lambda line: line.box.y0)
    assert [line.text for line in read] == [f"- {item}" for item in items]
