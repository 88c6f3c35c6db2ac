"""When a server wants to be asked again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from digitizer import retry_after


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("", None),
        ("soon", None),
        ("nan", None),
        ("7", 7),
        (" 7 ", 7),
        ("0.5", 0.5),
        ("-3", 0),
        ("inf", 86_400),
        ("999999999", 86_400),
        (format_datetime(datetime.now(UTC) - timedelta(hours=1)), 0),
        (format_datetime(datetime.now(UTC) + timedelta(days=9), usegmt=True), 86_400),
        ("Wed, 21 Oct 2015 07:28:00 -0000", 0),
    ],
)
def test_retry_after_is_a_number_or_a_date_and_at_most_a_day(header: str | None, seconds: float | None) -> None:
    assert retry_after.seconds(header) == seconds


def test_retry_after_as_a_date_is_counted_from_now() -> None:
    wait = retry_after.seconds(format_datetime(datetime.now(UTC) + timedelta(minutes=10), usegmt=True))
    assert wait is not None
    assert 590 < wait <= 600
