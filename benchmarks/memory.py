"""Memory of a process and of all below it."""

from __future__ import annotations

from contextlib import suppress

import psutil


def pss_of(root: psutil.Process) -> list[float]:
    """Proportional set size of the process `root` and its children, MB. A process that ends meanwhile is left out."""
    found = []
    for process in [root, *root.children(recursive=True)]:
        with suppress(psutil.Error):
            found.append(process.memory_full_info().pss / 1e6)
    return found
