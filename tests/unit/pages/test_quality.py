"""The measures that `straighten` decides by, each on masks worked out by hand."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
import zxingcpp

from digitizer.model import Problem
from digitizer.pages.codes import find_codes
from digitizer.pages.ink import SIDE_PX, Copies, boxes_of, find_ink, find_letters, find_outside, normalise, shrink
from digitizer.pages.orientation import find_lean, turn
from digitizer.pages.quality import (
    darkness,
    edge_px,
    grade,
    is_blank,
    is_blurred,
    light_problems,
    measured_dpi,
    sharpness,
    touching,
)
from digitizer.pages.skew import find_rows
from digitizer.pages.spread import find_gutter
from tests.unit.pages.conftest import drawn


def lines(height: int = 600, width: int = 800, step: int = 30, left: int = 50, right: int = 750) -> np.ndarray:
    """Level strokes 4 px high, as a mask."""
    mask = np.zeros((height, width), np.uint8)
    for y in range(50, height - 50, step):
        mask[y : y + 4, left:right] = 255
    return mask


def words(height: int, width: int, *columns: tuple[int, int]) -> np.ndarray:
    """Letter-sized squares in rows between each pair of `columns`, as a mask."""
    mask = np.zeros((height, width), np.uint8)
    for left, right in columns:
        for y in range(40, height - 40, 20):
            for x in range(left, right, 12):
                mask[y : y + 8, x : x + 8] = 255
    return mask


# --- skew -----------------------------------------------------------------------------------------------------------


def test_an_empty_mask_has_no_rows() -> None:
    rows = find_rows(np.zeros((300, 200), np.uint8))
    assert (rows.angle_deg, rows.contrast, rows.score) == (0.0, 1.0, 0.0)


@pytest.mark.parametrize("drop", [-100, -35, 0, 7, 60])
def test_the_angle_of_rows_is_that_of_their_drop(drop: int) -> None:
    mask = np.zeros((700, 800), np.uint8)
    for y in range(150, 550, 40):
        cv2.line(mask, (0, y - drop // 2), (799, y - drop // 2 + drop), 255, 2)
    assert find_rows(mask).angle_deg == pytest.approx(np.degrees(np.arctan(drop / 799)), abs=0.1)


def test_rows_beyond_the_limit_are_not_claimed() -> None:
    mask = np.zeros((700, 800), np.uint8)
    for y in range(100, 400, 40):
        cv2.line(mask, (0, y), (799, y + 220), 255, 2)
    assert find_rows(mask, limit_deg=20).angle_deg == pytest.approx(15.4, abs=0.1)
    assert abs(find_rows(mask, limit_deg=5).angle_deg) < 5.2


def test_level_rows_score_higher_than_the_same_rows_upright() -> None:
    assert find_rows(lines()).score > 10 * find_rows(turn(lines(), 90)).score


# --- orientation ----------------------------------------------------------------------------------------------------


def test_a_turn_is_counter_clockwise() -> None:
    image = np.array([[1, 2], [3, 4]], np.uint8)
    assert turn(image, 90).tolist() == [[2, 4], [1, 3]]
    assert turn(image, 180).tolist() == [[4, 3], [2, 1]]
    assert turn(image, 270).tolist() == [[3, 1], [4, 2]]
    assert turn(image, 0) is image


def test_rows_with_a_sharp_base_line_stand_upright() -> None:
    mask = np.zeros((400, 400), np.uint8)
    for base in range(60, 400, 40):
        for x in range(20, 380, 10):
            # every third letter is taller: the upper edge is gradual, the base line is not
            mask[base - (16 if x % 30 else 9) : base, x : x + 6] = 255
    assert find_lean(mask) > 0.06
    assert find_lean(cv2.rotate(mask, cv2.ROTATE_180)) < -0.06


def test_rules_and_empty_pages_do_not_lean() -> None:
    assert find_lean(lines()) == pytest.approx(0, abs=0.01)
    assert find_lean(np.zeros((50, 50), np.uint8)) == 0.0


# --- spread ---------------------------------------------------------------------------------------------------------


def test_the_gutter_is_the_middle_of_the_gap() -> None:
    mask = words(500, 700, (30, 320), (380, 660))
    assert find_gutter(mask, mask) == pytest.approx(350 / 700, abs=0.015)


def test_a_fold_is_no_reason_to_keep_two_pages_together() -> None:
    letters = words(500, 700, (30, 320), (380, 660))
    ink = letters.copy()
    ink[:, 345:352] = 255
    assert find_gutter(letters, ink) is not None


@pytest.mark.parametrize(
    ("height", "width", "columns"),
    [
        (900, 640, ((30, 290), (350, 610))),
        (300, 700, ((30, 320), (380, 660))),
        (500, 700, ((30, 660),)),
        (500, 700, ((30, 320),)),
        (500, 700, ((30, 200), (260, 660))),
    ],
    ids=["upright sheet of two columns", "too wide", "text across", "one page written on", "gap off the middle"],
)
def test_what_is_not_an_opened_book_is_not_divided(height: int, width: int, columns: tuple[tuple[int, int], ...]) -> None:
    mask = words(height, width, *columns)
    assert find_gutter(mask, mask) is None


# --- ink ------------------------------------------------------------------------------------------------------------


def test_the_small_copy_is_never_enlarged() -> None:
    assert shrink(Copies(drawn(300, 400))).scale == 1
    small = shrink(Copies(drawn(1500, 2800)))
    assert small.scale == SIDE_PX / 2800
    assert small.ink.shape == small.raw.shape == (1400, 750)


def test_a_shadow_on_paper_is_not_ink() -> None:
    grey = np.tile(np.linspace(250, 90, 600).astype(np.uint8), (400, 1))
    grey[200:204, 100:500] //= 3
    ink = find_ink(normalise(grey))
    assert ink[200:204, 110:490].all()
    ink[190:214] = 0
    assert not ink.any()


@pytest.mark.parametrize("shade", [255, 250, 180, 90])
def test_a_sheet_without_a_border_has_nothing_outside(shade: int) -> None:
    grey = np.full((400, 300), shade, np.uint8)
    grey[100:104, 50:250] = 0
    assert not find_outside(grey).any()


def test_a_dark_picture_inside_the_sheet_is_not_outside_of_it() -> None:
    grey = np.full((400, 300), 250, np.uint8)
    grey[100:200, 100:200] = 20
    grey[:30] = 5
    outside = find_outside(grey)
    assert outside[:30].all()
    assert not outside[60:].any()


def test_letters_are_told_from_rules_frames_and_dust() -> None:
    mask = np.zeros((600, 600), np.uint8)
    mask[100:110, 100:107] = 255  # a letter
    mask[100:110, 120:127] = 255  # another
    mask[200:202, 50:550] = 255  # a rule
    cv2.rectangle(mask, (300, 300), (500, 500), 255, 2)  # a frame
    mask[50, 50] = 255  # dust
    letters, pieces = find_letters(mask)
    assert pieces == 2
    assert np.count_nonzero(letters) == 2 * 70
    assert letters[100:110, 100:107].all()


@pytest.mark.parametrize("seed", range(12))
def test_strokes_that_touch_are_one_box_as_opencv_has_it(seed: int) -> None:
    rng = np.random.default_rng(seed)
    mask = np.where(rng.random(rng.integers(5, 60, 2)) < rng.uniform(0.05, 0.6), 255, 0).astype(np.uint8)
    _, _, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    wanted = np.column_stack([stats[1:, :2], stats[1:, :2] + stats[1:, 2:4]]).tolist()
    assert sorted(boxes_of(mask).tolist()) == sorted(wanted)


# --- quality --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("share", "pieces", "blank"), [(0.0, 0, True), (0.0005, 11, True), (0.0005, 12, False), (0.01, 0, False)]
)
def test_a_page_is_blank_when_it_has_neither_ink_nor_letters(share: float, pieces: int, blank: bool) -> None:
    assert is_blank(share, pieces) is blank


def test_a_blurred_page_is_less_sharp() -> None:
    grey = cv2.cvtColor(drawn(400, 560), cv2.COLOR_RGB2GRAY)
    ink = find_ink(grey)
    clear, blurred = sharpness(grey, ink), sharpness(cv2.GaussianBlur(grey, (0, 0), 2), ink)
    assert clear is not None
    assert blurred is not None
    assert clear > 4 * blurred


def test_a_page_without_ink_has_no_sharpness() -> None:
    assert sharpness(np.full((50, 50), 255, np.uint8), np.zeros((50, 50), np.uint8)) is None


def test_an_opened_book_is_taken_for_a3_and_a_sheet_for_a4() -> None:
    assert measured_dpi(None, 3307, 2339, spread=True)[0] == 200
    assert measured_dpi(None, 3307, 2339, spread=False)[0] == 300


def test_a_sheet_of_no_known_size_gets_the_resolution_it_would_have_as_a4() -> None:
    dpi, problems = measured_dpi(None, 6000, 2000, spread=False)
    assert dpi == pytest.approx(6000 / 11.69, abs=0.1)
    assert problems[0].facts == {"dpi": 513}


@pytest.mark.parametrize(
    ("stated", "size", "dpi", "codes"),
    [
        (300.0, (2480, 3508), 300.0, []),  # A4
        (300.0, (1748, 2480), 300.0, []),  # A5
        (300.0, (1654, 2339), 200.0, ["dpi_estimated"]),  # no size of the series: A4 at 200
        (300.0, (2000, 2300), 300.0, []),  # another shape says nothing
    ],
)
def test_a_sheet_whose_edges_are_seen_contradicts_a_wrong_resolution(
    stated: float, size: tuple[int, int], dpi: float, codes: list[str]
) -> None:
    found, problems = measured_dpi(stated, *size, spread=False, whole=True)
    assert found == pytest.approx(dpi)
    assert [problem.code for problem in problems] == codes


@pytest.mark.parametrize("side", ["left", "right", "top", "bottom"])
def test_text_at_the_edge_of_a_scan_is_cut_off(side: str) -> None:
    turns = {"left": 0, "top": 3, "right": 2, "bottom": 1}
    letters = np.zeros((400, 400), np.uint8)
    for y in range(20, 380, 24):
        letters[y : y + 8, :60] = 255
    assert touching(np.rot90(letters, turns[side]), side)
    assert not touching(np.rot90(letters, turns[side] + 2), side)


def test_edges_of_strokes_tell_blurred_from_coarse() -> None:
    page = drawn(1240, 1754, rows=30)
    ink = shrink(Copies(page)).ink
    sharp, soft = edge_px(page, ink), edge_px(cv2.GaussianBlur(page, (0, 0), 3.5), ink)
    assert not is_blurred(sharp, 150.0)
    assert is_blurred(soft, 150.0)
    assert edge_px(np.full((400, 300, 3), 255, np.uint8), np.zeros((400, 300), np.uint8)) is None


def test_a_dark_scan_and_pale_ink_are_told() -> None:
    ink = lines(300, 300)
    dark = np.where(ink > 0, 20, 80).astype(np.uint8)
    assert [p.code for p in light_problems(dark, ink, 0.6)] == ["too_dark"]
    assert [p.code for p in light_problems(np.where(ink > 0, 200, 245).astype(np.uint8), ink, 0.18)] == ["pale"]
    assert darkness(np.where(ink > 0, 51, 255).astype(np.uint8), ink) == pytest.approx(0.8)


@pytest.mark.parametrize(
    ("codes", "wanted"), [([], "good"), (["dpi_estimated"], "good"), (["pale"], "fair"), (["low_dpi", "blurred"], "poor")]
)
def test_a_grade_is_that_of_the_worst_reason(codes: list[str], wanted: str) -> None:
    assert grade(Problem(code=code) for code in codes) == wanted


# --- codes ----------------------------------------------------------------------------------------------------------


def test_codes_are_read_from_the_top_down() -> None:
    page = np.full((700, 700, 3), 255, np.uint8)
    for text, kind, y in (("HO SO 2", "Code128", 400), ("Đào Thị Hoà", "QRCode", 60)):
        drawing = zxingcpp.create_barcode(text, getattr(zxingcpp.BarcodeFormat, kind))
        code = np.asarray(zxingcpp.write_barcode_to_image(drawing, scale=4, add_quiet_zones=True))
        page[y : y + code.shape[0], 100 : 100 + code.shape[1]] = code[..., None]
    upper, lower = find_codes(page)
    assert (upper.kind, upper.text) == ("qr", "Đào Thị Hoà")
    assert (lower.kind, lower.text) == ("barcode", "HO SO 2")
    assert 60 <= upper.box.y0 < upper.box.y1 < 400 <= lower.box.y0


def test_codes_are_looked_for_where_ink_is_dense_and_nowhere_else() -> None:
    page = drawn(1240, 1754)
    drawing = zxingcpp.create_barcode("HO SO 2", zxingcpp.BarcodeFormat.Code128)
    code = np.asarray(zxingcpp.write_barcode_to_image(drawing, scale=3, add_quiet_zones=True))
    page[1600 : 1600 + code.shape[0], 700 : 700 + code.shape[1]] = code[..., None]
    ink = shrink(Copies(page)).ink
    assert find_codes(page, ink) == find_codes(page)
    assert find_codes(page, ink)[0].text == "HO SO 2"
    assert find_codes(page, np.zeros_like(ink)) == ()


def test_a_page_of_text_carries_no_code() -> None:
    assert find_codes(drawn()) == ()
