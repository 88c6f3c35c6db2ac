"""Engine `tesseract`: Debian's Tesseract with the language `vie`. It reads print, but no handwriting."""

from __future__ import annotations

import csv
import io
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from itertools import groupby
from pathlib import Path

from PIL import Image

from digitizer.errors import EngineFailed, EngineMissing
from digitizer.geometry import union
from digitizer.model import Box, Line, Page, Pixels, Word
from digitizer.ocr.weights import Model
from digitizer.settings import EngineOptions
from digitizer.text import nfc

#: Tesseract's code of Vietnamese
LANGUAGE = "vie"
#: most seconds for one page
TIMEOUT_S = 180
#: `--psm` for a page: automatic segmentation without orientation, because the page is upright
SEGMENTATION = "3"
#: `--psm` for a picture of one line
ONE_LINE = "7"


class TesseractEngine:
    """Starts one Tesseract process for each page."""

    def __init__(self, options: EngineOptions) -> None:
        program = shutil.which("tesseract")
        if program is None:
            raise EngineMissing("tesseract is not installed: apt-get install tesseract-ocr tesseract-ocr-vie", engine="tesseract")
        self._program, self._threads = program, options.threads
        if LANGUAGE not in self._ask("--list-langs").split():
            raise EngineMissing(
                "the language vie is not installed: apt-get install tesseract-ocr-vie", engine="tesseract-ocr-vie"
            )
        self._version = self._ask("--version").split()[1]

    @property
    def fingerprint(self) -> str:
        """Engine and version."""
        return f"tesseract-{self._version}-{LANGUAGE}"

    @property
    def models(self) -> Mapping[str, str]:
        """Empty, because the language data is Tesseract's own."""
        return {}

    def read(self, page: Page) -> tuple[Line, ...]:
        """The lines of `page`. Raises EngineFailed."""
        height, width = page.pixels.shape[:2]
        return tuple(_lines(self._table(page.pixels, page.dpi, SEGMENTATION), width, height))

    def read_line(self, pixels: Pixels) -> str:
        """The text of a picture of one line."""
        height, width = pixels.shape[:2]
        return " ".join(line.text for line in _lines(self._table(pixels, 0, ONE_LINE), width, height))

    def _table(self, pixels: Pixels, dpi: float, segmentation: str) -> str:
        with tempfile.TemporaryDirectory() as folder:
            image = Path(folder, "page.png")
            Image.fromarray(pixels).save(image, compress_level=1)
            stated = str(round(dpi)) if dpi else "300"
            return self._ask(str(image), "stdout", "-l", LANGUAGE, "--dpi", stated, "--psm", segmentation, "tsv")

    def _ask(self, *arguments: str) -> str:
        try:
            done = subprocess.run(
                [self._program, *arguments],
                capture_output=True,
                timeout=TIMEOUT_S,
                check=True,
                env={"PATH": "/usr/bin:/bin", "OMP_THREAD_LIMIT": str(self._threads)},
            )
        except (OSError, subprocess.SubprocessError) as exc:
            raise EngineFailed(f"tesseract failed: {type(exc).__name__}", engine="tesseract") from exc
        return done.stdout.decode("utf-8", "replace")


def _lines(table: str, width: int, height: int) -> Iterator[Line]:
    """The lines in Tesseract's TSV. Rows of level 5 are words."""
    rows = csv.DictReader(io.StringIO(table), delimiter="\t", quoting=csv.QUOTE_NONE)
    words = [row for row in rows if row["level"] == "5" and nfc(row["text"] or "")]
    for _, group in groupby(words, key=lambda row: (row["block_num"], row["par_num"], row["line_num"])):
        found = tuple(_word(row, width, height) for row in group)
        yield Line(
            text=" ".join(word.text for word in found),
            box=union(word.box for word in found),
            confidence=sum(word.confidence for word in found) / len(found),
            words=found,
        )


def _word(row: Mapping[str, str], width: int, height: int) -> Word:
    x, y, w, h = (float(row[name]) for name in ("left", "top", "width", "height"))
    box = Box(max(x, 0), max(y, 0), min(x + w, width), min(y + h, height))
    return Word(text=nfc(row["text"]), box=box, confidence=min(max(float(row["conf"]) / 100, 0), 1))


def open(options: EngineOptions) -> TesseractEngine:
    """The engine. Raises EngineMissing."""
    return TesseractEngine(options)


def models(options: EngineOptions) -> tuple[Model, ...]:
    """Empty, because the language data is Tesseract's own."""
    return ()
