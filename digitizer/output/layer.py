"""The invisible text of a page as PDF operators: every word where it stands on the scan, in reading order."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from digitizer.model import Box, Floats, Line, PageText, Word
from digitizer.output.placement import corners

#: name of the font in the resources of every page
FONT = "/DigitizerText"
#: of every glyph, in em
ADVANCE = 0.5
#: below the base line, in em
DESCENT = 0.2
_REPLACEMENT = "\ufffd"


def text_layer(page: PageText, placement: Floats, used: set[str]) -> bytes:
    """Operators that write the words of `page` invisibly (text rendering mode 3); adds their letters to `used`.

    `placement`: (3, 3) from px of the scan to user space.
    """
    shown = [op for line in page.lines for op in _line(line, page, placement, used)]
    return b"BT\n3 Tr\n" + b"\n".join(shown) + b"\nET\n" if shown else b""


def _line(line: Line, page: PageText, placement: Floats, used: set[str]) -> Iterable[bytes]:
    words = line.words or (Word(text=line.text, box=line.box, confidence=line.confidence),)
    for word, following in zip(words, (*words[1:], None), strict=True):
        box, text = word.box, word.text
        if following is not None:
            # the space reaches to the next word, so that copying finds neither two words in one nor a gap in a row
            text += " "
            box = Box(box.x0, box.y0, max(box.x1, following.box.x0), box.y1)
        operators = _word(text, box, page, placement, used)
        if operators:
            yield operators


def _word(text: str, box: Box, page: PageText, placement: Floats, used: set[str]) -> bytes:
    bottom_left, bottom_right, top_left = corners(box, page.to_scan, placement)
    along, up = bottom_right - bottom_left, top_left - bottom_left
    width, height = float(np.hypot(*along)), float(np.hypot(*up))
    letters = "".join(c if c <= "\uffff" else _REPLACEMENT for c in text)
    if not letters.strip() or width < 0.01 or height < 0.01:
        return b""
    used.update(letters)
    along, up = along / width, up / height
    x, y = bottom_left + DESCENT * height * up
    stretch = 100 * width / (len(letters) * ADVANCE * height)
    return (
        f"{FONT} {height:.3f} Tf {stretch:.2f} Tz {along[0]:.5f} {along[1]:.5f} {up[0]:.5f} {up[1]:.5f} {x:.3f} {y:.3f} Tm "
        f"<{letters.encode('utf-16-be').hex().upper()}> Tj"
    ).encode()


def to_unicode(used: Iterable[str]) -> bytes:
    """The CMap that copies codes back as themselves (ISO 32000, 9.10.3); codes are UTF-16."""
    codes = sorted(ord(c) for c in used)
    blocks = [codes[i : i + 100] for i in range(0, len(codes), 100)]
    entries = [
        f"{len(block)} beginbfchar\n" + "".join(f"<{code:04X}> <{code:04X}>\n" for code in block) + "endbfchar"
        for block in blocks
    ]
    head = (
        "/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n"
        "/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def\n"
        "/CMapName /Adobe-Identity-UCS def\n/CMapType 2 def\n1 begincodespacerange\n<0000> <FFFF>\nendcodespacerange\n"
    )
    tail = "\nendcmap\nCMapName currentdict /CMap defineresource pop\nend\nend\n"
    return (head + "\n".join(entries) + tail).encode()
