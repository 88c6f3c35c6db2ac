"""Logs are JSON lines on stderr. They hold ids, counts and codes, never recognised text or names of people."""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime

#: what a caller may add with `extra=`
FIELDS = (
    "action", "request", "client", "document", "bundle", "job", "kind", "source", "page", "worker", "delivery",
    "operation", "status", "code", "bytes", "count", "ms",
)  # fmt: skip


class JsonLines(logging.Formatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:  # noqa: D102
        line = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        line |= {name: getattr(record, name) for name in FIELDS if getattr(record, name, None) is not None}
        if record.exc_info and record.exc_info[0]:
            # the place in the code only, because the message of an exception may hold recognised text
            last = record.exc_info[2]
            while last is not None and last.tb_next is not None:
                last = last.tb_next
            line["error"] = record.exc_info[0].__name__
            if last is not None:
                line["where"] = f"{last.tb_frame.f_code.co_filename.rpartition('/')[2]}:{last.tb_lineno}"
        return json.dumps(line, ensure_ascii=False, default=str)


def to_stderr(level: int | str = logging.INFO) -> None:
    """Makes every logger write JSON lines to stderr. `level` is a number or a name."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper() if isinstance(level, str) else level)
    # these log about themselves, not about documents. pikepdf reports what fontTools finds
    for name, least in (("alembic", logging.WARNING), ("httpx", logging.WARNING), ("fontTools", logging.ERROR)):
        logging.getLogger(name).setLevel(least)
