"""The code that a tick box stands for."""

from __future__ import annotations

from digitizer.extract.value_type import Parsed, ValueType


def read(raw: str) -> Parsed:
    """A code that a tick box stands for."""
    return (raw, None) if raw else (None, "empty")


VALUE_TYPE = ValueType(read=read, group="tick")
