"""Fits `digitizer/ocr/handwriting.toml`: `python -m training.pen POOL [--real FOLDER ...]`, POOL as `pool.py` draws it.

The pool gives print and drawn pens. Folders of real lines (`real_lines.py`) give the pens of people: without them, photos of
boxed forms are taken for print. Every fifth shard, and the writers that are left out of training, only measure.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from digitizer.model import Pixels
from digitizer.ocr.handwriting import WEIGHTS, WIDE, Floats, features, products
from digitizer.ocr.handwriting_strip import HEIGHT, STRIDE
from training.pool import read, shards
from training.real_lines import labelled, left_out, picture

#: shards that are looked at
SHARDS = 40
#: strips a line
STRIPS = 5
#: least px of a strip
NARROW = 80
#: most that is cut off a real line above and below, in parts of its height: boxes are closer than its picture
CLOSER = 0.2
#: what each kind of strip weighs in all
SHARES = {"print": 0.60, "drawn pen": 0.22, "real pen": 0.18}
#: weight of keeping weights small
RIDGE = 5.0

#: features of a strip, and its kind
Example = tuple[Floats, str]


def main() -> None:
    """Fits and says how well it tells what it has not seen."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pool", type=Path)
    parser.add_argument("--real", type=Path, action="append", default=[], help="folder of real handwritten lines")
    given = parser.parse_args()
    train, test = list[Example](), list[Example]()
    for number, shard in enumerate(shards(given.pool)[:SHARDS]):
        (test if number % 5 == 4 else train).extend(drawn(shard, np.random.default_rng(number)))
    for folder in given.real:
        for part, rows in zip((train, test), left_out(labelled(folder)), strict=True):
            part.extend(real(rows, np.random.default_rng(len(rows))))
    mean, spread, weights = fitted(train)
    said = 1 / (1 + np.exp(-_rows((np.array([x for x, _ in test]) - mean) / spread) @ weights)) > 0.5
    told = {kind: [bool(s) == (kind != "print") for s, (_, k) in zip(said, test, strict=True) if k == kind] for kind in SHARES}
    told_right = ", ".join(f"{kind} {np.mean(right):.1%} of {len(right)}" for kind, right in told.items() if right)
    lines = [
        f"# Written by training/pen.py from {len(train)} strips. Of others it tells: {told_right}.",
        "# Weights over the features of digitizer/ocr/handwriting.py and their products.",
        *(f"{name} = {[round(float(v), 5) for v in values]}" for name, values in (("mean", mean), ("spread", spread))),
        f"weights = {[round(float(v), 4) for v in weights]}",
    ]
    WEIGHTS.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print("\n".join(lines[:2]))


def drawn(shard: Path, rng: np.random.Generator) -> Iterator[Example]:
    """Strips of a shard's lines, but of those with a printed label before the hand."""
    for cut in read(shard):
        if not (cut.hand and ":" in cut.text):
            yield from _strips(cut.pixels, "drawn pen" if cut.hand else "print", rng)


def real(rows: Sequence[tuple[Path, str]], rng: np.random.Generator) -> Iterator[Example]:
    """Strips of real lines."""
    for path, _ in rows:
        pixels = picture(path)
        high = len(pixels)
        top, bottom = (round(high * float(share)) for share in rng.uniform(0, CLOSER, 2))
        crop = Image.fromarray(pixels[top : high - bottom])
        width = max(1, round(crop.width * HEIGHT / crop.height / STRIDE)) * STRIDE
        way = Image.Resampling.BOX if crop.height > 2 * HEIGHT else Image.Resampling.BICUBIC
        yield from _strips(np.asarray(crop.resize((width, HEIGHT), way)), "real pen", rng)


def _strips(pixels: Pixels, kind: str, rng: np.random.Generator) -> Iterator[Example]:
    for _ in range(STRIPS):
        wide = int(min(rng.integers(NARROW, WIDE + 1), pixels.shape[1]))
        start = int(rng.integers(0, pixels.shape[1] - wide + 1))
        found = features(pixels[:, start : start + wide])
        if found is not None:
            yield found, kind


def fitted(examples: Sequence[Example]) -> tuple[Floats, Floats, Floats]:
    """(means and spreads of the features, weights)."""
    x, kinds = np.array([found for found, _ in examples]), np.array([kind for _, kind in examples])
    each = np.array([SHARES[kind] / (kinds == kind).sum() for kind in kinds]) * len(kinds)
    mean = np.average(x, axis=0, weights=each)
    spread = np.sqrt(np.average((x - mean) ** 2, axis=0, weights=each)) + 1e-6
    return mean, spread, solve(_rows((x - mean) / spread), (kinds != "print").astype(np.float64), each)


def _rows(x: Floats) -> Floats:
    return np.array([np.append(products(row), 1.0) for row in x])


def solve(x: Floats, y: Floats, each: Floats) -> Floats:
    """Logistic regression by Newton's method; `each`: what a row weighs."""
    weights = np.zeros(x.shape[1])
    for _ in range(15):
        p = 1 / (1 + np.exp(-np.clip(x @ weights, -30, 30)))
        curve = (x * (each * p * (1 - p))[:, None]).T @ x + RIDGE * np.eye(len(weights))
        weights = weights + np.linalg.solve(curve, x.T @ (each * (y - p)) - RIDGE * weights)
    return weights


if __name__ == "__main__":
    main()
