"""The number of a register entry or of a paper, with its year or symbol."""

from __future__ import annotations

import re
from functools import cache

from digitizer.extract.grammar import Grammar, Mostly, Part, chars, either, maybe, repeat, seq, text, words
from digitizer.extract.lists import PAPER_CODES
from digitizer.extract.raw_text import FILL, clean, is_left_over, undotted
from digitizer.extract.value_grammars import CAPITALS, DIGIT, year
from digitizer.extract.value_type import Parsed, ValueType

#: a part of the symbol of a paper: `QĐ`, `UBND`, `XNTTHN`
_SYMBOL = repeat(chars(CAPITALS), 1, 8)
#: change of the prior (natural log) for a symbol that papers of the type do not have
_UNKNOWN_SYMBOL = -4.0


#: an entry put between two others, and one of two numbers at once: `15A`, `15bis`, `15+16`, `15-16`, `15,16`
_SUFFIX = r"(?:\s?(?:bis|ter)\b|[A-Za-zĐđ](?![A-Za-zĐđ])|\s*[+,&\-–]\s*\d+(?=\s*(?:/|$)))"
#: what stands behind a number on the same line and belongs to other fields: `Kim Phú, ngày 23 tháng 11 năm 2022`
_BEHIND = re.compile(
    r"[\s,;.:(]*(?:(?:[A-ZĐ][^,\d]{1,40},\s*)?(?:ngày|tháng|năm|quyển|trang|tờ|do|cấp|tại|của|nơi|ký|họ)\b.*)?[\s).]*",
    re.IGNORECASE | re.DOTALL,
)
#: `47.2019`: the dot may part number and year, or belong to the line it is written on
_DOT_FOR_STROKE = re.compile(r"\d{1,4}\.(?:19|20)\d{2}(?!\d)")


def read(raw: str) -> Parsed:
    """`15/1999`, `01/1999`, `77/TLKS-BS`, `15A/2019`, `15bis/1999`, `15+16/1999`: as printed, spaces removed.

    A number that is not understood to its end has the problem `left_over`. Where a dot stands for the stroke it is `unclear_dot`.
    """
    if _DOT_FOR_STROKE.fullmatch(clean(raw)):
        return clean(raw), "unclear_dot"
    # `31/.2017`: dots of the line it is written on
    found = re.sub(r"\s*[.·…]*\s*/\s*[.·…]*\s*", "/", undotted(clean(raw)))
    # a slash read as a letter before a known code is restored: `70IGBT-UBND`
    restored = re.sub(rf"^(\d+)\s*[Il|!]\s*(?=(?:{'|'.join(PAPER_CODES)})\b)", r"\1/", found)
    if restored != found:
        return read(restored)[0], "spelling_restored"
    if headed := re.match(r"[A-ZĐ]{2,6}\.\s*\d{3,6}(?!\d)", found):
        return re.sub(r"\s+", "", headed.group()), None  # `GBT.01929`
    match = re.match(rf"\d+{_SUFFIX}?\s*(?:/\s*(?:\d{{4}}(?:\s?[\-–]\s?[\wĐđ.\-]+)?|[\wĐđ.\-]+))*(?:\s*/\s*[\wĐđ.\-]+)*", found)
    if match is None:
        return None, "empty" if not found else "not_a_number"
    if found[match.end() :][:1].isdigit():
        return None, "not_a_number"  # `1 5/1999`, `15/19991`: a digit is left over
    value = re.sub(r"\s+", "", match.group()).strip(FILL)
    # `45/208`: a digit of the year is missing. `15/99` is a habit of older books
    if re.search(r"/(\d|\d{3}|\d{5,})$", value):
        return value, "year_cut"
    rest = found[match.end() :]
    return value, "left_over" if is_left_over(rest) and not _BEHIND.fullmatch(rest) else None


@cache
def grammar(forms: tuple[str, ...] = ()) -> Mostly:
    """The grammar of a register number: `45/2008`, `77/TLKS-BS`, `80/UBND-XNTTHN`, `05/2020/QĐ-UBND`, `GBT.01929`.

    `forms` are the declared texts after the digits: `/TLKS-BS`, or `/QĐ-` for any that begins so. Any symbol of capitals is
    allowed (NĐ 30/2020/NĐ-CP, Phụ lục III: kind of paper, agency, unit). It is less likely than a known one.
    """
    closed = [form.removeprefix("/") for form in forms if form.startswith("/") and not form.endswith("-")]
    opened = [
        seq(text(form.removeprefix("/"), anycase=False), _SYMBOL) for form in forms if form.startswith("/") and form[-1] == "-"
    ]
    heads = tuple(form for form in forms if form.endswith("."))
    likely = [*closed, *(code for code in PAPER_CODES if not closed or code.startswith(tuple(f"{form}-" for form in closed)))]
    known = either(words(likely), *opened)
    any_code = seq(_SYMBOL, repeat(seq(chars("-/"), _SYMBOL), 0, 3))
    return Mostly(Grammar(_numbered(known, heads)), Grammar(_numbered(either(known, any_code), heads)), _UNKNOWN_SYMBOL)


def _numbered(code: Part, heads: tuple[str, ...]) -> Part:
    """Digits with a year, a symbol, or both after them, or one of `heads` with digits after it."""
    plain = seq(repeat(DIGIT, 1, 5), maybe(seq(text("/"), either(year(), code, seq(year(), text("/"), code)))))
    return either(plain, seq(words(heads), repeat(DIGIT, 3, 6))) if heads else plain


VALUE_TYPE = ValueType(read=read, group="numbers", constraint=lambda raw, forms: grammar(forms))
