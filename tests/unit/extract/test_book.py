"""A register book as a whole."""

from __future__ import annotations

import pytest

from digitizer.extract.book import BookCase, Totals, check_book, in_sequence, number, totals
from digitizer.model import Field, Record, Verdict


def cases(*numbers: str | None, dates: tuple[str, ...] = (), cancelled: tuple[int, ...] = ()) -> list[BookCase]:
    days = [*dates, *("" for _ in numbers)]
    return [
        BookCase(record=f"b/0/{i}", values={"so": so, "ngayDangKy": days[i] or None}, cancelled=i in cancelled)
        for i, so in enumerate(numbers)
    ]


def found(*numbers: str | None, pages: int = 3, stated: Totals | None = Totals(), **more: tuple) -> dict[str, object]:  # noqa: B008
    return {p.code: p.facts for p in check_book(cases(*numbers, **more), pages=pages, stated=stated)}


def test_a_book_in_order_has_nothing_to_look_at() -> None:
    assert (
        found("1/1999", "2/1999", "3/1999", stated=Totals(pages=3, cases=3), dates=("1999-01-02", "1999-01", "1999-02-01")) == {}
    )


def test_gaps_are_listed_as_runs() -> None:
    assert found("1/1999", "5/1999", "7/1999") == {"book_number_missing": {"numbers": "2–4/1999, 6/1999", "count": 4}}


def test_numbers_begin_again_each_year() -> None:
    assert found("11/1998", "12/1998", "1/1999", "2/1999") == {}


def test_twins_and_steps_back_are_found() -> None:
    problems = found("1/1999", "3/1999", "2/1999", "3/1999")
    assert problems["book_number_twice"] == {"numbers": "3/1999"}
    assert problems["book_number_order"] == {"numbers": "2/1999"}


def test_unread_numbers_are_counted_and_bare_ones_have_no_year() -> None:
    assert found("1", None, "3", "x") == {
        "book_unnumbered": {"count": 2},
        "book_number_missing": {"numbers": "2", "count": 1},
    }


def test_a_registration_before_the_one_before_it_is_found_as_far_as_dates_go() -> None:
    assert found("1/1999", "2/1999", dates=("1999-03-02", "1999-03-01"))["book_date_order"] == {"numbers": "2/1999", "count": 1}
    assert found("1/1999", "2/1999", dates=("1999-03-02", "1999")) == {}


def test_totals_are_compared_and_cancelled_cases_may_count_or_not() -> None:
    assert found("1/1999", "2/1999", pages=2, stated=Totals(pages=3, cases=5)) == {
        "book_total_cases": {"stated": 5, "found": 2},
        "book_total_pages": {"stated": 3, "found": 2},
    }
    for stated in (1, 2):
        assert found("1/1999", "2/1999", stated=Totals(cases=stated), cancelled=(1,)) == {}


def test_a_book_without_a_closing_statement_says_so() -> None:
    assert found("1/1999", stated=None) == {"book_not_closed": {}}


@pytest.mark.parametrize(
    ("lines", "wanted"),
    [
        (["Sổ này có tổng số trang: 200 trang", "Tổng số sự kiện hộ tịch đã đăng ký: 187"], Totals(pages=200, cases=187)),
        (
            ["Khóa sổ ngày 31 tháng 12 năm 1999", "Gồm có 96 trang, 95 trường hợp đăng ký"],
            Totals(pages=96, cases=95, closed="1999-12-31"),
        ),
        (["Tổng số trang: ....45....", "Tổng số trường hợp đăng ký khai sinh là 44"], Totals(pages=45, cases=44)),
        (["Khóa sổ", "Tổng số trang: ……"], Totals()),
        (["Số: 15/1999", "Họ và tên"], None),
    ],
)
def test_totals_are_read_from_a_closing_statement(lines: list[str], wanted: Totals | None) -> None:
    assert totals(lines) == wanted


@pytest.mark.parametrize(("so", "wanted"), [("15/1999", (15, 1999)), ("01/", (1, None)), ("7", (7, None)), ("77/TLKS", None)])
def test_a_register_number_has_a_number_and_mostly_a_year(so: str, wanted: tuple[int, int | None] | None) -> None:
    assert number(so) == wanted


def test_a_number_that_does_not_follow_the_one_before_it_goes_to_a_person() -> None:
    records = [
        Record(
            id=f"b/0/{i}",
            fields=(Field(name="so", raw=so, value=so, confidence=1.0, accepted=True),),
            verdict=Verdict.ACCEPT,
        )
        for i, so in enumerate(["41/2018", "42/2018", "13/2018", "14/2018", "1/2019"])
    ]
    assert [r.fields[0].accepted for r in in_sequence(records)] == [True, True, False, True, True]
    assert [r.verdict is Verdict.REVIEW for r in in_sequence(records)] == [False, False, True, False, False]


def test_what_was_registered_after_the_closing_of_its_year_is_told() -> None:
    closed = Totals(cases=3, pages=3, closed="1999-12-30")
    dates = ("1999-12-30", "1999-12-31", "2000-01-04")
    assert found("1/1999", "2/1999", "1/2000", stated=closed, dates=dates) == {
        "book_after_closing": {"numbers": "2/1999", "count": 1}
    }
