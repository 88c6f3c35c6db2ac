"""Engine `paddle`: PaddleOCR's text detection with our own weights, and our Vietnamese recogniser, all on ONNX Runtime.

PaddleOCR gets name and folder of its model. Otherwise it would download one.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from importlib.metadata import version

import numpy as np
import numpy.typing as npt

from digitizer.errors import EngineFailed, EngineMissing
from digitizer.model import Box, Line, Page, Pixels
from digitizer.ocr.dashes import with_dashes
from digitizer.ocr.overlooked import find_overlooked
from digitizer.ocr.recogniser import LinePlace, Recogniser
from digitizer.ocr.weights import Model, detector, hands, recogniser
from digitizer.settings import EngineOptions

# The detector sees a page up to three times: at SIDE px, smaller for very large letters, larger for small text.

#: longer side, px, at which the detector first sees a page
SIDE = 1_200
#: longest side, px, at which the detector sees small text
MOST = 1_600
#: text with lines lower than this, px at the first pass, is small text, such as that of a card on a sheet
LOW = 10.0
#: height, px, that lines of small text get at the larger pass
WELL = 12.5
#: small text gets a larger pass only when it fills less than this share of the page
SMALL = 0.3
#: a page with fewer lines than this may have letters too large for the detector, so it gets a smaller pass
FEW = 20
#: a page whose median line is higher than this, px at the first pass, gets a smaller pass too
LARGE = 30.0
#: longer side, px, at the smaller pass
FAR = 500
#: least height, px at the first pass, of a line that only the smaller pass found
ALONE = 20.0
#: a line of the smaller pass is known when first-pass lines cover more than this share of its area
PIECES = 0.5
#: room around found text that is searched for missed text, as a share of the page's longer side
NEAR = 0.1
#: room left and right of a line, in its heights, as in the recogniser's training
PAD_X = 0.15
#: room above a line, in its heights
PAD_TOP = 0.0
#: room below a line, in its heights
PAD_BOTTOM = 0.03
#: height of the core that the detector marks, as a share of the line's height
CORE = 0.5
#: DBPostProcess grows the core by UNCLIP * area / perimeter
UNCLIP = 1.05
#: parts of one line overlap along it by at least this share of their height
LAPPED = 0.15
#: parts of one line have at least this share of their height in common
SAME_ROW = 0.7
#: a picture this many times as wide as high is a strip with a line or two
STRIP = 4
#: height, px, at which the detector sees a strip
STRIP_HEIGHT = 32
#: paper set around a strip, in its heights: its letters touch the edge
STRIP_PAPER = 0.25
#: most lines of a page. Further ones are noise
MAX_LINES = 600
#: most places that the detector missed of a page. Further ones are noise
MAX_MISSED = 40
#: least confidence of a missed line, and of a character that stands alone
SURE, SURE_ALONE = 0.9, 0.95
#: what the rings of a border are read as
RINGS = frozenset("0oOQC")
#: greatest width of a letter, in heights of the line
BROAD = 1.2
#: the slope of a line is measured only when it is longer than this many heights
LONG = 5.0

#: (n, 4, 2) px: corners of lines, clockwise from the top left
Quads = npt.NDArray[np.float64]


class PaddleEngine:
    """Finds lines with the detector and reads them. One per process: not thread-safe, must not cross a fork."""

    def __init__(self, options: EngineOptions) -> None:
        os.environ["PADDLE_PDX_DISABLE_MODEL_SOURCE_CHECK"] = "True"
        try:
            from paddleocr import TextDetection
        except ImportError as exc:
            raise EngineMissing("paddleocr is not installed", engine="paddle") from exc
        self._models = models(options)
        finds, reads, *more = self._models
        self._find = TextDetection(
            model_name="PP-OCRv6_small_det",
            model_dir=str(finds.folder),
            engine="onnxruntime",
            device="cpu",
            engine_config={"intra_op_num_threads": options.threads},
            limit_type="max",
        )
        self._read = Recogniser(reads, next(iter(more), None), options.threads)

    @property
    def fingerprint(self) -> str:
        """Engine, version and weights."""
        return "-".join(("paddle", version("digitizer"), *(model.sha256[:12] for model in self._models)))

    @property
    def models(self) -> Mapping[str, str]:
        """Model name -> SHA-256."""
        return {model.name: model.sha256 for model in self._models}

    def read(self, page: Page) -> tuple[Line, ...]:
        """The lines of `page`. Raises EngineFailed."""
        try:
            places = self.places(page.pixels)
            return (*self._read.read(page.pixels, places), *self.read_overlooked(page, [place.box for place in places]))
        except (RuntimeError, ValueError, MemoryError) as exc:
            raise EngineFailed(f"{type(exc).__name__} while reading", source=page.source, scan=page.scan) from exc

    def read_line(self, pixels: Pixels) -> str:
        """The text of a picture of one line."""
        height, width = pixels.shape[:2]
        return " ".join(line.text for line in self._read.read(pixels, [LinePlace(Box(0, 0, width, height))]))

    def read_overlooked(self, page: Page, lines: Sequence[Box]) -> list[Line]:
        """What is read surely beside the `lines` that were found on `page`."""
        height, width = page.pixels.shape[:2]
        missed = [group.box for group in find_overlooked(page, lines) if group.box.x0 < width and group.box.y0 < height]
        padded = [LinePlace(_padded(box, height, width)) for box in missed[:MAX_MISSED]]
        found = self._read.read(page.pixels, padded) if padded else ()
        return [line for line in found if is_read(line)]

    def places(self, pixels: Pixels) -> list[LinePlace]:
        """The padded lines of a page (H, W, 3) uint8 RGB, in px of the page."""
        height, width = pixels.shape[:2]
        bgr = np.ascontiguousarray(pixels[:, :, ::-1])
        quads = self._strip_quads(bgr) if width > STRIP * height else self._page_quads(bgr)
        found = (place(quad, height, width) for quad in joined(quads[:MAX_LINES]))
        return with_dashes(pixels, [p for p in found if p.box.width >= 4 and p.box.height >= 4])

    def _page_quads(self, bgr: Pixels) -> Quads:
        """Corners, (n, 4, 2), of the lines of a BGR page, seen at as many sizes as it takes."""
        height, width = bgr.shape[:2]
        quads = self._quads(bgr, SIDE)
        scale = min(1.0, SIDE / max(height, width))
        if len(quads) < FEW or float(np.median(_heights(quads))) * scale > LARGE:
            quads = with_large(quads, self._quads(bgr, FAR), LARGE / scale, ALONE / scale)
        x0, y0, x1, y1, side = nearer(quads, height, width)
        if side:
            quads = self._quads(np.ascontiguousarray(bgr[y0:y1, x0:x1]), side) + np.array([x0, y0], np.float64)
        return quads

    def _strip_quads(self, bgr: Pixels) -> Quads:
        """Corners, (n, 4, 2), of the lines of a BGR strip. At the size of a page its letters would be too large."""
        height, width = bgr.shape[:2]
        room = round(STRIP_PAPER * height)
        wide = np.empty((height + 2 * room, width + 2 * room, 3), np.uint8)
        wide[:] = np.median(bgr.reshape(-1, 3)[::7], axis=0)
        wide[room : room + height, room : room + width] = bgr
        quads = self._quads(wide, round(STRIP_HEIGHT * wide.shape[1] / height)) - room
        quads = quads.clip(0, (width, height))
        kept: Quads = quads[(np.ptp(quads, axis=1) >= 1).all(axis=1)]
        return kept

    def _quads(self, pixels: Pixels, side: int) -> Quads:
        """Corners, (n, 4, 2), of the lines found in a BGR page that is scaled to a longer side of `side` px."""
        found = next(iter(self._find.predict(pixels, limit_side_len=side)))["dt_polys"]
        return whole(np.asarray(found, np.float64).reshape(-1, 4, 2))


def whole(quads: Quads) -> Quads:
    """`quads` grown to the whole height of their lines. The growth of `DBPostProcess` is too small for short words."""
    a, b, c, d = quads.transpose(1, 0, 2)
    along, down = (b - a + c - d) / 2, (d - a + c - b) / 2
    wide, high = (np.maximum(np.hypot(*v.T), 1e-6) for v in (along, down))
    grown = high / 4
    for _ in range(12):  # half steps converge, whole steps oscillate
        w, h = np.maximum(wide - 2 * grown, 1e-6), np.maximum(high - 2 * grown, 1e-6)
        grown = (grown + UNCLIP * w * h / (2 * (w + h))) / 2
    more = np.maximum((high - 2 * grown) * (1 / CORE - 1) / 2 - grown, 0.0)
    right, up = (along.T / wide * more).T, (-down.T / high * more).T
    return np.stack([a - right + up, b + right + up, c + right - up, d - right - up], axis=1)


def _heights(quads: Quads) -> npt.NDArray[np.float64]:
    heights: npt.NDArray[np.float64] = quads[:, 3, 1] - quads[:, 0, 1]
    return heights


def with_large(near: Quads, far: Quads, large: float, alone: float) -> Quads:
    """The lines of the first pass, `near`, and the large lines of the smaller pass, `far`, that it missed.

    A far line of at least `large` px is added when near lines cover it in part only. One of at least `alone` px is added when
    it touches no near line. Near lines inside an added line are dropped.
    """
    kept = near
    for line in far[_heights(far) >= alone]:
        (x0, y0), (x1, y1) = line.min(axis=0), line.max(axis=0)
        (left, top), (right, bottom) = kept.min(axis=1).T, kept.max(axis=1).T
        wide, high = np.minimum(right, x1) - np.maximum(left, x0), np.minimum(bottom, y1) - np.maximum(top, y0)
        seen = float((wide.clip(0) * high.clip(0)).sum()) / ((x1 - x0) * (y1 - y0))
        if seen > PIECES or (y1 - y0 < large and seen > 0):
            continue
        x, y = kept.mean(axis=1).T
        kept = np.concatenate([kept[(x < x0) | (x > x1) | (y < y0) | (y > y1)], line[None]])
    return kept


def joined(quads: Quads) -> Quads:
    """Joins overlapping parts of one line. The detector splits lines at dots or a smudge.

    A piece of a letter inside a line is dropped.
    """
    left: list[npt.NDArray[np.float64]] = []
    for quad in quads[np.argsort(quads[:, :, 0].min(axis=1), kind="stable")]:
        (x0, y0), (x1, y1) = quad.min(axis=0), quad.max(axis=0)
        for at, other in enumerate(left):
            (_, v0), (u1, v1) = other.min(axis=0), other.max(axis=0)
            common, tall = min(y1, v1) - max(y0, v0), (y1 - y0, v1 - v0)
            if LAPPED * min(tall) < u1 - x0 and x1 > u1 and common > SAME_ROW * max(tall):
                left[at] = np.array([other[0], quad[1], quad[2], other[3]])
                break
            if x1 <= u1 and x1 - x0 < v1 - v0 and common > 0.9 * (y1 - y0):
                break
        else:
            left.append(quad)
    return np.array(left).reshape(-1, 4, 2)


def place(quad: npt.NDArray[np.float64], height: int, width: int) -> LinePlace:
    """A detected line (4, 2) with room around it, inside a page of `height` x `width` px.

    A long line gets a slope, because a straightened page keeps a little skew. The edges of short lines are too ragged for it.
    """
    (ax, ay), (bx, by), (cx, cy), (dx, dy) = quad.tolist()
    x0, x1 = float(quad[:, 0].min()), float(quad[:, 0].max())
    slope, tall = 0.0, float(quad[:, 1].max() - quad[:, 1].min())
    across = (bx - ax + cx - dx) / 2
    if across > LONG * tall:
        slope = (by - ay + cy - dy) / 2 / across
        tall = (dy - ay + cy - by) / 2
    middle = float(quad[:, 1].mean())
    box = Box(
        max(0.0, x0 - PAD_X * tall),
        max(0.0, middle - (0.5 + PAD_TOP) * tall),
        min(float(width), x1 + PAD_X * tall),
        min(float(height), middle + (0.5 + PAD_BOTTOM) * tall),
    )
    return LinePlace(box, slope)


def is_read(line: Line) -> bool:
    """Whether a line that the detector missed is surely text, and no part of a drawing or of a border."""
    letters = [c for c in line.text if c.isalnum()]
    if not letters or RINGS.issuperset(letters) or line.box.width > BROAD * len(line.text) * line.box.height:
        return False
    return line.confidence >= (SURE if len(letters) > 1 else SURE_ALONE)


def _padded(box: Box, height: int, width: int) -> Box:
    """`box` with the room around it that a line has, inside a page of `height` x `width` px."""
    beside, over = PAD_X * box.height, (1 / CORE - 1) / 4 * box.height
    return Box(
        max(0.0, box.x0 - beside), max(0.0, box.y0 - over), min(float(width), box.x1 + beside), min(float(height), box.y1 + over)
    )


def nearer(quads: Quads, height: int, width: int) -> tuple[int, int, int, int, int]:
    """The part of a page to detect again at a larger scale: (x0, y0, x1, y1, longer side to scale it to), px.

    The last number is 0 when the first pass showed the lines large enough.
    """
    scale = min(1.0, SIDE / max(height, width))
    tall = float(np.percentile(quads[:, 3, 1] - quads[:, 0, 1], 20)) if len(quads) else 0.0
    if scale == 1 or not 0 < tall * scale < LOW or float(np.prod(np.ptp(quads, axis=(0, 1)))) > SMALL * height * width:
        return 0, 0, width, height, 0
    room = NEAR * max(height, width)
    x0, y0 = (max(0, int(v)) for v in quads.min(axis=(0, 1)) - room)
    x1, y1 = (min(most, int(v)) for most, v in zip((width, height), quads.max(axis=(0, 1)) + room, strict=True))
    longer = max(x1 - x0, y1 - y0)
    return x0, y0, x1, y1, int(min(WELL / tall * longer, MOST, longer))


def open(options: EngineOptions) -> PaddleEngine:
    """The engine, loaded and checked. Raises EngineMissing, ModelError."""
    return PaddleEngine(options)


def models(options: EngineOptions) -> tuple[Model, ...]:
    """Detector, recogniser and the one for handwriting that this engine would use, checked. Raises ModelError."""
    reads = recogniser(options)
    second = hands(options, reads)
    return (detector(options), reads, *((second,) if second else ()))
