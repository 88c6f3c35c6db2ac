"""An amount without its unit."""

from __future__ import annotations

import re

from digitizer.extract.raw_text import clean, is_left_over
from digitizer.extract.value_type import Parsed, ValueType

#: units and words that may stand behind an amount
_UNIT = re.compile(
    r"\W*(?:gram|gam|gr|g|kg|ki-lô-gam|m2|m²|m|ha|đồng|đ|vnd|vnđ|việt nam|bản|tờ)?\W*(?:việt nam\W*)?", re.IGNORECASE
)


def read(raw: str) -> Parsed:
    """Digits and a decimal point, without the unit: `3200 gram` -> `3200`, `1.250,5 m²` -> `1250.5`, `500.000.000 đồng`.

    Kilograms become grams. More than one number, or another word, is `left_over`.
    """
    found = clean(raw)
    if re.match(r"[\s.…]*[-–−]\s*\d", raw):
        return None, "not_a_number"  # `-5`: the sign is no dot of the line
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
    rest = found[match.end() :]
    if grams := _grams(digits, rest):
        return grams, None
    # `3200 – 3300`, `3 kg 200`: more than one number is written
    if re.search(r"\d", rest.replace("m2", "")):
        return None, "left_over"
    value = whole.replace(".", "") + (f".{part}" if part else "")
    return value, "left_over" if is_left_over(rest) and not _UNIT.fullmatch(rest) else None


def _grams(digits: str, rest: str) -> str | None:
    """A weight in kilograms as grams: `3,2 kg`, `3.200 kg` and `3 kg 200` are 3200. None for any other amount."""
    unit = re.fullmatch(r"\s*kg\.?\s*(?:(\d{3})\s*(?:g|gr|gam|gram)?\.?)?\W*", rest, re.IGNORECASE)
    number = re.fullmatch(r"(\d{1,3})(?:[.,](\d{1,3}))?", digits)
    if unit is None or number is None or (unit[1] and number[2]):
        return None
    return str(1000 * int(number[1]) + int(unit[1] or (number[2] or "").ljust(3, "0")))


VALUE_TYPE = ValueType(read=read, group="counts")
