"""Fits `digitizer/ocr/handwriting.toml` to drawn lines: `python -m training.pen POOL`, POOL as `pool.py` draws it.

Every line of one writer gives two strips. Every fifth shard only measures.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from digitizer.ocr.handwriting import WEIGHTS, WIDE, Floats, features, products
from training.pool import read, shards

#: shards that are looked at, strips a line, least px of a strip
SHARDS, STRIPS, NARROW = 40, 2, 80
#: weight of keeping weights small
RIDGE = 5.0


def main(pool: Path) -> None:
    """Fits and says how well it tells what it has not seen."""
    train, test = [], []
    for number, shard in enumerate(shards(pool)[:SHARDS]):
        (test if number % 5 == 4 else train).extend(examples(shard, np.random.default_rng(number)))
    x, y = (np.array(column, np.float64) for column in zip(*train, strict=True))
    mean, spread = x.mean(axis=0), x.std(axis=0) + 1e-6
    weights = solve(_rows((x - mean) / spread), y)
    x, y = (np.array(column, np.float64) for column in zip(*test, strict=True))
    p = 1 / (1 + np.exp(-_rows((x - mean) / spread) @ weights))
    lines = [
        f"# Written by training/pen.py from {len(train)} drawn strips; of {len(test)} others",
        f"# {((p > 0.5) == y).mean():.1%} are told right. Weights over the features of digitizer/ocr/handwriting.py",
        "# and their products.",
        *(f"{name} = {[round(float(v), 5) for v in values]}" for name, values in (("mean", mean), ("spread", spread))),
        f"weights = {[round(float(v), 4) for v in weights]}",
    ]
    WEIGHTS.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print("\n".join(lines[:2]))


def examples(shard: Path, rng: np.random.Generator) -> Iterator[tuple[Floats, bool]]:
    """(features, whether a pen wrote it) of strips of a shard's lines, but of those with a printed label before the hand."""
    for cut in read(shard):
        if cut.hand and ":" in cut.text:
            continue
        for _ in range(STRIPS):
            wide = int(min(rng.integers(NARROW, WIDE + 1), cut.pixels.shape[1]))
            x0 = int(rng.integers(0, cut.pixels.shape[1] - wide + 1))
            found = features(cut.pixels[:, x0 : x0 + wide])
            if found is not None:
                yield found, cut.hand


def _rows(x: Floats) -> Floats:
    return np.array([np.append(products(row), 1.0) for row in x])


def solve(x: Floats, y: Floats) -> Floats:
    """Logistic regression by Newton's method."""
    weights = np.zeros(x.shape[1])
    for _ in range(15):
        p = 1 / (1 + np.exp(-np.clip(x @ weights, -30, 30)))
        curve = (x * (p * (1 - p))[:, None]).T @ x + RIDGE * np.eye(len(weights))
        weights = weights + np.linalg.solve(curve, x.T @ (y - p) - RIDGE * weights)
    return weights


if __name__ == "__main__":
    main(Path(sys.argv[1]))
