"""Memory of a process and of all below it."""

from __future__ import annotations

from contextlib import suppress

import psutil


def pss_of(root: psutil.Process) -> list[float]:
    """Proportional set size of `root` and of all below it, MB; what ends while we look is left out."""
    found = []
    for process in [root, *root.children(recursive=True)]:
        with suppress(psutil.Error):
            found.append(process.memory_full_info().pss / 1e6)
    return found
