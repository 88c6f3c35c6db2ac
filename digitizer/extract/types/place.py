"""A place: hamlet, commune, district, province, as printed."""

from __future__ import annotations

import re

from digitizer.extract import plausibility, units
from digitizer.extract.raw_text import clean
from digitizer.extract.value_type import Parsed, ValueType

#: a place that ends with its district (`…, huyện Yên Sơn`) or a kind of unit (`…, tỉnh`), or has an abbreviation without its dot
#: (`T Tuyên Quang`)
_PLACE_CUT = re.compile(
    r"(?:^|[,.] *)(?:huyện|quận|thị xã|H\.) [^,]*$|(?:^|, *)(?:[XHTPQ]|TP|TX|TT) [A-ZĐ]"
    r"|\b(?:xã|phường|thị trấn|huyện|quận|thị xã|thành phố|tỉnh)\W*$"
)


def read(raw: str) -> Parsed:
    """A place as printed, with a space after each comma. Problem `place_cut`: its end is missing."""
    text = re.sub(r"(?<=\w),(?=[^\W\d])", ", ", clean(raw))
    if sum(c.isalpha() for c in text) < 2:
        return None, "empty"
    return text, "place_cut" if _PLACE_CUT.search(text) or _province_cut(text) else None


def _province_cut(text: str) -> bool:
    """Whether a place ends with the begin of a province's name: `…, tỉnh Tuyên`."""
    last = re.search(r"\btỉnh ([^,]+)$", text, re.IGNORECASE)
    name = units.same_name(last.group(1)) if last else ""
    known = units.names("province")
    return last is not None and name not in known and any(other.startswith(f"{name} ") for other in known)


VALUE_TYPE = ValueType(read=read, group="place", prose="place", implausibility=plausibility.of_place)
