"""The program that makes children for `forks.py`: it imports libraries once and forks for each file.

It never looks at a stranger's bytes. A child of it does, behind the walls of `sandbox.py`, and ends with its file. Run as
`fork_server.py SOCKET`. Each message on the socket is `{"task", "hint"}` with descriptors: requests, answers, status, files. The
task is a module with `load_libraries(hint)` and `serve(requests, answers, files)`, by its path or dotted name. The reply is a
descriptor of the child process. Its exit status is written to `status`. The end of the socket ends the program and its children.

Where the system cannot fork, `fork_server.py --alone TASK HINT PATH…` serves one task on stdin and stdout.
"""

from __future__ import annotations

import ctypes
import gc
import importlib
import importlib.util
import json
import os
import selectors
import signal
import socket
import sys
from contextlib import suppress
from functools import cache
from typing import Any, NoReturn

#: descriptors of one message: three pipes and the files
_MOST_DESCRIPTORS = 250
#: no descriptor of ours is higher
_HIGHEST = 65_536
_PR_SET_PDEATHSIG = 1


@cache
def _task(name: str) -> Any:
    """The module of a task."""
    if not name.endswith(".py"):
        return importlib.import_module(name)
    spec = importlib.util.spec_from_file_location("task", name)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class _Server:
    """Waits for orders and for the end of children."""

    def __init__(self, orders: socket.socket) -> None:
        self._orders = orders
        self._selector = selectors.DefaultSelector()
        self._selector.register(orders, selectors.EVENT_READ)
        #: descriptor of a child process -> (its number, where its status goes)
        self._children: dict[int, tuple[int, int]] = {}

    def run(self) -> NoReturn:
        """Until the socket ends. Children end with this process."""
        while True:
            for key, _ in self._selector.select():
                if key.fileobj is self._orders:
                    self._take()
                else:
                    self._reap(key.fd)

    def _take(self) -> None:
        message, descriptors, _, _ = socket.recv_fds(self._orders, 65_536, _MOST_DESCRIPTORS)
        if not message:
            os._exit(0)
        order = json.loads(message)
        task = _task(order["task"])
        task.load_libraries(order["hint"])
        gc.freeze()
        number = os.fork()
        if number == 0:
            _serve(task, descriptors)
        child = os.pidfd_open(number)
        socket.send_fds(self._orders, [b"."], [child])
        self._children[child] = number, descriptors[2]
        self._selector.register(child, selectors.EVENT_READ)
        for descriptor in (*descriptors[:2], *descriptors[3:]):
            os.close(descriptor)

    def _reap(self, child: int) -> None:
        number, status = self._children.pop(child)
        self._selector.unregister(child)
        with suppress(BrokenPipeError):
            os.write(status, b"%d" % os.waitstatus_to_exitcode(os.waitpid(number, 0)[1]))
        os.close(status)
        os.close(child)


def _serve(task: Any, descriptors: list[int]) -> NoReturn:
    """Serves one task in a child that keeps its own descriptors only."""
    code = 1
    try:
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        requests, answers, _, *files = descriptors
        first = 3
        for kept in sorted((requests, answers, *files)):
            os.closerange(first, kept)
            first = kept + 1
        os.closerange(first, _HIGHEST)
        with os.fdopen(requests, "rb") as reads, os.fdopen(answers, "wb") as writes:
            task.serve(reads, writes, files)
        code = 0
    finally:
        os._exit(code)


def _alone(name: str, hint: str, paths: list[str]) -> None:
    """Serves one task on stdin and stdout. What libraries print goes to stderr."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    task = _task(name)
    task.load_libraries(hint)
    modes = [(os.O_RDWR if number else os.O_RDONLY) | getattr(os, "O_BINARY", 0) for number in range(len(paths))]
    task.serve(sys.stdin.buffer, answers, [os.open(path, mode) for path, mode in zip(paths, modes, strict=True)])


def main() -> None:
    """See above."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for our parent
    if sys.argv[1] == "--alone":
        _alone(sys.argv[2], sys.argv[3], sys.argv[4:])
    else:
        _Server(socket.socket(fileno=int(sys.argv[1]))).run()


if __name__ == "__main__":
    main()
