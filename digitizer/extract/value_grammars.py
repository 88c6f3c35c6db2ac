"""Parts that the grammars of value types share: digits, days, months, years, entries of a list in any case."""

from __future__ import annotations

from digitizer.extract.grammar import Part, chars, either, maybe, seq, text, words

#: one digit
DIGIT = chars("0123456789")
#: one space
SPACE = chars(" ")
#: letters of codes and symbols
CAPITALS = "ABCDEFGHIKLMNOPQRSTUVXYZĐ"


def day() -> Part:
    """The day of a month, 1 to 31, with or without a leading zero."""
    return either(seq(maybe(chars("0")), chars("123456789")), seq(chars("12"), DIGIT), seq(chars("3"), chars("01")))


def month() -> Part:
    """The number of a month, 1 to 12, with or without a leading zero."""
    return either(seq(maybe(chars("0")), chars("123456789")), seq(chars("1"), chars("012")))


def year() -> Part:
    """A year that a paper may name: 1800 to 2059, or 2099 on cards without an end."""
    past = seq(text("1"), chars("89"), DIGIT, DIGIT)
    return either(past, seq(text("20"), chars("012345"), DIGIT), text("2099"))


def cased(entries: tuple[str, ...]) -> Part:
    """One of `entries`: as it is, in small letters, in capitals, or with only the first letter a capital."""
    forms = dict.fromkeys(form for entry in entries for form in (entry, entry.lower(), entry.upper(), entry.capitalize()))
    return words(tuple(forms))
