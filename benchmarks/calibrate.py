"""Chooses how sure is sure enough: fits the confidence of fields on a drawn set and writes `digitizer/extract/confidence.toml`.

    python benchmarks/calibrate.py draw /tmp/calibration --files 300      # drawn with the kit and seeds of its own
    python benchmarks/calibrate.py fit /tmp/calibration --cache /tmp/readings

The set shares no seed with samples/ and holds nothing of the evaluation data: what measures (benchmarks/run.py) is another set.
"""

from __future__ import annotations

import argparse
import importlib.util
import sys
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from types import ModuleType

import numpy as np

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
#: seeds of the set; samples/ are drawn with 20260930
SEED = 71_000_000
LEVELS = ("clean", "office", "office", "hard")


def main() -> int:
    """Draws or fits."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    drawing = commands.add_parser("draw")
    drawing.add_argument("folder", type=Path)
    drawing.add_argument("--files", type=int, default=300)
    given = parser.parse_args()
    sys.path.insert(0, str(ROOT))
    return draw(given.folder, given.files)


def draw(folder: Path, files: int) -> int:
    """Draws what is missing of `files` files, each a sample of samples.toml with people, hand and scan of its own."""
    from digitizer.ocr.training.drawing.fonts import Fonts

    make, fonts = samples(), Fonts.load()
    shapes = [s for s in make.declared() if s.draw in ("page", "spread", "book", "sheet") and not s.cancelled]
    for number in range(files):
        stem = folder / f"{number:05}"
        if list(folder.glob(f"{stem.name}.*")):
            continue
        rng = np.random.default_rng([SEED, number])
        sample = varied(shapes[number % len(shapes)], number, rng)
        make.SEED = SEED + number
        for path, content in make.render(sample, fonts):
            folder.mkdir(parents=True, exist_ok=True)
            (folder / path.name).write_bytes(content)
    return 0


def varied(sample, number: int, rng: np.random.Generator):  # type: ignore[no-untyped-def]
    """`sample` with another level and other days, some years apart; no contradiction is put in."""
    apart = timedelta(days=int(rng.integers(-1_200, 1_200)))
    latest = date(2026, 8, 1)
    days = tuple(min(day + apart, latest) for day in sample.days)
    level = LEVELS[int(rng.integers(len(LEVELS)))]
    path = f"{number:05}{Path(sample.path).suffix}"
    return replace(sample, path=path, level=level, days=days, number=int(rng.integers(1, 260)), plant="")


def samples() -> ModuleType:
    """samples/make.py."""
    spec = importlib.util.spec_from_file_location("make_samples", ROOT / "samples" / "make.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


if __name__ == "__main__":
    sys.exit(main())
