"""Reading under constraints: what a field may hold, only where the columns hold it."""

from __future__ import annotations

import math

import pytest

from digitizer.extract.decode import best_path, decode
from digitizer.extract.grammar import Grammar, chars, either, maybe, repeat, seq, text, words
from digitizer.lattice import Column
from tests.unit.extract.builders import best, seen, typed


def test_the_columns_decide_between_dates_that_may_be() -> None:
    assert best("date", typed("15/08/1987", {4: {"8": 0.3, "3": 0.6, "": 0.1}})) == "15/03/1987"


def test_a_letter_no_date_has_gives_way_to_the_digit_seen_beside_it() -> None:
    assert best("date", typed("0I/08/1987", {1: {"I": 0.7, "1": 0.25, "": 0.05}})) == "01/08/1987"


def test_dots_of_a_dotted_line_are_no_part_of_a_value() -> None:
    assert best("date", typed("....15/08/1987...")) == "15/08/1987"


def test_the_same_digit_twice_needs_a_blank_between() -> None:
    run = [Column(i, 8.0 * i, (("1", math.log(0.99)),)) for i in range(4)]
    assert decode(run, Grammar(repeat(chars("1"), 1, 4)))[0].text == "1"
    assert decode([run[0], Column(5, 40.0, run[0].signs)], Grammar(repeat(chars("1"), 1, 4)))[0].text == "11"


def test_nothing_is_found_where_the_columns_hold_no_such_text() -> None:
    assert decode(typed("không rõ"), Grammar(words(["nam", "nữ"]))) == ()
    assert decode(typed("ab"), Grammar(text("abc", anycase=False))) == ()


def test_expressions_of_a_grammar() -> None:
    may = Grammar(seq(maybe(text("no")), either(text("x"), words(["yes", "yet"]))))
    assert [bool(decode(typed(s), may)) for s in ("x", "nox", "NOyet", "yes", "no", "ye")] == [
        True,
        True,
        True,
        True,
        False,
        False,
    ]


def test_the_best_path_is_what_a_free_reading_reaches() -> None:
    assert best_path(seen({"a": 0.5, "": 0.5}, {"b": 0.25, "": 0.2})) == pytest.approx(math.log(0.125))
