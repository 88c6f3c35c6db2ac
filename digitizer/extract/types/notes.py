"""Notes in the margin of a register."""

from __future__ import annotations

import re

from digitizer.extract.raw_text import clean
from digitizer.extract.value_type import Parsed, ValueType


def read(raw: str) -> Parsed:
    """The notes in a text. After a year, a day or the name of a change begins a new one."""
    found = tuple(
        note for part in re.split(r"(?<=\d{4})\s+(?=Ngày \d|Đã |Bổ sung |Thay đổi |Cải chính )", raw) if (note := clean(part))
    )
    return (found, None) if found else (None, "empty")


VALUE_TYPE = ValueType(read=read, group="text", prose="text")
