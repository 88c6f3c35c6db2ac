"""A decoder in the hands of a stranger: after the walls are shut it tries all it could want, then says what worked.

It stands in for `decode.py` as the task of a child. What worked comes back in the refusal, by name.
"""

from __future__ import annotations

import ctypes
import importlib.util
import os
import resource
import signal
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

LIBC = ctypes.CDLL(None, use_errno=True)
HOME = Path(os.environ["LANG"])
PARENT = os.getppid()
BUFFER = ctypes.create_string_buffer(64)
#: descriptors that can be read: stdin, stdout, stderr, requests and the file
OWN = 5
#: numbers on x86-64
CALLS = {
    "memfd_create": (319, b"x", 0),
    "io_uring_setup": (425, 1, BUFFER),
    "userfaultfd": (323, 0),
    "process_vm_readv": (310, PARENT, BUFFER, 1, BUFFER, 1, 0),
    "process_vm_writev": (311, PARENT, BUFFER, 1, BUFFER, 1, 0),
    "pidfd_open": (434, PARENT, 0),
    "tkill": (200, PARENT, 0),
    "unshare": (272, 0x10000000),
    "chroot": (161, b"/"),
    "bpf": (321, 0, BUFFER, 64),
    "keyctl": (250, 0, 0),
    "setuid": (105, 0),
    "clone": (56, 17, 0, 0, 0, 0),
    "openat2": (437, -100, b"/etc/passwd", BUFFER, 24),
    "name_to_handle_at": (303, -100, b"/etc/passwd", BUFFER, BUFFER, 0),
    "limits of the parent": (302, PARENT, 7, None, BUFFER),
    "seccomp off": (157, 22, 0, 0, 0, 0),
}


def system(*arguments: Any) -> None:
    """Raises OSError when the call fails."""
    result = LIBC.syscall(*(ctypes.c_long(a) if isinstance(a, int) else a for a in arguments))
    if result < 0:
        raise OSError(ctypes.get_errno(), "")
    if result == 0 and arguments[0] == CALLS["clone"][0]:
        os._exit(0)


def fork() -> None:
    if os.fork() == 0:
        os._exit(0)


def ptrace() -> None:
    system(101, 0x4206, PARENT, 0, 0)  # PTRACE_SEIZE


def connect(kind: int, address: Any) -> None:
    with socket.socket(kind, socket.SOCK_STREAM) as client:
        client.connect(address)


def executable() -> None:
    LIBC.mmap.restype = ctypes.c_void_p
    if LIBC.mmap(None, 4096, 7, 0x22, -1, 0) in (None, 2**64 - 1):
        raise OSError(ctypes.get_errno(), "")


def foreign_descriptors() -> None:
    """Descriptors beside stdin, stdout, stderr, the two pipes and the file."""
    usable = 0
    for number in range(4096):
        try:
            os.read(number, 0)
            usable += 1
        except OSError:
            continue
    if usable <= OWN:  # the pipe for answers cannot be read
        raise OSError


def memory() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))


def attempts() -> Iterator[tuple[str, Callable[[], Any]]]:
    """Names and deeds."""
    for path in ("/etc/passwd", "/etc/shadow", HOME / "ledger.db", HOME / "keys" / "own.pem", HOME / "scan.jpg"):
        yield f"read {path}", lambda path=path: Path(path).read_bytes()
    for name in ("environ", "mem", "maps", "fd/0", "cmdline"):
        yield f"/proc/parent/{name}", lambda name=name: os.open(f"/proc/{PARENT}/{name}", os.O_RDONLY)
        yield f"/proc/self/{name}", lambda name=name: os.open(f"/proc/self/{name}", os.O_RDONLY)
    yield "write parent", lambda: os.open(f"/proc/{PARENT}/mem", os.O_RDWR)
    yield "list", lambda: list(HOME.iterdir())
    yield "create", lambda: (HOME / "new").touch()
    yield "rename", lambda: (HOME / "scan.jpg").rename(HOME / "gone.jpg")
    yield "remove", lambda: (HOME / "scan.jpg").unlink()
    yield "truncate", lambda: os.truncate(HOME / "ledger.db", 0)
    yield "link", lambda: (HOME / "link").symlink_to("/etc/passwd")
    yield "chmod", lambda: (HOME / "ledger.db").chmod(0o666)
    yield "tcp", lambda: connect(socket.AF_INET, ("127.0.0.1", int(os.environ["LC_ALL"])))
    yield "udp", lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    yield "unix", lambda: connect(socket.AF_UNIX, "\0x")
    yield "spawn", lambda: os.posix_spawn("/bin/true", ["true"], {})
    yield "fork", fork
    yield "kill parent", lambda: os.kill(PARENT, 0)
    yield "signal self", lambda: os.kill(os.getpid(), signal.SIGCONT)
    yield "ptrace", ptrace
    yield "executable memory", executable
    yield "more memory", memory
    yield "foreign descriptors", foreign_descriptors
    for name, call in CALLS.items():
        yield name, lambda call=call: system(*call)
    yield "exec", lambda: os.execv("/bin/true", ["true"])


def note(name: str) -> None:
    """Writes what worked where it is seen also after `exec`. Behind walls that does not work either."""
    try:
        with (HOME / "worked").open("a") as file:
            file.write(f"{name}\n")
    except OSError:
        return


def tried(*_: object) -> None:
    """Stands in for the opening of the file."""
    worked = []
    for name, deed in attempts():
        try:
            deed()
        except (OSError, ValueError):
            continue
        worked.append(name)
        note(name)
    raise decode.Refused("damaged_file", reason=", ".join(worked) or "nothing")


spec = importlib.util.spec_from_file_location("decode", os.environ["LD_LIBRARY_PATH"])
assert spec and spec.loader
decode: Any = importlib.util.module_from_spec(spec)
spec.loader.exec_module(decode)
decode._open = tried
if (HOME / "no_walls").exists():
    decode.sandbox.enter = lambda: []
    decode.sandbox.limit = lambda **_: None


def load_libraries(hint: str) -> None:
    """As a decoder does."""
    decode.load_libraries(hint)


def serve(*pipes_and_files: Any) -> None:
    """As a decoder does, but for the opening of the file."""
    decode.serve(*pipes_and_files)
