"""Measures the light derivative: its size for an A4 page, and the letters the reader reads otherwise than on the master.

`.venv/bin/python benchmarks/light.py samples/decision/*.jpg`
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import pikepdf  # noqa: E402

from benchmarks.measure import Errors  # noqa: E402
from benchmarks.run import digitized, save, tools_of  # noqa: E402
from digitizer.pipeline import light_copy, read_pages  # noqa: E402

A4_SQUARE_INCHES = 8.27 * 11.69


def main() -> int:
    """A line a file, then all of it into a results file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--output", type=Path, default=ROOT / "benchmarks" / "results")
    given = parser.parse_args()
    tools, total, size, sheets, files = tools_of("paddle"), Errors(), 0, 0.0, {}
    for path in given.files:
        with tempfile.TemporaryDirectory() as folder:
            errors, bytes_, area, image = one(path, Path(folder), tools)
        files[path.name] = {"kB an A4 page": round(bytes_ / 1000 / area), **image, **errors.plain()}
        print(f"{path.name}: {files[path.name]}", flush=True)
        total.edits, total.letters = total.edits + errors.edits, total.letters + errors.letters
        size, sheets = size + bytes_, sheets + area
    figures = {"files": files, "all": {"kB an A4 page": round(size / 1000 / sheets), **total.plain()}}
    print(save(figures, given.output, "light"))
    return 0


def one(path: Path, folder: Path, tools: Any) -> tuple[Errors, int, float, dict[str, int]]:
    """(errors of the light copy's text against the master's, bytes, A4 sheets, what its image has) of a file of one page."""
    master = digitized(path, folder, tools)
    light = folder / "light.pdf"
    light_copy(folder / "result.pdf", light, options=tools.pages)
    again = [text for reading in read_pages(light, source="light", scans=[0], tools=tools) for text in reading.texts]
    errors, page = Errors(), master.pages[0]
    errors.add(_said(again), _said(master.pages))
    assert page.sheet is not None
    area = page.sheet.width * page.sheet.height / page.dpi**2
    with pikepdf.open(light) as pdf:
        (image,) = pdf.pages[0].get_images().values()
        shown = {"dpi": round((int(image.Width) * int(image.Height) / area) ** 0.5)}
    return errors, light.stat().st_size, area / A4_SQUARE_INCHES, shown


def _said(pages: Any) -> str:
    return "\n".join(line.text for page in pages for line in page.lines)


if __name__ == "__main__":
    sys.exit(main())
