"""`digitizer worker` that forks its workers: a kill costs no second start of Python, so that hundreds can be afforded.

All else is as in life: the supervisor, `workers.__main__.main`, an engine and connections of each worker's own. It notes the
process of each worker in `<home>/workers/<name>`.
"""

from __future__ import annotations

import importlib
import os
import signal
import subprocess
import sys
import types
from pathlib import Path
from typing import Any, BinaryIO

from digitizer import cli
from digitizer.queue import _pool

#: loaded before the first fork
READY = ("workers.__main__", "workers.rq_worker", "digitizer.storage.s3", "digitizer.ocr.replay", "digitizer.connectors.folder")


class Forked:
    """A forked worker, as far as a pool uses `subprocess.Popen`."""

    def __init__(self, pid: int, stdin: BinaryIO) -> None:
        self.pid, self.stdin = pid, stdin
        self.returncode: int | None = None

    def _look(self, options: int) -> int | None:
        if self.returncode is None:
            pid, status = os.waitpid(self.pid, options)
            if pid:
                self.returncode = os.waitstatus_to_exitcode(status)
        return self.returncode

    def poll(self) -> int | None:
        return self._look(os.WNOHANG)

    def wait(self) -> int | None:
        return self._look(0)

    def kill(self) -> None:
        if self.poll() is None:
            os.kill(self.pid, signal.SIGKILL)

    def terminate(self) -> None:
        if self.poll() is None:
            os.kill(self.pid, signal.SIGTERM)


def start(command: list[str], **_: Any) -> Forked:
    """In the place of `subprocess.Popen`."""
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(write)
        work(read, command[-1])
    os.close(read)
    return Forked(pid, os.fdopen(write, "wb"))


def work(stdin: int, name: str) -> None:
    """Is a worker until its end."""
    code = 70
    try:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_DFL)
        os.setsid()
        os.dup2(stdin, 0)
        sys.stdin = os.fdopen(0)
        sys.argv = ["workers", "--name", name]
        folder = Path(os.environ["DIGITIZER_HOME"]) / "workers"
        folder.mkdir(exist_ok=True)
        (folder / name).write_text(str(os.getpid()))
        code = sys.modules["workers.__main__"].main()
    finally:
        os._exit(code)


if __name__ == "__main__":
    for module in READY:
        importlib.import_module(module)
    _pool.subprocess = types.SimpleNamespace(Popen=start, PIPE=subprocess.PIPE, DEVNULL=subprocess.DEVNULL)  # type: ignore[assignment]
    sys.exit(cli.run(sys.argv[1:]))
