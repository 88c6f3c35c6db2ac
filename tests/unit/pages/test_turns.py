"""Which way up a sheet is, settled by reading. What is read is told by the picture's first px."""

from __future__ import annotations

import numpy as np
import pytest

from digitizer.pages.orientation import Pose
from digitizer.pages.turns import Turn, fullest, settle

ROTATIONS = (0, 90, 180, 270)
POSES = {rotation: Pose(rotation=rotation) for rotation in ROTATIONS}


def settled(now: int, read: dict[int, float], behind: dict[int, float] | None = None) -> tuple[Turn, list[int]]:
    """(the turn of a sheet that is read so well each way up, seen from behind so well, what was read)."""
    asked = []

    def show(pose: Pose) -> np.ndarray:
        # the left px holds the rotation, the right one 1: they change places in a mirror
        return np.array([[[pose.rotation // 90] * 3, [9] * 3]], np.uint8)

    def reads(pixels: np.ndarray) -> float:
        mirrored = pixels[0, 0, 0] == 9
        rotation = 90 * int(pixels[0, 1 if mirrored else 0, 0])
        asked.append(-rotation - 1 if mirrored else rotation)
        return (behind or {}).get(rotation, 0.3) if mirrored else read.get(rotation, 0.3)

    return settle(POSES[now], POSES, show, reads), asked


@pytest.mark.parametrize("now", ROTATIONS)
@pytest.mark.parametrize("right", ROTATIONS)
def test_a_sheet_is_turned_the_way_it_is_read_best(now: int, right: int) -> None:
    turn, _ = settled(now, {right: 0.92})
    assert (turn.pose.rotation, turn.pose.rotation_sure, turn.mirrored) == (right, True, False)


def test_a_way_up_that_is_read_plainly_ends_the_search() -> None:
    turn, asked = settled(90, {90: 0.99})
    assert turn.pose.rotation_sure
    assert asked == [90]


def test_a_sheet_stays_as_it_lies_when_no_way_up_is_read_clearly_better() -> None:
    turn, _ = settled(180, {0: 0.90, 180: 0.89})
    assert (turn.pose.rotation, turn.mirrored) == (180, False)


def test_a_sheet_that_is_not_read_any_way_up_stays_unsure() -> None:
    turn, _ = settled(90, {}, {})
    assert turn == Turn(pose=POSES[90])


def test_a_sheet_that_is_read_in_a_mirror_only_is_seen_from_behind() -> None:
    turn, _ = settled(0, {0: 0.5}, {180: 0.97})
    assert (turn.pose.rotation, turn.pose.rotation_sure, turn.mirrored) == (180, True, True)


def test_the_part_that_is_read_is_where_most_letters_are() -> None:
    letters = np.zeros((200, 100), np.uint8)
    letters[150:170, 10:60] = 255
    x0, y0, x1, y1 = fullest(letters)
    assert x0 <= 0.1
    assert x1 >= 0.6
    assert y0 <= 0.75
    assert y1 >= 0.85
