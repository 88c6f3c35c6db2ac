"""Children that parse a stranger's bytes, one for each file. They come from a fork server, because a fork takes milliseconds.

A fresh interpreter would import PyMuPDF or pikepdf anew for each file. Descriptors of the files travel with the order, so a
child needs no path. Systems without `fork` start an interpreter for each child (`fork_server.py --alone`).
"""

from __future__ import annotations

import atexit
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO

_PROGRAM = str(Path(__file__).with_name("fork_server.py"))
#: folder of our package, which children import `digitizer.sandbox` from
_OURS = str(Path(__file__).parent.parent)
#: variables of our environment that children get. They get no secrets
_ENVIRONMENT = ("PATH", "PYTHONPATH", "LD_LIBRARY_PATH", "LANG", "LC_ALL", "SYSTEMROOT", "TEMP", "TMP")
#: a server that does not answer for so long is started again. The first answer waits for its imports, seconds
_ANSWERS_S = 60.0
#: exit status of a child whose server died with it
_KILLED = -int(getattr(signal, "SIGKILL", 9))


class Child:
    """A child with its pipes."""

    requests: IO[bytes]
    answers: IO[bytes]

    def kill(self) -> None:
        """Ends the child. It may be gone already."""
        raise NotImplementedError

    def wait(self) -> int:
        """The exit status once it has ended, the negative number of the signal that ended it."""
        raise NotImplementedError

    def close(self) -> None:
        """Kills and reaps the child, closes the pipes."""
        self.kill()
        for stream in (self.requests, self.answers):
            with suppress(BrokenPipeError):  # unsent bytes for a child that is gone
                stream.close()
        self.wait()


class _Forked(Child):
    def __init__(self, process: int, requests: int, answers: int, status: int) -> None:
        self.requests, self.answers = os.fdopen(requests, "wb"), os.fdopen(answers, "rb")
        self._process, self._status = process, status
        self._ended: int | None = None

    def kill(self) -> None:
        if self._ended is None:
            with suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._process, signal.SIGKILL)

    def wait(self) -> int:
        if self._ended is None:
            said = os.read(self._status, 20)
            self._ended = int(said) if said else _KILLED
            os.close(self._status)
            os.close(self._process)
        return self._ended


class _Started(Child):
    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self.requests, self.answers, self._process = process.stdin, process.stdout, process

    def kill(self) -> None:
        self._process.kill()

    def wait(self) -> int:
        return self._process.wait()


class ForkServer:
    """The fork server of this process. It is started with the first child, and again when it has died."""

    def __init__(self) -> None:
        self._using = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._orders: socket.socket | None = None
        self._owner = 0

    def start(self, task: str, files: Sequence[int], *, hint: str = "") -> Child:
        """A child that does `task` (a module by path or dotted name).

        It owns copies of the descriptors `files`. `hint` goes to `load_libraries` of the task. Raises OSError.
        """
        with self._using:
            try:
                return self._started(task, files, hint)
            except (OSError, EOFError):
                # it was killed, perhaps for memory
                self._stop()
                return self._started(task, files, hint)

    def close(self) -> None:
        """Ends the server and its children."""
        with self._using:
            self._stop()

    def _started(self, task: str, files: Sequence[int], hint: str) -> Child:
        if self._orders is None or self._owner != os.getpid():
            self._open()
        assert self._orders is not None
        theirs, requests = os.pipe()
        answers, out = os.pipe()
        status, ended = os.pipe()
        try:
            order = json.dumps({"task": task, "hint": hint}).encode()
            socket.send_fds(self._orders, [order], [theirs, out, ended, *files])
            said, found, _, _ = socket.recv_fds(self._orders, 16, 1)
            if not said or not found:
                raise EOFError
        except BaseException:
            for descriptor in (requests, answers, status):
                os.close(descriptor)
            raise
        finally:
            for descriptor in (theirs, out, ended):
                os.close(descriptor)
        return _Forked(found[0], requests, answers, status)

    def _open(self) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-P", _PROGRAM, str(theirs.fileno())],
                env=environment(),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=(theirs.fileno(),),
            )
        ours.settimeout(_ANSWERS_S)
        self._orders, self._owner = ours, os.getpid()

    def _stop(self) -> None:
        if self._orders is not None:
            self._orders.close()
        if self._process is not None and self._owner == os.getpid():
            self._process.kill()
            self._process.wait()
        self._orders = self._process = None


#: of this process
_shared = ForkServer()
atexit.register(_shared.close)


def start(task: str, paths: Sequence[Path], *, hint: str = "", writes: Sequence[Path] = ()) -> Child:
    """A child that does `task` with the files `paths` open for reading, then `writes` for reading and writing.

    Raises OSError where a file cannot be opened.
    """
    if not hasattr(os, "pidfd_open"):
        names = [str(path.absolute()) for path in (*paths, *writes)]
        alone = [sys.executable, "-P", _PROGRAM, "--alone", task, hint, *names]
        null, pipe = subprocess.DEVNULL, subprocess.PIPE
        return _Started(subprocess.Popen(alone, env=environment(), stdin=pipe, stdout=pipe, stderr=null))
    opened: list[int] = []
    try:
        for path, mode in (*((p, os.O_RDONLY) for p in paths), *((p, os.O_RDWR | os.O_CREAT) for p in writes)):
            opened.append(os.open(path, mode | os.O_CLOEXEC, 0o600))
        return _shared.start(task, opened, hint=hint)
    finally:
        for descriptor in opened:
            os.close(descriptor)


def environment() -> dict[str, str]:
    """The variables of a child. One thread, because a fork keeps only one."""
    kept = {name: os.environ[name] for name in _ENVIRONMENT if name in os.environ}
    path = os.pathsep.join(filter(None, [kept.get("PYTHONPATH"), _OURS]))
    return {**kept, "PYTHONPATH": path, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
