"""How labels of real handwriting are compared."""

from __future__ import annotations

from benchmarks.measure import Errors, folded


def test_case_points_and_the_place_of_a_tone_do_not_count() -> None:
    assert folded("TP. Hoà Bình, Phường 5") == folded("tp hòa bình phường 5")
    assert folded("Thủy") == folded("Thuỷ")


def test_a_wrong_tone_and_a_wrong_letter_are_one_error_each() -> None:
    errors = Errors()
    errors.add(folded("phát"), folded("phạt"))
    errors.add(folded("phón"), folded("phòn"))
    assert errors.edits == 2
    errors.add(folded("hón"), folded("hốm"))
    assert errors.edits == 4
