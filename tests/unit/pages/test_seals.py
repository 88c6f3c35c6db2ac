"""Red seals and the text under them."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from digitizer.pages.clean import clean
from digitizer.pages.seals import find_seals
from tests.unit.pages.conftest import drawn

DPI = 100.0
RADIUS = round(17.5 * DPI / 25.4)


def stamped(page: NDArray[np.uint8], x: int, y: int, colour: tuple[int, int, int] = (205, 40, 50)) -> NDArray[np.uint8]:
    """A round seal about (x, y); its ink darkens what is below."""
    mask = np.zeros(page.shape[:2], np.uint8)
    for radius, width in ((RADIUS, 3), (RADIUS - 6, 1), (RADIUS - 28, 1)):
        cv2.circle(mask, (x, y), radius, 255, width, cv2.LINE_AA)
    for angle in range(0, 360, 18):
        at = x + int((RADIUS - 17) * np.cos(np.radians(angle))), y + int((RADIUS - 17) * np.sin(np.radians(angle)))
        cv2.putText(mask, "H", (at[0] - 5, at[1] + 5), cv2.FONT_HERSHEY_SIMPLEX, 0.4, 255, 1, cv2.LINE_AA)
    cv2.circle(mask, (x, y), 16, 255, -1)
    cover = mask[..., None] / 255 * 0.85
    return (page * (1 - cover * (1 - np.array(colour) / 255))).astype(np.uint8)


@pytest.mark.slow
@pytest.mark.parametrize("tint", [(255, 255, 255), (240, 225, 180), (205, 190, 150)])
def test_a_seal_is_found_and_lifted_off_the_text(tint: tuple[int, int, int]) -> None:
    page = (drawn(827, 1169) * (np.array(tint) / 255)).astype(np.uint8)
    found = find_seals(stamped(page, 600, 820), DPI)
    assert len(found) == 1
    assert (found[0].x, found[0].y, found[0].radius) == pytest.approx((600, 820, RADIUS), abs=6)
    with_seal, without = clean(stamped(page, 600, 820), found), clean(page, ())
    square = np.s_[820 - RADIUS : 820 + RADIUS, 600 - RADIUS : 600 + RADIUS]
    text = without[square].min(axis=2) < 110
    assert with_seal[square][text].mean() < without[square][text].mean() + 25, "text stays dark"
    assert with_seal[square][without[square].min(axis=2) > 235].mean() > 225, "the seal is gone"


@pytest.mark.slow
@pytest.mark.parametrize(("x", "y"), [(827, 500), (0, 640), (300, 1169), (427, -14), (849, 759), (-20, 885), (502, 1191)])
def test_a_strip_of_a_seal_over_the_edge_of_a_page_is_found(x: int, y: int) -> None:
    (found,) = find_seals(stamped(drawn(827, 1169), x, y), DPI)
    # half of it is not there to be seen; 4 px are a millimetre
    assert (found.x, found.y, found.radius) == pytest.approx((x, y, RADIUS), abs=4)
    box = found.box(827, 1169)
    assert box.x0 >= 0
    assert box.y1 <= 1169


def test_red_titles_and_blue_stamps_are_no_red_seals() -> None:
    page = drawn(827, 1169)
    cv2.putText(page, "GIAY KHAI SINH", (200, 90), cv2.FONT_HERSHEY_COMPLEX, 1.6, (200, 30, 40), 4, cv2.LINE_AA)
    cv2.rectangle(page, (20, 20), (800, 1140), (210, 60, 60), 3)
    assert find_seals(page, DPI) == ()
    assert find_seals(stamped(drawn(827, 1169), 600, 800, (40, 50, 190)), DPI) == ()
    assert find_seals(drawn(827, 1169), DPI) == ()


def test_a_red_title_is_as_red_on_the_copy_that_is_read() -> None:
    page = np.full((600, 827, 3), 250, np.uint8)
    cv2.putText(page, "GIAY KHAI SINH", (200, 90), cv2.FONT_HERSHEY_COMPLEX, 1.6, (200, 30, 40), 4, cv2.LINE_AA)
    cv2.putText(page, "Noi sinh", (200, 300), cv2.FONT_HERSHEY_COMPLEX, 1.0, (20, 20, 20), 2, cv2.LINE_AA)
    read = clean(page, find_seals(page, DPI))
    assert (read[..., 0] - read[..., 1].astype(int)).max() > 120
