"""The walls around a process that parses a stranger's bytes. Linux only: elsewhere only some limits hold.

`enter` shuts the walls for good: afterwards the process computes, reads and writes descriptors that are open already, and ends.

- `no_new_privs`: no program it runs could gain rights.
- `landlock`: no file can be opened, made, renamed or removed, no TCP port be reached, no process outside be signalled.
- `seccomp`: only the system calls of `_ALLOWED` work. There is no socket, open, exec, fork, ptrace, kill or executable memory.
- `not_dumpable`: no other process of the same user reads its memory, or its `/proc`.

It imports nothing of digitizer, so that a child starts in milliseconds. On PyPI, `py-landlock` covers Landlock alone, `pyseccomp`
needs libseccomp and its last release is of 2021. Both kernel interfaces are stable, so we call them.
"""

from __future__ import annotations

import ctypes
import math
import os
import platform
import struct
import subprocess
import sys
from collections.abc import Callable, Mapping
from typing import Any

#: all walls, in the order in which they are shut
LAYERS = ("no_new_privs", "landlock", "not_dumpable", "seccomp")
#: descriptors a caged process may have
MOST_FILES = 512

# prctl(2)
_PR_SET_DUMPABLE = 4
_PR_SET_SECCOMP = 22
_PR_SET_NO_NEW_PRIVS = 38
_SECCOMP_MODE_FILTER = 2
#: landlock_create_ruleset, landlock_restrict_self: the same numbers on every architecture
_LANDLOCK_CREATE = 444
_LANDLOCK_RESTRICT = 446
_LANDLOCK_VERSION_FLAG = 1
#: ABI of Landlock -> rights on files it knows (all of them are taken away)
_LANDLOCK_FILES = {1: 0x1FFF, 2: 0x3FFF, 3: 0x7FFF, 4: 0x7FFF, 5: 0xFFFF}
#: bind and connect of TCP, from ABI 4
_LANDLOCK_NET = 0x3
#: abstract sockets and signals to processes outside, from ABI 6
_LANDLOCK_SCOPE = 0x3

#: architecture -> (number the kernel gives it, name of a call -> its number)
_X86 = (
    "read 0 write 1 close 3 fstat 5 poll 7 lseek 8 munmap 11 brk 12 rt_sigaction 13 rt_sigprocmask 14 rt_sigreturn 15 pread64 17 "
    "readv 19 writev 20 sched_yield 24 mremap 25 madvise 28 dup 32 nanosleep 35 getpid 39 exit 60 ftruncate 77 gettimeofday "
    "96 getrusage 98 sigaltstack 131 gettid 186 time 201 futex 202 sched_getaffinity 204 restart_syscall 219 clock_gettime 228 "
    "clock_nanosleep 230 exit_group 231 getrandom 318 membarrier 324 rseq 334"
)
_ARM = (
    "read 63 write 64 close 57 fstat 80 ppoll 73 lseek 62 munmap 215 brk 214 rt_sigaction 134 rt_sigprocmask 135 rt_sigreturn "
    "139 pread64 67 readv 65 writev 66 sched_yield 124 mremap 216 madvise 233 dup 23 nanosleep 101 getpid 172 exit 93 ftruncate "
    "46 gettimeofday 169 getrusage 165 sigaltstack 132 gettid 178 futex 98 sched_getaffinity 123 restart_syscall 128 "
    "clock_gettime 113 clock_nanosleep 115 exit_group 94 getrandom 278 membarrier 283 rseq 293"
)
#: calls that are allowed by an argument: mmap and mprotect without execution, prlimit64 of oneself, newfstatat of a descriptor
_ALLOWED: Mapping[str, tuple[int, str, Mapping[str, int]]] = {
    "x86_64": (0xC000003E, _X86, {"mmap": 9, "mprotect": 10, "prlimit64": 302, "newfstatat": 262}),
    "aarch64": (0xC00000B7, _ARM, {"mmap": 222, "mprotect": 226, "prlimit64": 261, "newfstatat": 79}),
}
_PROT_EXEC = 4
_AT_EMPTY_PATH = 0x1000

# classic BPF (linux/filter.h, linux/seccomp.h)
_LOAD, _EQUAL, _ANY_BIT, _RETURN = 0x20, 0x15, 0x45, 0x06
_ALLOW, _DENY, _KILL = 0x7FFF0000, 0x00050001, 0x80000000  # _DENY: EPERM
_AT_NUMBER, _AT_ARCH, _AT_ARGUMENTS = 0, 4, 16


class _Program(ctypes.Structure):
    _fields_ = [("len", ctypes.c_ushort), ("filter", ctypes.c_char_p)]


def hide() -> bool:
    """Keeps other processes of this user out of our memory and our `/proc`. False where the system cannot."""
    return sys.platform == "linux" and bool(_libc().prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0) == 0)


def enter() -> list[str]:
    """Shuts the walls that this system has and returns their names. Raises OSError when one that it has does not shut."""
    if sys.platform != "linux":
        return []
    shut: dict[str, Callable[[], bool]] = {
        "no_new_privs": lambda: _checked(_libc().prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)) == 0,
        "landlock": _landlock,
        "not_dumpable": hide,
        "seccomp": _seccomp,
    }
    return [name for name in LAYERS if shut[name]()]


def limit(*, memory_bytes: int, write_bytes: int = 0) -> None:
    """Limits memory, files that are written, descriptors and processes. Does nothing on a system without rlimits (Windows)."""
    try:
        import resource
    except ImportError:
        return
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes,) * 2)
    resource.setrlimit(resource.RLIMIT_FSIZE, (write_bytes,) * 2)
    for none in (resource.RLIMIT_CORE, resource.RLIMIT_NPROC):
        resource.setrlimit(none, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (MOST_FILES,) * 2)


def limit_cpu(seconds: int) -> None:
    """Gives the process `seconds` of CPU time from now on. SIGXCPU ends it after that."""
    try:
        import resource
    except ImportError:
        return
    usage = resource.getrusage(resource.RUSAGE_SELF)
    hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
    resource.setrlimit(resource.RLIMIT_CPU, (math.ceil(usage.ru_utime + usage.ru_stime) + seconds, hard))


def found() -> list[str]:
    """The walls that this system has, tried in a child process."""
    said = subprocess.run(
        [sys.executable, "-P", __file__], env={}, stdin=subprocess.DEVNULL, capture_output=True, timeout=30, check=False
    )
    names = said.stdout.decode("ascii", "replace").split()
    return [name for name in LAYERS if name in names] if said.returncode == 0 else []


def _libc() -> Any:
    return ctypes.CDLL(None, use_errno=True)


def _checked(result: int) -> int:
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result


def _landlock() -> bool:
    """Takes away every right on files, TCP and signals. False where the kernel has no Landlock."""
    libc = _libc()
    version = libc.syscall(_LANDLOCK_CREATE, None, 0, _LANDLOCK_VERSION_FLAG)
    if version < 1:
        return False
    handled = [_LANDLOCK_FILES[min(version, max(_LANDLOCK_FILES))]]
    handled += [_LANDLOCK_NET] if version >= 4 else []
    handled += [_LANDLOCK_SCOPE] if version >= 6 else []
    attributes = struct.pack(f"={len(handled)}Q", *handled)
    ruleset = _checked(libc.syscall(_LANDLOCK_CREATE, attributes, ctypes.c_size_t(len(attributes)), 0))
    _checked(libc.syscall(_LANDLOCK_RESTRICT, ruleset, 0))
    os.close(ruleset)
    return True


def _seccomp() -> bool:
    """Allows the calls of `_ALLOWED` only. False where the kernel or we do not know how."""
    if platform.machine() not in _ALLOWED:
        return False
    code = _filter(*_ALLOWED[platform.machine()])
    program = _Program(len(code) // 8, code)
    # the kernel lets a process without CAP_SYS_ADMIN do this after PR_SET_NO_NEW_PRIVS
    return bool(_libc().prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.byref(program), 0, 0) == 0)


def _filter(arch: int, calls: str, by_argument: Mapping[str, int]) -> bytes:
    """The BPF program. Each line is (code, value, label when true, label when false). A label of "" is the next line."""
    numbers = [int(number) for number in calls.split()[1::2]]
    lines: list[tuple[int, int, str, str]] = [
        (_LOAD, _AT_ARCH, "", ""),
        (_EQUAL, arch, "", "kill"),
        (_LOAD, _AT_NUMBER, "", ""),
        *((_EQUAL, number, "allow", "") for number in numbers),
        *((_EQUAL, number, name, "") for name, number in by_argument.items()),
    ]
    labels = {}
    lines.append((_RETURN, _DENY, "", ""))
    labels["deny"] = len(lines) - 1
    labels["mmap"] = labels["mprotect"] = len(lines)
    lines += [(_LOAD, _AT_ARGUMENTS + 2 * 8, "", ""), (_ANY_BIT, _PROT_EXEC, "no", "allow")]
    labels["prlimit64"] = len(lines)
    lines += [(_LOAD, _AT_ARGUMENTS, "", ""), (_EQUAL, 0, "allow", "no")]
    labels["newfstatat"] = len(lines)
    lines += [(_LOAD, _AT_ARGUMENTS + 3 * 8, "", ""), (_EQUAL, _AT_EMPTY_PATH, "allow", "no")]
    for name, value in (("no", _DENY), ("kill", _KILL), ("allow", _ALLOW)):
        labels[name] = len(lines)
        lines.append((_RETURN, value, "", ""))
    packed = b""
    for at, (code, value, yes, no) in enumerate(lines):
        jumps = [labels[label] - at - 1 if label else 0 for label in (yes, no)]
        packed += struct.pack("=HBBI", code, *jumps, value)
    return packed


if __name__ == "__main__":
    print(*enter())
