"""Measures readers on pictures of single lines: `benchmarks/recogniser.py --lines ../shared/data/printed_lines_anle --drawn 400`.

A folder holds `labels.tsv` (`file<TAB>text`). Labels of several rows are left out. `--drawn N` draws N lines with the handwriting
families that nothing was trained on (`fonts_reserved.toml`, fetched once). The recognisers we ship, the one
for print alone and Tesseract `vie` read the same lines in the same run. `--model FOLDER` and `--hands FOLDER` add candidates.
The result says which letters are taken for which, and what the networks cost. Real handwriting is also compared folded
(`measure.folded`). `--failing N` shows the lines that were misread most.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from rapidfuzz.distance import Levenshtein

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from benchmarks.measure import Errors, folded  # noqa: E402
from benchmarks.run import save  # noqa: E402
from digitizer.errors import EngineMissing  # noqa: E402
from digitizer.extract.decode import decode  # noqa: E402
from digitizer.extract.prose import prose_of  # noqa: E402
from digitizer.lattice import unpack  # noqa: E402
from digitizer.model import Box  # noqa: E402
from digitizer.ocr import open_engine  # noqa: E402
from digitizer.ocr.recogniser import LinePlace, Network, Recogniser  # noqa: E402
from digitizer.ocr.weights import RECOGNISER, SHIPPED, check_model, hands, recogniser  # noqa: E402
from digitizer.settings import EngineOptions  # noqa: E402
from digitizer.text import nfc, strip_accents  # noqa: E402

Read = Callable[[np.ndarray], str]
#: a name, and its lines: (picture (H, W, 3) uint8 RGB, text)
LineSet = tuple[str, list[tuple[np.ndarray, str]]]
#: what the drawn lines are drawn from
DRAWN_SEED = 20_261_124


def main() -> int:
    """Every reader on every folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", type=Path, action="append", default=[])
    parser.add_argument("--drawn", type=int, default=0, help="lines to draw with reserved families")
    parser.add_argument("--model", type=Path, action="append", default=[], help="folder of a candidate for print")
    parser.add_argument("--hands", type=Path, action="append", default=[], help="folder of a candidate for handwriting")
    parser.add_argument(
        "--places", action="store_true", help="also read lines as places are decoded, with the recognisers we ship"
    )
    parser.add_argument("--alone", action="store_true", help="leave Tesseract out")
    parser.add_argument("--failing", type=int, default=0, help="show so many lines that the first reader misread most, a set")
    parser.add_argument("--limit", type=int, default=0)
    parser.add_argument("--output", type=Path, default=HERE / "results")
    given = parser.parse_args()
    sets = [labelled(folder, given.limit) for folder in given.lines] + (drawn(given.drawn) if given.drawn else [])
    found = {name: [measure(lines, read) for lines in sets] for name, read in readers(given)}
    costs = {folder.name: cost(folder) for folder in (SHIPPED / RECOGNISER, *given.model, *given.hands)}
    worst = [(figures["folder"], figures.pop("worst")) for read in found.values() for figures in read]
    target = save({"readers": found, "network, cpu us a px of width": costs}, given.output, "recogniser")
    print(table(found), costs, sep="\n\n")
    for name, lines in worst[: len(sets)] if given.failing else []:
        print(name, *lines[: given.failing], sep="\n  ")
    print(f"\n{target}")
    return 0


def readers(given: argparse.Namespace) -> Iterator[tuple[str, Read]]:
    """(name, function from a picture to its text)."""
    yield "shipped", open_engine(EngineOptions()).read_line
    yield "one reader", open_engine(EngineOptions(handwriting=False)).read_line
    if given.places:
        yield "shipped, as places", place_reader()
    for folder in given.model:
        yield folder.name, open_engine(EngineOptions(recogniser=folder, handwriting=False)).read_line
    for folder in given.hands:
        yield folder.name, open_engine(EngineOptions(handwriting=True, hands=folder)).read_line
    if given.alone:
        return
    try:
        yield "tesseract", open_engine(EngineOptions(name="tesseract")).read_line
    except EngineMissing as exc:
        print(exc, file=sys.stderr)


def place_reader() -> Read:
    """Reads a line as the extraction decodes a place."""
    options = EngineOptions()
    reads = recogniser(options)
    lines = Recogniser(reads, hands(options, reads), options.threads)

    def read(pixels: np.ndarray) -> str:
        place = LinePlace(Box(0, 0, pixels.shape[1], pixels.shape[0]))
        for line in lines.read(pixels, [place]):
            decoded = decode(unpack(line.lattice), prose_of("place")) if line.lattice else ()
            return decoded[0].text if decoded else line.text
        return ""

    return read


def labelled(folder: Path, limit: int) -> LineSet:
    """The lines of a folder with `labels.tsv`."""
    lines = []
    for row in (folder / "labels.tsv").read_text(encoding="utf-8").splitlines()[: limit or None]:
        name, _, truth = row.partition("\t")
        if "\\n" not in truth:
            with Image.open(folder / name) as image:
                lines.append((np.asarray(image.convert("RGB")), nfc(truth)))
    # both sets of real hands have a folder `check`
    return (folder.name if folder.name != "check" else f"{folder.parent.name}/check"), lines


def drawn(count: int) -> list[LineSet]:
    """Lines of the training kit by pens of reserved families, those without any letter apart, and in print."""
    from training.drawing.fonts import Fonts
    from training.lines import Lines

    sets: dict[str, list[tuple[np.ndarray, str]]] = {}
    for cut in islice(Lines(Fonts.reserved(), DRAWN_SEED), count):
        letters = any(c.isalpha() for c in cut.text)
        name = ("reserved pens" if letters else "reserved pens, digits") if cut.hand else "drawn print"
        sets.setdefault(name, []).append((cut.pixels, cut.text))
    return sorted(sets.items())


def measure(lines: LineSet, read: Read) -> dict[str, Any]:
    """Figures of one reader on one set of lines."""
    errors, marks, alike, exact, alike_exact = Errors(), Errors(), Errors(), 0, 0
    mixed, worst, began = Counter[str](), list[tuple[float, str, str]](), time.process_time()
    for pixels, truth in lines[1]:
        said = nfc(read(pixels))
        errors.add(said, truth)
        marks.add(strip_accents(said), strip_accents(truth))
        exact += said == truth
        alike.add(folded(said), folded(truth))
        alike_exact += folded(said) == folded(truth)
        worst.append((Levenshtein.normalized_distance(folded(said), folded(truth)), said, truth))
        mixed.update(confusions(said, truth))
    return {
        "folder": lines[0],
        "lines": len(lines[1]),
        "exact": exact,
        **errors.plain(),
        "without marks": marks.plain()["cer"],
        "folded": {"exact": alike_exact, **alike.plain()},
        "cpu ms a line": round(1000 * (time.process_time() - began) / max(len(lines[1]), 1), 1),
        "confused": dict(mixed.most_common(25)),
        "worst": [f"{truth} | {said}" for _, said, truth in sorted(worst, reverse=True)[:20]],
    }


def cost(folder: Path) -> dict[int, float]:
    """CPU of the network alone on one core, for lines of 320 and of 1,200 px, the best of five rounds."""
    network, found = Network(check_model(folder, "recogniser"), 1), {}
    for width in (320, 1_200):
        strip = np.random.default_rng(0).integers(0, 255, (48, width, 3), dtype=np.uint8)
        rounds = []
        for _ in range(5):
            began = time.process_time()
            for _ in range(5):
                network.columns(strip)
            rounds.append(time.process_time() - began)
        found[width] = round(min(rounds) / 5 / width * 1e6, 1)
    return found


def confusions(said: str, truth: str) -> Iterator[str]:
    """`ấ>á` for each letter taken for another, `ấ>` for one left out, `>á` for one put in."""
    for step in Levenshtein.editops(truth, said):
        old = truth[step.src_pos] if step.tag != "insert" else ""
        new = said[step.dest_pos] if step.tag != "delete" else ""
        yield f"{old}>{new}"


def table(found: dict[str, list[dict[str, Any]]]) -> str:
    """The main figures as Markdown."""
    rows = ["| lines | reader | lines | exact | CER | without marks | folded | folded exact | confused most |", "|---" * 9 + "|"]
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
                f"{100 * f['folded']['cer']:.2f} %",
                f["folded"]["exact"],
                most,
            ]
            rows.append("| " + " | ".join(map(str, cells)) + " |")
    return "\n".join(rows)


if __name__ == "__main__":
    sys.exit(main())
