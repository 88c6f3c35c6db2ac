"""Processes the tests look at."""

from __future__ import annotations

import psutil


def decoders() -> list[psutil.Process]:
    """Our decoding children, the dead ones that nobody asked after among them; servers of the session do not count."""
    return [child for child in psutil.Process().children() if _decodes(child)]


def _decodes(child: psutil.Process) -> bool:
    try:
        return child.status() == psutil.STATUS_ZOMBIE or any(part.endswith("decode.py") for part in child.cmdline())
    except psutil.NoSuchProcess:
        return False
