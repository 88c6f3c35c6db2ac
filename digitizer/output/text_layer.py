"""The invisible text of a page as PDF operators: every word where it stands on the scan, in reading order.

Readers find out from geometry where one word ends and the next begins, each in its way (measured with Poppler 22.12, PDFium of
Chromium, MuPDF 1.27). Poppler heeds no space glyph: it sees a space where the gap is wider than 0.15 of the font size, a new line
where the next word begins 0.6 of it or more before the end of the last, and one word between. PDFium and MuPDF heed a space glyph
and join what has none; but PDFium sorts the strings of a row by where they begin. So a space is part of its word's string unless
there is room for it before the next word, and the font of a line is so small that its narrowest gap is wide enough for Poppler.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from digitizer.model import Box, Floats, Line, PageText, Word
from digitizer.output.placement import corners

#: name of the font in the resources of every page
FONT = "/DigitizerText"
#: of every glyph, in em
ADVANCE = 0.5
#: from the bottom of a word's box to its base line, in heights of the box
DESCENT = 0.2
#: a gap that every reader sees, and how far a word must begin before the last one's end to be on a line of its own, in em
GAP, BACK = 0.2, 0.7
#: words further off the base line of the one before are on another line for every reader, in heights
SAME_LINE = 0.6
#: what a word may lose at each end for a wider gap: px of the scan, share of its width
TRIM_PX, TRIM_SHARE = 1.5, 0.2
#: a line's words are shown level where their ends keep within so many px of the scan: Poppler takes tilted words apart
LEVEL_PX = 1.5
#: how far off its line the last space stands, in what PDFium takes for the width of a letter; half of one is the same row for it
OFF_LINE = 0.6
#: what is left of a word that reaches into the next, a share of its width; text of PDFs knows better where words begin than end
LEFT = 0.3
_REPLACEMENT = "\ufffd"
#: PDFium drops a hyphen that ends a line, also one before a space, but not one before this
_HYPHENS, _NO_BREAK_SPACE = ("-", "\u00ad"), "\u00a0"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Placed:
    """A word in user space; `at`: (2,) bottom left; `along`, `up`: (2,) unit vectors; sizes in units."""

    text: str
    line: int
    at: Floats
    along: Floats
    up: Floats
    width: float
    height: float
    #: what may be taken off each end
    trim: float
    #: font size, units
    size: float


def operators(page: PageText, placement: Floats, used: set[str]) -> bytes:
    """Operators that write the words of `page` invisibly (text rendering mode 3); adds their letters to `used`.

    `placement`: (3, 3) from px of the scan to user space.
    """
    placed = [word for n, line in enumerate(page.lines) for word in _line(line, n, page, placement)]
    if not placed:
        return b""
    placed = _sized(_apart(placed))
    shown = [_operators(word, following) for word, following in zip(placed, [*placed[1:], None], strict=True)]
    used.update(" ", _NO_BREAK_SPACE, *(c for word in placed for c in word.text))
    return b"BT\n3 Tr\n" + b"\n".join(shown) + b"\nET\n"


def _line(line: Line, number: int, page: PageText, placement: Floats) -> list[_Placed]:
    """The words of a line, all level or none: MuPDF begins a new line where the direction changes."""
    px = float(np.sqrt(abs(np.linalg.det(placement[:2, :2]))))
    placed = [p for word in _words(line) if (p := _placed(word, number, page, placement, px))]
    level = [_levelled(word) for word in placed]
    moved = (float(np.hypot(*(a.at - b.at))) for a, b in zip(placed, level, strict=True))
    return level if all(distance <= LEVEL_PX * px for distance in moved) else placed


def _words(line: Line) -> Iterator[Word]:
    """The words of a line; where an engine gave none, its parts between spaces, each with its share of the width."""
    if line.words:
        yield from line.words
        return
    share, at = line.box.width / max(len(line.text), 1), 0
    for part in line.text.split(" "):
        box = Box(line.box.x0 + at * share, line.box.y0, line.box.x0 + (at + len(part)) * share, line.box.y1)
        at += len(part) + 1
        yield Word(text=part, box=box, confidence=line.confidence)


def _placed(word: Word, line: int, page: PageText, placement: Floats, px: float) -> _Placed | None:
    letters = "".join(c if c <= "\uffff" else _REPLACEMENT for c in word.text)
    if not letters.strip():
        return None
    # a box without an area says where, not in which direction
    box = replace(word.box, x1=max(word.box.x1, word.box.x0 + 1), y1=max(word.box.y1, word.box.y0 + 1))
    bottom_left, bottom_right, top_left = corners(box, page.to_scan, placement)
    along, up = bottom_right - bottom_left, top_left - bottom_left
    width, height = max(float(np.hypot(*along)), 0.01), max(float(np.hypot(*up)), 0.01)
    return _Placed(
        text=letters,
        line=line,
        at=bottom_left + DESCENT * up,
        along=along / width,
        up=up / height,
        width=width,
        height=height,
        trim=min(TRIM_PX * px, TRIM_SHARE * width),
        size=height,
    )


def _levelled(word: _Placed) -> _Placed:
    """`word` along an axis of the page about its middle."""
    along, up = _axes(word)
    return replace(word, at=word.at + (word.along - along) * word.width / 2, along=along, up=up)


def _axes(word: _Placed) -> tuple[Floats, Floats]:
    """The axes of the page next to the word's directions along and up, unit vectors."""
    along: Floats = np.where(np.abs(word.along) == np.abs(word.along).max(), np.sign(word.along), 0.0)
    up: Floats = np.where(along == 0, np.sign(word.up), 0.0)
    return along, up


def _gap(word: _Placed, following: _Placed) -> float | None:
    """How far `following` begins behind the end of `word`, units, negative before it; None when it is on another line."""
    step = following.at - word.at
    if abs(float(step @ word.up)) > SAME_LINE * max(word.height, following.height):
        return None
    return float(step @ word.along) - word.width


def _apart(words: Sequence[_Placed]) -> list[_Placed]:
    """`words`, those that stand close made a little narrower, those that reach into the next cut."""
    apart = list(words)
    for n in range(len(apart) - 1):
        word, following = apart[n], apart[n + 1]
        gap, wanted = _gap(word, following), GAP * min(word.height, following.height)
        if gap is None or gap >= wanted:
            continue
        if gap < 0:
            left, right = min(wanted - gap, (1 - LEFT) * word.width), 0.0
        else:
            share = min(1.0, (wanted - gap) / (word.trim + following.trim))
            left, right = share * word.trim, share * following.trim
        if _largest(gap) < _largest(gap + left + right):
            apart[n] = replace(word, width=word.width - left)
            apart[n + 1] = replace(following, at=following.at + right * following.along, width=following.width - right)
    return apart


def _largest(gap: float) -> float:
    """The largest font size at which every reader sees `gap`, or a new line where it is negative."""
    return gap / GAP if gap > 0 else -gap / BACK


def _sized(words: Sequence[_Placed]) -> list[_Placed]:
    """`words` with one font size a line, at which all are told apart."""
    sizes: dict[int, float] = {}
    for word, following in zip(words, [*words[1:], None], strict=True):
        gap = _gap(word, following) if following is not None else None
        size = word.height if gap is None else min(word.height, max(_largest(gap), 0.05))
        sizes[word.line] = min(size, sizes.get(word.line, size))
    return [replace(word, size=sizes[word.line]) for word in words]


def _operators(word: _Placed, following: _Placed | None) -> bytes:
    """The word in its width and a space, which reaches to the next word of its line where there is room."""
    shown = f"{FONT} {word.size:.3f} Tf {_matrix(word, word.at)} "
    if following is None or following.line != word.line:
        blank = _NO_BREAK_SPACE if word.text.endswith(_HYPHENS) else " "
        shown += f"{_stretched(word)} {_string(word.text)} {_matrix(word, _end(word, following))} {_string(blank)}"
    elif (gap := _gap(word, following)) is not None and gap > 0:
        shown += f"{_stretched(word)} {_string(word.text)} {100 * gap / (ADVANCE * word.size):.2f} Tz {_string(' ')}"
    else:
        shown += f"{_stretched(word)} {_string(word.text + ' ')}"
    return shown.encode()


def _end(word: _Placed, following: _Placed | None) -> Floats:
    """Where the space stands that ends a line: a little off it, away from the line that follows.

    PDFium would sort the first words of that line into this one if they stood as high as its end, which they do on a tilted page.
    """
    along, up = _axes(word)
    letter, way = _letter(word), 1.0
    if following is not None:
        letter = max(letter, _letter(following))
        way = -float(np.sign((following.at - word.at) @ up)) or 1.0
    end: Floats = word.at + word.width * along + way * OFF_LINE * letter * up
    return end


def _letter(word: _Placed) -> float:
    """How wide PDFium takes a letter of `word` to be when it looks for rows: halfway between stretched and not."""
    return (word.width / len(word.text) + ADVANCE * word.size) / 2


def _matrix(word: _Placed, at: Floats) -> str:
    return " ".join(f"{value:.5f}" for value in (*word.along, *word.up)) + f" {at[0]:.3f} {at[1]:.3f} Tm"


def _stretched(word: _Placed) -> str:
    return f"{100 * word.width / (len(word.text) * ADVANCE * word.size):.2f} Tz"


def _string(text: str) -> str:
    return f"<{text.encode('utf-16-be').hex().upper()}> Tj"


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
