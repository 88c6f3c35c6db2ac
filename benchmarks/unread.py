"""Measures how ink is accounted for: `benchmarks/unread.py --pages samples --pages ../shared/data/pages_structure`.

Each line of a page is hidden in turn, as if the detector had missed it. It is accounted for when a second look reads it, or when
it is reported as unread ink. A page with unread ink while nothing is hidden is a false alarm, or has ink that was not read.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks.measure import Share  # noqa: E402
from benchmarks.run import inspected, items, save, tools_of  # noqa: E402
from digitizer.model import Box, Line, Page  # noqa: E402
from digitizer.ocr import read  # noqa: E402
from digitizer.ocr.overlooked import find_overlooked  # noqa: E402
from digitizer.pages import ScanFile, straighten  # noqa: E402

#: a hidden line is reported when unread ink covers this share of its width
_COVERED = 0.2


def main() -> int:
    """A line a folder, then all of it into a results file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pages", type=Path, action="append", required=True)
    parser.add_argument("--every", type=int, default=1, help="hides one line of so many")
    parser.add_argument("--output", type=Path, default=ROOT / "benchmarks" / "results")
    given = parser.parse_args()
    tools, folders = tools_of("paddle"), []
    for folder in given.pages:
        recall, read_pages, alarms = Share(), 0, []
        for path, _ in items(folder):
            for page in _pages(path, tools):
                text = read(page, engine=tools.engine)
                read_pages += 1
                if text.unread:
                    alarms.append(f"{path.name} {page.scan}.{page.part}")
                for hidden in text.lines[:: given.every]:
                    recall.add(is_accounted_for(page, text.lines, hidden, tools.engine))
        found = {"folder": folder.name, "hidden": recall.plain(), "pages": read_pages, "with unread ink": alarms}
        folders.append(found)
        print(found, flush=True)
    print(save({"folders": folders}, given.output, "unread"))
    return 0


def _pages(path: Path, tools: Any) -> list[Page]:
    with ScanFile(path, source="", options=tools.pages) as file:
        scans = range(inspected(path, tools).pages)
        return [page for scan in scans for page in straighten(file.read(scan), options=tools.pages) if not page.quality.blank]


def is_accounted_for(page: Page, lines: Sequence[Line], hidden: Line, engine: Any) -> bool:
    """Whether `hidden`, one of `lines`, is read by a second look or reported when the detector missed it."""
    kept = [line.box for line in lines if line is not hidden]
    found = [one.box for one in find_overlooked(page, kept) if one.plain and _common(one.box, hidden.box)]
    found += [line.box for line in engine.read_overlooked(page, kept) if _common(line.box, hidden.box)]
    return sum(_common(box, hidden.box) for box in found) >= _COVERED * hidden.box.width


def _common(box: Box, line: Box) -> float:
    inside = line.y0 <= box.centre[1] <= line.y1
    return max(0.0, min(box.x1, line.x1) - max(box.x0, line.x0)) if inside else 0.0


if __name__ == "__main__":
    sys.exit(main())
