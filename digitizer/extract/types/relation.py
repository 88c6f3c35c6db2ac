"""A relation between persons."""

from __future__ import annotations

from digitizer.extract.types import text
from digitizer.extract.value_type import Parsed, ValueType


def read(raw: str) -> Parsed:
    """The relation to the person of the paper, as printed: `Mẹ đẻ`, `Bản thân`."""
    return text.read(raw)


VALUE_TYPE = ValueType(read=read, group="text", prose="relation")
