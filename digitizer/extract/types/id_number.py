"""The number of an identity paper."""

from __future__ import annotations

import re
from functools import cache

from digitizer.extract.grammar import Grammar, either, repeat
from digitizer.extract.raw_text import clean, undotted
from digitizer.extract.value_grammars import DIGIT
from digitizer.extract.value_type import Parsed, ValueType
from digitizer.text import fold

#: an identity number among other words: digits and letters that digits are misread as
_NUMBER = re.compile(r"(?<![\d/.\-])[\dOoIl|/][\dOoIl|/ .]{6,16}[\dOoIl|](?![\d/\-])")


def read(raw: str) -> Parsed:
    """9 digits (CMND), 12 digits (CCCD, số định danh), or one or two letters and 6 to 8 digits (passport).

    Problem `not_an_id_number`, also when the text holds several numbers.
    """
    found = clean(raw)
    joined = re.sub(r"(?<=\d) (?=\d)", "", undotted(found))
    lengths = (12,) if _says_twelve(found) else (9, 12)
    numbers = [n for n in re.findall(r"(?<!\d)(?<!\d/)\d+(?!/?\d)", joined) if len(n) in lengths]
    if len(numbers) == 1:
        return numbers[0], None
    passport = re.search(r"\b[A-Z]{1,2}\d{6,8}\b", found)
    if passport and not numbers:
        return passport.group(), None
    return None, "empty" if not found else "not_an_id_number"


def _says_twelve(text: str) -> bool:
    """Whether the text names a paper whose number has 12 digits: `CCCD số …`, `Căn cước`, `Số định danh cá nhân`."""
    return re.search(r"\bcc+d\b|\bcan cuoc|\bdinh danh", fold(text)) is not None


@cache
def _grammar(twelve: bool) -> Grammar:
    long = repeat(DIGIT, 12, 12)
    return Grammar(long if twelve else either(repeat(DIGIT, 9, 9), long))


VALUE_TYPE = ValueType(read=read, group="digits", constraint=lambda raw, forms: _grammar(_says_twelve(raw)), part=_NUMBER)
