"""One worker with the real engine: what its CPU goes into, its memory over many pages and on a large one. Parts of `scale.py`."""

from __future__ import annotations

import argparse
import multiprocessing
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import sqlalchemy as sa
from PIL import Image

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent)]

from benchmarks.memory import cpu_of, pss_of  # noqa: E402
from digitizer.ledger.schema import artifact, page, source  # noqa: E402
from digitizer.service import Service, Submission, job_steps  # noqa: E402
from digitizer.settings import EngineOptions, Settings  # noqa: E402
from tests.faults.pool import Pool  # noqa: E402
from tests.servers import Servers  # noqa: E402

SAMPLES = sorted(p for p in (HERE.parent / "samples").rglob("*.jpg") if "books" not in p.parts)


def share(servers: Servers, folder: Path, given: argparse.Namespace) -> dict[str, Any]:
    """CPU seconds of one worker with its decoders, how many of them decoding, geometry and inference took, and what is stored."""
    pool, spent, pages = Pool(servers, folder), [0.0], max(8, given.pages // 100)
    pool.more = {"DIGITIZER_LEASE_S": "120"}
    with Service.open(pool.settings()) as service:
        for sheet in sheets(pool.home, pages):
            service.submissions.receive([sheet], sheet.name, Submission(actor="bench"))
        assert service.context.tools is not None  # the engine is loaded before the clock starts
        tables = _tables(service)
        read, job_steps.read_pages = job_steps.read_pages, _clocked(job_steps.read_pages, spent)
        began = _cpu_s()
        while service.jobs.work("bench") is not None:
            pass
        whole, job_steps.read_pages = _cpu_s() - began, read
        assert service.status.now().intakes == {"DIGITIZED": pages}
        stored = {"ledger": (_tables(service) - tables) // pages, **_stored(service, pages)}
    cpu = {"cpu_s": round(whole, 1), "reading_cpu_s": round(spent[0], 1), "share": round(spent[0] / whole, 3)}
    return {"pages": pages, **cpu, "bytes a page": stored}


def _tables(service: Service) -> int:
    """Bytes of all tables of a PostgreSQL ledger with their indexes."""
    with service.context.ledger.read() as tx:
        return int(tx.execute(sa.text("select sum(pg_total_relation_size(oid)) from pg_class where relkind = 'r'")).scalar_one())


def _stored(service: Service, pages: int) -> dict[str, int]:
    """Bytes in the store a page, by kind."""
    with service.context.ledger.read() as tx:
        found = {"original": int(tx.execute(sa.select(sa.func.sum(source.c.size))).scalar_one())}
        keys = [("reading", key) for key in tx.execute(sa.select(page.c.texts)).scalars()]
        keys += [(row.kind, row.key) for row in tx.execute(sa.select(artifact.c.kind, artifact.c.key))]
    for kind, key in keys:
        found[kind] = found.get(kind, 0) + service.context.store.stat(key).size
    return {kind: size // pages for kind, size in found.items()}


def _clocked(read: Callable[..., Iterator[Any]], spent: list[float]) -> Callable[..., Iterator[Any]]:
    """`read_pages` that adds to `spent` the CPU seconds until each of its readings, and until its decoder is gone."""

    def clocked(*arguments: Any, **named: Any) -> Iterator[Any]:
        readings, began = read(*arguments, **named), _cpu_s()
        for reading in readings:
            spent[0] += _cpu_s() - began
            yield reading
            began = _cpu_s()
        spent[0] += _cpu_s() - began

    return clocked


def _cpu_s() -> float:
    """Of this process, all its threads, and its children."""
    return sum(cpu_of(psutil.Process()).values())


def peak(servers: Servers, folder: Path, given: argparse.Namespace) -> dict[str, Any]:
    """The most a worker with its children takes, PSS in MB, on sheets of A3 at 300 dpi: two dense pages side by side."""
    with Service.open(Settings(home=folder, engine=EngineOptions())) as service:
        for number, names in enumerate(
            (("birth_register_01", "marriage_register_01"), ("household_book_01", "birth_extract_01"))
        ):
            sheet = folder / f"a3-{number}.jpg"
            _spread(sheet, names)
            service.submissions.receive([sheet], sheet.name, Submission(actor="bench"))
        watch, found = Watch(os.getpid(), every_s=0.1), {}
        while service.jobs.work("bench") is not None:
            found[f"sheet {len(found) + 1}"] = round(watch.peak_mb)
        assert service.status.now().intakes == {"DIGITIZED": 2}
        return {"pss_mb after each": found, "peak_pss_mb": round(watch.end()["peak_mb"])}


def _spread(path: Path, names: tuple[str, str]) -> None:
    halves = [next(p for p in SAMPLES if p.stem == name) for name in names]
    whole = Image.new("RGB", (4960, 3508), "white")
    for half, at in zip(halves, (0, 2480), strict=True):
        whole.paste(Image.open(half).convert("RGB").resize((2480, 3508)), (at, 0))
    whole.save(path, dpi=(300, 300), quality=90)


def memory(servers: Servers, folder: Path, given: argparse.Namespace) -> dict[str, Any]:
    """PSS of a worker with its children, MB, over `pages` pages. Workers are not replaced by age here."""
    # no servers here: they would be children of this process and count as the worker's
    with Service.open(Settings(home=folder, engine=EngineOptions())) as service:
        for first in range(0, given.pages, BINDING):
            sheet = folder / f"strips-{first:05}.pdf"
            # in a process of its own: what drawing leaves in memory is none of the worker's
            drawing = multiprocessing.get_context("spawn").Process(target=_bind, args=(sheet, first, given.pages))
            drawing.start()
            drawing.join()
            service.submissions.receive([sheet], sheet.name, Submission(actor="bench"))
            sheet.unlink()
        watch, done, seen, until = Watch(os.getpid()), 0, [], time.monotonic() + 60 * given.minutes
        began = _cpu_s()
        while time.monotonic() < until and (job := service.jobs.work("bench")) is not None:
            if job.kind == "finish":
                done += BINDING
                seen.append({"pages": done, "pss_mb": round(watch.pss_mb())})
                print(seen[-1], flush=True)
        failed = service.status.now().intakes.get("FAILED", 0)
        cpu = round((_cpu_s() - began) / max(1, done), 2)
        return {
            "pages": done,
            "failed": failed,
            "cpu_s_per_page": cpu,
            "series": seen,
            "peak_pss_mb": round(watch.end()["peak_mb"]),
        }


#: pages of a file. Of so many pages one is whole, the others are strips
BINDING, WHOLE = 16, 48


def _bind(path: Path, first: int, end: int) -> None:
    """Writes a PDF of BINDING scans: the upper parts of sample pages, up to a sixth of them, and now and then a whole one."""
    pages = []
    for number in range(first, min(first + BINDING, end)):
        scan = Image.open(SAMPLES[number % len(SAMPLES)]).convert("RGB")
        part = 100 if number % WHOLE == 0 else 6 + number * 7 % 11
        pages.append(scan.crop((0, 0, scan.width, scan.height * part // 100)))
    pages[0].save(path, save_all=True, append_images=pages[1:], resolution=200, quality=85)


def sheets(home: Path, count: int) -> list[Path]:
    """Sample pages of many kinds, each with bytes of its own, so that each is read."""
    made = []
    for number in range(count):
        made.append(home / f"sheet-{number:05}.jpg")
        made[-1].write_bytes(SAMPLES[number % len(SAMPLES)].read_bytes() + f"{number}".encode())
    return made


class Watch:
    """CPU seconds and memory of a process with its children, looked at now and then."""

    def __init__(self, pid: int, every_s: float = 0.5) -> None:
        self.root, self.peak_mb, self._every_s = psutil.Process(pid), 0.0, every_s
        self._cpu: dict[int, float] = {}
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    @property
    def cpu_s(self) -> float:
        """CPU seconds so far."""
        return sum(list(self._cpu.values()))

    def pss_mb(self) -> float:
        """Now."""
        return sum(pss_of(self.root))

    def _look(self) -> None:
        while not self._over.wait(self._every_s):
            try:
                self.peak_mb = max(self.peak_mb, self.pss_mb())
                self._cpu |= cpu_of(self.root)
            except psutil.NoSuchProcess:
                continue

    def end(self) -> dict[str, float]:
        """Peak of PSS, MB, and CPU seconds of all processes seen."""
        self._over.set()
        self._thread.join()
        return {"peak_mb": self.peak_mb, "cpu_s": self.cpu_s}
