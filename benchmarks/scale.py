"""Measures the pool: overhead a page, what a worker's CPU goes into, one worker against two, a backlog of 100,000 jobs, bulk
ingestion, memory over many pages and on a large one.

`benchmarks/scale.py [--parts backlog,overhead,bulk,peak,share,scaling,memory] [--pages N] [--bulk N]`. Servers are started here,
as for the tests, PostgreSQL with fsync. Peak, share, scaling and memory use the real engine, the others blank pages. On a machine
that others use too, compare CPU seconds and ratios, not wall time: both are written, with the load of the machine.
"""

from __future__ import annotations

import argparse
import functools
import hashlib
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil
import sqlalchemy as sa

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE)]

from run import save  # noqa: E402
from worker import Watch, memory, peak, share, sheets  # noqa: E402

from benchmarks.memory import pss_of  # noqa: E402
from digitizer.ledger import Ledger, jobs, open_ledger, submissions  # noqa: E402
from digitizer.ledger.schema import bundle, intake, job, page  # noqa: E402
from digitizer.queue import open_queue  # noqa: E402
from digitizer.queue.redis import MOST  # noqa: E402
from digitizer.service import Service, Submission  # noqa: E402
from digitizer.settings import Settings  # noqa: E402
from tests.faults.pool import Pool, all_over, blank_page, opened  # noqa: E402
from tests.servers import Servers  # noqa: E402
from workers import loop as shifts  # noqa: E402
from workers.loop import Lifetime, WorkerLoop  # noqa: E402

BACKLOG = 100_000
#: pages of a book of the bulk run
BOOK = 200


def main() -> int:
    """Runs the parts one after the other, with one result file for all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--parts", default=",".join(MEASURES))
    parser.add_argument("--pages", type=int, default=2000, help="pages for memory; scaling takes a fortieth of it")
    parser.add_argument("--files", type=int, default=100, help="pages of each half of overhead")
    parser.add_argument("--bulk", type=int, default=10_000, help="pages of the bulk run")
    parser.add_argument("--minutes", type=float, default=600.0, help="memory and bulk end after that, with as many pages as fit")
    parser.add_argument("--job-pages", type=int, default=16, help="pages of a read job in the bulk run")
    parser.add_argument("--output", type=Path, default=HERE / "results")
    shifts.MOST_JOBS = 1_000_000  # nobody is replaced by age here
    given = parser.parse_args()
    servers, found = Servers(postgres_fsync=True), {}
    try:
        for part in given.parts.split(","):
            with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:  # of killed workers' files
                found[part] = MEASURES[part](servers, Path(folder), given)
            print(part, found[part], flush=True)
    finally:
        products = servers.products()
        servers.end()
    print(save({"servers": products, "load": os.getloadavg(), **found}, given.output, given.parts.replace(",", "-")))
    return 0


# --- a backlog of 100,000 ---------------------------------------------------------------------------------------------


def backlog(servers: Servers, folder: Path, given: argparse.Namespace) -> dict[str, Any]:
    """Milliseconds of claim, status and sweep with 100,000 files waiting, on both databases, and what wake-ups take in Redis."""
    urls = {"sqlite": "sqlite:", "postgresql": servers.postgres.url()}
    return {"redis": _wake_ups(servers), **{name: _backlog(url, folder / name) for name, url in urls.items()}}


def _wake_ups(servers: Servers) -> dict[str, int]:
    """Bytes of memory. There are never more wake-ups than these."""
    url, client = servers.redis.url(), servers.redis.client
    before = client.info("memory")["used_memory"]
    open_queue(url, settings=b"{}", processes=1).wake(MOST)
    after = client.info("memory")["used_memory"]
    return {"wake_ups": MOST, "bytes_each": (after - before) // MOST, "bytes_in_all": after}


def _backlog(url: str, home: Path) -> dict[str, Any]:
    home.mkdir()
    began = time.monotonic()
    _fill(url, home)
    filled = time.monotonic() - began
    with Service.open(Settings(home=home, ledger=url)) as service:

        def claim() -> None:
            with service.context.ledger.begin() as tx:
                assert jobs.claim(tx, worker="bench", lease_s=600) is not None

        service.recovery.sweep()  # seals the events once
        return {
            "jobs": BACKLOG,
            "bytes_each": _size(service) // BACKLOG,
            "fill_s": round(filled, 1),
            "claim_ms": _times(claim, 300),
            "status_ms": _times(service.status.now, 10),
            "sweep_ms": _times(service.recovery.sweep, 5),
            "waiting_ms": _times(service.jobs.waiting, 10),
        }


def _size(service: Service) -> int:
    """Bytes of the ledger on disk."""
    query = {"sqlite": "select page_count * page_size from pragma_page_count(), pragma_page_size()"}
    with service.context.ledger.read() as tx:
        text = query.get(tx.dialect.name, "select pg_database_size(current_database())")
        return int(tx.execute(sa.text(text)).scalar_one())


def _fill(url: str, home: Path) -> None:
    ledger = open_ledger(url, home)
    names = [hashlib.sha256(str(n).encode()).hexdigest() for n in range(BACKLOG)]
    fresh = {"bundle": "", "kind": "open", "source": "", "first": 0, "count": 0, "lane": 1, "state": "QUEUED"}
    fresh |= {"attempts": 0, "fence": 0, "step": 2}
    told = {"state": "RECEIVED", "actor": "bench", "lane": "bulk", "received_at": "2026-01-01T00:00:00+00:00"}
    with ledger.begin() as tx:
        for part in range(0, BACKLOG, 5000):
            chosen = names[part : part + 5000]
            tx.execute(sa.insert(bundle), [{"id": n, "state": "NEW"} for n in chosen])
            tx.execute(sa.insert(intake), [{**told, "id": n, "bundle": n, "name": f"{n[:8]}.jpg"} for n in chosen])
            tx.execute(sa.insert(job), [{**fresh, "bundle": n} for n in chosen])
    ledger.close()


def _times(action: Callable[[], object], count: int) -> dict[str, float]:
    """Median and 95th percentile, ms."""
    taken = []
    for _ in range(count):
        began = time.perf_counter()
        action()
        taken.append((time.perf_counter() - began) * 1000)
    return {"median": round(statistics.median(taken), 2), "p95": round(sorted(taken)[int(0.95 * (count - 1))], 2)}


# --- overhead ---------------------------------------------------------------------------------------------------------


def overhead(servers: Servers, folder: Path, given: argparse.Namespace) -> dict[str, Any]:
    """Seconds of one worker inside store, ledger and queue for each page: books of 100 pages, and single files."""
    return {
        f"book of {given.files} pages": _overhead(Pool(servers, folder / "book"), given.files, book=True),
        f"{given.files} files of one page": _overhead(Pool(servers, folder / "files"), given.files, book=False),
    }


def _overhead(pool: Pool, count: int, *, book: bool) -> dict[str, Any]:
    with Service.open(pool.settings()) as service, _measured(service) as spent:
        files = []
        for number in range(count):
            files.append(pool.home / f"{number:03}.png")
            files[-1].write_bytes(blank_page(number))
        for group in [files] if book else [[f] for f in files]:
            service.submissions.receive(group, group[0].name, Submission(actor="bench", book="KS/1999/01" if book else None))
        taken = dict(spent)
        spent.clear()
        cpu, wall = time.process_time(), time.perf_counter()
        lifetime = Lifetime()
        loop = WorkerLoop(service, "bench", lifetime)
        while not lifetime.over and service.jobs.waiting():
            loop.work_for(60)
        whole = {"cpu_ms": (time.process_time() - cpu) * 1000 / count, "wall_ms": (time.perf_counter() - wall) * 1000 / count}
        assert service.status.now().intakes == {"DIGITIZED": 1 if book else count}
        receiving = {name: round(cpu * 1000 / count, 2) for name, (cpu, _) in taken.items()}
        working = {
            name: {"cpu_ms": round(cpu * 1000 / count, 2), "wall_ms": round(wall * 1000 / count, 2)}
            for name, (cpu, wall) in spent.items()
        }
        return {"receiving_cpu_ms": receiving, "working": working, "whole": {k: round(v, 1) for k, v in whole.items()}}


@contextmanager
def _measured(service: Service) -> Iterator[dict[str, tuple[float, float]]]:
    """(CPU seconds, wall seconds) of this thread inside each port, the innermost call counting once."""
    spent: dict[str, tuple[float, float]] = defaultdict(lambda: (0.0, 0.0))

    def note(name: str, cpu: float, wall: float) -> None:
        old = spent[name]
        spent[name] = (old[0] + time.thread_time() - cpu, old[1] + time.perf_counter() - wall)

    def timed(name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(call)
        def inner(*arguments: Any, **named: Any) -> Any:
            cpu, wall = time.thread_time(), time.perf_counter()
            try:
                return call(*arguments, **named)
            finally:
                note(name, cpu, wall)

        return inner

    def transaction(begin: Callable[..., Any]) -> Callable[..., Any]:
        @contextmanager
        def inner() -> Iterator[Any]:
            cpu, wall = time.thread_time(), time.perf_counter()
            with begin() as tx:
                yield tx
            note("ledger", cpu, wall)

        return inner

    for name in ("put_file", "open", "stat"):
        setattr(service.context.store, name, timed("store", getattr(service.context.store, name)))
    service.context.queue.wake = timed("queue", service.context.queue.wake)  # type: ignore[method-assign]
    for name in ("begin", "autocommit"):
        setattr(service.context.ledger, name, transaction(getattr(service.context.ledger, name)))
    yield spent


# --- bulk: one run over books, killed once and started again ----------------------------------------------------------------


def bulk(servers: Servers, folder: Path, given: argparse.Namespace) -> dict[str, Any]:
    """`ingest` of books of 200 small pages, killed -9 at 40 % and started again: memory, completeness, what was repeated."""
    home, books = folder / "home", given.bulk // BOOK
    for number in range(books):
        _book(folder / "in" / "H60.127.03" / "books" / "KS" / str(1950 + number) / "01" / "book.pdf", number)
    (folder / "nothing.json").write_text("{}")
    recorded = {
        "DIGITIZER_JOB_PAGES": str(given.job_pages),
        "DIGITIZER_ENGINE__NAME": "replay",
        "DIGITIZER_ENGINE__RECORDING": str(folder / "nothing.json"),
    }
    command = [sys.executable, "-m", "digitizer", "--home", str(home), "ingest", str(folder / "in"), "--jobs", "2"]
    ledger = open_ledger("sqlite:", home)
    seen: list[dict[str, int]] = []
    began = time.monotonic()

    def ingest(until: int) -> int:
        """Its exit code. None of it after `until` pages."""
        run = subprocess.Popen(command, env={**os.environ, **recorded}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while run.poll() is None:
            time.sleep(2)
            pages = _count(ledger, page)
            seen.append({"pages": pages, **_memory(run.pid)})
            if pages >= until or time.monotonic() - began > 60 * given.minutes:
                run.kill()
        return run.wait()

    codes = [ingest(books * BOOK * 2 // 5), ingest(sys.maxsize)]
    with ledger.read() as tx:
        states = {
            row.state: row.n for row in tx.execute(sa.select(page.c.state, sa.func.count().label("n")).group_by(page.c.state))
        }
        found = {
            "pages": states,
            "books": submissions.counts(tx),
            "jobs": jobs.backlog(tx),
            "jobs claimed twice": tx.execute(sa.select(sa.func.count()).select_from(job).where(job.c.attempts > 1)).scalar_one(),
        }
    ledger.close()
    done = max(s["pages"] for s in seen)
    quarters = [[s for s in seen if a <= s["pages"] / done <= a + 0.25] for a in (0.0, 0.75)]
    return {
        **found,
        "pages wanted": books * BOOK,
        "pages of a read job": given.job_pages,
        "exit codes": codes,
        "seconds": round(time.monotonic() - began),
        "pss_mb median, first and last quarter": {
            name: [round(statistics.median(s[name] for s in quarter)) for quarter in quarters] for name in ("ingest", "tree")
        },
        "series": seen[:: max(1, len(seen) // 60)],
    }


def _book(path: Path, number: int) -> None:
    import pikepdf

    path.parent.mkdir(parents=True)
    with pikepdf.new() as pdf:
        for leaf in range(BOOK):
            pdf.add_blank_page(page_size=(298, 420))  # A6
            image = pikepdf.Stream(pdf, bytes([255]) * (248 * 350 - 2) + bytes([number, leaf]))
            image.update({"/Type": pikepdf.Name.XObject, "/Subtype": pikepdf.Name.Image, "/Width": 248, "/Height": 350})
            image.update({"/ColorSpace": pikepdf.Name.DeviceGray, "/BitsPerComponent": 8})
            shown = pdf.pages[-1]
            shown.Resources = pikepdf.Dictionary(XObject=pikepdf.Dictionary(I=image))
            shown.Contents = pikepdf.Stream(pdf, b"q 298 0 0 420 0 0 cm /I Do Q")
        pdf.save(path, compress_streams=True)


def _count(ledger: Ledger, table: sa.Table) -> int:
    with ledger.read() as tx:
        return int(tx.execute(sa.select(sa.func.count()).select_from(table)).scalar_one())


def _memory(pid: int) -> dict[str, int]:
    """PSS in MB of a process, and of its whole tree."""
    found: list[float] = []
    with suppress(psutil.NoSuchProcess):
        found = pss_of(psutil.Process(pid))
    return {"ingest": round(found[0]) if found else 0, "tree": round(sum(found))}


# --- scaling: the real engine --------------------------------------------------------------------------------


def scaling(servers: Servers, folder: Path, given: argparse.Namespace) -> dict[str, Any]:
    """The same pages with one worker and with two: pages a second, and CPU seconds a page of the process trees."""
    found = {str(n): _scaled(servers, folder / str(n), n, max(8, given.pages // 40)) for n in (1, 2)}
    one, two = found["1"], found["2"]
    found["wall_ratio"] = round(two["pages_per_s"] / one["pages_per_s"], 2)
    # what two processors of their own would give: twice, less what a page costs more when two work at once
    found["cpu_ratio"] = round(2 * one["cpu_s_per_page"] / two["cpu_s_per_page"], 2)
    return found


def _scaled(servers: Servers, folder: Path, workers: int, pages: int) -> dict[str, Any]:
    pool, warm = Pool(servers, folder), 2 * workers
    pool.more = {"DIGITIZER_LEASE_S": "120"}  # the real engine
    made = sheets(pool.home, warm + pages)
    with opened(pool), Service.open(pool.settings()) as service:

        def submit(some: list[Path]) -> None:
            for sheet in some:
                service.submissions.receive([sheet], sheet.name, Submission(actor="bench"))

        submit(made[:warm])
        watch = Watch(pool.start(workers).pid)
        pool.wait(all_over(warm), timeout=36_000)  # engines are loaded
        began, before = time.monotonic(), watch.cpu_s
        submit(made[warm:])
        pool.wait(all_over(warm + pages), timeout=36_000)
        wall, used = time.monotonic() - began, watch.end()["cpu_s"] - before
        pool.stop()
    return {"pages": pages, "pages_per_s": round(pages / wall, 3), "cpu_s_per_page": round(used / pages, 3)}


#: the parts, in the order they are run
MEASURES = {part.__name__: part for part in (backlog, overhead, bulk, peak, share, scaling, memory)}

if __name__ == "__main__":
    sys.exit(main())
