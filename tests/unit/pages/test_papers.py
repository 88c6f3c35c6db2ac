"""No paper is lost: shadows, folds, several papers on one glass. Each case is drawn with the places of its ink."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from digitizer.model import Page
from digitizer.pages import straighten
from digitizer.pages.ink import Copies
from digitizer.pages.writing import find_writing, is_negative
from digitizer.settings import PageOptions
from tests.unit.pages.conftest import drawn, scan_of

# whole pages
pytestmark = pytest.mark.slow

Picture = NDArray[np.uint8]
#: px in a millimetre of the pages drawn here
MM = 868 / 210
LID = (20, 20, 22)


@dataclass(frozen=True)
class Drawn:
    """A scan and the places of its ink, (N, 2) px."""

    pixels: Picture
    ink: NDArray[np.float64]

    def turned(self, quarters: int) -> Drawn:
        """The same, turned clockwise."""
        height, width = self.pixels.shape[:2]
        x, y = self.ink.T
        places = {0: (x, y), 1: (height - y, x), 2: (width - x, height - y), 3: (y, width - x)}[quarters % 4]
        return Drawn(np.ascontiguousarray(np.rot90(self.pixels, -quarters)), np.stack(places, axis=1))


def sheet(width: int = 868, height: int = 1228, rows: int = 24) -> Drawn:
    """A white page with rows of text."""
    pixels = drawn(width, height, rows=rows)
    return Drawn(pixels, ink_of(pixels))


def ink_of(pixels: Picture) -> NDArray[np.float64]:
    rows, columns = np.nonzero(pixels[::3, ::3, 1] < 120)
    return np.stack([columns, rows], axis=1) * 3.0 + 0.5


def glass(width: int, height: int, colour: tuple[int, int, int] = LID) -> Drawn:
    """A lid or a desk with some grain, nothing on it."""
    grain = np.random.default_rng(7).normal(0, 3, (height, width, 1))
    return Drawn(np.clip(np.array(colour) + grain, 0, 255).astype(np.uint8), np.zeros((0, 2)))


def laid(under: Drawn, paper: Drawn, x: int, y: int, skew_deg: float = 0.0) -> Drawn:
    """`paper` with its left upper corner at (x, y) of `under`, turned about its middle."""
    height, width = paper.pixels.shape[:2]
    way = cv2.getRotationMatrix2D((width / 2, height / 2), -skew_deg, 1.0)
    way[:, 2] += (x, y)
    size = under.pixels.shape[1::-1]
    seen = cv2.warpAffine(paper.pixels, way, size, flags=cv2.INTER_AREA)
    covered = cv2.warpAffine(np.full((height, width), 255, np.uint8), way, size) > 127
    hidden = covered[tuple(under.ink.astype(int).T[::-1])] if len(under.ink) else np.zeros(0, bool)
    moved = paper.ink @ way[:, :2].T + way[:, 2]
    inside = ((moved >= 0) & (moved < size)).all(axis=1)
    return Drawn(np.where(covered[..., None], seen, under.pixels), np.concatenate([under.ink[~hidden], moved[inside]]))


def lit(scan: Drawn, light: NDArray[np.float64]) -> Drawn:
    """`scan` under a light that is 1 where all of it falls; (W,), or (H, 1) from top to bottom."""
    return Drawn((scan.pixels * light[..., None]).astype(np.uint8), scan.ink)


def shadow(width: int, share: float, light: float, edge: float) -> NDArray[np.float64]:
    """The light (W,) where the left `share` of the width lies in shadow with an edge of that many px."""
    lightness: NDArray[np.float64] = np.interp(
        np.arange(width), [share * width - edge / 2, share * width + edge / 2], [light, 1.0]
    )
    return lightness


def covered(scan: Drawn, x0: float, y0: float, x1: float, y1: float, grey: int) -> Drawn:
    """`scan` with a bar over it, places as shares; what lies under it is not there."""
    height, width = scan.pixels.shape[:2]
    box = round(x0 * width), round(y0 * height), round(x1 * width), round(y1 * height)
    pixels = scan.pixels.copy()
    pixels[box[1] : box[3], box[0] : box[2]] = grey
    under = (scan.ink >= box[:2]).all(axis=1) & (scan.ink < box[2:]).all(axis=1)
    return Drawn(pixels, scan.ink[~under])


def tinted(scan: Drawn, colour: tuple[int, int, int]) -> Drawn:
    return Drawn((scan.pixels * (np.array(colour) / 255)).astype(np.uint8), scan.ink)


def part(scan: Drawn, y0: int, y1: int, x1: int = 10_000) -> Drawn:
    """The rows `y0` to `y1` of a scan as a paper of their own."""
    inside = (scan.ink[:, 1] >= y0) & (scan.ink[:, 1] < y1) & (scan.ink[:, 0] < x1)
    return Drawn(scan.pixels[y0:y1, :x1], scan.ink[inside] - (0, y0))


def spread(fold_mm: float, depth: float) -> Drawn:
    """An opened book whose fold lies in the dark."""
    both = laid(laid(glass(1736, 1228), sheet(), 0, 0), sheet(), 868, 0)
    away = abs(np.arange(1736) - 868.0)
    return lit(both, 1 - (1 - depth) * np.exp(-((away / (fold_mm * MM / 2)) ** 4)))


def torn() -> Drawn:
    """A leaf torn in two between its rows, on a dark lid."""
    whole = sheet()
    return laid(laid(glass(980, 1460), part(whole, 0, 590), 56, 60), part(whole, 590, 1228), 60, 720, 0.5)


def with_slip() -> Drawn:
    """A yellow page with a white slip pasted on it."""
    return laid(tinted(sheet(), (245, 215, 120)), part(sheet(600, 400, rows=5), 60, 340), 130, 500)


def slip_over_edge() -> Drawn:
    """A page on a dark lid with a note slip over its lower edge."""
    slip = part(sheet(500, 400, rows=3), 90, 330)
    cv2.rectangle(slip.pixels, (0, 0), (499, 239), (60, 60, 60), 2)
    return laid(laid(glass(1000, 1400), sheet(), 60, 50), slip, 470, 1150)


def cover() -> Drawn:
    """A blue cover with a title and a white label."""
    title = np.full((1228, 868, 3), 255, np.uint8)
    cv2.putText(title, "HO SO 1998 QUYEN SO 07", (90, 200), cv2.FONT_HERSHEY_COMPLEX, 1.3, (20, 20, 20), 3, cv2.LINE_AA)
    return laid(tinted(Drawn(title, ink_of(title)), (90, 130, 200)), part(sheet(560, 500, rows=7), 60, 440), 150, 560)


ONE: dict[str, Callable[[], Drawn]] = {
    "20 % in a hard shadow": lambda: lit(sheet(), shadow(868, 0.20, 0.65, 1)),
    "42 % in a hard shadow": lambda: lit(sheet(), shadow(868, 0.42, 0.65, 1)),
    "60 % in a hard shadow": lambda: lit(sheet(), shadow(868, 0.60, 0.65, 1)),
    "20 % in a soft shadow": lambda: lit(sheet(), shadow(868, 0.20, 0.65, 60)),
    "42 % in a soft shadow": lambda: lit(sheet(), shadow(868, 0.42, 0.65, 90)),
    "60 % in a soft shadow": lambda: lit(sheet(), shadow(868, 0.60, 0.65, 120)),
    "a deep shadow": lambda: lit(sheet(), shadow(868, 0.42, 0.45, 1)),
    "a shadow over page and lid": lambda: lit(laid(glass(980, 1340), sheet(), 56, 56, 1.5), shadow(980, 0.42, 0.65, 1)),
    "a shadow over page and desk": lambda: lit(
        laid(glass(980, 1340, (150, 105, 60)), sheet(), 56, 56, 1.5), shadow(980, 0.42, 0.65, 20)
    ),
    "a lamp falling off to the foot": lambda: lit(sheet(), np.linspace(1, 0.3, 1228)[:, None]),
    "a lamp falling off on a lid": lambda: lit(laid(glass(980, 1340), sheet(), 56, 56), np.linspace(1, 0.4, 1340)[:, None]),
    "a copier's streak": lambda: covered(sheet(), 0.30, 0, 0.30 + 7 / 210, 1, 60),
    "a grey streak": lambda: covered(sheet(), 0.30, 0, 0.30 + 7 / 210, 1, 140),
    "a black bar": lambda: covered(sheet(), 0.45, 0, 0.45 + 10 / 210, 1, 4),
    "a black bar on a lid": lambda: laid(glass(980, 1340), covered(sheet(), 0.45, 0, 0.45 + 10 / 210, 1, 4), 56, 56, -2),
    "a heading above a black banner": lambda: covered(sheet(), 0, 0.13, 1, 0.17, 2),
    "a strip beneath a dark band": lambda: covered(sheet(), 0, 0.82, 1, 0.855, 8),
    "a torn leaf": torn,
    "a slip on a yellow page": with_slip,
    "a slip on a yellow page on a lid": lambda: laid(glass(980, 1340), with_slip(), 56, 56, 1.0),
    "a slip over the lower edge": slip_over_edge,
    "a label on a cover": cover,
}

SEVERAL: dict[str, Callable[[], Drawn]] = {
    "two papers on a lid": lambda: laid(laid(glass(1900, 1400), sheet(), 40, 40), sheet(), 960, 100, 1.5),
    "two papers on a desk": lambda: laid(laid(glass(1900, 1400, (150, 105, 60)), sheet(), 40, 40), sheet(), 960, 100, 1.5),
    "a pink paper beside a white one": lambda: laid(
        laid(glass(1900, 1400), sheet(), 40, 40), tinted(sheet(), (240, 170, 180)), 960, 100, 1.0
    ),
    "a receipt beside a page": lambda: laid(laid(glass(1500, 1400), sheet(), 40, 40), sheet(400, 700, rows=14), 1000, 300, 1.0),
    "a deep fold": lambda: spread(18, 0.05),
    "a deep fold on a lid": lambda: laid(glass(1880, 1400), spread(18, 0.05), 70, 80, -1.5),
    "a page of a book in shadow": lambda: lit(spread(10, 0.2), shadow(1736, 0.5, 0.6, 1)),
}


def kept(scan: Drawn, pages: Sequence[Page]) -> float:
    """Share of the ink that lies on some page."""
    found = np.zeros(len(scan.ink), bool)
    for page in pages:
        height, width = page.pixels.shape[:2]
        places = page.to_scan.back(scan.ink)
        found |= ((places >= 0) & (places < (width, height))).all(axis=1)
    return float(found.mean())


def straightened(scan: Drawn) -> tuple[Page, ...]:
    return straighten(scan_of(scan.pixels, 105.0), options=PageOptions())


@pytest.mark.parametrize("name", ONE)
def test_one_paper_is_one_page_whatever_lies_over_it(name: str) -> None:
    scan = ONE[name]()
    pages = straightened(scan)
    assert kept(scan, pages) > 0.995
    assert [page.quality.rotation for page in pages] == [0]


@pytest.mark.parametrize("name", SEVERAL)
def test_two_papers_are_two_pages_left_first(name: str) -> None:
    scan = SEVERAL[name]()
    pages = straightened(scan)
    assert kept(scan, pages) > 0.995
    assert [(page.part, page.quality.rotation) for page in pages] == [(0, 0), (1, 0)]
    left, right = (page.to_scan.points(np.array(page.pixels.shape[1::-1]) / 2)[0, 0] for page in pages)
    assert left < right


@pytest.mark.slow
@pytest.mark.parametrize("quarters", [1, 2, 3])
@pytest.mark.parametrize("name", ["two papers on a lid", "a deep fold on a lid", "a receipt beside a page", "a torn leaf"])
def test_papers_are_the_same_whichever_way_the_scan_lies(name: str, quarters: int) -> None:
    upright = (SEVERAL | ONE)[name]()
    scan = upright.turned(quarters)
    pages, known = straightened(scan), straightened(upright)
    assert kept(scan, pages) > 0.995
    assert [page.quality.rotation for page in pages] == [90 * quarters] * len(known)
    for page, same in zip(pages, known, strict=True):
        assert page.pixels.shape[:2] == pytest.approx(same.pixels.shape[:2], abs=12)


def test_three_papers_come_in_reading_order() -> None:
    lid = laid(laid(glass(1500, 1700), sheet(640, 700, rows=12), 40, 60), sheet(640, 690, rows=12), 780, 40, 1.0)
    scan = laid(lid, sheet(1000, 640, rows=10), 300, 900)
    pages = straightened(scan)
    assert kept(scan, pages) > 0.995
    places = [page.to_scan.points(np.array(page.pixels.shape[1::-1]) / 2)[0] for page in pages]
    assert [page.part for page in pages] == [0, 1, 2]
    assert places[0][0] < places[1][0]
    assert max(places[0][1], places[1][1]) < places[2][1]


def test_an_empty_paper_beside_a_page_is_no_page() -> None:
    empty = Drawn(np.full((500, 400, 3), 250, np.uint8), np.zeros((0, 2)))
    (page,) = straightened(laid(laid(glass(1500, 1400), sheet(), 40, 40), empty, 1010, 300))
    assert page.pixels.shape[:2] == pytest.approx((1228, 868), abs=9)


def test_the_resolution_of_papers_on_one_glass_is_the_stated_one() -> None:
    pages = straightened(SEVERAL["a receipt beside a page"]())
    assert [page.dpi for page in pages] == [105.0, 105.0]
    assert all("dpi_estimated" not in {p.code for p in page.quality.problems} for page in pages)


def test_light_writing_on_the_lid_is_reported_with_its_place() -> None:
    scan = laid(glass(1400, 1400), sheet(), 40, 60)
    cv2.putText(scan.pixels, "LUU Y 1998", (960, 700), cv2.FONT_HERSHEY_COMPLEX, 1, (240, 240, 240), 2, cv2.LINE_AA)
    (page,) = straightened(scan)
    (problem,) = [p for p in page.quality.problems if p.code == "ink_outside"]
    x0, y0, x1, y1 = (float(problem.facts[edge]) for edge in ("x0", "y0", "x1", "y1"))
    assert 940 < x0 < x1 < 1400
    assert 670 < y0 < y1 < 730


def test_a_clean_lid_reports_nothing() -> None:
    (page,) = straightened(laid(glass(1400, 1400), sheet(), 40, 60, 1.0))
    assert "ink_outside" not in {p.code for p in page.quality.problems}


@pytest.mark.parametrize("ink", [0, 60])
def test_a_negative_is_read_black_on_white(ink: int) -> None:
    positive = drawn(ink=ink)
    (page,) = straighten(scan_of(255 - positive), options=PageOptions())
    assert "negative" in {p.code for p in page.quality.problems}
    assert np.array_equal(page.pixels, positive)


@pytest.mark.parametrize("name", ["two papers on a lid", "a receipt beside a page", "a label on a cover", "a deep shadow"])
def test_dark_lids_and_covers_are_no_negatives(name: str) -> None:
    assert not is_negative(Copies((SEVERAL | ONE)[name]().pixels))


def test_writing_is_found_on_any_ground_and_specks_are_none() -> None:
    page = np.full((800, 600), 90, np.uint8)
    page[:, 300:] = 240
    for x in (40, 340):
        cv2.putText(page, "Noi cu tru: thon", (x, 400), cv2.FONT_HERSHEY_COMPLEX, 0.7, int(page[0, x]) - 70, 1, cv2.LINE_AA)
    page[::97, ::89] = 0
    places, grounds = find_writing(page)
    assert set(np.round(grounds)) == {90, 240}
    assert 380 < places[:, 1].min() < places[:, 1].max() < 412


#: what may be done to a drawn scan: how dark each of its sides gets, how it lies, how many papers it has
composed = st.fixed_dictionaries(
    {
        "papers": st.integers(1, 3),
        "lid": st.sampled_from([LID, (150, 105, 60), (60, 80, 130)]),
        "skews": st.lists(st.floats(-3, 3), min_size=3, max_size=3),
        "tints": st.lists(st.sampled_from([(255, 255, 255), (240, 170, 180), (245, 225, 160)]), min_size=3, max_size=3),
        "shadow": st.floats(0.15, 0.85),
        "light": st.floats(0.6, 1.0),
        "edge": st.sampled_from([1, 80]),
        "quarters": st.integers(0, 3),
    }
)


@pytest.mark.slow
@settings(max_examples=8, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(composed)
def test_no_ink_of_any_composition_is_lost(made: dict[str, object]) -> None:
    papers = int(str(made["papers"]))
    scan = glass(60 + papers * 720, 1020, made["lid"])  # type: ignore[arg-type]
    for number, (skew, tint) in enumerate(zip(made["skews"], made["tints"], strict=True)):  # type: ignore[call-overload]
        if number < papers:
            scan = laid(scan, tinted(sheet(620, 877, rows=16), tint), 60 + 720 * number, 70, skew)
    scan = lit(scan, shadow(scan.pixels.shape[1], made["shadow"], made["light"], made["edge"]))  # type: ignore[arg-type]
    scan = scan.turned(int(str(made["quarters"])))
    pages = straightened(scan)
    reported = any(p.code == "ink_outside" for page in pages for p in page.quality.problems)
    assert kept(scan, pages) > 0.99 or reported
    assert len(pages) >= 1
