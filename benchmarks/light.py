"""How legible the light derivative is: the same reader on it and on the master, letter by letter; and its size an A4 page.

`.venv/bin/python benchmarks/light.py samples/decision/*.jpg`
"""

from __future__ import annotations

import argparse
import hashlib
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks.measure import Errors  # noqa: E402
from benchmarks.run import machine, tools_of  # noqa: E402
from digitizer.model import Source  # noqa: E402
from digitizer.pipeline import digitize, light_copy, read_pages  # noqa: E402

A4_SQUARE_INCHES = 8.27 * 11.69


def main() -> int:
    """A line a file, then the total."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="+", type=Path)
    tools, total, kilobytes, sheets = tools_of("paddle"), Errors(), 0.0, 0.0
    for path in parser.parse_args().files:
        with tempfile.TemporaryDirectory() as folder:
            errors, size, area = one(path, Path(folder), tools)
        print(f"{path.name}: {size / 1000 / area:.0f} kB an A4 page, CER against the master {errors.plain()['cer']}")
        total.edits, total.letters = total.edits + errors.edits, total.letters + errors.letters
        kilobytes, sheets = kilobytes + size / 1000, sheets + area
    print(f"all: {kilobytes / sheets:.0f} kB an A4 page, {total.plain()}, {machine()}")
    return 0


def one(path: Path, folder: Path, tools: Any) -> tuple[Errors, int, float]:
    """(errors of the light copy's text against the master's, its bytes, its size in A4 sheets) of a file of one page."""
    id_ = hashlib.sha256(path.read_bytes()).hexdigest()
    source = Source(id=id_, key="", media_type="image/jpeg", size=path.stat().st_size)
    master = digitize(path, source, scans=[0], tools=tools, name="a", into=folder)
    light = folder / "light.pdf"
    light_copy(folder / "a.pdf", light, options=tools.pages)
    again = [text for reading in read_pages(light, source="light", scans=[0], tools=tools) for text in reading.texts]
    errors, page = Errors(), master.pages[0]
    errors.add(_said(again), _said(master.pages))
    assert page.sheet is not None
    return errors, light.stat().st_size, page.sheet.width * page.sheet.height / page.dpi**2 / A4_SQUARE_INCHES


def _said(pages: Any) -> str:
    return "\n".join(line.text for page in pages for line in page.lines)


if __name__ == "__main__":
    sys.exit(main())
