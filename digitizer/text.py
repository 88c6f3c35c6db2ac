"""Vietnamese text: one spelling for storing (NFC), one key for comparing (folded)."""

from __future__ import annotations

import unicodedata
from functools import cache
from importlib.resources import files

from rapidfuzz import fuzz

#: the 134 accented letters that a model of ours has to know: 67 lower case, 67 upper case, đ and Đ among them
ACCENTED = "àáảãạăằắẳẵặâầấẩẫậèéẻẽẹêềếểễệìíỉĩịòóỏõọôồốổỗộơờớởỡợùúủũụưừứửữựỳýỷỹỵđ"
ACCENTED += ACCENTED.upper()

#: characters that look like another one, or like nothing
#: the national title at the head of official papers (NĐ 30/2020/NĐ-CP, annex I), folded
_NATIONAL_TITLE = "cong hoa xa hoi chu nghia viet nam"
#: likeness, in percent, of a line or of the part of it that fits best, from which it holds the title
_TITLE_ALIKE = 85
#: letters that such a line has at least: fewer are found in other words
_TITLE_LETTERS = 20

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


def is_national_title(folded: str) -> bool:
    """Whether a folded line holds the national title, `CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM`. Some letters may be misread."""
    return len(folded) >= _TITLE_LETTERS and fuzz.partial_ratio(_NATIONAL_TITLE, folded) >= _TITLE_ALIKE
