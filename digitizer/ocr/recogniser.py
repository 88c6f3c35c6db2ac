"""Reads images of lines on ONNX Runtime. Unlike PaddleOCR's text recognition it keeps column and probability of letters."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, groupby, pairwise

import numpy as np
import numpy.typing as npt
import onnxruntime
from PIL import Image

from digitizer.lattice import Stretch, pack, x_of
from digitizer.model import Box, Letter, Line, Pixels, Word
from digitizer.ocr.ctc import BLANK, Sign, best_path
from digitizer.ocr.handwriting import handwriting_probability, word_groups
from digitizer.ocr.handwriting_strip import HEIGHT, MAX_WIDTH, STRIDE, handwriting_strip
from digitizer.ocr.two_readers import Columns, Readings, believed, settled
from digitizer.ocr.weights import Model

#: room above and below handwriting, in heights of its line
ROOM = 0.1
#: readings of an empty dotted line of a form
DOTS = re.compile(r"[.…·,:' ]+|(?=.*[oó.]{2})[oOóòỏ0.…·,:' ]{3,}s?")


@dataclass(frozen=True, slots=True)
class LinePlace:
    """The place of a line on a page."""

    #: px, as if the line were level
    box: Box
    #: px that the line falls for each px to the right, about the middle of the box
    slope: float = 0.0

    @property
    def lean(self) -> float:
        """Distance, px, by which one end stands below the other."""
        return abs(self.slope) * self.box.width

    def hull(self, height: int) -> Box:
        """The box around the sloping line, clipped to a page `height` px high."""
        return self.part(self.box.x0, self.box.x1, height)

    def between(self, x0: float, x1: float) -> LinePlace:
        """The place of what stands from `x0` to `x1` px on the line."""
        down = self.slope * ((x0 + x1) / 2 - self.box.centre[0])
        return LinePlace(Box(x0, self.box.y0 + down, x1, self.box.y1 + down), self.slope)

    def roomier(self) -> LinePlace:
        """The place with room for the marks and tails of a pen."""
        room = ROOM * self.box.height
        return LinePlace(replace(self.box, y0=self.box.y0 - room, y1=self.box.y1 + room), self.slope)

    def part(self, x0: float, x1: float, height: int) -> Box:
        """The box around the part of the line from `x0` to `x1` px, clipped to a page `height` px high."""
        more = abs(self.slope) * (x1 - x0) / 2
        down = self.slope * ((x0 + x1) / 2 - self.box.centre[0])
        y0, y1 = (min(max(0.0, y), float(height)) for y in (self.box.y0 + down - more, self.box.y1 + down + more))
        return Box(x0, y0, x1, y1)


class Network:
    """The recogniser's network: strips -> CTC columns. Not thread-safe, must not cross a fork."""

    def __init__(self, model: Model, threads: int) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        # the memory arena would keep the largest batch of every shape
        options.enable_cpu_mem_arena = False
        self._session = onnxruntime.InferenceSession(str(model.weights), options, providers=["CPUExecutionProvider"])
        self._input = self._session.get_inputs()[0].name

    def columns(self, strip: Pixels) -> npt.NDArray[np.float32]:
        """Probabilities (w / STRIDE, 1 + letters) of each letter in each column. Index 0 is the CTC blank.

        `strip`: one line, (HEIGHT, w, 3) uint8 RGB, w a multiple of STRIDE. A batch of lines would be no faster.
        """
        batch = np.ascontiguousarray(strip.transpose(2, 0, 1)[::-1][None] / np.float32(127.5) - 1)
        found: npt.NDArray[np.float32] = self._session.run(None, {self._input: batch})[0][0]
        return found


@dataclass(frozen=True, slots=True)
class Part:
    """CTC columns of a part of a line that reaches from `x0` to `x1` px of the page."""

    columns: Columns
    x0: float
    x1: float


@dataclass(frozen=True, slots=True)
class Piece:
    """What the networks read from `x0` to `x1` px of the page."""

    readings: Readings
    x0: float
    x1: float


class Recogniser:
    """Reads cropped lines: print with one network, handwriting with another. Not thread-safe, must not cross a fork.

    Args:
        model: reads print, and everything where there is no other network.
        hands: reads handwriting, with the same letters.
        threads: of each network.
    """

    def __init__(self, model: Model, hands: Model | None, threads: int) -> None:
        self._charset = model.charset
        self._space = 1 + model.charset.index(" ")
        self._network = Network(model, threads)
        self._hands = None if hands is None else Network(hands, threads)

    def read(self, pixels: Pixels, places: Sequence[LinePlace]) -> tuple[Line, ...]:
        """The lines at `places` of a page (H, W, 3) uint8 RGB. Places without text give no line."""
        strips = [_strip(_crop(pixels, place)) for place in places]
        pieces = [self._pieces(pixels, place, strip) for place, strip in zip(places, strips, strict=True)]
        by_hand = iter(believed([piece.readings for line in pieces for piece in line], self._charset))
        lines = []
        for place, strip, line in zip(places, strips, pieces, strict=True):
            found = self._line(self._parts([(piece, next(by_hand)) for piece in line]), place, len(pixels))
            if found is not None:
                lines.append(replace(found, hand=handwriting_probability(strip)))
        return tuple(lines)

    def _pieces(self, pixels: Pixels, place: LinePlace, strip: Pixels) -> list[Piece]:
        """A line in pieces. The network for print reads it whole, the one for handwriting each word group by hand."""
        box, columns = place.box, self._network.columns(strip)
        groups = word_groups(strip) if self._hands is not None else []
        if self._hands is None or not any(group.by_hand for group in groups):
            return [Piece(Readings(columns), box.x0, box.x1)]
        pieces: list[Piece] = []
        for group in groups:
            first, end = group.start // STRIDE, group.end // STRIDE
            x0, x1 = (box.x0 + box.width * column / len(columns) for column in (first, end))
            readings = Readings(columns[first:end], by_hand=group.by_hand and end > first)
            if readings.by_hand and not settled(readings.printed, self._charset):
                readings = replace(readings, written=self._written(pixels, place.between(x0, x1)))
            pieces.append(Piece(readings, x0, x1))
        return pieces

    def _written(self, pixels: Pixels, place: LinePlace) -> Columns | None:
        """What the network for handwriting reads in a place."""
        if self._hands is None:
            return None
        return self._hands.columns(handwriting_strip(np.asarray(_crop(pixels, place.roomier()))))

    def _parts(self, pieces: Sequence[tuple[Piece, bool]]) -> list[Part]:
        """The believed columns: stretches of the network for print, and between spaces those of the one for handwriting."""
        found: list[Part] = []
        for by_hand, run in groupby(pieces, key=lambda pair: pair[1]):
            own = [piece for piece, _ in run]
            parts = [Part(piece.readings.written, piece.x0, piece.x1) for piece in own if piece.readings.written is not None]
            if not by_hand:
                parts = [Part(np.concatenate([piece.readings.printed for piece in own]), own[0].x0, own[-1].x1)]
            found += parts
        return found if len(found) == 1 else list(self._spaced(found))

    def _spaced(self, parts: Sequence[Part]) -> Iterator[Part]:
        """`parts` with one space between two."""
        for number, part in enumerate(parts):
            if number:
                yield Part(np.eye(1, part.columns.shape[1], self._space, dtype=np.float32), part.x0, part.x0)
            yield replace(part, columns=_trimmed(part.columns, self._space))

    def _line(self, parts: Sequence[Part], place: LinePlace, height: int) -> Line | None:
        """The line that `parts` make on a page `height` px high. None where there is no text."""
        columns, scale = np.concatenate([part.columns for part in parts]), _scale(parts)
        line = to_line(best_path(columns, self._charset), place, scale, len(columns), height)
        if line is None:
            return None
        return replace(line, lattice=pack(columns, self._charset, x0=parts[0].x0, x1=parts[0].x1, more=scale[1:]))


def _scale(parts: Sequence[Part]) -> list[Stretch]:
    """Where the columns of all parts stand."""
    firsts = accumulate((len(part.columns) for part in parts), initial=0)
    ends = [(part, (part.x1 - part.x0) / max(len(part.columns), 1)) for part in parts]
    return [Stretch(first, part.x0, step) for first, (part, step) in zip(firsts, ends, strict=False)]


def _trimmed(columns: Columns, space: int) -> Columns:
    """`columns` with the spaces before the first letter and after the last one taken for nothing."""
    best = columns.argmax(axis=1)
    inked = np.flatnonzero((best != BLANK) & (best != space))
    first, last = (inked[0], inked[-1]) if len(inked) else (len(columns), len(columns))
    outside = best == space
    outside[first : last + 1] = False
    trimmed = columns.copy()
    trimmed[outside] = np.eye(1, columns.shape[1], BLANK, dtype=np.float32)
    return trimmed


def _crop(pixels: Pixels, place: LinePlace) -> Image.Image:
    """What stands in a place, levelled."""
    box, hull = place.box, place.hull(len(pixels))
    x0, x1 = int(hull.x0), max(int(hull.x0) + 1, int(np.ceil(hull.x1)))
    crop = Image.fromarray(np.ascontiguousarray(pixels[int(hull.y0) : max(int(hull.y0) + 1, int(np.ceil(hull.y1))), x0:x1]))
    if place.lean >= 1:
        # columns are shifted, not rotated, so every letter keeps its x
        down = box.y0 - int(hull.y0) - place.slope * (x1 - x0) / 2
        level, size = (1, 0, 0, place.slope, 1, down), (x1 - x0, max(1, round(box.height)))
        crop = crop.transform(size, Image.Transform.AFFINE, level, Image.Resampling.BILINEAR, fillcolor=(255, 255, 255))
    return crop


def _strip(crop: Image.Image) -> npt.NDArray[np.uint8]:
    """A line scaled to (HEIGHT, w, 3), w a multiple of STRIDE."""
    # the width is a whole number of CTC columns
    width = STRIDE * int(np.clip(round(crop.width * HEIGHT / crop.height / STRIDE), 1, MAX_WIDTH // STRIDE))
    way = Image.Resampling.BOX if crop.height > 2 * HEIGHT else Image.Resampling.BICUBIC
    return np.asarray(crop.resize((width, HEIGHT), way))


def to_line(signs: Sequence[Sign], place: LinePlace, scale: Sequence[Stretch], columns: int, height: int) -> Line | None:
    """Decoded characters as a line of a page `height` px high. Its `columns` CTC columns stand where `scale` says.

    None: there are only spaces or the dots of an empty form line.
    """
    middles = [(sign.first + sign.last + 1) / 2 for sign in signs]
    bounds = [0.0, *((a + b) / 2 for a, b in pairwise(middles)), float(columns)]
    # a letter reaches half-way to its neighbours, but at most 2.5 columns, about its own width
    letters = tuple(
        Letter(
            char=sign.char,
            x0=round(x_of(max(bounds[i], middle - 2.5), scale), 1),
            x1=round(x_of(min(bounds[i + 1], middle + 2.5), scale), 1),
            confidence=round(sign.confidence, 4),
        )
        for i, (sign, middle) in enumerate(zip(signs, middles, strict=True))
    )
    while letters and letters[0].char == " ":
        letters = letters[1:]
    while letters and letters[-1].char == " ":
        letters = letters[:-1]
    kept = tuple(letter for i, letter in enumerate(letters) if letter.char != " " or letters[i - 1].char != " ")
    if not kept or DOTS.fullmatch("".join(letter.char for letter in kept)):
        return None
    return Line(
        text="".join(letter.char for letter in kept),
        box=place.hull(height),
        confidence=_mean([k.confidence for k in kept]),
        words=tuple(words_of(kept, place, height)),
        letters=kept,
    )


def words_of(letters: Sequence[Letter], place: LinePlace, height: int) -> Iterator[Word]:
    """The words: runs of letters between spaces, each with its box in a page `height` px high."""
    run: list[Letter] = []
    for letter in [*letters, Letter(char=" ", x0=0, x1=0, confidence=1)]:
        if letter.char != " ":
            run.append(letter)
        elif run:
            yield Word(
                text="".join(r.char for r in run),
                box=place.part(run[0].x0, max(run[-1].x1, run[0].x0), height),
                confidence=_mean([r.confidence for r in run]),
            )
            run = []


def _mean(values: Sequence[float]) -> float:
    return float(np.mean(values))
