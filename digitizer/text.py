"""Vietnamese text: one spelling for storing (NFC), one key for comparing (folded)."""

from __future__ import annotations

import unicodedata
from functools import cache
from importlib.resources import files

#: the 134 accented letters that a model of ours has to know: 67 lower case, 67 upper case, đ and Đ among them
ACCENTED = "àáảãạăằắẳẵặâầấẩẫậèéẻẽẹêềếểễệìíỉĩịòóỏõọôồốổỗộơờớởỡợùúủũụưừứửữựỳýỷỹỵđ"
ACCENTED += ACCENTED.upper()

#: characters that look like another one, or like nothing
_LOOKALIKES = str.maketrans({"Ð": "Đ", "ð": "đ", "\u00a0": " ", "\u200b": None, "\u200c": None, "\u200d": None, "\ufeff": None})
_PLAIN_D = str.maketrans("đĐ", "dD")


def nfc(text: str) -> str:
    """`text` as we store it: NFC, Đ and đ from Latin Extended-A, single spaces, no zero-width characters.

    Spelling, case and tone placement are never changed.
    """
    return " ".join(unicodedata.normalize("NFC", text.translate(_LOOKALIKES)).split())


def strip_accents(text: str) -> str:
    """`text` without tone and vowel marks, đ as d. It has as many letters as its NFC form."""
    decomposed = unicodedata.normalize("NFD", unicodedata.normalize("NFC", text).translate(_PLAIN_D))
    return "".join(c for c in decomposed if not unicodedata.combining(c))


def fold(text: str) -> str:
    """The key under which texts are compared: no accents, no case, single spaces. Idempotent."""
    return " ".join(strip_accents(text.translate(_LOOKALIKES)).casefold().split())


@cache
def syllables() -> frozenset[str]:
    """Syllables that are possible in Vietnamese, lower case, NFC. See `digitizer/data/README.md`."""
    return frozenset((files("digitizer") / "data" / "syllables.txt").read_text(encoding="utf-8").split())
