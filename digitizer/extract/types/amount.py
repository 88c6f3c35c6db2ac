"""An amount without its unit."""

from __future__ import annotations

import re

from digitizer.extract.raw_text import clean
from digitizer.extract.value_type import Parsed, ValueType


def read(raw: str) -> Parsed:
    """Digits and a decimal point, without the unit: `3200 gram` -> `3200`, `1.250,5 m²` -> `1250.5`, `500.000.000 đồng`."""
    found = clean(raw)
    match = re.match(r"\d[\d., ]*", found)
    if match is None:
        return None, "empty" if not found else "not_a_number"
    if re.match(r"\s*[/|\\]\s*\d", found[match.end() :]):
        return None, "not_a_number"  # `3/00 gram`: a digit was misread
    digits = match.group().strip(" .,").replace(" ", "")
    whole, _, part = digits.rpartition(",") if "," in digits else (digits, "", "")
    # three digits after a point are thousands, one or two a fraction
    if not part and (fraction := re.fullmatch(r"(\d+)\.(\d{1,2})", whole)):
        whole, part = fraction.groups()
    if not re.fullmatch(r"\d+|\d{1,3}(\.\d{3})+", whole) or (part and not part.isdigit()):
        return None, "not_a_number"
    return whole.replace(".", "") + (f".{part}" if part else ""), None


VALUE_TYPE = ValueType(read=read, group="counts")
