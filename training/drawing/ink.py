"""Ink: printed letters, typewriters, pens. A writer turns text into strokes. A stroke is a coverage mask and where it lies.

Coverage is uint8, 0 paper, 255 full ink. Positions are px relative to the start of the baseline, y down.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from training.drawing.fonts import FontFile, Fonts

Mask = NDArray[np.uint8]
#: ballpoint and fountain-pen colours: blue, dark blue, black, violet
PEN_COLOURS = ((38, 62, 150), (26, 36, 110), (20, 20, 28), (30, 34, 48), (84, 44, 130), (48, 80, 170))


class Stroke(NamedTuple):
    """Coverage `(h, w)` whose left upper corner lies at (x, y) from the start of the baseline."""

    mask: Mask
    x: int
    y: int


@dataclass(frozen=True, slots=True)
class Ink:
    """A colour and how much of it reaches the paper, 0–1."""

    colour: tuple[int, int, int]
    strength: float = 1.0

    def lay(self, pixels: NDArray[np.uint8], mask: Mask, x: int, y: int) -> None:
        """Draw `mask` onto RGB `pixels` in place, clipped. Ink darkens what is below it and never lightens it."""
        y0, x0 = max(0, y), max(0, x)
        part = pixels[y0 : y + mask.shape[0], x0 : x + mask.shape[1]]
        cover = mask[y0 - y : y0 - y + part.shape[0], x0 - x : x0 - x + part.shape[1], None].astype(np.float32) * (
            self.strength / 255
        )
        passes = 1 - cover * (1 - np.asarray(self.colour, np.float32) / 255)
        part[:] = (part * passes + 0.5).astype(np.uint8)


class Writer(Protocol):
    """Writes text with one ink."""

    ink: Ink
    #: whether a person moved it
    hand: bool

    def width(self, text: str) -> float:
        """Room the text takes, px."""
        ...

    def write(self, text: str) -> Sequence[Stroke]:
        """The strokes of a text. Random details differ at each call."""
        ...


class Press:
    """Offset or laser print: letters as the font has them."""

    hand = False

    def __init__(self, fonts: Fonts, file: FontFile, size_px: float, ink: Ink) -> None:
        self.face, self.ink = fonts.face(file, max(4, round(size_px))), ink

    def width(self, text: str) -> float:
        """Room the text takes, px."""
        return self.face.getlength(text)

    def write(self, text: str) -> Sequence[Stroke]:
        """One stroke."""
        return (_typeset(self.face, text),)


class Typewriter:
    """Single letters hit one after another: uneven force, letters a little off the line."""

    hand = False

    def __init__(self, fonts: Fonts, file: FontFile, size_px: float, ink: Ink, rng: np.random.Generator) -> None:
        self.face, self.ink, self.rng = fonts.face(file, max(4, round(size_px))), ink, rng
        self.step = self.face.getlength("n")
        # ribbon ink spreads: a line is about a ninth of the letter step wide
        self.swell = max(0.0, (0.11 * self.step - fonts.stem(file) * self.face.size) / 2)

    def width(self, text: str) -> float:
        """Room the text takes, px."""
        return self.step * len(text)

    def write(self, text: str) -> Sequence[Stroke]:
        """A stroke a letter."""
        strokes = []
        for place, letter in enumerate(text):
            if letter != " ":
                mask, x, y = _typeset(self.face, letter, self.swell)
                force = self.rng.uniform(0.72, 1)
                mask = (mask * np.float32(force)).astype(np.uint8)
                strokes.append(
                    Stroke(mask, x + round(place * self.step + self.rng.normal(0, 0.3)), y + round(self.rng.normal(0, 0.5)))
                )
        return strokes


@dataclass(frozen=True, slots=True, kw_only=True)
class Hand:
    """One person's handwriting with one pen."""

    script: FontFile
    #: what they use for words in capitals and codes: joined scripts are illegible there, and people print
    block: FontFile
    x_height_mm: float
    #: shear: positive leans to the right
    slant: float
    #: how far words leave the baseline, parts of the x-height
    wander: float
    #: how far letters leave the font's shape, parts of the x-height
    tremor: float
    #: room between words and letters against the font's own
    spacing: float
    #: width of the pen's line
    line_mm: float
    #: how uneven the pressure is, 0–1
    pressure: float
    ink: Ink
    #: how far tones and accents stand from where the font has them, parts of the x-height
    drift: float = 0.0
    #: how much the slant changes from word to word
    unrest: float = 0.0


def hand(fonts: Fonts, rng: np.random.Generator, *, x_height_mm: float = 2.0, colour: tuple[int, int, int] | None = None) -> Hand:
    """Somebody's handwriting. The same generator state gives the same person."""
    script = fonts.choose("pen", rng)
    joined = script.joined
    block = script if not joined else fonts.choose("pen", rng, joined=False)
    return Hand(
        script=script,
        block=block,
        x_height_mm=x_height_mm * rng.uniform(0.85, 1.15),
        slant=rng.uniform(-0.12, 0.22) if not joined else rng.uniform(-0.12, 0.1),
        wander=rng.uniform(0.02, 0.14),
        tremor=rng.uniform(0.04, 0.12) if not joined else rng.uniform(0.03, 0.08),
        spacing=rng.uniform(0.95, 1.18),
        line_mm=rng.uniform(0.26, 0.5),
        pressure=rng.uniform(0.1, 0.45),
        ink=Ink(colour or PEN_COLOURS[int(rng.integers(len(PEN_COLOURS)))], rng.uniform(0.78, 1.0)),
    )


class Pen:
    """A hand at work on a sheet of some resolution."""

    hand = True

    def __init__(self, fonts: Fonts, who: Hand, dpi: float, rng: np.random.Generator) -> None:
        self.who, self.ink, self.rng, self.fonts = who, who.ink, rng, fonts
        self.x_height = who.x_height_mm * dpi / 25.4
        self.line_px = max(1.4, min(who.line_mm * dpi / 25.4, 0.2 * self.x_height))
        self.space = 0.75 * self.x_height * who.spacing
        self.offset = 0.0

    def width(self, text: str) -> float:
        """Room the text takes, px, with a little to spare."""
        words = text.split()
        return sum(self._length(word) for word in words) * 1.02 + self.space * max(0, len(words) - 1)

    def write(self, text: str) -> Sequence[Stroke]:
        """A stroke a word. The baseline wanders."""
        strokes: list[Stroke] = []
        x = 0.0
        for word in text.split():
            self.offset = 0.6 * self.offset + self.rng.normal(0, self.who.wander * self.x_height)
            strokes.append(self._word(word, x, self.offset))
            x += self._length(word) + self.space * self.rng.uniform(0.85, 1.15)
        return strokes

    def _file(self, word: str) -> FontFile:
        letters = [c for c in word if c.isalpha()]
        return self.who.block if len(letters) > 1 and word == word.upper() else self.who.script

    def _face(self, word: str) -> ImageFont.FreeTypeFont:
        file = self._file(word)
        if file is not self.who.script:
            return self.fonts.face(file, max(6, round(1.8 * self.x_height / self.fonts.cap_height(file))))
        return self.fonts.face(file, max(6, round(self.x_height / self.fonts.x_height(file))))

    def _length(self, word: str) -> float:
        return self._face(word).getlength(word) * (1 if self._file(word).joined else self.who.spacing)

    def _swell(self, face: ImageFont.FreeTypeFont, file: FontFile) -> float:
        """Px by which a line must be wider on each side than the font draws it. Hairlines always gain a little."""
        return max(0.3 if file.joined else 0.0, (self.line_px - self.fonts.stem(file) * face.size) / 2)

    def _word(self, word: str, x: float, y: float) -> Stroke:
        face, file = self._face(word), self._file(word)
        swell = self._swell(face, file)
        letters = self._letters(face, word, swell) if file.joined else self._loose(face, word, swell)
        margin = max(3, round(0.35 * self.x_height))
        mask = np.pad(letters.mask, margin)
        mask = self._press(self._bend(mask, baseline=margin - letters.y))
        return Stroke(mask, letters.x - margin + round(x), letters.y - margin + round(y))

    def _loose(self, face: ImageFont.FreeTypeFont, word: str, swell: float) -> Stroke:
        """Letters set one by one, each a little too far left, right, up or down."""
        strokes = []
        for place, letter in enumerate(word):
            mask, x, y = self._letters(face, letter, swell)
            shift = self.rng.normal(0, 0.025 * self.x_height, 2)
            strokes.append(
                Stroke(mask, x + round(face.getlength(word[:place]) * self.who.spacing + shift[0]), y + round(2 * shift[1]))
            )
        return merge(strokes)

    def _letters(self, face: ImageFont.FreeTypeFont, text: str, swell: float) -> Stroke:
        """Letters as the font has them, their tones and accents drifted, smaller or larger, now and then run together."""
        whole = _typeset(face, text, swell)
        base = bare(text)
        if not self.who.drift or base == text:
            return whole
        return merge([*self._drifted(whole, _typeset(face, base, swell))])

    def _drifted(self, whole: Stroke, base: Stroke) -> Iterator[Stroke]:
        """The letters without their marks, then each mark where this hand puts it."""
        room = merge([whole._replace(mask=np.zeros_like(whole.mask)), base])
        dx, dy = whole.x - room.x, whole.y - room.y
        kept = cv2.dilate(room.mask, np.ones((3, 3), np.uint8))[dy : dy + whole.mask.shape[0], dx : dx + whole.mask.shape[1]]
        yield Stroke(np.where(kept > 40, whole.mask, 0).astype(np.uint8), whole.x, whole.y)
        marks = np.where(kept > 40, 0, whole.mask).astype(np.uint8)
        count, labels, boxes, _ = cv2.connectedComponentsWithStats((marks > 40).astype(np.uint8))
        for number in range(1, count):
            x, y, w, h, _ = (int(v) for v in boxes[number])
            mark = np.where(labels[y : y + h, x : x + w] == number, marks[y : y + h, x : x + w], 0).astype(np.uint8)
            scale = self.rng.uniform(0.85, 1.2, 2)
            size = (max(1, round(w * scale[0])), max(1, round(h * scale[1])))
            move = self.rng.normal(0, self.who.drift * self.x_height, 2)
            yield Stroke(cv2.resize(mark, size), whole.x + x + round(move[0]), whole.y + y + round(0.7 * move[1]))

    def _bend(self, mask: Mask, baseline: float) -> Mask:
        """Slant about the baseline, and a smooth displacement so that no two letters are alike."""
        height, width = mask.shape
        slant = self.who.slant + (self.rng.normal(0, self.who.unrest) if self.who.unrest else 0.0)
        cell = max(4.0, 0.8 * self.x_height)
        grid = (max(2, round(height / cell)), max(2, round(width / cell)))
        force = self.who.tremor * self.x_height
        dx, dy = (
            cv2.resize(self.rng.normal(0, force, grid).astype(np.float32), (width, height), interpolation=cv2.INTER_CUBIC)
            for _ in "xy"
        )
        columns, rows = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
        return cv2.remap(mask, columns + dx - slant * (baseline - rows), rows + dy, cv2.INTER_LINEAR)

    def _press(self, mask: Mask) -> Mask:
        """Soft edges, darker and paler places."""
        soft = cv2.GaussianBlur(mask, (0, 0), max(0.45, 0.16 * self.line_px)).astype(np.float32)
        shape = np.clip((soft - 24) * 1.45, 0, 255)
        cells = (2, max(2, mask.shape[1] // max(4, round(2 * self.x_height))))
        force = 1 - self.who.pressure * self.rng.uniform(0, 1, cells).astype(np.float32)
        return (shape * cv2.resize(force, mask.shape[::-1], interpolation=cv2.INTER_LINEAR)).astype(np.uint8)


def bare(text: str) -> str:
    """`text` without tones and accents. The stroke of đ and the horns of ơ and ư stay, because they belong to the letter."""
    parts = unicodedata.normalize("NFD", text)
    return unicodedata.normalize("NFC", "".join(c for c in parts if not unicodedata.combining(c) or c == "\u031b"))


def merge(strokes: Sequence[Stroke]) -> Stroke:
    """Several strokes as one."""
    x0, y0 = min(s.x for s in strokes), min(s.y for s in strokes)
    x1, y1 = max(s.x + s.mask.shape[1] for s in strokes), max(s.y + s.mask.shape[0] for s in strokes)
    mask = np.zeros((y1 - y0, x1 - x0), np.uint8)
    for piece, x, y in strokes:
        part = mask[y - y0 : y - y0 + piece.shape[0], x - x0 : x - x0 + piece.shape[1]]
        np.maximum(part, piece, out=part)
    return Stroke(mask, x0, y0)


def squeeze(strokes: Sequence[Stroke], factor: float) -> Sequence[Stroke]:
    """The same strokes narrower: how a hand makes a long name fit."""
    if factor >= 1:
        return strokes
    whole = merge(strokes)
    width = max(1, round(whole.mask.shape[1] * factor))
    return (
        Stroke(
            cv2.resize(whole.mask, (width, whole.mask.shape[0]), interpolation=cv2.INTER_AREA), round(whole.x * factor), whole.y
        ),
    )


@lru_cache(maxsize=4096)
def _typeset(face: ImageFont.FreeTypeFont, text: str, swell: float = 0.0) -> Stroke:
    """Letters as the font has them, `swell` px wider on each side. Kept, since pages repeat letters. The mask is read-only."""
    x0, y0, x1, y1 = face.getbbox(text, anchor="ls", stroke_width=swell)
    left, top = int(np.floor(x0)) - 1, int(np.floor(y0)) - 1
    image = Image.new("L", (max(1, int(np.ceil(x1)) - left + 1), max(1, int(np.ceil(y1)) - top + 1)))
    ImageDraw.Draw(image).text((-left, -top), text, fill=255, font=face, anchor="ls", stroke_width=swell)
    return Stroke(np.asarray(image), left, top)
