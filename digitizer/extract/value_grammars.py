"""Parts that the grammars of value types share: digits, days, months, years, entries of a list in any case."""

from __future__ import annotations

from digitizer.extract.grammar import Part, chars, either, maybe, seq, text, words

DIGIT = chars("0123456789")
SPACE = chars(" ")
#: letters of codes and symbols
CAPITALS = "ABCDEFGHIKLMNOPQRSTUVXYZĐ"


def day() -> Part:
    """The day of a month."""
    return either(seq(maybe(chars("0")), chars("123456789")), seq(chars("12"), DIGIT), seq(chars("3"), chars("01")))


def month() -> Part:
    """The number of a month."""
    return either(seq(maybe(chars("0")), chars("123456789")), seq(chars("1"), chars("012")))


def year() -> Part:
    """A year that a paper may name; cards without an end say 2099."""
    past = seq(text("1"), chars("89"), DIGIT, DIGIT)
    return either(past, seq(text("20"), chars("012345"), DIGIT), text("2099"))


def cased(entries: tuple[str, ...]) -> Part:
    """One of `entries`, as it is, in small letters, in capitals, or with one capital first."""
    forms = dict.fromkeys(form for entry in entries for form in (entry, entry.lower(), entry.upper(), entry.capitalize()))
    return words(tuple(forms))
