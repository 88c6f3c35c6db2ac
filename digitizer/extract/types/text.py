"""Any text."""

from __future__ import annotations

from digitizer.extract.raw_text import clean
from digitizer.extract.value_type import Parsed, ValueType


def read(raw: str) -> Parsed:
    """Any text, as printed."""
    found = clean(raw)
    return (found, None) if found else (None, "empty")


VALUE_TYPE = ValueType(read=read, group="text", prose="text")
