"""Recognises Vietnamese text in encodings from before Unicode, by its share of Vietnamese syllables, and converts it.

A PDF in such an encoding looks right and copies wrongly: its fonts (`.VnTime`, `VNI-Times`) draw Vietnamese letters under the
codes of other letters.

- TCVN3 (ABC) fonts follow TCVN 5712:1993 VN1. Upper-case letters they lack come from fonts of capitals (`.VnTimeH`).
- VNI writes a letter and its marks as two characters.
- VIQR (RFC 1456) writes marks as ASCII.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from itertools import product

from digitizer.text import nfc, syllables

#: good Vietnamese has at least this share of Vietnamese syllables
_VALID = 0.8
#: of those, at least this share carries a mark, because unmarked text proves nothing
_MARKED = 0.35
#: fewer words than this prove nothing
_WORDS = 4
#: names of fonts in TCVN3
_TCVN3_FONT = re.compile(r"(?:^|\+)\.?Vn[A-Z3]")
#: names of TCVN3 fonts that draw capitals
_CAPITALS_FONT = re.compile(r"(?:^|\+)\.?Vn[A-Z3]\w*H(?:$|[ ,\-])")
#: names of fonts in VNI
_VNI_FONT = re.compile(r"(?:^|\+)VNI\b", re.IGNORECASE)

#: letters at 0x80 to 0xFF. The combining marks at 0xB0 are grave, hook, tilde, acute, dot.
_TCVN_HIGH = (
    "ÀẢÃÁẠẶẬÈẺẼÉẸỆÌỈĨÍỊÒỎÕÓỌỘỜỞỠỚỢÙỦŨ\u00a0ĂÂÊÔƠƯĐăâêôơưđẰ\u0300\u0309\u0303\u0301\u0323"
    "àảãáạẲằẳẵắẴẮẦẨẪẤỀặầẩẫấậèỂẻẽéẹềểễếệìỉỄẾỒĩíịòỔỏõóọồổỗốộờởỡớợùỖủũúụừửữứựỳỷỹýỵỐ"
)
#: letters below 0x20
_TCVN_LOW = {
    0x01: "Ú", 0x02: "Ụ", 0x04: "Ừ", 0x05: "Ử", 0x06: "Ữ", 0x11: "Ứ", 0x12: "Ự", 0x13: "Ỳ", 0x14: "Ỷ", 0x15: "Ỹ", 0x16: "Ý",
    0x17: "Ỵ",
}  # fmt: skip
#: grave, hook, tilde, acute, dot: as VNI writes them on a plain letter, on one with circumflex, on one with breve
_VNI_MARKS = ("øûõùï", "àåãáä", "èúüéë")
_VNI_SINGLE = {"í": "í", "ì": "ì", "æ": "ỉ", "ó": "ĩ", "ò": "ị", "ô": "ơ", "ö": "ư", "ñ": "đ", "î": "ỵ"}
_TONES = "\u0300\u0309\u0303\u0301\u0323"
_CIRCUMFLEX, _BREVE, _HORN = "\u0302", "\u0306", "\u031b"
_VIQR_TONES = dict(zip("`?~'.", _TONES, strict=True))
_VIQR_SHAPES = {"^": _CIRCUMFLEX, "(": _BREVE, "+": _HORN, "*": _HORN}
_VIQR = re.compile(r"\\(.)|([dD])[dD]|([aeiouyAEIOUY])([(^+*]?)([`?~'.]?)")
_UTF8 = re.compile("[\u00c2-\u00df][\u0080-\u00bf]|[\u00e0-\u00ef][\u0080-\u00bf]{2}")


def _byte(char: str) -> str:
    """The byte that Windows or Latin-1 shows as `char`, as a character. `char` itself where there is no such byte."""
    try:
        return char.encode("cp1252").decode("latin-1")
    except UnicodeEncodeError:
        return char


def _tcvn3_letters() -> dict[str, str]:
    codes = {**_TCVN_LOW, **{0x80 + place: letter for place, letter in enumerate(_TCVN_HIGH)}}
    letters = {chr(code): letter for code, letter in codes.items()}
    shown = {bytes([code]).decode("cp1252", "replace"): letter for code, letter in codes.items() if code >= 0x80}
    # a PDF may call the micro sign by its Greek name
    return {**letters, **{char: letter for char, letter in shown.items() if char != "\ufffd"}, "\u03bc": codes[0xB5]}


def _vni_letters() -> dict[str, str]:
    found = dict(_VNI_SINGLE)
    for (shape, signs), base in product(zip(("", _CIRCUMFLEX, _BREVE), _VNI_MARKS, strict=True), "aeouyôö"):
        found |= {base + sign: _VNI_SINGLE.get(base, base) + shape + tone for sign, tone in zip(signs, _TONES, strict=True)}
    found |= {base + sign: base + shape for base in "aeo" for sign, shape in (("â", _CIRCUMFLEX), ("ê", _BREVE))}
    found = {written: nfc(letter) for written, letter in found.items() if len(nfc(letter)) == 1}
    upper = {
        base.upper() + sign: letter.upper() for written, letter in found.items() for base, sign in [(written[0], written[1:])]
    }
    return {**found, **upper, **{written.upper(): letter.upper() for written, letter in found.items()}}


_TCVN3 = _tcvn3_letters()
_VNI = _vni_letters()
_VNI_ANY = re.compile("|".join(sorted(map(re.escape, _VNI), key=len, reverse=True)))


def _tcvn3(text: str) -> str:
    return "".join(_TCVN3.get(char, char) for char in text)


def _vni(text: str) -> str:
    return _VNI_ANY.sub(lambda found: _VNI[found[0]], text)


def _viqr(text: str) -> str:
    return re.sub(r"\S+", lambda word: _viqr_word(word[0]), text)


def _viqr_word(word: str) -> str:
    """A point or question mark that ends a word is a tone only where that makes it a syllable: `Mau.` is no `Maụ`."""
    whole = nfc(_VIQR.sub(_viqr_letter, word))
    if word[-1] in ".?'" and word[-2:-1] != "\\" and not _is_syllable(whole):
        return nfc(_VIQR.sub(_viqr_letter, word[:-1])) + word[-1]
    return whole


def _viqr_letter(found: re.Match[str]) -> str:
    escaped, stroke, letter, shape, tone = found.groups()
    if escaped or stroke:
        return escaped or {"d": "đ", "D": "Đ"}[stroke]
    whole = nfc(letter + _VIQR_SHAPES.get(shape, "") + _VIQR_TONES.get(tone, ""))
    return whole if len(whole) == 1 else str(found[0])


def _twice(text: str) -> str:
    """UTF-8 that was taken for Windows-1252 or Latin-1 and encoded again."""
    raw, out, done = "".join(_byte(char) for char in text), [], 0
    for found in _UTF8.finditer(raw):
        out += [text[done : found.start()], found[0].encode("latin-1").decode("utf-8", "replace")]
        done = found.end()
    return "".join([*out, text[done:]])


#: name -> how it becomes Unicode
ENCODINGS: dict[str, Callable[[str], str]] = {"tcvn3": _tcvn3, "vni": _vni, "viqr": _viqr, "utf8_twice": _twice}


def converted(text: str, encoding: str, font: str = "") -> str:
    """`text` in `encoding` (a name of `ENCODINGS`) as Unicode, NFC. Text of a font of capitals becomes upper case."""
    found = nfc(ENCODINGS[encoding](text))
    return found.upper() if encoding == "tcvn3" and _CAPITALS_FONT.search(font) else found


@dataclass(frozen=True, slots=True)
class Spelling:
    """How Vietnamese a text looks: its words, how many are Vietnamese syllables, how many of those carry a mark."""

    words: int
    valid: int
    marked: int

    @property
    def share(self) -> float:
        """Share of the words that are syllables, 0–1."""
        return self.valid / max(self.words, 1)

    @property
    def good(self) -> bool:
        """Whether this is good Vietnamese: enough words, syllables and marks."""
        return self.words >= _WORDS and self.share >= _VALID and self.marked >= _MARKED * self.valid


def spelling(text: str) -> Spelling:
    """Counts the words of `text` that have letters and no digits."""
    words = [word for part in text.split() if (word := part.strip(_EDGES)) and not any(c.isdigit() for c in word)]
    words = [piece for word in words for piece in re.split(r"[-/,.;:()]+", word) if piece and any(c.isalpha() for c in piece)]
    valid = [word for word in words if _is_syllable(word)]
    return Spelling(len(words), len(valid), sum(not word.isascii() for word in valid))


_EDGES = "".join(map(chr, range(0x21, 0x30))) + ":;<=>?@[]_{|}~“”‘’…–—•"


def _is_syllable(word: str) -> bool:
    return nfc(word).casefold() in syllables()


def recognise(text: str, font: str = "") -> str | None:
    """The encoding of `text`: a name of `ENCODINGS`, `""` for good Vietnamese as it stands, None when it is neither.

    It is the encoding under which the text becomes the best Vietnamese. A text of few words has the encoding of its font.
    """
    plain = spelling(text)
    if plain.good:
        return ""
    tried = {name: spelling(converted(text, name, font)) for name in ENCODINGS}
    best = max(tried, key=lambda name: (tried[name].share, tried[name].marked, name == hinted(font)))
    if tried[best].good and tried[best].marked > plain.marked:
        return best
    hint = hinted(font)
    return hint if hint is not None and plain.words < 2 * _WORDS and tried[hint].share >= plain.share else None


def hinted(font: str) -> str | None:
    """The encoding that fonts of this name have. None where the name says nothing."""
    if _TCVN3_FONT.search(font):
        return "tcvn3"
    return "vni" if _VNI_FONT.search(font) else None
