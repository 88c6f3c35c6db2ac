"""Whether two sources of one value say the same: print, QR code, MRZ."""

from __future__ import annotations

import re
import unicodedata
from itertools import zip_longest

from rapidfuzz.distance import Levenshtein

from digitizer.extract.decode import best_path, decode
from digitizer.extract.rows import Found
from digitizer.extract.value_type import Value
from digitizer.extract.values import columns_of
from digitizer.text import fold

#: least confidence of a print whose accents count
_SURE = 0.9
#: abbreviations of addresses, folded. `p.3` and `phường 3` are one
_SHORT = {"tp": "thanh pho", "tx": "thi xa", "tt": "thi tran", "p": "phuong", "q": "quan", "h": "huyen", "x": "xa", "t": "tinh"}
#: greatest edit distance of two words of an address, as a share of the longer one
_MISREAD = 0.34
#: least log probability of another text, beside that of the likeliest, at which the print may say it
_SUPPORT = -3.0
#: marks around a value
_MARKS = frozenset(" .…·:,")
#: grave, acute, hook above, tilde, dot below
_TONES = frozenset("\u0300\u0301\u0309\u0303\u0323")


def agree(kind: str, one: Value, printed: Value, *, confidence: float) -> bool:
    """Whether a value of type `kind` and a printed one, read with `confidence`, are the same. A missing value says nothing.

    Case, spaces and the place of the tone never differ. Accents differ only where the print was read surely. Addresses may
    abbreviate, and a misread letter of a word in them is no difference.
    """
    if one is None or printed is None:
        return True
    if not (isinstance(one, str) and isinstance(printed, str)):
        return one == printed
    if kind == "place":
        return _same_place(one, printed)
    if _bare(fold(one)) != _bare(fold(printed)):
        return False
    return confidence < _SURE or _bare(_tones_apart(one)) == _bare(_tones_apart(printed)) or _unaccented(printed)


def _bare(text: str) -> str:
    return re.sub(r"[\s.,:;'’\-]", "", text.casefold())


def _unaccented(text: str) -> bool:
    return fold(text) == " ".join(text.casefold().split())


def _tones_apart(text: str) -> str:
    """`text` with tone marks behind the letters of each syllable, so that `hòa` and `hoà` are one."""
    return " ".join(_tone_apart(word) for word in text.casefold().split())


def _tone_apart(word: str) -> str:
    letters = unicodedata.normalize("NFD", word)
    tones = [c for c in letters if c in _TONES]
    return unicodedata.normalize("NFC", "".join(c for c in letters if c not in _TONES)) + "".join(tones)


def _same_place(one: str, other: str) -> bool:
    """Whether two addresses have the same words, the numbers exactly, the others with a misread letter at most."""
    pairs = list(zip_longest(_words(one), _words(other), fillvalue=""))
    return all(_same_word(a, b) for a, b in pairs)


def _words(address: str) -> list[str]:
    words = re.findall(r"[^\W\d_]+|\d+", fold(address))
    return " ".join(_SHORT.get(word, word) for word in words).split()


def _same_word(a: str, b: str) -> bool:
    if a.isdigit() or b.isdigit():
        return a.lstrip("0") == b.lstrip("0")
    return Levenshtein.distance(a, b) <= _MISREAD * max(len(a), len(b))


class _Spellings:
    """The language of one text in capitals, small letters and as it is, with any spaces. State: letters so far."""

    def __init__(self, text: str) -> None:
        self._texts = {"".join(spelled.split()) for spelled in (text, text.upper(), text.lower())}

    def begin(self) -> str:
        return ""

    def step(self, state: str, char: str) -> tuple[str, float] | None:
        text = state + char.strip()
        return (text, 0.0) if any(whole.startswith(text) for whole in self._texts) else None

    def skip(self, state: str, char: str) -> tuple[str, float] | None:
        return (state, 0.0) if char in _MARKS else None

    def end(self, state: str) -> float | None:
        return 0.0 if state in self._texts else None


def may_say(printed: Found, text: str) -> bool:
    """Whether the pixels of a printed value support `text`, though another one was read."""
    columns = columns_of(printed.pieces)
    readings = decode(columns, _Spellings(text)) if columns else ()
    return bool(readings) and readings[0].seen - best_path(columns) >= _SUPPORT
