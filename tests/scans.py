"""All scans of a file at once, for tests that need no open file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from digitizer.model import Scan
from digitizer.pages import Inspection, ScanFile
from digitizer.settings import PageOptions


def inspect(path: Path, *, options: PageOptions) -> Inspection:
    """What `path` is. Raises as `ScanFile`."""
    with ScanFile(path, source="", options=options) as file:
        return file.inspection


def load(path: Path, *, source: str, options: PageOptions, pages: Sequence[int] | None = None) -> Iterator[Scan]:
    """The scans of `path` at positions `pages` (all when None), one at a time. Raises as `ScanFile` and its `read`."""
    with ScanFile(path, source=source, options=options) as file:
        for index in range(file.inspection.pages) if pages is None else pages:
            yield file.read(index)
