"""Vietnamese text: one spelling for storing (NFC), one key for comparing (folded)."""

from __future__ import annotations

import unicodedata
from functools import cache
from importlib.resources import files

#: the 134 accented letters (67 lower case, 67 upper case; đ Đ among them) a model of ours has to know
ACCENTED = "àáảãạăằắẳẵặâầấẩẫậèéẻẽẹêềếểễệìíỉĩịòóỏõọôồốổỗộơờớởỡợùúủũụưừứửữựỳýỷỹỵđ"
ACCENTED += ACCENTED.upper()

_LOOKALIKES = str.maketrans({"Ð": "Đ", "ð": "đ", "\u00a0": " ", "\u200b": None, "\u200c": None, "\u200d": None, "\ufeff": None})
_PLAIN_D = str.maketrans("đĐ", "dD")


def nfc(text: str) -> str:
    """`text` as we store it: NFC, Đ and đ from Latin Extended-A, single spaces, no zero-width characters.

    Spelling, case and tone placement are never changed.
    """
    return " ".join(unicodedata.normalize("NFC", text.translate(_LOOKALIKES)).split())


def strip_accents(text: str) -> str:
    """`text` without tone and vowel marks, đ as d; same number of letters as its NFC form."""
    decomposed = unicodedata.normalize("NFD", unicodedata.normalize("NFC", text).translate(_PLAIN_D))
    return "".join(c for c in decomposed if not unicodedata.combining(c))


def fold(text: str) -> str:
    """The key under which texts are compared: no accents, no case, single spaces. Idempotent."""
    return " ".join(strip_accents(text.translate(_LOOKALIKES)).casefold().split())


@cache
def syllables() -> frozenset[str]:
    """Syllables built as Vietnamese ones are, lower case, NFC; see `digitizer/data/README.md`."""
    return frozenset((files("digitizer") / "data" / "syllables.txt").read_text(encoding="utf-8").split())
