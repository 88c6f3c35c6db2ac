"""Engine `paddle`: PaddleOCR's text detector and our Vietnamese recogniser, both on ONNX Runtime.

PaddleOCR is given name and folder of its model, or it would ask the network.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from importlib.metadata import version

import numpy as np

from digitizer.errors import EngineFailed, EngineMissing
from digitizer.geometry import grow
from digitizer.model import Box, Line, Page, Pixels
from digitizer.ocr.recogniser import Recogniser
from digitizer.ocr.weights import Model, detector, recogniser
from digitizer.settings import EngineOptions

#: longer side of what the detector sees, px
DETECTOR_SIDE = 1_280
#: the detector's boxes clip the last pen strokes and marks: room added on each side, in box heights
PAD_X, PAD_Y = 0.35, 0.08
#: more boxes than a page can hold are noise
MAX_LINES = 600


class PaddleEngine:
    """One per process: not thread-safe, must not cross a fork."""

    def __init__(self, options: EngineOptions) -> None:
        os.environ["PADDLE_PDX_DISABLE_MODEL_SOURCE_CHECK"] = "True"
        try:
            from paddleocr import TextDetection
        except ImportError as exc:
            raise EngineMissing("paddleocr is not installed", engine="paddle") from exc
        self._detector, self._recogniser = detector(options), recogniser(options)
        self._find = TextDetection(
            model_name="PP-OCRv6_small_det",
            model_dir=str(self._detector.folder),
            engine="onnxruntime",
            device="cpu",
            engine_config={"intra_op_num_threads": options.threads},
            limit_side_len=DETECTOR_SIDE,
            limit_type="max",
        )
        self._read = Recogniser(self._recogniser, options.threads)

    @property
    def fingerprint(self) -> str:
        """Engine, version and weights."""
        return f"paddle-{version('digitizer')}-{self._detector.sha256[:12]}-{self._recogniser.sha256[:12]}"

    @property
    def models(self) -> Mapping[str, str]:
        """Model name -> SHA-256."""
        return {m.name: m.sha256 for m in (self._detector, self._recogniser)}

    def read(self, page: Page) -> tuple[Line, ...]:
        """The lines of `page`. Raises EngineFailed."""
        try:
            return self._read.read(page.pixels, self.boxes(page))
        except (RuntimeError, ValueError, MemoryError) as exc:
            raise EngineFailed(f"{type(exc).__name__} while reading", source=page.source, scan=page.scan) from exc

    def read_line(self, pixels: Pixels) -> str:
        """The text of a picture of one line."""
        height, width = pixels.shape[:2]
        return " ".join(line.text for line in self._read.read(pixels, [Box(0, 0, width, height)]))

    def boxes(self, page: Page) -> list[Box]:
        """Where text stands, padded; px of the page."""
        height, width = page.pixels.shape[:2]
        found = next(iter(self._find.predict(np.ascontiguousarray(page.pixels[:, :, ::-1]))))
        boxes = []
        for quad in found["dt_polys"][:MAX_LINES]:
            (x0, y0), (x1, y1) = quad.min(axis=0).tolist(), quad.max(axis=0).tolist()
            if x1 - x0 >= 4 and y1 - y0 >= 4:
                tall = y1 - y0
                boxes.append(grow(Box(x0, y0, x1, y1), PAD_X * tall, PAD_Y * tall, width, height))
        return boxes


def open(options: EngineOptions) -> PaddleEngine:
    """The engine, loaded and checked. Raises EngineMissing, ModelError."""
    return PaddleEngine(options)


def models(options: EngineOptions) -> tuple[Model, ...]:
    """The models this engine would use, checked. Raises ModelError."""
    return detector(options), recogniser(options)
