"""A field's pieces to its value: by the columns where there are any, freely where not."""

from __future__ import annotations

import pytest

from digitizer.extract import types
from digitizer.extract.values import columns_of, value_of
from tests.unit.extract.builders import found, line


def test_only_the_columns_of_a_value_are_read_for_it() -> None:
    whole = line("sinh: 15/08/1987 tai Ha Noi 1999")
    piece = found((whole, 6, 16))
    assert value_of("date", piece).value == "1987-08-15"
    assert 10 <= len(columns_of(piece.pieces)) <= 12


def test_a_value_over_two_lines_is_read_as_one() -> None:
    a, b = line("Ma Van"), line("Hung", y=40)
    both = value_of("name", found((a, 0, len(a.text)), (b, 0, len(b.text))))
    assert both.value == "Ma Van Hung"


def test_the_number_is_found_among_other_words() -> None:
    whole = line("CMND 075767304, CA Ha Giang 05/11/2003", {6: {"7": 0.5, "1": 0.4}})
    read = value_of("id_number", found((whole, 0, len(whole.text))))
    assert read.value == "075767304"
    assert read.evidence.margin is not None
    assert read.evidence.margin < 1.0


def test_a_value_without_a_lattice_is_read_freely() -> None:
    from tests.unit.builders import line as plain

    whole = plain("15/08/1987")
    read = value_of("date", found((whole, 0, 10)))
    assert (read.value, read.evidence.margin) == ("1987-08-15", None)


@pytest.mark.parametrize(
    ("kind", "value", "problem"),
    [
        ("date", None, "not_a_date"),
        ("date_words", "x" * 10, "words_not_a_date"),
        ("sex", None, "not_in_list"),
        ("ethnicity", "x" * 10, "not_in_list"),
        ("id_number", None, "not_an_id_number"),
        ("register_number", None, "not_a_number"),
        ("time", None, "not_a_time"),
        ("number", None, "not_a_number"),
    ],
)
def test_an_unreadable_value_never_becomes_a_plausible_one(kind: str, value: str | None, problem: str) -> None:
    # every column holds a little of everything: the pixels support nothing
    smudge = {c: 0.002 for c in "0123456789/Nam"} | {"x": 0.6}
    whole = line("x" * 10, dict.fromkeys(range(10), smudge))
    read = value_of(kind, found((whole, 0, 10)))
    assert (read.value, read.problem) == (value, problem)


@pytest.mark.parametrize("kind", sorted(types.TYPES))
def test_every_type_that_declarations_may_use_can_be_read(kind: str) -> None:
    read = value_of(kind, found((line("abc"), 0, 3)))
    assert read.problem or read.value in ("abc", ("abc",))
    assert read.evidence.letters == pytest.approx((0.999,) * 3, abs=0.01)
