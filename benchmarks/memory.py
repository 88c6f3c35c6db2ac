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


def cpu_of(root: psutil.Process) -> dict[int, float]:
    """CPU seconds of the process `root` and its children. Those of a fork server hold its children's, also the ended ones."""
    found: dict[int, float] = {}
    for process in [root, *root.children(recursive=True)]:
        with suppress(psutil.NoSuchProcess):
            times = process.cpu_times()
            is_server = _is_fork_server(process)
            bucket = process.ppid() if is_server is None else process.pid
            ended = times.children_user + times.children_system if is_server else 0.0
            found[bucket] = found.get(bucket, 0.0) + times.user + times.system + ended
    return found


def _is_fork_server(process: psutil.Process) -> bool | None:
    """Whether it is a fork server. None: a child of one, which has the same command line."""
    line, parent = process.cmdline(), process.parent()
    if not any(part.endswith("fork_server.py") for part in line):
        return False
    return None if parent is not None and parent.cmdline() == line else True
