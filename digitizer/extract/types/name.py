"""A person's name."""

from __future__ import annotations

import re

from digitizer.extract import plausibility
from digitizer.extract.raw_text import clean
from digitizer.extract.value_type import Parsed, ValueType
from digitizer.text import nfc


def read(raw: str) -> Parsed:
    """A person's name: letters only, as printed."""
    # an apostrophe between letters is part of the name, with a space behind it or without: `H'Hen`, `H' Hen Niê`, `K'Brôi`
    text = re.sub(r"(?<=[^\W\d_])\s?[’ʼ‘´](?=\s?[^\W\d_])", "'", clean(raw))
    text = nfc(re.sub(r"[.,·`’ʼ‘´]+|(?<!\w)'|'(?!\s?\w)|(?<=\w\w)'(?=\s)", " ", text))
    if not text:
        return None, "empty"
    if re.search(r"[\d/:;()<>=+*|#@\[\]]", text) or sum(c.isalpha() for c in text) < 2:
        return None, "not_a_name"
    return text, None


VALUE_TYPE = ValueType(
    read=read,
    group="name",
    prose="name",
    implausibility=plausibility.of_name,
    doubt=plausibility.surname_doubt,
)
