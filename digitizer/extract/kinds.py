"""The grammar of each value type: what its fields may hold, as `decode.py` wants it."""

from __future__ import annotations

from functools import cache

from digitizer.extract.grammar import Grammar, Part, chars, either, maybe, repeat, seq, text, words
from digitizer.extract.lists import ETHNIC_GROUPS, NATIONALITIES, PAPER_CODES
from digitizer.extract.prose import Prose

_DIGIT = chars("0123456789")
_SPACE = chars(" ")
_UNITS = ("một", "hai", "ba", "bốn", "tư", "năm", "lăm", "nhăm", "sáu", "bảy", "bẩy", "tám", "chín")
_TENS = ("hai", "ba", "bốn", "năm", "sáu", "bảy", "bẩy", "tám", "chín")


#: value type -> kind of prose
_PROSE = {
    "name": "name",
    "relation": "relation",
    "place": "place",
    "text": "text",
    "signer": "office",
    "signer_title": "office",
    "notes": "text",
}


@cache
def grammar(kind: str) -> Grammar | None:
    """The grammar of a value type; None for one that may hold anything."""
    return Grammar(_PARTS[kind]()) if kind in _PARTS else None


@cache
def prose(kind: str) -> Prose | None:
    """What a field that may hold anything mostly holds; None for a type with a grammar."""
    return Prose(_PROSE[kind]) if kind in _PROSE else None


def _day() -> Part:
    return either(seq(maybe(chars("0")), chars("123456789")), seq(chars("12"), _DIGIT), seq(chars("3"), chars("01")))


def _month() -> Part:
    return either(seq(maybe(chars("0")), chars("123456789")), seq(chars("1"), chars("012")))


def _year() -> Part:
    past = seq(text("1"), chars("89"), _DIGIT, _DIGIT)
    return either(past, seq(text("20"), chars("012345"), _DIGIT), text("2099"))


def _date() -> Part:
    dotted = [
        seq(maybe(seq(_day(), chars(mark))), _month(), chars(mark), _year()) for mark in "/.-"
    ]  # one mark in one date: `15/08/1987`, `08.1987`
    spelled = seq(
        maybe(seq(maybe(seq(text("ngày"), repeat(_SPACE, 0, 2))), _day(), repeat(_SPACE, 0, 2))),
        text("tháng"), repeat(_SPACE, 0, 2), _month(), repeat(_SPACE, 0, 2), text("năm"), repeat(_SPACE, 0, 2), _year(),
    )  # fmt: skip
    return either(seq(maybe(seq(text("ngày"), _SPACE)), either(*dotted)), spelled, seq(maybe(seq(text("năm"), _SPACE)), _year()))


def _time() -> Part:
    hour = either(seq(maybe(chars("01")), _DIGIT), seq(text("2"), chars("0123")))
    minute = seq(chars("012345"), _DIGIT)
    spelled = seq(hour, maybe(_SPACE), text("giờ"), maybe(seq(maybe(_SPACE), minute, maybe(seq(maybe(_SPACE), text("phút"))))))
    return either(spelled, seq(hour, chars(":hH"), maybe(minute)))


def _register_number() -> Part:
    code = words(PAPER_CODES)
    return seq(repeat(_DIGIT, 1, 4), maybe(seq(text("/"), either(_year(), code, seq(_year(), text("/"), code)))))


def _cased(entries: tuple[str, ...]) -> Part:
    forms = dict.fromkeys(form for entry in entries for form in (entry, entry.lower(), entry.upper(), entry.capitalize()))
    return words(tuple(forms))


def _below_hundred(*ones: str) -> tuple[str, ...]:
    """Numbers below a hundred in words, in every way they are said."""
    tens = [f"mười {one}" for one in _UNITS] + ["mười"]
    tens += [f"{ten} mươi{rest}" for ten in _TENS for rest in ("", *(f" {one}" for one in (*_UNITS, "mốt")))]
    tens += [f"hăm {one}" for one in (*_UNITS, "mốt")]
    return (*ones, *_UNITS, *tens)


def _date_words() -> Part:
    gap = seq(maybe(chars(",")), _SPACE)
    day = words((*_below_hundred(), *(f"{head} {one}" for head in ("mồng", "mùng") for one in (*_UNITS, "mười"))))
    month = words((*_below_hundred("giêng", "chạp"),))
    below = either(words(_below_hundred()), words([f"{zero} {one}" for zero in ("linh", "lẻ") for one in _UNITS]))
    hundreds = words([f"{digit} trăm" for digit in ("không", *_UNITS)])
    year = seq(
        words(("một", "hai")), _SPACE, words(("nghìn", "ngàn")), maybe(seq(_SPACE, hundreds)), maybe(seq(_SPACE, below))
    )  # fmt: skip
    named = [words((word, word.capitalize())) for word in ("ngày", "tháng", "năm")]
    full = seq(
        maybe(seq(maybe(seq(named[0], _SPACE)), day, gap)), maybe(seq(named[1], _SPACE, month, gap)), named[2], _SPACE, year
    )  # fmt: skip
    return seq(maybe(chars("(")), full, maybe(chars(")")))


_PARTS = {
    "date": _date,
    "time": _time,
    "date_words": _date_words,
    "sex": lambda: _cased(("nam", "nữ", "không xác định", "chưa xác định")),
    "ethnicity": lambda: _cased(ETHNIC_GROUPS),
    "nationality": lambda: _cased(NATIONALITIES),
    "id_number": lambda: either(repeat(_DIGIT, 9, 9), repeat(_DIGIT, 12, 12)),
    "id_number_12": lambda: repeat(_DIGIT, 12, 12),
    "number": lambda: repeat(_DIGIT, 1, 13),
    "register_number": _register_number,
}
