"""Engine `paddle`: PaddleOCR's text detection and our own detector and Vietnamese recogniser, all on ONNX Runtime.

PaddleOCR is given name and folder of its model, or it would ask the network.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from importlib.metadata import version

import numpy as np
import numpy.typing as npt

from digitizer.errors import EngineFailed, EngineMissing
from digitizer.model import Box, Line, Page, Pixels
from digitizer.ocr.dashes import with_dashes
from digitizer.ocr.recogniser import Place, Recogniser
from digitizer.ocr.weights import Model, detector, recogniser
from digitizer.settings import EngineOptions

#: longer side of a page as the detector first sees it, px, and the most it is shown of small text
SIDE, MOST = 1_200, 1_600
#: lines lower than LOW px that fill less than SMALL of a page, a card on a sheet, are looked at again from nearer, at WELL px
LOW, WELL, SMALL = 10.0, 12.5, 0.3
#: a page with fewer lines than FEW, or whose lines are commonly higher than LARGE px, may have letters too large to be seen as
#: letters: it is looked at again from so far that its longer side is FAR px
FEW, LARGE, FAR = 20, 30.0, 500
#: a line seen from afar counts where it would be LARGE px high to the first look, or ALONE px where that look saw nothing at all
ALONE = 20.0
#: where from near more than so much of a line's area was seen, it was seen whole
PIECES = 0.5
#: text that was overlooked stands this near to text that was found, in parts of the page
NEAR = 0.1
#: room that the recogniser is used to on each side of a line, in box heights
PAD_X, PAD_TOP, PAD_BOTTOM = 0.15, 0.0, 0.03
#: the detector finds the core of a line, half as high as it is; DBPostProcess lets it grow by UNCLIP * area / perimeter
CORE, UNCLIP = 0.5, 1.05
#: parts of a line lap over one another by so much of their height, and have so much of it in common
LAPPED, SAME_ROW = 0.15, 0.7
#: more boxes than a page can hold are noise
MAX_LINES = 600
#: a line at least so many times as long as high shows how it leans
LONG = 5.0

#: (n, 4, 2) px: corners of lines, clockwise from the top left
Quads = npt.NDArray[np.float64]


class PaddleEngine:
    """One per process: not thread-safe, must not cross a fork."""

    def __init__(self, options: EngineOptions) -> None:
        os.environ["PADDLE_PDX_DISABLE_MODEL_SOURCE_CHECK"] = "True"
        try:
            from paddleocr import TextDetection
        except ImportError as exc:
            raise EngineMissing("paddleocr is not installed", engine="paddle") from exc
        self._models = models(options)
        finds, reads = self._models
        self._find = TextDetection(
            model_name="PP-OCRv6_small_det",
            model_dir=str(finds.folder),
            engine="onnxruntime",
            device="cpu",
            engine_config={"intra_op_num_threads": options.threads},
            limit_type="max",
        )
        self._read = Recogniser(reads, options.threads)

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
            return self._read.read(page.pixels, self.places(page.pixels))
        except (RuntimeError, ValueError, MemoryError) as exc:
            raise EngineFailed(f"{type(exc).__name__} while reading", source=page.source, scan=page.scan) from exc

    def read_line(self, pixels: Pixels) -> str:
        """The text of a picture of one line."""
        height, width = pixels.shape[:2]
        return " ".join(line.text for line in self._read.read(pixels, [Place(Box(0, 0, width, height))]))

    def places(self, pixels: Pixels) -> list[Place]:
        """Where text stands on a page (H, W, 3) uint8 RGB, padded; px of the page."""
        height, width = pixels.shape[:2]
        bgr = np.ascontiguousarray(pixels[:, :, ::-1])
        quads = self._quads(bgr, SIDE)
        scale = min(1.0, SIDE / max(height, width))
        if len(quads) < FEW or float(np.median(_heights(quads))) * scale > LARGE:
            quads = with_large(quads, self._quads(bgr, FAR), LARGE / scale, ALONE / scale)
        x0, y0, x1, y1, side = nearer(quads, height, width)
        if side:
            quads = self._quads(np.ascontiguousarray(bgr[y0:y1, x0:x1]), side) + np.array([x0, y0], np.float64)
        found = (place(quad, height, width) for quad in joined(quads[:MAX_LINES]))
        return with_dashes(pixels, [p for p in found if p.box.width >= 4 and p.box.height >= 4])

    def _quads(self, pixels: Pixels, side: int) -> Quads:
        """Corners of the lines found in a BGR page that is shown `side` px long."""
        found = next(iter(self._find.predict(pixels, limit_side_len=side)))["dt_polys"]
        return whole(np.asarray(found, np.float64).reshape(-1, 4, 2))


def whole(quads: Quads) -> Quads:
    """Lines with all their strokes: the growth of `DBPostProcess` is right for long lines, too small for short words."""
    a, b, c, d = quads.transpose(1, 0, 2)
    along, down = (b - a + c - d) / 2, (d - a + c - b) / 2
    wide, high = (np.maximum(np.hypot(*v.T), 1e-6) for v in (along, down))
    grown = high / 4
    for _ in range(12):  # halved steps settle; whole ones swing
        w, h = np.maximum(wide - 2 * grown, 1e-6), np.maximum(high - 2 * grown, 1e-6)
        grown = (grown + UNCLIP * w * h / (2 * (w + h))) / 2
    more = np.maximum((high - 2 * grown) * (1 / CORE - 1) / 2 - grown, 0.0)
    right, up = (along.T / wide * more).T, (-down.T / high * more).T
    return np.stack([a - right + up, b + right + up, c + right - up, d - right - up], axis=1)


def _heights(quads: Quads) -> npt.NDArray[np.float64]:
    heights: npt.NDArray[np.float64] = quads[:, 3, 1] - quads[:, 0, 1]
    return heights


def with_large(near: Quads, far: Quads, large: float, alone: float) -> Quads:
    """The lines seen from near, and from afar those higher than `large` px of which only pieces were seen from near, and those
    higher than `alone` px that touch nothing seen from near.
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
    """Lines of which parts lap over one another, as one: the detector doubted what stands between, dots or a smudge.

    A piece of a letter that was found a second time, inside its line, is left out.
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


def place(quad: npt.NDArray[np.float64], height: int, width: int) -> Place:
    """A detected line with room around it, inside a page of `height` x `width` px.

    What is left of skew and waves on a straightened page is followed along long lines; a short one is too ragged to say.
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
    return Place(box, slope)


def nearer(quads: Quads, height: int, width: int) -> tuple[int, int, int, int, int]:
    """The part of a page (x0, y0, x1, y1) that holds its text, and the longer side to look at it with again, px; 0 where the
    first look showed the lines well enough.
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


def models(options: EngineOptions) -> tuple[Model, Model]:
    """Detector and recogniser this engine would use, checked. Raises ModelError."""
    return detector(options), recogniser(options)
