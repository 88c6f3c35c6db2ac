"""Reads the embedded text of a PDF page as Lines, in px of the upright page.

Words are built from the places of glyphs, because the order and spaces in a PDF are not reliable. Each font may have an encoding
of its own (`legacy_encodings.py`). Text that is not visible is used only as the layer of an earlier OCR.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, pairwise
from typing import Any

import numpy as np

from digitizer import legacy_encodings
from digitizer.geometry import intersection, union
from digitizer.model import Box, EmbeddedText, Floats, Glyphs, Letter, Line, Page, Scan, Word
from digitizer.text import nfc

#: a wider gap, in heights of a letter, separates words
_SPACE = 0.2
#: a wider gap, in heights of a letter, separates lines side by side
_COLUMN = 1.5
#: greatest difference of base lines within a row, in heights of a letter
_ROW = 0.35
#: least contrast of a visible letter, grey levels
_INK = 40
#: greatest share of pictures on a page whose embedded text is whole
_PICTURES = 0.25
#: confidence of the text layer of an earlier OCR, which does not state its own. A person looks at its values
_LAYER = 0.8
#: the order of words is unknown when more than this share begins before the middle of the word before
_MUDDLED = 0.02
#: ligature -> its letters
_LIGATURES = {"ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl", "ﬅ": "st", "ﬆ": "st"}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Glyph:
    """One glyph."""

    char: str
    font: str
    hidden: bool
    #: px of the page
    box: Box
    #: px of the scan
    on_scan: Box
    #: y of its base line, px of the page
    base: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Piece:
    """Glyphs without a space between them."""

    text: str
    font: str
    glyphs: tuple[_Glyph, ...]

    @property
    def box(self) -> Box:
        return union(glyph.box for glyph in self.glyphs)


def with_glyphs(scan: Scan, text: dict[str, Any]) -> Scan:
    """`scan` with the embedded `text` that `decode.py` found on its PDF page, turned from points to px."""
    assert scan.area is not None
    x, y = scan.sheet.width / scan.area.width, scan.sheet.height / scan.area.height
    shift, scale = np.array([scan.area.x0, scan.area.y0] * 3), np.array([x, y] * 3)
    glyphs = tuple(
        Glyphs(
            font=font,
            chars="".join(chr(code[0]) for code in codes),
            places=(np.array([code[1:] for code in codes], dtype=np.float64) - shift) * scale,
            direction=(dx, dy),
            hidden=hidden,
        )
        for font, hidden, dx, dy, codes in text["runs"]
    )
    boxes = (np.array(text["pictures"], dtype=np.float64).reshape(-1, 4) - shift[:4]) * scale[:4]
    return replace(scan, glyphs=glyphs, pictures=tuple(Box(*box) for box in boxes.tolist()))


def find_embedded_text(scan: Scan, page: Page, *, mode: str) -> EmbeddedText | None:
    """The embedded text of `page`, a page on `scan`. None when its PDF has none. `mode`: see `PageOptions`.

    Visible text comes before a hidden layer. The layer is used in mode `skip` only, when it is good Vietnamese.
    """
    if not scan.glyphs:
        return None
    pieces = list(_pieces(_glyphs(scan, page)))
    readable = [piece for piece in pieces if _readable(piece)]
    seen = [piece for piece in readable if not piece.glyphs[0].hidden and _has_ink(piece, scan)]
    if seen:
        lost = any(not piece.glyphs[0].hidden and not _readable(piece) for piece in pieces) or _sideways(scan, page)
        return _result(_decoded(seen), whole=not lost and _pictures(scan) < _PICTURES, seen=True)
    layer = _decoded(readable) if mode == "skip" else None
    if layer is not None and layer.sure:
        return _result(layer, whole=True, seen=False)
    return EmbeddedText(
        lines=(), sure=False, whole=False, seen=any(not piece.glyphs[0].hidden for piece in pieces if piece not in readable)
    )


# --- words ----------------------------------------------------------------------------------------------------------


def _glyphs(scan: Scan, page: Page) -> Iterator[_Glyph]:
    """The glyphs on `page` that stand upright there."""
    for run in scan.glyphs:
        if not run.chars or not _upright(run, page):
            continue
        stands, boxes = run.places[:, :2], run.places[:, 2:]
        base = page.to_scan.back(stands)[:, 1]
        for place, box in enumerate(_on_page(boxes, page)):
            if 0 <= box.centre[0] < page.pixels.shape[1] and 0 <= box.centre[1] < page.pixels.shape[0]:
                on_scan = Box(*(float(v) for v in boxes[place]))
                yield _Glyph(
                    char=run.chars[place], font=run.font, hidden=run.hidden, box=box, on_scan=on_scan, base=float(base[place])
                )


def _upright(run: Glyphs, page: Page) -> bool:
    """Whether the run goes from left to right on the page."""
    start = run.places[:1, :2]
    (x0, y0), (x1, y1) = page.to_scan.back(np.vstack([start, start + 10 * np.array(run.direction)]))
    return bool(x1 - x0 > 5 * abs(y1 - y0))


def _sideways(scan: Scan, page: Page) -> bool:
    """Whether visible text runs in another direction."""
    return any(run.chars.strip() and not run.hidden and not _upright(run, page) for run in scan.glyphs)


def _on_page(boxes: Floats, page: Page) -> list[Box]:
    """Boxes (N, 4), px of the scan, as boxes on the page."""
    corners = boxes[:, [0, 1, 2, 1, 0, 3, 2, 3]].reshape(-1, 2)
    moved = page.to_scan.back(corners).reshape(-1, 4, 2)
    low, high = moved.min(axis=1).round(1), moved.max(axis=1).round(1)
    return [Box(*(float(v) for v in (*a, *b))) for a, b in zip(low, high, strict=True)]


def _pieces(glyphs: Iterable[_Glyph]) -> Iterator[_Piece]:
    """`glyphs` as words, cut at spaces, gaps and changes of the base line."""
    run: list[_Glyph] = []
    for glyph in glyphs:
        if run and (glyph.char.isspace() or _apart(run[-1], glyph)):
            yield _piece(run)
            run = []
        if not glyph.char.isspace():
            run.append(glyph)
    if run:
        yield _piece(run)


def _apart(a: _Glyph, b: _Glyph) -> bool:
    tall = max(a.box.height, b.box.height, 1.0)
    gap = b.box.x0 - a.box.x1
    return a.hidden != b.hidden or abs(a.base - b.base) > _ROW * tall or gap > _SPACE * tall or gap < -tall


def _piece(glyphs: Sequence[_Glyph]) -> _Piece:
    fonts = [glyph.font for glyph in glyphs]
    text = "".join(_LIGATURES.get(glyph.char, glyph.char) for glyph in glyphs)
    return _Piece(text=text, font=max(set(fonts), key=fonts.count), glyphs=tuple(glyphs))


def _readable(piece: _Piece) -> bool:
    """Whether its glyphs have letters. A font without a Unicode map gives none, or private ones."""
    return not any(c == "\ufffd" or "\ue000" <= c <= "\uf8ff" for c in piece.text)


def _has_ink(piece: _Piece, scan: Scan) -> bool:
    box = union(glyph.on_scan for glyph in piece.glyphs)
    x0, y0, x1, y1 = (int(edge / scan.coarser) for edge in (box.x0, box.y0, box.x1, box.y1))
    part = scan.pixels[max(0, y0) : y1 + 2, max(0, x0) : x1 + 2]
    return part.size > 0 and int(part.max()) - int(part.min()) >= _INK


def _pictures(scan: Scan) -> float:
    """Share of the scan under pictures and letters drawn as paths, counted on a coarse grid."""
    height, width = scan.sheet.height, scan.sheet.width
    grid = np.zeros((100, 100), bool)
    for box in scan.pictures:
        x0, x1 = (int(np.clip(v / width * 100, 0, 100)) for v in (box.x0, box.x1 + width / 100))
        y0, y1 = (int(np.clip(v / height * 100, 0, 100)) for v in (box.y0, box.y1 + height / 100))
        grid[y0:y1, x0:x1] = True
    return float(grid.mean())


# --- letters --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Decoded:
    """Words as Unicode."""

    pieces: tuple[_Piece, ...]
    #: the text is good Vietnamese
    sure: bool
    #: the commonest legacy encoding. Empty: none
    encoding: str


def _decoded(pieces: Sequence[_Piece]) -> _Decoded:
    """`pieces` as Unicode, decoded font by font."""
    fonts = sorted({piece.font for piece in pieces})
    texts = {font: " ".join(piece.text for piece in pieces if piece.font == font) for font in fonts}
    encodings = {font: legacy_encodings.recognise(texts[font], font) for font in fonts}
    # few words of one font may not show its encoding, but all words together may
    together = legacy_encodings.recognise(" ".join(texts.values())) or ""
    chosen = {font: encoding if encoding is not None else together for font, encoding in encodings.items()}
    found = tuple(replace(piece, text=_unicode(piece, chosen[piece.font])) for piece in pieces)
    found = tuple(piece for piece in found if piece.text)
    used = [encoding for encoding in chosen.values() if encoding]
    good = legacy_encodings.spelling(" ".join(piece.text for piece in found)).good
    return _Decoded(pieces=found, sure=good, encoding=max(set(used), key=used.count) if used else "")


def _unicode(piece: _Piece, encoding: str) -> str:
    if encoding:
        return legacy_encodings.converted(piece.text, encoding, piece.font)
    return nfc(piece.text.replace("\u00ad", "")).replace(" ", "")


# --- lines ----------------------------------------------------------------------------------------------------------


def _result(found: _Decoded, *, whole: bool, seen: bool) -> EmbeddedText:
    sure = 1.0 if seen else _LAYER
    lines = tuple(_line(pieces, sure) for row in _rows(found.pieces) for pieces in _columns(row))
    if _muddled(lines):
        return EmbeddedText(lines=(), sure=False, whole=False, seen=seen)
    return EmbeddedText(lines=lines, sure=found.sure, whole=whole, seen=seen, encoding=found.encoding)


def _muddled(lines: Sequence[Line]) -> bool:
    """Whether words overlap, as in a damaged PDF that has lost its fonts. Then their order is unknown."""
    count = sum(len(line.words) for line in lines)
    over = sum(b.box.x0 < a.box.centre[0] for line in lines for a, b in pairwise(line.words))
    return over > _MUDDLED * count


def _rows(pieces: Sequence[_Piece]) -> Iterator[list[_Piece]]:
    """Pieces that share a base line, left to right. A piece drawn twice, to look bold, counts once."""
    ordered = sorted(pieces, key=lambda piece: piece.glyphs[0].base)
    rows: list[list[_Piece]] = []
    for piece in ordered:
        if rows and piece.glyphs[0].base - rows[-1][-1].glyphs[0].base <= _ROW * piece.box.height:
            rows[-1].append(piece)
        else:
            rows.append([piece])
    for row in rows:
        yield [group[0] for group in _same(sorted(row, key=lambda piece: piece.box.x0))]


def _same(row: Sequence[_Piece]) -> Iterator[list[_Piece]]:
    groups: list[list[_Piece]] = []
    for piece in row:
        last = groups[-1][0] if groups else None
        if last and last.text == piece.text and 2 * intersection(last.box, piece.box) > piece.box.width * piece.box.height:
            groups[-1].append(piece)
        else:
            groups.append([piece])
    yield from groups


def _columns(row: Sequence[_Piece]) -> Iterator[list[_Piece]]:
    """A row, cut at gaps that are as wide as those between columns."""
    number = 0
    keys = []
    for at, piece in enumerate(row):
        number += at > 0 and piece.box.x0 - row[at - 1].box.x1 > _COLUMN * piece.box.height
        keys.append(number)
    for _, group in groupby(zip(keys, row, strict=True), key=lambda pair: pair[0]):
        yield [piece for _, piece in group]


def _line(pieces: Sequence[_Piece], confidence: float) -> Line:
    letters: list[Letter] = []
    words: list[Word] = []
    for piece in pieces:
        own = _letters(piece, confidence)
        if letters:
            letters.append(Letter(char=" ", x0=letters[-1].x1, x1=max(own[0].x0, letters[-1].x1), confidence=confidence))
        letters += own
        words.append(Word(text=piece.text, box=piece.box, confidence=confidence))
    text = " ".join(piece.text for piece in pieces)
    box = union(word.box for word in words)
    return Line(text=text, box=box, confidence=confidence, words=tuple(words), letters=tuple(letters), by="pdf")


def _letters(piece: _Piece, confidence: float) -> list[Letter]:
    """The letters of a piece. They are evenly spaced when not every glyph is a letter, as with separate accents."""
    box, count = piece.box, len(piece.text)
    if count == len(piece.glyphs):
        return [
            Letter(char=c, x0=g.box.x0, x1=g.box.x1, confidence=confidence) for c, g in zip(piece.text, piece.glyphs, strict=True)
        ]
    step = box.width / count
    return [
        Letter(char=c, x0=round(box.x0 + step * i, 1), x1=round(box.x0 + step * (i + 1), 1), confidence=confidence)
        for i, c in enumerate(piece.text)
    ]
