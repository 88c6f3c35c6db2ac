"""Where text stands: our own detector, through PaddleOCR's loader."""

from __future__ import annotations

import io
from importlib.resources import files

import cv2
import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont
from rapidfuzz import fuzz

from digitizer.model import Pixels
from digitizer.ocr.paddle import LOW, MOST, SIDE, WELL, PaddleEngine, joined, nearer, whole, with_large
from digitizer.ocr.recogniser import DOTS, Recogniser
from digitizer.ocr.weights import recogniser
from digitizer.settings import EngineOptions
from digitizer.text import strip_accents
from tests.conftest import SAMPLES


@pytest.fixture(scope="module")
def engine() -> PaddleEngine:
    return PaddleEngine(EngineOptions())


@pytest.fixture(scope="module")
def reader() -> Recogniser:
    return Recogniser(recogniser(EngineOptions()), None, threads=1)


def paper() -> Pixels:
    return np.full((2340, 1654, 3), 250, np.uint8)


def words(page: Pixels, text: str, x: int, y: int, scale: float = 1.4) -> None:
    cv2.putText(page, text, (x, y), cv2.FONT_HERSHEY_COMPLEX, scale, (30, 30, 40), 3, cv2.LINE_AA)


@pytest.mark.slow
def test_the_empty_dotted_lines_of_a_margin_are_no_text(engine: PaddleEngine) -> None:
    page = np.asarray(Image.open(SAMPLES / "birth_register" / "birth_register_01.jpg").convert("RGB"))
    height, width = page.shape[:2]
    boxes = [place.box for place in engine.places(page)]
    assert len(boxes) > 30
    below_its_heading = [box for box in boxes if box.x0 > 0.69 * width and 0.31 * height < box.y0 < 0.92 * height]
    assert below_its_heading == []


@pytest.mark.slow
def test_a_line_is_one_box_that_holds_all_of_it(engine: PaddleEngine) -> None:
    page = paper()
    words(page, "Ho, chu dem, ten: NGUYEN VAN AN", 200, 600)
    words(page, "Noi cu tru: xa Son Duong", 200, 760)
    boxes = sorted((place.box for place in engine.places(page)), key=lambda box: box.y0)
    assert len(boxes) == 2
    rows, columns = np.nonzero(page[500:660, :, 0] < 128)
    assert boxes[0].x0 <= columns.min()
    assert boxes[0].x1 >= columns.max()
    assert boxes[0].y0 <= rows.min() + 500 + 3
    assert boxes[0].y1 >= rows.max() + 500 - 3


@pytest.mark.slow
def test_cells_on_both_sides_of_a_rule_are_two_boxes(engine: PaddleEngine) -> None:
    page = paper()
    words(page, "NGUYEN VAN AN", 200, 600)
    words(page, "1958", 900, 600)
    cv2.line(page, (780, 400), (780, 900), (20, 20, 20), 4)
    assert len(engine.places(page)) == 2


def quad(x0: float, y0: float, x1: float, y1: float) -> list[tuple[float, float]]:
    return [(x0, y0), (x1, y0), (x1, y1), (x0, y1)]


@pytest.mark.slow
def test_a_leaning_line_is_read_along_its_slope(engine: PaddleEngine, reader: Recogniser) -> None:
    page = paper()
    words(page, "UY BAN NHAN DAN HUYEN SON DUONG 2019", 150, 900)
    turned = cv2.warpAffine(page, cv2.getRotationMatrix2D((827, 900), -1.2, 1), (1654, 2340), borderValue=(250, 250, 250))
    places = sorted(engine.places(turned), key=lambda place: place.box.x0)
    longest = max(places, key=lambda place: place.box.width)
    assert longest.slope == pytest.approx(np.tan(np.radians(1.2)), abs=0.006)
    assert longest.hull(2340).height > longest.box.height
    # the strokes of this face carry no Vietnamese; marks may be seen where there are none
    said = strip_accents(" ".join(line.text for line in reader.read(turned, places)))
    assert fuzz.ratio(said, "UY BAN NHAN DAN HUYEN SON DUONG 2019") > 90


def test_small_text_is_looked_at_from_nearer() -> None:
    card = np.array([quad(800, 600, 1400, 620), quad(800, 660, 1300, 680), quad(820, 700, 1200, 722)])
    x0, y0, x1, y1, side = nearer(card, 3_508, 2_480)
    assert 0 < x0 < 800
    assert 0 < y0 < 600
    assert 1_400 < x1 < 2_480
    assert 20 * side / max(x1 - x0, y1 - y0) == pytest.approx(WELL, rel=0.05)
    assert side <= MOST


def test_text_that_was_seen_well_is_not_looked_at_again() -> None:
    tall = LOW / SIDE * 3_508 + 5
    assert nearer(np.array([quad(100, 100, 900, 100 + tall)]), 3_508, 2_480)[-1] == 0
    low = [quad(100, y, 2_300, y + 20) for y in range(200, 3_300, 60)]
    assert nearer(np.array(low), 3_508, 2_480)[-1] == 0  # a page full of it: dots and small print, seen well enough
    assert nearer(np.zeros((0, 4, 2)), 3_508, 2_480)[-1] == 0


def test_a_line_seen_from_afar_takes_the_place_of_pieces_of_its_letters() -> None:
    pieces, line = [quad(100, 90, 140, 130), quad(300, 100, 330, 180)], quad(90, 80, 700, 190)
    elsewhere = quad(100, 400, 600, 430)
    found = with_large(np.array([*pieces, elsewhere]), np.array([line, quad(100, 400, 600, 428)]), 60, 20)
    np.testing.assert_array_equal(found, [elsewhere, line])


def test_a_word_that_was_overlooked_from_near_is_added() -> None:
    seen, word = np.array([quad(100, 100, 600, 150)]), quad(800, 100, 900, 145)
    far = np.array([quad(90, 100, 610, 150), word, quad(800, 300, 850, 315)])
    np.testing.assert_array_equal(with_large(seen, far, 60, 40), [*seen, word])


def test_rows_that_run_together_from_afar_stay_rows() -> None:
    rows = np.array([quad(100, 100, 600, 130), quad(100, 150, 600, 180)])
    np.testing.assert_array_equal(with_large(rows, np.array([quad(90, 90, 610, 190)]), 60, 20), rows)


@pytest.mark.slow
def test_large_letters_on_a_page_of_little_else_are_one_line(engine: PaddleEngine, reader: Recogniser) -> None:
    page = Image.new("RGB", (1_750, 2_480), "white")
    face = ImageFont.truetype(io.BytesIO((files("digitizer.output") / "stamp.ttf").read_bytes()), 117)
    ImageDraw.Draw(page).text((125, 330), "GIẤY KHAI SINH", fill="black", font=face)
    pixels = np.asarray(page)
    assert [line.text for line in reader.read(pixels, engine.places(pixels))] == ["GIẤY KHAI SINH"]


@pytest.mark.parametrize("text", ["....", "oooo", "0ooo", "o0o0oo", "óooooo", "oooooos", ". . ."])
def test_empty_dotted_lines_say_nothing(text: str) -> None:
    assert DOTS.fullmatch(text)


@pytest.mark.parametrize("text", ["000", "0", "Đoo", "10.000", "o", "Soo", "00:00", "0.5"])
def test_values_are_not_taken_for_dots(text: str) -> None:
    assert not DOTS.fullmatch(text)


def rectangle(x0: float, y0: float, x1: float, y1: float) -> list[tuple[float, float]]:
    return [(x0, y0), (x1, y0), (x1, y1), (x0, y1)]


@pytest.mark.parametrize(("wide", "high"), [(400.0, 20.0), (30.0, 20.0), (20.0, 20.0)])
def test_a_core_grows_back_to_the_line_it_was_cut_from_long_or_short(wide: float, high: float) -> None:
    core = wide - high / 2, high / 2
    grown = 1.05 * core[0] * core[1] / (2 * (core[0] + core[1]))  # what DBPostProcess makes of it
    quads = np.array([rectangle(0, 0, core[0] + 2 * grown, core[1] + 2 * grown)])
    got = whole(quads)[0]
    assert np.ptp(got, axis=0) == pytest.approx((wide, high), abs=0.3)
    assert got.mean(axis=0) == pytest.approx(quads[0].mean(axis=0))
    assert whole(np.zeros((0, 4, 2))).shape == (0, 4, 2)


def test_parts_of_a_line_that_lap_over_one_another_are_one_line() -> None:
    row = [rectangle(0, 100, 300, 140), rectangle(290, 104, 500, 142), rectangle(520, 100, 700, 140)]
    below, small = rectangle(0, 135, 300, 175), rectangle(680, 118, 740, 138)
    found = joined(np.array([*row, below, small]))
    assert sorted((q[:, 0].min(), q[:, 0].max()) for q in found) == [(0, 300), (0, 500), (520, 700), (680, 740)]


@pytest.mark.slow
def test_a_picture_of_one_line_is_one_place(engine: PaddleEngine, reader: Recogniser) -> None:
    face = ImageFont.truetype(io.BytesIO((files("digitizer.output") / "stamp.ttf").read_bytes()), 60)
    text = "Số 79, tổ 26, Phường Trảng Dài, Thành phố Biên Hoà, Đồng Nai"
    strip = Image.new("RGB", (1_900, 96), (235, 232, 225))
    ImageDraw.Draw(strip).text((30, 10), text, fill=(30, 30, 90), font=face)
    pixels = np.asarray(strip)
    places = engine.places(pixels)
    assert len(places) == 1
    (line,) = reader.read(pixels, places)
    assert fuzz.ratio(line.text, text) > 95
    assert engine.places(np.full((60, 900, 3), 240, np.uint8)) == [], "an empty strip"
