"""The `Retry-After` header of an answer that asks to come back later (RFC 9110 §10.2.3)."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

#: seconds, a day: a longer wait is taken for a mistake of the server
MOST_S = 86_400.0


def seconds(header: str | None) -> float | None:
    """Seconds to wait, from 0 to MOST_S. The header holds a number, decimals too, or an HTTP date. None for anything else."""
    if header is None:
        return None
    try:
        wait = float(header)
    except ValueError:
        try:
            date = parsedate_to_datetime(header)
        except ValueError:
            return None
        wait = ((date if date.tzinfo else date.replace(tzinfo=UTC)) - datetime.now(UTC)).total_seconds()
    return min(MOST_S, max(0.0, wait)) if wait == wait else None
