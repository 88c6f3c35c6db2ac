"""The grammar of each value type: what its fields may hold, as `decode.py` wants it."""

from __future__ import annotations

from functools import cache

from digitizer.extract.grammar import Grammar, Mostly, Part, chars, either, maybe, repeat, seq, text, words
from digitizer.extract.lists import ETHNIC_GROUPS, NATIONALITIES, PAPER_CODES
from digitizer.extract.prose import Prose

_DIGIT = chars("0123456789")
_SPACE = chars(" ")
_CAPITALS = "ABCDEFGHIKLMNOPQRSTUVXYZĐ"
#: a part of the symbol of a paper: `QĐ`, `UBND`, `XNTTHN`
_SYMBOL = repeat(chars(_CAPITALS), 1, 8)
#: how much less likely (natural log) a symbol is that papers of the type do not have
UNKNOWN_SYMBOL = -4.0
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
    """The grammar of a value type; None for one that may hold anything, and for numbers of papers (`number_form`)."""
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


@cache
def number_form(forms: tuple[str, ...] = ()) -> Mostly:
    """The grammar of a register number: `45/2008`, `77/TLKS-BS`, `80/UBND-XNTTHN`, `05/2020/QĐ-UBND`, `GBT.01929`.

    `forms`: what follows the digits on papers of its type, as declared (`/TLKS-BS`; `/QĐ-` for all that begins so). Any symbol of
    capitals may follow (NĐ 30/2020/NĐ-CP, Phụ lục III: kind of paper, agency, unit), but is less likely than one that is known.
    """
    closed = [form.removeprefix("/") for form in forms if form.startswith("/") and not form.endswith("-")]
    opened = [
        seq(text(form.removeprefix("/"), anycase=False), _SYMBOL) for form in forms if form.startswith("/") and form[-1] == "-"
    ]
    heads = tuple(form for form in forms if form.endswith("."))
    likely = [*closed, *(code for code in PAPER_CODES if not closed or code.startswith(tuple(f"{form}-" for form in closed)))]
    known = either(words(likely), *opened)
    any_code = seq(_SYMBOL, repeat(seq(chars("-/"), _SYMBOL), 0, 3))
    return Mostly(Grammar(_numbered(known, heads)), Grammar(_numbered(either(known, any_code), heads)), UNKNOWN_SYMBOL)


def _numbered(code: Part, heads: tuple[str, ...]) -> Part:
    """Digits with a year, a symbol, or both after them; or one of `heads` with digits after it."""
    plain = seq(repeat(_DIGIT, 1, 5), maybe(seq(text("/"), either(_year(), code, seq(_year(), text("/"), code)))))
    return either(plain, seq(words(heads), repeat(_DIGIT, 3, 6))) if heads else plain


def _agency() -> Part:
    """`H60.127.03` (QĐ 20/2020/QĐ-TTg), `000.00.19.H60` before."""
    root = seq(chars(_CAPITALS), _DIGIT, _DIGIT)
    old = seq(repeat(_DIGIT, 3, 3), chars("."), repeat(_DIGIT, 2, 2), chars("."), repeat(_DIGIT, 2, 2), chars("."), root)
    return either(old, seq(root, repeat(seq(chars("."), repeat(_DIGIT, 2, 3)), 0, 3)))


def _dossier() -> Part:
    """`H60.127.03-260930-0012`: agency, day of receipt, number of the day (TT 03/2025/TT-VPCP)."""
    day = either(seq(chars("0"), chars("123456789")), seq(chars("12"), _DIGIT), seq(chars("3"), chars("01")))
    month = either(seq(chars("0"), chars("123456789")), seq(chars("1"), chars("012")))
    return seq(_agency(), chars("-"), _DIGIT, _DIGIT, month, day, chars("-"), repeat(_DIGIT, 4, 8))


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
    "agency_code": _agency,
    "dossier_code": _dossier,
}
