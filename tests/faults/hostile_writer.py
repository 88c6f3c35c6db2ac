"""A writer of PDFs in the hands of a stranger: what worked stands in the only file it may write."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

from digitizer.output import writer

spec = importlib.util.spec_from_file_location("hostile", Path(__file__).with_name("hostile.py"))
assert spec
assert spec.loader
hostile: Any = importlib.util.module_from_spec(spec)
spec.loader.exec_module(hostile)
hostile.OWN += 1  # the PDF that it writes
load_libraries = writer.load_libraries
serve = writer.serve


def tried(order: Any, came: Any, target: Any, parent: Any) -> tuple[()]:
    """Stands in for the writing."""
    try:
        hostile.tried()
    except hostile.decode.Refused as refused:
        target.write(refused.facts["reason"].encode())
    return ()


writer._written = tried
