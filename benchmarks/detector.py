"""Measures text detectors on drawn pages: `benchmarks/detector.py --pages 40 --model DIR`.

Pages of the training kit with a seed and handwriting families of their own (`fonts_reserved.toml`). A line counts as found when
one box covers nine tenths of it, a box as text when half of it lies on lines. The reader then reads the boxes. Its letters are
compared with the text of each line, and all it reads beside lines counts as insertions. CPU is in milliseconds a page.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from benchmarks.measure import Errors  # noqa: E402
from benchmarks.run import save  # noqa: E402
from digitizer.geometry import intersection  # noqa: E402
from digitizer.model import Box, Pixels  # noqa: E402
from digitizer.ocr.paddle import PaddleEngine  # noqa: E402
from digitizer.ocr.recogniser import Recogniser  # noqa: E402
from digitizer.ocr.weights import recogniser  # noqa: E402
from digitizer.settings import EngineOptions  # noqa: E402

DRAWN_SEED = 20_261_125
#: of a line that a box has to cover, and of a box that has to lie on lines
COVERED, ON_LINES = 0.9, 0.5


def main() -> int:
    """Every detector on the same pages."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pages", type=int, default=40, help="pages to draw")
    parser.add_argument("--model", type=Path, action="append", default=[], help="folder of a candidate")
    parser.add_argument("--output", type=Path, default=HERE / "results")
    given = parser.parse_args()
    pages = list(drawn(given.pages))
    found = {name: measure(PaddleEngine(EngineOptions(detector=folder)), pages) for name, folder in models(given.model)}
    target = save({"pages": given.pages, "detectors": found}, given.output, "detector")
    for name, figures in found.items():
        print(name, figures)
    print(target)
    return 0


def models(candidates: Sequence[Path]) -> Iterator[tuple[str, Path | None]]:
    """(name, folder) of the detector that is shipped and of the candidates."""
    yield "shipped", None
    for folder in candidates:
        yield folder.name, folder


def drawn(count: int) -> Iterator[tuple[Pixels, list[tuple[Box, str]]]]:
    """Scans with the boxes and texts of their lines."""
    from training.drawing.fonts import Fonts
    from training.lines import Lines, split

    lines = Lines(Fonts.reserved(), DRAWN_SEED)
    for _ in range(count):
        shot = lines.shot(skew_deg=0.0)  # the engine is shown straightened pages
        groups = [runs for line in shot.sheet.reading() for runs in split(line)]
        yield shot.pixels, [(around(shot.quad(runs)), " ".join(run.text for run in runs)) for runs in groups]


def around(quad: NDArray[np.float64]) -> Box:
    """The upright box of a quadrangle."""
    (x0, y0), (x1, y1) = quad.min(axis=0).tolist(), quad.max(axis=0).tolist()
    return Box(x0, y0, x1, y1)


def measure(engine: PaddleEngine, pages: Sequence[tuple[Pixels, list[tuple[Box, str]]]]) -> dict[str, Any]:
    """Figures of one detector."""
    hit = lines = right = boxes = 0
    spent, errors, beside = 0.0, Errors(), 0
    reader = Recogniser(recogniser(EngineOptions()), threads=1)
    for pixels, truth in pages:
        began = time.process_time()
        places = engine.places(pixels)
        spent += time.process_time() - began
        found = [place.hull(len(pixels)) for place in places]
        hit += sum(max((intersection(box, t) for t in found), default=0.0) >= COVERED * area(box) for box, _ in truth)
        right += sum(sum(intersection(t, box) for box, _ in truth) >= ON_LINES * area(t) for t in found)
        lines, boxes = lines + len(truth), boxes + len(found)
        texts: list[list[tuple[float, str]]] = [[] for _ in truth]
        for line in reader.read(pixels, places):
            nearest = max(range(len(truth)), key=lambda i: intersection(line.box, truth[i][0]), default=None)
            if nearest is None or intersection(line.box, truth[nearest][0]) == 0:
                beside += len(line.text)
            else:
                texts[nearest].append((line.box.x0, line.text))
        for parts, (_, text) in zip(texts, truth, strict=True):
            errors.add(" ".join(t for _, t in sorted(parts)), text)
    return {
        "lines": lines,
        "recall": round(hit / lines, 4),
        "precision": round(right / max(boxes, 1), 4),
        **errors.plain(),
        "letters read beside lines": beside,
        "cpu ms a page": round(1000 * spent / len(pages)),
    }


def area(box: Box) -> float:
    """px²."""
    return box.width * box.height


if __name__ == "__main__":
    sys.exit(main())
