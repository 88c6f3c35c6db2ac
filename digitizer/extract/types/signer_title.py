"""The office of the signer."""

from __future__ import annotations

from digitizer.extract.types import text
from digitizer.extract.types.signer import name_and_office
from digitizer.extract.value_type import Parsed, ValueType
from digitizer.text import fold


def read(raw: str) -> Parsed:
    """The office in `Trần Văn A, Chủ tịch`."""
    title = name_and_office(raw)[1]
    # the last word of `Phó Chủ tịch` is missing
    return (None, "empty") if fold(title) == "pho chu" else text.read(title)


VALUE_TYPE = ValueType(read=read, group="text", prose="office")
