"""How well types are told apart, on pages drawn for the purpose: `benchmarks/doctypes.py --each 8`.

Draws every sheet and every book with a seed the samples do not have. It keeps nothing and says which types were taken for which.
By default the lines are those that were drawn, with letters misread at random (`--errors`, a share). That takes a second a page
and shows what the declarations can tell apart. `--read` scans the pages and reads them with the real engine instead.
Then single sheets are put together at random, as if scanned one after another, some with an empty back. They are split again.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from benchmarks.run import save, tools_of  # noqa: E402
from digitizer.classify import classify  # noqa: E402
from digitizer.doctypes import DocType, load  # noqa: E402
from digitizer.model import Box, Letter, Line, PageText, Quality, Ruling, Warp, Word  # noqa: E402
from digitizer.ocr.reading_order import reading_order  # noqa: E402
from training.drawing import books, paper, scans, sheets  # noqa: E402
from training.drawing.fonts import Fonts  # noqa: E402
from training.drawing.paper import Sheet  # noqa: E402

SEED = 77_000
#: share of papers in a bundle whose empty back was scanned too
EMPTY_BACK = 0.15
#: misread letters look like these
LOOKALIKE = dict(zip("iloêăấunghưđ", "li0eàanuqbud", strict=True))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--each", type=int, default=6, help="pages of each type")
    parser.add_argument("--errors", type=float, default=0.05, help="share of letters misread")
    parser.add_argument("--read", action="store_true", help="scan the pages and read them with the real engine")
    parser.add_argument("--only", default="", help="types whose name contains this")
    parser.add_argument("--bundles", type=int, default=200, help="bundles of two to six sheets to split")
    parser.add_argument("--output", type=Path, default=HERE / "results")
    parser.add_argument("--seed", type=int, default=SEED)
    given = parser.parse_args()
    kinds = [kind for kind in (*sheets.SHEETS, *books.BOOKS) if given.only in kind]
    fonts, doctypes = Fonts.load(), load()
    engine = tools_of("paddle") if given.read else None
    levels: dict[str, Counter[str]] = {}
    confusion: Counter[str] = Counter()
    pool: list[tuple[str, PageText]] = []
    start = time.process_time()
    for kind in kinds:
        for place in range(given.each):
            rng = np.random.default_rng([given.seed, kinds.index(kind), place])
            level = scans.LEVELS[place % 3]
            page = read(drawn(fonts, kind, rng, 200 if given.read else 60), rng, level, given.errors, engine)
            pool += [(kind, page)] if kind in sheets.SHEETS else []
            (document,) = classify([page], [0], bundle="b", doctypes=doctypes)
            found = document.doctype or "unknown"
            levels.setdefault(level, Counter())["right" if found == kind else "wrong"] += 1
            if found != kind:
                confusion[f"{kind} -> {found}"] += 1
                print(f"{kind} {place} {level}: {found} {document.score:.2f} margin {document.margin:.2f}", file=sys.stderr)
    figures: dict[str, Any] = {
        "pages": {"each": given.each, "types": len(kinds), "read": given.read, "errors": None if given.read else given.errors},
        "cpu s": round(time.process_time() - start, 1),
        "types by level": {k: dict(v) for k, v in levels.items()},
        "confusion": dict(confusion.most_common()),
        "bundles": split(pool, given.bundles, np.random.default_rng(given.seed), doctypes),
    }
    print(json.dumps(figures, ensure_ascii=False, indent=1))
    print(save(figures, given.output, "types-read" if given.read else "types"))
    return 0


def split(
    pool: Sequence[tuple[str, PageText]], bundles: int, rng: np.random.Generator, doctypes: Mapping[str, DocType]
) -> dict[str, Any]:
    """How many papers of random bundles come out as a document of their own pages, and with their type too."""
    found: Counter[str] = Counter()
    for number in range(bundles if pool else 0):
        texts, wanted = list[PageText](), list[tuple[int, str]]()
        for at in rng.integers(0, len(pool), int(rng.integers(2, 7))):
            kind, page = pool[at]
            wanted.append((len(texts), kind))
            texts += [
                page,
                *([replace(page, lines=(), marks=(), ruling=Ruling(), blank=True)] if rng.random() < EMPTY_BACK else []),
            ]
        documents = classify(texts, range(len(texts)), bundle="b", doctypes=doctypes)
        own = {d.pages: d.doctype for d in documents}
        for at, kind in wanted:
            found["papers"] += 1
            found["split right"] += (at,) in own
            found["and their type"] += own.get((at,)) == kind
            if (at,) not in own:
                held = next(d.pages for d in documents if at in d.pages)
                print(f"bundle {number}: {kind} at {at} of {[k for _, k in wanted]} is in {held}", file=sys.stderr)
    return {"bundles": bundles, **found}


def drawn(fonts: Fonts, kind: str, rng: np.random.Generator, dpi: int) -> Sheet:
    """A page of a type, any year of its form."""
    when = date(2016, 3, 1) + timedelta(days=int(rng.integers(0, 3900)))
    if kind in books.BOOKS:
        return books.any_page(fonts, kind, rng, when, dpi).sheet
    drawing = sheets.SHEETS[kind]
    case = drawing.event(rng, when, int(rng.integers(2, 300)), None)
    return drawing.draw(fonts, case, rng, dpi=max(dpi, 0), how=drawing.how).sheet


def read(sheet: Sheet, rng: np.random.Generator, level: str, errors: float, tools: Any) -> PageText:
    """The page as read: by the engine from a scan, else the drawn lines with letters misread."""
    if tools is None:
        return as_text(sheet, rng, errors)
    from digitizer.model import Scan
    from digitizer.ocr import read as read_page
    from digitizer.pages import straighten

    scanned = scans.scan(sheet, rng, level)
    scan = Scan(source="0" * 64, index=0, pixels=scanned.pixels, dpi=float(scanned.dpi))
    page, *_ = straighten(scan, options=tools.pages)
    return read_page(page, engine=tools.engine)


def as_text(sheet: Sheet, rng: np.random.Generator, errors: float) -> PageText:
    """The lines of a drawn sheet as a PageText."""
    lines = reading_order([line for drawn_line in sheet.reading() for line in _parts(drawn_line, rng, errors, sheet.dpi)])
    return PageText(
        source="0" * 64, scan=0, part=0, width=sheet.width, height=sheet.height, dpi=float(sheet.dpi), sheet=None,
        to_scan=Warp.identity(), quality=Quality(), lines=lines, ruling=Ruling(), marks=(), blank=not lines, engine="drawn",
    )  # fmt: skip


def _parts(line: paper.Line, rng: np.random.Generator, errors: float, dpi: int) -> Iterator[Line]:
    """A drawn line, divided where a detector would: at gaps wider than half a centimetre."""
    groups: list[list[paper.Run]] = []
    for run in sorted(line.runs, key=lambda run: run.box[0]):
        if groups and run.box[0] - groups[-1][-1].box[2] < 0.2 * dpi:
            groups[-1].append(run)
        else:
            groups.append([run])
    for group in groups:
        text = "".join(_misread(c, rng, errors) for c in " ".join(run.text for run in group))
        box = Box(*map(float, paper.around([run.box for run in group])))
        wide = box.width / max(1, len(text))
        letters = tuple(
            Letter(char=c, x0=box.x0 + i * wide, x1=box.x0 + (i + 1) * wide, confidence=0.95) for i, c in enumerate(text)
        )
        yield replace(Line(text=text, box=box, confidence=0.95, letters=letters), words=tuple(_words(text, box, wide)))


def _words(text: str, box: Box, wide: float) -> Iterator[Word]:
    start = 0
    for word in text.split():
        start = text.index(word, start)
        yield Word(
            text=word, box=Box(box.x0 + start * wide, box.y0, box.x0 + (start + len(word)) * wide, box.y1), confidence=0.95
        )
        start += len(word)


def _misread(char: str, rng: np.random.Generator, errors: float) -> str:
    if char == " " or rng.random() >= errors:
        return char
    return LOOKALIKE.get(char.lower(), "" if rng.random() < 0.3 else "r")


if __name__ == "__main__":
    sys.exit(main())
