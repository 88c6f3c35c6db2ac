"""Which network is believed about handwriting: the surer one, over a piece and over the page around it."""

from __future__ import annotations

import numpy as np

from digitizer.ocr.two_readers import Columns, Readings, believed, settled

CHARSET = "ab "


def columns(sure: float, letters: int = 10) -> Columns:
    """CTC columns of `letters` letters with that probability each; 1 blank between two."""
    found = np.full((2 * letters, 1 + len(CHARSET)), (1 - sure) / len(CHARSET), np.float32)
    found[::2, 0] = sure
    found[1::2, 1] = sure
    return found


def pen(printed: Columns, written: Columns) -> Readings:
    """A piece by hand."""
    return Readings(printed, written, by_hand=True)


def hands(pieces: list[Readings]) -> list[bool]:
    """Of which pieces the network for handwriting is believed."""
    return believed(pieces, CHARSET)


def test_the_surer_network_is_believed() -> None:
    assert hands([pen(columns(0.8), columns(0.95))]) == [True]
    assert hands([pen(columns(0.99), columns(0.9))]) == [False]


def test_the_network_for_print_is_believed_when_both_are_about_as_sure() -> None:
    assert hands([pen(columns(0.97), columns(0.98))]) == [False]


def test_a_page_mostly_by_one_hand_decides_what_one_piece_leaves_open() -> None:
    open_piece = pen(columns(0.95, 4), columns(0.95, 4))
    peoples, neat = (
        pen(columns(0.75, 40), columns(0.95, 40)),
        pen(columns(0.99, 40), columns(0.9, 40)),
    )
    assert hands([peoples, open_piece, peoples]) == [True, True, True]
    assert hands([neat, open_piece, neat]) == [False, False, False]


def test_two_hands_on_a_page_are_told_apart() -> None:
    peoples, neat = (
        pen(columns(0.7, 20), columns(0.95, 20)),
        pen(columns(0.99, 20), columns(0.75, 20)),
    )
    assert hands([peoples, neat, peoples, neat]) == [True, False, True, False]


def test_print_is_not_asked_about_and_nothing_read_is_not_believed() -> None:
    silent = np.eye(1, 1 + len(CHARSET), 0, dtype=np.float32).repeat(8, 0)
    assert hands([Readings(columns(0.6)), pen(columns(0.6), silent), pen(silent, columns(0.6))]) == [False, False, True]
    assert believed([], CHARSET) == []


def test_where_print_is_sure_the_other_network_is_not_asked_and_the_page_counts_it() -> None:
    assert settled(columns(0.99), CHARSET)
    assert not settled(columns(0.9), CHARSET)
    assert not settled(np.eye(1, 1 + len(CHARSET), 0, dtype=np.float32).repeat(8, 0), CHARSET), "nothing was read"
    open_piece = pen(columns(0.95, 4), columns(0.98, 4))
    assert hands([open_piece]) == [True]
    assert hands([Readings(columns(0.995, 60), by_hand=True), open_piece]) == [False, False]
