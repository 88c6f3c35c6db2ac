"""The invisible text of a page as PDF operators: every word where it stands on the scan, in reading order.

PDF readers infer from geometry where words end. They differ (measured with Poppler 22.12, PDFium of Chromium, MuPDF 1.27):

- Poppler ignores space glyphs. It sees a space where the gap is wider than 0.15 of the font size. It sees a new line where the
  next word begins 0.6 of the font size or more before the end of the last. Between the two it joins the words.
- PDFium and MuPDF need a space glyph and join words without one. PDFium also sorts the strings of a row by their beginning.

So a space is part of its word's string unless there is room for it before the next word. The font of a line is small enough
that Poppler sees its narrowest gap.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from digitizer.model import Box, Floats, Line, PageText, Word
from digitizer.output.placement import corners

#: name of the font in the resources of every page
FONT = "/DigitizerText"
#: width of every glyph, in em
ADVANCE = 0.5
#: distance from the bottom of a word's box to its base line, as a share of the box's height
DESCENT = 0.2
#: gap, in em, that every reader takes for a space
GAP = 0.2
#: a word that begins this much, in em, before the end of the last one is on a new line for every reader
BACK = 0.7
#: a word this far, in heights, off the base line of the last one is on another line for every reader
SAME_LINE = 0.6
#: most that a word loses at each end for a wider gap, px of the scan
TRIM_PX = 1.5
#: most that a word loses at each end for a wider gap, as a share of its width
TRIM_SHARE = 0.2
#: a line is levelled when that moves no word by more than this, px of the scan. Poppler splits tilted words
LEVEL_PX = 1.5
#: distance of a line's last space from the line, in PDFium's letter widths. Up to half a width PDFium sees the same row
OFF_LINE = 0.6
#: least share of its width that a word keeps when it overlaps the next. Embedded text knows the begin of a word best
LEFT = 0.3
#: replaces characters that do not fit one UTF-16 code
_REPLACEMENT = "\ufffd"
#: PDFium drops these at the end of a line, also before a space
_HYPHENS = ("-", "\u00ad")
#: PDFium keeps a hyphen before this one
_NO_BREAK_SPACE = "\u00a0"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Placed:
    """A word in user space. Sizes are in its units."""

    text: str
    #: number of its line on the page
    line: int
    #: (2,) left end of the base line
    at: Floats
    #: (2,) unit vector along the word
    along: Floats
    #: (2,) unit vector from the base line upwards
    up: Floats
    width: float
    height: float
    #: most that each end may lose
    trim: float
    #: font size, units
    size: float


def operators(page: PageText, placement: Floats, used: set[str]) -> bytes:
    """Operators that write the words of `page` invisibly (text rendering mode 3). Adds their letters to `used`.

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
    """The words of a line, all levelled or none. MuPDF begins a new line where the direction changes."""
    px = float(np.sqrt(abs(np.linalg.det(placement[:2, :2]))))
    placed = [p for word in _words(line) if (p := _placed(word, number, page, placement, px))]
    level = [_levelled(word) for word in placed]
    moved = (float(np.hypot(*(a.at - b.at))) for a, b in zip(placed, level, strict=True))
    return level if all(distance <= LEVEL_PX * px for distance in moved) else placed


def _words(line: Line) -> Iterator[Word]:
    """The words of a line. If the engine gave none, the text is split at spaces and the width is divided by letters."""
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
    # a box without an area has no direction, so it gets sides of 1 px
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
    """`word` turned about its middle to the nearest axis of the page."""
    along, up = _axes(word)
    return replace(word, at=word.at + (word.along - along) * word.width / 2, along=along, up=up)


def _axes(word: _Placed) -> tuple[Floats, Floats]:
    """Unit vectors of the page's axes that are nearest to the word's `along` and `up`."""
    along: Floats = np.where(np.abs(word.along) == np.abs(word.along).max(), np.sign(word.along), 0.0)
    up: Floats = np.where(along == 0, np.sign(word.up), 0.0)
    return along, up


def _gap(word: _Placed, following: _Placed) -> float | None:
    """Distance, in units, from the end of `word` to the begin of `following`, negative where they overlap.

    None: they are on different lines.
    """
    step = following.at - word.at
    if abs(float(step @ word.up)) > SAME_LINE * max(word.height, following.height):
        return None
    return float(step @ word.along) - word.width


def _apart(words: Sequence[_Placed]) -> list[_Placed]:
    """`words` with wider gaps. Words that stand close become a little narrower, words that overlap the next are cut."""
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
    """The largest font size at which every reader sees `gap` as a space, or a negative one as a new line."""
    return gap / GAP if gap > 0 else -gap / BACK


def _sized(words: Sequence[_Placed]) -> list[_Placed]:
    """`words` with one font size a line, small enough that readers see every gap."""
    sizes: dict[int, float] = {}
    for word, following in zip(words, [*words[1:], None], strict=True):
        gap = _gap(word, following) if following is not None else None
        size = word.height if gap is None else min(word.height, max(_largest(gap), 0.05))
        sizes[word.line] = min(size, sizes.get(word.line, size))
    return [replace(word, size=sizes[word.line]) for word in words]


def _operators(word: _Placed, following: _Placed | None) -> bytes:
    """Operators for the word, stretched to its width, and a space. The space fills the gap to the next word of the line."""
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
    """Position of the space that ends a line: a little off the line, away from the next one.

    On a tilted page the next line may begin as high as this one ends. PDFium would then merge the two.
    """
    along, up = _axes(word)
    letter, way = _letter(word), 1.0
    if following is not None:
        letter = max(letter, _letter(following))
        way = -float(np.sign((following.at - word.at) @ up)) or 1.0
    end: Floats = word.at + word.width * along + way * OFF_LINE * letter * up
    return end


def _letter(word: _Placed) -> float:
    """Letter width of `word` that PDFium uses to find rows: the mean of the stretched and the plain width."""
    return (word.width / len(word.text) + ADVANCE * word.size) / 2


def _matrix(word: _Placed, at: Floats) -> str:
    return " ".join(f"{value:.5f}" for value in (*word.along, *word.up)) + f" {at[0]:.3f} {at[1]:.3f} Tm"


def _stretched(word: _Placed) -> str:
    return f"{100 * word.width / (len(word.text) * ADVANCE * word.size):.2f} Tz"


def _string(text: str) -> str:
    return f"<{text.encode('utf-16-be').hex().upper()}> Tj"


def to_unicode(used: Iterable[str]) -> bytes:
    """The CMap that maps each code to itself (ISO 32000, 9.10.3). Codes are UTF-16."""
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
