"""Real lines to train on: a folder with pictures and `labels.tsv` (`file<TAB>text`). None is part of this repository."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from digitizer.text import nfc

#: every so manieth writer is left out of training
LEFT_OUT = 10
_SEED = 20_261_201


def labelled(folder: Path) -> list[tuple[Path, str]]:
    """(picture, text) of a folder with `labels.tsv`."""
    rows = (row.split("\t") for row in (folder / "labels.tsv").read_text(encoding="utf-8").splitlines())
    return [(folder / name, " ".join(nfc(text).split())) for name, text in rows]


def picture(path: Path) -> NDArray[np.uint8]:
    """(H, W, 3) RGB."""
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"))


def left_out(rows: Sequence[tuple[Path, str]]) -> tuple[list[tuple[Path, str]], list[tuple[Path, str]]]:
    """(rows to learn, rows to judge by): whole writers where the names of files begin with one."""
    writers = sorted({path.stem.partition("_")[0] for path, _ in rows})
    judging = set(np.random.default_rng(_SEED).permutation(writers)[: -(-len(writers) // LEFT_OUT)].tolist())
    is_judge = [path.stem.partition("_")[0] in judging for path, _ in rows]
    return [r for r, j in zip(rows, is_judge, strict=True) if not j], [r for r, j in zip(rows, is_judge, strict=True) if j]
