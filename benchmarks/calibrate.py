"""Fits the confidence of fields and its threshold on a drawn set. Writes `digitizer/extract/confidence.toml`.

    python benchmarks/calibrate.py all /tmp/calibration --files 700 --cache /tmp/readings      # draw what is missing, read, fit

`draw` and `fit` do one half each. Drawing does not depend on the weights, and files drawn or read before are kept. So after new
weights only reading and fitting are left.

The set shares no seed with samples/ and holds nothing of the evaluation data, on which benchmarks/run.py measures.
"""

from __future__ import annotations

import argparse
import importlib.util
import math
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any
from unittest.mock import patch

import numpy as np
import numpy.typing as npt

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
#: first seed of the set. `samples/` are drawn with 20260930.
SEED = 71_000_000
LEVELS = ("clean", "office", "office", "hard")
#: at most this share of the accepted values may be wrong
WRONG = 0.002
#: certainty of that. Few values are wrong, so without it chance would decide the threshold half of the time.
CERTAIN = 0.9
#: parts of the set for measuring out of fold
FOLDS = 5
#: weight of keeping weights small. Few values are wrong, and a free fit would follow chance.
RIDGE = 5.0

Floats = npt.NDArray[np.float64]


def main() -> int:
    """Draws or fits."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command", choices=("draw", "fit", "all"))
    parser.add_argument("folder", type=Path)
    parser.add_argument("--files", type=int, default=700)
    parser.add_argument("--cache", type=Path, help="where readings are kept; by default beside the files")
    given = parser.parse_args()
    sys.path.insert(0, str(ROOT))
    if given.command != "fit":
        draw(given.folder, given.files)
    return 0 if given.command == "draw" else fit(given.folder, given.cache or given.folder / "readings")


def draw(folder: Path, files: int) -> None:
    """Draws what is missing of `files` files, each a sample of samples.toml with people, hand and scan of its own.

    With the hands, faces and dotted lines of training too: those of samples/ alone would make it too sure of itself.
    """
    from training.drawing.fonts import DECLARATION, MORE, Fonts

    make, fonts = samples(), Fonts.load(DECLARATION, MORE)
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


def varied(sample, number: int, rng: np.random.Generator):  # type: ignore[no-untyped-def]
    """`sample` with another level and other days, some years apart. No contradiction is put in."""
    apart = timedelta(days=int(rng.integers(-1_200, 1_200)))
    latest = date(2026, 8, 1)
    days = tuple(min(day + apart, latest) for day in sample.days)
    level = LEVELS[int(rng.integers(len(LEVELS)))]
    path = f"{number:05}{Path(sample.path).suffix}"
    return replace(sample, path=path, level=level, days=days, number=int(rng.integers(1, 260)), plant="")


@dataclass(frozen=True, slots=True)
class Case:
    """A value that was read: its kind, what spoke for it, whether it is right."""

    file: str
    kind: str
    features: tuple[float, ...]
    right: bool


def fit(folder: Path, cache: Path) -> int:
    """Fits every group, writes `confidence.toml` and prints what it would accept."""
    from benchmarks.run import commit, tools_of
    from digitizer.extract.acceptance import CALIBRATION
    from digitizer.extract.types import TYPES

    tools = tools_of("paddle")
    cases = list(collect(folder, cache, tools))
    lines = [
        "# Written by benchmarks/calibrate.py: weights over the features of extract/acceptance.py, and the confidence from which",
        f"# a value is accepted, so that of the accepted at most {WRONG:.1%} are wrong with a certainty of {CERTAIN:.0%}",
        "# (out of fold, on a drawn set of its own). One for all: the promise is about all accepted values.",
        f'recognisers = "{"-".join(digest[:12] for digest in list(tools.engine.models.values())[1:])}"',
        f'commit = "{commit()[:8]}"',
        f"files = {len({c.file for c in cases})}",
        f"values = {len(cases)}",
    ]
    names = sorted({kind.group for kind in TYPES.values() if kind.group is not None})
    groups = {name: fitted([c for c in cases if TYPES[c.kind].group == name]) for name in names}
    least = threshold(*(np.concatenate([getattr(g, part) for g in groups.values()]) for part in ("p", "right")))
    lines += [f"accept = {least:.4f}"]
    for name, group in groups.items():
        accepted = group.p >= least
        wrong = int((1 - group.right[accepted]).sum())
        share = f"{accepted.mean():6.1%} accepted, {wrong} wrong"
        print(f"{name:8}{len(group.p):6} values, {group.right.mean():6.1%} right; from {least:.4f}: {share}")
        weights = [f"{form} = {[round(float(w), 4) for w in values]}" for form, values in group.weights.items()]
        lines += ["", f"[group.{name}]", *weights]
    CALIBRATION.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return 0


@dataclass(frozen=True, slots=True)
class Group:
    """Kinds of values calibrated together: weights by form, and how likely each value was said to be right out of fold."""

    weights: dict[str, Floats]
    p: Floats
    right: Floats


def fitted(cases: Sequence[Case]) -> Group:
    """The weights of one group."""
    from digitizer.extract.acceptance import DECODED, FREE

    weights, folded, rights = {}, [], []
    for form, count in (("decoded", DECODED), ("free", FREE)):
        # what was decoded also says how letters alone would do
        own = [c for c in cases if len(c.features) == count or form == "free"]
        x = np.array([c.features[:count] for c in own], np.float64).reshape(-1, count)
        y = np.array([c.right for c in own], np.float64)
        weights[form] = solve(x, y)
        fold = np.array([hash_of(c.file) % FOLDS for c in own])
        held = np.concatenate([np.full(0, 0.0)] + [odds(x[fold == k], solve(x[fold != k], y[fold != k])) for k in range(FOLDS)])
        right = np.concatenate([np.full(0, 0.0)] + [y[fold == k] for k in range(FOLDS)])
        mine = np.concatenate(
            [np.full(0, False)] + [np.array([len(c.features) == count for c in own])[fold == k] for k in range(FOLDS)]
        )
        folded.append(held[mine.astype(bool)])
        rights.append(right[mine.astype(bool)])
    return Group(weights, np.concatenate(folded), np.concatenate(rights))


def threshold(p: Floats, right: Floats) -> float:
    """The least probability from which WRONG is kept with that certainty. It lies half-way to the next wrong value below."""
    order = np.argsort(-p)
    wrong = np.cumsum(1 - right[order])
    most = {count: most_likely_wrong(count) for count in range(int(wrong[-1]) + 1)}
    good = np.flatnonzero([most[int(w)] <= WRONG * n for n, w in enumerate(wrong, 1)])
    if not len(good):
        return 0.9999
    last = int(good[-1])
    below = p[order[last + 1]] if last + 1 < len(p) else p[order[last]]
    return float(min(0.9999, (p[order[last]] + below) / 2))


def most_likely_wrong(seen: int) -> float:
    """How many wrong ones there are at most, with a certainty of CERTAIN, where `seen` were seen: Poisson's law."""
    low, high = float(seen), seen + 10 * (seen + 1) ** 0.5
    while high - low > 1e-6:
        middle = (low + high) / 2
        tail = sum(math.exp(k * math.log(middle) - middle - math.lgamma(k + 1)) for k in range(seen + 1)) if middle else 1.0
        low, high = (middle, high) if tail > 1 - CERTAIN else (low, middle)
    return high


def solve(x: Floats, y: Floats) -> Floats:
    """Logistic regression by Newton's method, small weights preferred."""
    weights = np.zeros(x.shape[1])
    for _ in range(30):
        p = odds(x, weights)
        slope = x.T @ (y - p) - RIDGE * weights
        curve = (x * (p * (1 - p))[:, None]).T @ x + RIDGE * np.eye(x.shape[1])
        weights = weights + np.linalg.solve(curve, slope)
    return weights


def odds(x: Floats, weights: Floats) -> Floats:
    """Probabilities."""
    p: Floats = 1 / (1 + np.exp(-np.clip(x @ weights, -30, 30)))
    return p


def hash_of(name: str) -> int:
    """A number for a file, the same on every machine."""
    import zlib

    return zlib.crc32(name.encode())


def collect(folder: Path, cache: Path, tools: Any) -> Iterator[Case]:
    """Every value read from the set that has no problem, with what spoke for it. Values the truth does not have are wrong."""
    from benchmarks.measure import pairs, same
    from benchmarks.run import items, remembered
    from digitizer.extract.acceptance import NEVER, Calibration, features
    from digitizer.extract.types import TYPES

    spoken: list[tuple[str, Any]] = []

    def remember(kind: str, evidence: Any) -> float:
        spoken.append((kind, evidence))
        return len(spoken) / 1e6

    # what the file to be written says now has no part in it, nor has what a second value confirms
    nothing = Calibration(1.0, dict.fromkeys(TYPES, NEVER))
    with (
        patch("digitizer.extract.acceptance.calibration", lambda: nothing),
        patch("digitizer.extract.confidence", remember),
        patch("digitizer.extract.acceptance.agreements", lambda _: ()),
    ):
        for path, truth in items(folder):
            result = remembered(path, tools, cache)
            for wanted, found in pairs(truth["documents"], result.documents):
                if found is None or found.doctype != wanted["type"]:
                    continue
                for read in found.records:
                    if any(reason.code in ("records_mixed", "hardly_legible", "side_by_side") for reason in read.reasons):
                        continue  # nothing of it is accepted
                    record = _nearest(read, wanted["records"])
                    for field in read.fields:
                        if field.by == "ocr" and field.value is not None and not field.problems:
                            kind, evidence = spoken[round(field.confidence * 1e6) - 1]
                            right = same(field.value, record["fields"].get(field.name))
                            yield Case(path.name, kind, features(evidence), right)


def _nearest(read: Any, records: Sequence[Any]) -> Any:
    """The record of the truth that a read one is: most of its values agree. That one was lost is no question of trust."""
    from benchmarks.measure import same

    return max(records, key=lambda r: sum(same(f.value, r["fields"].get(f.name)) for f in read.fields), default={"fields": {}})


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
