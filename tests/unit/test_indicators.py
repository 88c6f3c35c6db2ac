"""The arithmetic of indicators: rates, months in Hanoi, agencies above, what is counted."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from digitizer import indicators
from digitizer.indicators import Counts, Known, agrees, count, rate

SEPTEMBER = "2026-09"


def code(number: int, day: str = "260930", agency: str = "H60.127.03") -> str:
    return f"{agency}-{day}-{number:04}"


def test_the_province_s_figures_are_what_its_counts_give_or_are_caught() -> None:
    """Published figures of Tuyên Quang (domain facts §3.4): one is cut off, one is wrong, one sum is off by one."""
    assert rate(1706, 1785) == "95.57"
    assert agrees(1706, 1785, "95.5"), "cut off after the first decimal, not rounded: still its own figure"
    assert rate(1681, 1879) == "89.46"
    assert not agrees(1681, 1879, "84.4")
    assert sum((1047, 445, 335)) == 1827


@pytest.mark.parametrize(
    ("part", "whole", "percent"),
    [(0, 5, "0.00"), (5, 5, "100.00"), (1, 3, "33.33"), (2, 3, "66.67"), (1, 16, "6.25"), (5, 0, None), (5, None, None)],
)
def test_a_percentage_is_derived_and_never_of_nothing(part: int, whole: int | None, percent: str | None) -> None:
    assert rate(part, whole) == percent


@pytest.mark.parametrize(
    ("moment", "month"),
    [("2026-09-30T16:59:59+00:00", "2026-09"), ("2026-09-30T17:00:00+00:00", "2026-10"),
     ("2026-10-01T00:00:00+07:00", "2026-10")],
)  # fmt: skip
def test_a_month_begins_at_midnight_in_hanoi(moment: str, month: str) -> None:
    assert indicators.month_of(datetime.fromisoformat(moment)) == month


def test_the_end_of_a_month_is_midnight_in_hanoi() -> None:
    assert indicators.end_of("2026-09") == datetime(2026, 9, 30, 17, tzinfo=UTC)


@pytest.mark.parametrize(
    ("agency", "upwards"),
    [("H60.127.03", ["H60.127.03", "H60.127", "H60"]), ("H60", ["H60"]), ("000.00.19.H60", ["000.00.19.H60", "H60"])],
)
def test_figures_of_a_commune_count_for_those_above(agency: str, upwards: list[str]) -> None:
    assert indicators.above(agency) == upwards


def known(number: int, **changes: Any) -> Known:
    return Known(**{"code": code(number), "agency": "H60.127.03", "received_on": date(2026, 9, 30), "listed": True, **changes})


def test_dossiers_count_in_the_month_they_came_and_results_in_the_month_they_were_resolved() -> None:
    one = known(1, received_on=date(2026, 8, 31), resolved_on=date(2026, 9, 1), done=frozenset({"KS"}), result_done=True)
    assert count([one], "2026-08")["H60"] == Counts(received=1, components_digitised=1, resolved=0)
    assert count([one], "2026-09")["H60"] == Counts(received=0, resolved=1, results_digitised=1)


def test_the_second_definition_wants_every_required_component() -> None:
    one = known(1, procedure="1.001193", done=frozenset({"KS"}))
    required = {"1.001193": ["KS", "CCCD"]}
    assert count([one], SEPTEMBER, definition="1", required=required)["H60"].components_digitised == 1
    assert count([one], SEPTEMBER, definition="2", required=required)["H60"].components_digitised == 0
    assert count([known(1, done=frozenset({"x"}))], SEPTEMBER, definition="2", required=required)["H60"].components_digitised == 1


def test_what_was_handed_over_is_counted_apart() -> None:
    assert count([known(1, handed=frozenset({"KS"}))], SEPTEMBER)["H60"] == Counts(received=1, components_handed=1, resolved=0)


def test_without_a_list_there_are_counts_and_no_percentage() -> None:
    (figures,) = {str(c) for c in count([known(1, listed=False, done=frozenset({"KS"}))], SEPTEMBER).values()}
    assert "received=None" in figures
    assert count([known(1, listed=False, done=frozenset({"KS"}))], SEPTEMBER)["H60"].components_rate is None


def test_a_dossier_missing_from_the_list_never_raises_a_rate() -> None:
    figures = count([known(1), known(2, listed=False, done=frozenset({"KS"}))], SEPTEMBER)["H60"]
    assert (figures.received, figures.components_digitised) == (1, 0)


def test_no_moment_is_mistaken() -> None:
    late = datetime(2026, 9, 30, 23, 59, tzinfo=indicators.HANOI)
    assert indicators.month_of(late + timedelta(minutes=1)) == "2026-10"
