"""Measures page geometry alone: `benchmarks/pages.py` (drawn scans with known transforms, real pages with known angles).

It measures angles, orientation, splits and CPU ms a page. It also measures how far points of the flattened page lie from where
they were drawn. The `deskew` package, and what OCRmyPDF asks Tesseract for (`--deskew --rotate-pages`), run on the same pages.
`--steps FOLDER` reads pages with the default engine after each step instead. A step that lowers no error is not worth its time.
Results go to `benchmarks/results/`. Needs the extras `draw` and `bench`. The evaluation data is used where it is present.
"""

from __future__ import annotations

import argparse
import csv
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
sys.path.insert(0, str(ROOT))

import cv2  # noqa: E402
import numpy as np  # noqa: E402

from digitizer.model import Page, Scan  # noqa: E402
from digitizer.pages import straighten  # noqa: E402
from digitizer.pages.clean import clean  # noqa: E402
from digitizer.pages.ink import Copies  # noqa: E402
from digitizer.pages.sheet import Sheets  # noqa: E402
from digitizer.settings import PageOptions  # noqa: E402

DATA = Path(os.environ.get("EVAL_DATA", ROOT.parent / "shared" / "data"))
SEED = 20261124
#: what is drawn: (how samples/make.py draws it, type, written by)
PAPERS = (
    ("page", "birth_register", "hand"),
    ("sheet", "birth_declaration", "hand"),
    ("sheet", "birth_extract", "printer"),
    ("page", "death_register", "typewriter"),
    ("sheet", "decision", "printer"),
    ("sheet", "birth_certificate", "hand"),
)


#: what is timed: (name, dots per inch, opened book)
SIZES = (
    ("A4 200 dpi", 200, False),
    ("A4 300 dpi", 300, False),
    ("A3 spread 200 dpi", 200, True),
    ("A3 spread 300 dpi", 300, True),
)


def main() -> int:
    """Measures and writes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scans", type=int, default=24, help="drawn single pages; spreads and photos are a third each")
    parser.add_argument("--steps", type=Path, action="append", help="read the pages of this folder after each step")
    parser.add_argument("--only", default="", help="with --steps: files whose path contains one of these, comma-separated")
    parser.add_argument("--turned", action="store_true", help="only orientation: every page of the samples, four ways up each")
    parser.add_argument("--memory", action="store_true", help="only memory: A3 at 300 dpi, and the largest page the limits allow")
    parser.add_argument("--alone", action="store_true", help="leave the other programs out")
    parser.add_argument("--output", type=Path, default=HERE / "results")
    parser.add_argument("--one", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    cv2.setNumThreads(1)
    if given.one:
        one(given.one)
        return 0
    from benchmarks.run import save

    if given.steps:
        figures, name = {}, "page-steps"
        # minutes each: what is measured is kept after every document
        for figures in steps(given.steps, given.only.split(",")):
            save(figures, given.output, name)
    elif given.turned:
        figures, name = {"turned": turned()}, "pages-turned"
    elif given.memory:
        figures, name = {"memory": memory()}, "pages-memory"
    else:
        figures, name = geometry(given.scans, alone=given.alone), "pages-geometry"
    target = save(figures, given.output, name)
    for part, rows in figures.items():
        print(part, rows)
    print(target)
    return 0


def geometry(count: int, *, alone: bool) -> dict[str, Any]:
    """All figures about where things lie."""
    kit = Kit()
    others = {} if alone else {"deskew": by_deskew, "ocrmypdf": by_ocrmypdf}
    return {
        "drawn": drawn(kit, count, others),
        "steep": drawn(kit, count // 3, {}, reach=15.0),
        "spreads": spreads(kit, count // 3),
        "photos": photos(kit, count // 3),
        "skew_known": real(others),
        "cpu ms": speed(kit),
    }


class Kit:
    """The drawing kit behind samples/make.py."""

    def __init__(self) -> None:
        import samples.make as make

        self.make, self.fonts = make, make.Fonts.load()

    def sheet(self, number: int, dpi: int = 200) -> Any:
        """One single sheet, another for each number."""
        draw, kind, by = PAPERS[number % len(PAPERS)]
        return self.draw(draw, kind, by, number, dpi)

    def draw(self, draw: str, kind: str, by: str, number: int, dpi: int = 200, days: int = 1) -> Any:
        """A sheet as make.py draws it."""
        when = tuple(date(2018, 1 + number % 12, 2 + k) for k in range(days))
        sample = self.make.Sample(
            path=f"benchmark/{number}", level="office", draw=draw, type=kind, days=when, number=number, by=by, dpi=dpi
        )
        return self.make.DRAW[draw](self.make.Studio.of(self.fonts, sample.path), sample)[0].sheet


def drawn(kit: Kit, count: int, others: dict[str, Callable[[Any], tuple[float, int]]], reach: float = 8.0) -> dict[str, Any]:
    """Single pages of three levels, any way up, turned by up to `reach` degrees."""
    from training.drawing import scans

    rng = np.random.default_rng(SEED)
    ours, theirs, bends = Angles(), {name: Angles() for name in others}, Bends()
    for number in range(count):
        level, rotation = scans.LEVELS[number % 3], int(rng.choice([0, 0, 90, 180, 270]))
        sheet = kit.sheet(number)
        shot = scans.scan(sheet, rng, level, rotation=rotation, skew_deg=float(rng.uniform(-reach, reach)))
        page = straighten(as_scan(shot.pixels, shot.dpi), options=PageOptions())[0]
        ours.add(page.quality.skew_deg, page.quality.rotation, shot.skew_deg, rotation)
        bends.add(page, sheet, shot.turn.points)
        for name, measure in others.items():
            theirs[name].add(*measure(shot.pixels), shot.skew_deg, rotation)
    return {"ours": ours.plain() | bends.plain(), **{name: angles.plain() for name, angles in theirs.items()}}


def spreads(kit: Kit, count: int) -> dict[str, Any]:
    """Opened books with a gutter, tables that run across it, and single sheets as wide as they are not."""
    from training.drawing import paper, scans

    rng = np.random.default_rng(SEED + 1)
    right, bends = {"two pages": [0, 0], "one wide table": [0, 0]}, Bends()
    for number in range(count):
        wide = number % 2 == 1
        if wide:
            sheet = kit.draw("table", ("birth_register", "marriage_register")[number // 2 % 2], "hand", number, days=4)
        else:
            halves = [kit.draw("page", "birth_register", "hand", 100 + 2 * number + k) for k in (0, 1)]
            sheet = paper.spread(*halves)
        shot = scans.scan(sheet, rng, scans.LEVELS[number % 3], gutter=True)
        pages = straighten(as_scan(shot.pixels, shot.dpi), options=PageOptions())
        share = right["one wide table" if wide else "two pages"]
        share[0] += len(pages) == (1 if wide else 2)
        share[1] += 1
        for page in pages:
            bends.add(page, sheet, shot.turn.points)
    return {"right": right, **bends.plain()}


def photos(kit: Kit, count: int) -> dict[str, Any]:
    """Sheets photographed at an angle."""
    from training.drawing.photos import photograph

    rng, bends, found = np.random.default_rng(SEED + 2), Bends(), 0
    for number in range(count):
        sheet = kit.sheet(number, dpi=150)
        photo = photograph(sheet, rng)
        page = straighten(as_scan(photo.pixels, None), options=PageOptions())[0]
        found += not np.allclose(page.to_scan.homography[2], (0, 0, 1))
        bends.add(page, sheet, photo.points)
    return {"photos": count, "sheet found": found, **bends.plain()}


def real(others: dict[str, Callable[[Any], tuple[float, int]]]) -> dict[str, Any]:
    """Pages with known angles: `skew_known` (counter-clockwise there) and one of `scan_pages_danang`."""
    table = DATA / "skew_known" / "angles.tsv"
    if not table.exists():
        return {"skipped": "the evaluation data is not here"}
    with table.open(encoding="utf-8") as file:
        known = [(table.parent / name, -float(angle)) for name, angle in csv.reader(file, delimiter="\t")]
    known.append((DATA / "scan_pages_danang" / "gt_4_2_v4_rotated.jpg", -1.0))
    ours, theirs = Angles(), {name: Angles() for name in others}
    for path, bearing in known:
        pixels = cv2.cvtColor(cv2.imread(str(path)), cv2.COLOR_BGR2RGB)
        rotation = round(bearing / 90) * 90
        page = straighten(as_scan(pixels, None), options=PageOptions())[0]
        ours.add(page.quality.skew_deg, page.quality.rotation, bearing - rotation, rotation % 360)
        for name, measure in others.items():
            theirs[name].add(*measure(pixels), bearing - rotation, rotation % 360)
    return {"ours": ours.plain(), **{name: angles.plain() for name, angles in theirs.items()}}


def speed(kit: Kit) -> dict[str, Any]:
    """CPU ms a scan, best of three, by size."""
    from training.drawing import paper, scans

    result = {}
    for name, dpi, double in SIZES:
        sheet = kit.draw("page", "birth_register", "hand", 7, dpi)
        if double:
            sheet = paper.spread(sheet, kit.draw("page", "birth_register", "hand", 8, dpi))
        shot = scans.scan(sheet, np.random.default_rng(3), "office", skew_deg=1.3, gutter=double)
        scan, times = as_scan(shot.pixels, dpi), []
        for _ in range(3):
            start = time.process_time()
            straighten(scan, options=PageOptions())
            times.append(1000 * (time.process_time() - start))
        result[name] = round(min(times))
    return result


def turned() -> dict[str, Any]:
    """Orientation of every written page of the samples, each four ways up. Nothing is read."""
    import json

    from digitizer.pages import ScanFile

    right, unsure, missed = 0, 0, []
    truths = sorted((ROOT / "samples").rglob("*.truth.json"))
    for truth in truths:
        known = json.loads(truth.read_text(encoding="utf-8"))
        facts = known.get("scans") or [known]
        with ScanFile(truth.with_name(known["file"]), source="", options=PageOptions()) as file:
            pages = [file.read(index).pixels for index in range(file.inspection.pages)]
        for index, (pixels, fact) in enumerate(zip(pages, facts, strict=True)):
            for quarter in range(4 if fact.get("text", known["text"]) else 0):
                pose = _pose(np.rot90(pixels, -quarter))
                good = pose.rotation == (fact["rotation"] + 90 * quarter) % 360
                right, unsure = right + good, unsure + (not pose.rotation_sure)
                if not good:
                    missed.append(f"{truth.name.split('.')[0]} page {index} turned {90 * quarter}")
                    print(missed[-1], pose, file=sys.stderr, flush=True)
    return {"pages": right + len(missed), "right": right, "unsure": unsure, "missed": missed}


def _pose(pixels: Any) -> Any:
    """How the first sheet of a scan lies."""
    import importlib

    looks, _ = importlib.import_module("digitizer.pages.straighten").look_around(Copies(np.ascontiguousarray(pixels)))
    return looks[0].pose


def memory() -> dict[str, Any]:
    """Peak PSS, MB, of one process that decodes (in a child) and straightens. No engine is loaded."""
    import subprocess

    found = {}
    for name, width, height in (("A3 300 dpi", 4961, 3508), ("150 megapixels", 14_500, 10_340)):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "page.jpg"
            page = cv2.resize(_sheet(), (width, height), interpolation=cv2.INTER_LINEAR)
            cv2.imwrite(str(path), page)
            del page
            call = [sys.executable, str(Path(__file__)), "--one", str(path)]
            found[name] = float(subprocess.run(call, check=True, capture_output=True, text=True).stdout)
    return found


def _sheet() -> Any:
    """An opened book with rows of text and rules, turned by two degrees."""
    page = np.full((1754, 2480, 3), 240, np.uint8)
    for y in range(120, 1650, 34):
        for x in (120, 1330):
            text = "Ho, chu dem, ten: NGUYEN THI HOA, ngay sinh 15/08/1987"
            cv2.putText(page, text, (x, y), cv2.FONT_HERSHEY_TRIPLEX, 0.9, (40, 30, 30), 1, cv2.LINE_AA)
    matrix = cv2.getRotationMatrix2D((1240, 877), -2.0, 1.0)
    return cv2.warpAffine(page, matrix, (2480, 1754), borderValue=(240, 240, 240))


def one(path: Path) -> None:
    """Decodes and straightens one page, keeps nothing else, prints its peak PSS, MB."""
    from benchmarks.run import Cost
    from digitizer.pages import ScanFile
    from digitizer.settings import Limits

    cost, patient = Cost(every_s=0.02), PageOptions(limits=Limits(child_wall_s=3600))
    with cost, ScanFile(path, source="", options=patient) as file:
        for index in range(file.inspection.pages):
            straighten(file.read(index), options=PageOptions())
    print(cost.peak_mb)


def as_scan(pixels: Any, dpi: float | None) -> Scan:
    """Pixels as a Scan."""
    return Scan(source="0" * 64, index=0, pixels=np.ascontiguousarray(pixels), dpi=dpi)


class Angles:
    """Errors of angles, degrees, and of quarter turns."""

    def __init__(self) -> None:
        self.off: list[float] = []
        self.turned: list[bool] = []

    def add(self, skew: float, rotation: int, known_skew: float, known_rotation: int) -> None:
        """Counts one page. The skew of a page that was turned wrongly is not counted."""
        self.turned.append(rotation == known_rotation)
        if self.turned[-1]:
            self.off.append(abs(skew - known_skew))

    def plain(self) -> dict[str, Any]:
        """As a result file has it."""
        middle, worst = np.percentile(self.off, (50, 95)) if self.off else (None, None)
        return {
            "pages": len(self.turned),
            "orientation right": sum(self.turned),
            "skew median deg": None if middle is None else round(float(middle), 3),
            "skew 95th deg": None if worst is None else round(float(worst), 3),
        }


class Bends:
    """How far from a straight sheet the page still is: drawn points against where the page shows them, after the best turn."""

    def __init__(self) -> None:
        self.rms: list[float] = []
        self.tilt: list[float] = []

    def add(self, page: Page, sheet: Any, points: Callable[[Any], Any]) -> None:
        """One page of `sheet`, of which `points` maps px to the scan."""
        x, y = np.meshgrid(np.linspace(0.04, 0.96, 24) * sheet.width, np.linspace(0.05, 0.95, 16) * sheet.height)
        flat = np.column_stack([x.ravel(), y.ravel()])
        found = page.to_scan.back(points(flat))
        inside = ((found > 0) & (found < page.pixels.shape[1::-1])).all(axis=1)
        if inside.sum() < 20:
            return
        mm = sheet.dpi / 25.4
        a, b = flat[inside], found[inside]
        # scale and place are free, turn and shape are not
        scale = np.sqrt(((a - a.mean(0)) ** 2).sum() / ((b - b.mean(0)) ** 2).sum())
        off = (b - b.mean(0)) * scale - (a - a.mean(0))
        self.rms.append(float(np.sqrt((off**2).sum(1).mean()) / mm))
        self.tilt.append(float(np.abs(off[:, 1]).max() / mm))

    def plain(self) -> dict[str, Any]:
        """As a result file has it."""
        if not self.rms:
            return {}
        return {
            "points off mm, median page": round(float(np.median(self.rms)), 2),
            "points off mm, 95th page": round(float(np.percentile(self.rms, 95)), 2),
            "worst point up or down mm, median page": round(float(np.median(self.tilt)), 2),
        }


def by_deskew(pixels: Any) -> tuple[float, int]:
    """(clockwise skew, quarter turn) by the package `deskew`, which knows no quarter turns and 45 degrees each way."""
    from deskew import determine_skew

    angle = determine_skew(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY))
    return (0.0 if angle is None else float(angle)), 0


def by_ocrmypdf(pixels: Any) -> tuple[float, int]:
    """(clockwise skew, quarter turn) as OCRmyPDF gets them from Tesseract for `--rotate-pages --deskew`."""
    from ocrmypdf._exec import tesseract

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "page.png"
        cv2.imwrite(str(path), cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR))
        turn = tesseract.get_orientation(path, None, 60.0, 1)
        # OCRmyPDF turns where the confidence is at least 14
        rotation = turn.angle if turn.confidence >= 14 else 0
        upright = np.ascontiguousarray(np.rot90(pixels, rotation // 90))
        cv2.imwrite(str(path), cv2.cvtColor(upright, cv2.COLOR_RGB2BGR))
        return float(tesseract.get_deskew(path, ["vie"], None, 60.0, 1)), rotation


def steps(folders: list[Path], only: list[str]) -> Iterator[dict[str, Any]]:
    """Letters and fields that the same engine reads after each step and all steps before it. Printed after every document."""
    import importlib

    from benchmarks.measure import Tally
    from benchmarks.run import items, remembered, tools_of

    tools, stage = tools_of("paddle"), importlib.import_module("digitizer.pages.straighten")
    found: dict[str, Tally] = {name: Tally() for name in STEPS}
    documents: dict[str, dict[str, int]] = {}
    for folder in folders:
        for path, truth in items(folder):
            if not any(part in str(path) for part in only):
                continue
            before = {name: tally.text.edits for name, tally in found.items()}
            for name, tally in found.items():
                with without(stage, STEPS[name]), tempfile.TemporaryDirectory() as unread:
                    tally.add(remembered(path, tools, Path(unread)), truth)
            documents[path.name] = {name: tally.text.edits - before[name] for name, tally in found.items()}
            print(path.name, documents[path.name], file=sys.stderr, flush=True)
            yield {"steps": {name: _figures(tally.plain()) for name, tally in found.items()}, "letters wrong": documents}


def _figures(plain: dict[str, Any]) -> dict[str, Any]:
    """The main figures of a tally."""
    hands = {hand: plain["fields"].get(hand) for hand in ("typed", "handwritten")}
    return {"text": plain["text"], **hands, "types": plain["types"], "accepted": plain["accepted"]}


def _nothing(*_: Any) -> None:
    return None


def _no_sheet(*_: Any) -> Any:
    return Sheets()


def _as_is(pixels: Any, *_: Any) -> Any:
    return pixels


#: step -> function that straighten calls instead of the steps after it. The last is no step of the product.
STEPS: dict[str, dict[str, Callable[..., Any]]] = {
    "upright and level": {"find_sheets": _no_sheet, "find_bend": _nothing, "lift_seals": _as_is},
    "sheet found": {"find_bend": _nothing, "lift_seals": _as_is},
    "bent rows flattened": {"lift_seals": _as_is},
    "seals lifted": {},
    "tried: paper white": {"lift_seals": clean},
}


@contextmanager
def without(stage: Any, instead: dict[str, Callable[..., Any]]) -> Iterator[None]:
    """The module `stage` with some of its functions replaced."""
    kept = {name: getattr(stage, name) for name in instead}
    try:
        for name, function in instead.items():
            setattr(stage, name, function)
        yield
    finally:
        for name, function in kept.items():
            setattr(stage, name, function)


if __name__ == "__main__":
    sys.exit(main())
