"""Measures readers on pictures of single lines: `benchmarks/recogniser.py --lines ../shared/data/printed_lines_anle …`.

A folder holds `labels.tsv` (`file<TAB>text`); labels of several rows are left out. `--model FOLDER` adds a candidate beside the
reader we ship; Tesseract `vie` reads the same lines in the same run. Says which letters are taken for which.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from rapidfuzz.distance import Levenshtein

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from benchmarks.measure import Errors  # noqa: E402
from benchmarks.run import save  # noqa: E402
from digitizer.errors import EngineMissing  # noqa: E402
from digitizer.ocr import open_engine  # noqa: E402
from digitizer.settings import EngineOptions  # noqa: E402
from digitizer.text import nfc, strip_accents  # noqa: E402

Read = Callable[[np.ndarray], str]


def main() -> int:
    """Every reader on every folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", type=Path, action="append", required=True)
    parser.add_argument("--model", type=Path, action="append", default=[], help="folder of a candidate")
    parser.add_argument("--limit", type=int, default=0)
    parser.add_argument("--output", type=Path, default=HERE / "results")
    given = parser.parse_args()
    found = {name: [measure(folder, read, given.limit) for folder in given.lines] for name, read in readers(given.model)}
    target = save({"readers": found}, given.output, "recogniser")
    print(table(found))
    print(f"\n{target}")
    return 0


def readers(candidates: list[Path]) -> Iterator[tuple[str, Read]]:
    """(name, function from a picture to its text)."""
    yield "shipped", open_engine(EngineOptions()).read_line
    for folder in candidates:
        yield folder.name, open_engine(EngineOptions(recogniser=folder)).read_line
    try:
        yield "tesseract", open_engine(EngineOptions(name="tesseract")).read_line
    except EngineMissing as exc:
        print(exc, file=sys.stderr)


def measure(folder: Path, read: Read, limit: int) -> dict[str, Any]:
    """Figures of one reader on one folder."""
    errors, exact, count, mixed, began = Errors(), 0, 0, Counter[str](), time.process_time()
    marks = Errors()
    rows = (folder / "labels.tsv").read_text(encoding="utf-8").splitlines()
    for row in rows[: limit or None]:
        name, _, truth = row.partition("\t")
        if "\\n" in truth:
            continue
        with Image.open(folder / name) as image:
            said = nfc(read(np.asarray(image.convert("RGB"))))
        truth = nfc(truth)
        errors.add(said, truth)
        marks.add(strip_accents(said), strip_accents(truth))
        exact += said == truth
        count += 1
        mixed.update(confusions(said, truth))
    return {
        "folder": folder.name,
        "lines": count,
        "exact": exact,
        **errors.plain(),
        "without marks": marks.plain()["cer"],
        "cpu ms a line": round(1000 * (time.process_time() - began) / max(count, 1), 1),
        "confused": dict(mixed.most_common(25)),
    }


def confusions(said: str, truth: str) -> Iterator[str]:
    """`ấ>á` for each letter taken for another, `ấ>` for one left out, `>á` for one put in."""
    for step in Levenshtein.editops(truth, said):
        old = truth[step.src_pos] if step.tag != "insert" else ""
        new = said[step.dest_pos] if step.tag != "delete" else ""
        yield f"{old}>{new}"


def table(found: dict[str, list[dict[str, Any]]]) -> str:
    """The main figures as Markdown."""
    rows = ["| lines | reader | lines | exact | CER | without marks | confused most |", "|---|---|---|---|---|---|---|"]
    for name, folders in found.items():
        for f in folders:
            most = " ".join(f"{pair} {n}" for pair, n in list(f["confused"].items())[:6])
            cells = [
                f["folder"],
                name,
                f["lines"],
                f["exact"],
                f"{100 * f['cer']:.2f} %",
                f"{100 * f['without marks']:.2f} %",
                most,
            ]
            rows.append("| " + " | ".join(map(str, cells)) + " |")
    return "\n".join(rows)


if __name__ == "__main__":
    sys.exit(main())
