"""What digitizer needs on a machine: looked at piece by piece, so that one fault hides no other."""

from __future__ import annotations

import os
import shutil
import stat
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from digitizer import doctypes, sandbox
from digitizer.errors import DigitizerError
from digitizer.ocr import verify_models
from digitizer.service.context import ServiceContext
from digitizer.service.status import StatusReports
from digitizer.settings import Settings

#: bytes of room below which a station will soon stand still
LEAST_ROOM = 5_000_000_000
#: bytes of memory that a worker takes at most, and that the rest of a machine needs
WORKER_MEMORY, OTHER_MEMORY = 900_000_000, 700_000_000
#: no clock of today is before the day this version was made, seconds since the epoch (2026-12-01)
MADE_AT = 1_796_083_200
#: who else may read, write or enter
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was looked at. Its sentence is `checkup_<code>`, or `checkup_<code>_wrong` with what to do."""

    code: str
    right: bool
    #: whether work can go on in spite of it
    serious: bool = True
    facts: dict[str, str | int | float] = field(default_factory=dict)
    #: what `--fix` does about it
    fix: Callable[[], None] | None = None


def examine(settings: Settings) -> Iterator[Finding]:
    """Everything that is looked at, one after the other. Nothing is changed, but a missing home and ledger are made."""
    yield Finding(code="python", right=True, facts={"version": sys.version.split()[0]})
    yield _room(settings)
    yield _memory(settings)
    yield _rights(settings)
    yield Finding(code="clock", right=time.time() >= MADE_AT, facts={"now": time.strftime("%d/%m/%Y %H:%M")})
    yield _walls(settings)
    yield _attempt("models", lambda: {"count": len(verify_models(settings.engine))})
    yield _attempt("doctypes", lambda: {"count": len(doctypes.load(settings.doctypes))})
    yield from _ports(settings)


def _attempt(code: str, look: Callable[[], dict[str, str | int | float]]) -> Finding:
    """A finding that is wrong when `look` raises an error of ours. Its sentence says which."""
    try:
        return Finding(code=code, right=True, facts=look())
    except DigitizerError as exc:
        return Finding(code=code, right=False, facts={"reason": exc.code, **exc.facts})


def _room(settings: Settings) -> Finding:
    free = shutil.disk_usage(_there(settings.home)).free
    facts: dict[str, str | int | float] = {"folder": str(settings.home), "free_gb": round(free / 1e9, 1)}
    return Finding(code="room", right=free >= LEAST_ROOM, facts=facts)


def _memory(settings: Settings) -> Finding:
    total, jobs = psutil.virtual_memory().total, settings.jobs
    fits = max(1, int((total - OTHER_MEMORY) // WORKER_MEMORY))
    facts: dict[str, str | int | float] = {"gb": round(total / 1e9, 1), "jobs": jobs, "fits": fits}
    return Finding(code="memory", right=jobs <= fits, serious=False, facts=facts)


def _rights(settings: Settings) -> Finding:
    """Whether others on this machine can read what lies in the home."""
    home = settings.home
    if os.name != "posix" or not home.exists():
        return Finding(code="rights", right=True, facts={"folder": str(home)})
    loose = bool(home.stat().st_mode & _OTHERS)
    return Finding(code="rights", right=not loose, serious=False, facts={"folder": str(home)}, fix=lambda: home.chmod(0o700))


def _walls(settings: Settings) -> Finding:
    found = sandbox.found()
    missing = [name for name in sandbox.LAYERS if name not in found]
    facts: dict[str, str | int | float] = {"found": ", ".join(found) or "—", "missing": ", ".join(missing)}
    return Finding(code="walls", right=not missing, serious=settings.security.require_sandbox, facts=facts)


def _ports(settings: Settings) -> Iterator[Finding]:
    """Store, ledger and queue, each asked once."""
    try:
        context = ServiceContext.open(settings)
    except DigitizerError as exc:
        yield Finding(code="services", right=False, facts={"reason": exc.code, **exc.facts})
        return
    with context:
        reports = StatusReports(context)
        ready = reports.readiness()
        for part in ("ledger", "store"):
            yield Finding(code=part, right=ready[part] == "ok", facts={"reason": ready[part]})
        yield _attempt("stuck", lambda: {"stuck": ", ".join(reports.now().stuck) or "—"})


def _there(path: Path) -> Path:
    """The nearest folder above that exists."""
    while not path.exists():
        path = path.parent
    return path
