"""The code that a tick box stands for."""

from __future__ import annotations

from digitizer.extract.value_type import Parsed, ValueType


def read(raw: str) -> Parsed:
    """The code as it is."""
    return (raw, None) if raw else (None, "empty")


VALUE_TYPE = ValueType(read=read, group="tick")
