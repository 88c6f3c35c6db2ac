"""Everything at once: a pool whose workers, supervisors, servers and lines fail while it works. Nothing lost, nothing twice.

Pages are small and read from a recording; the pages of the demo dossier are real ones. Files of one page, each new one
submitted while the harm goes on, and files of many pages, whose read jobs are resumed by page.
"""

from __future__ import annotations

import hashlib
import random
import shutil
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
import sqlalchemy as sa
from PIL import Image

from digitizer.errors import ServiceError
from digitizer.ledger import events, outbox
from digitizer.ledger.schema import artifact, event, page
from digitizer.service import Service, Submission
from digitizer.service.routing import submission_of
from digitizer.service.scan_sources import Folder, bundles
from tests.conftest import DEMO, Findings
from tests.faults.pool import Pool, all_over, blank_page, opened
from tests.faults.proxy import Proxy
from tests.servers import Servers

#: strikes of one round, in any order: each kind comes in every run
ROUND = {
    "worker": 9,
    "supervisor": 1,
    "redis flushed": 1,
    "redis restarted": 1,
    "redis paused": 1,
    "postgresql restarted": 1,
    "bad line": 2,
}


def submit_demo(pool: Pool, folder: Path, copies: int) -> set[str]:
    """The demo dossier under `copies` codes, with bytes of their own; the hashes of the files."""
    for number in range(copies):
        target = folder / "H60.127.03" / "dossiers" / f"H60.127.03-260930-00{number + 20}"
        shutil.copytree(DEMO, target, ignore=shutil.ignore_patterns("*.truth.json", "*.toml"))
        for path in target.rglob("*.*"):
            path.write_bytes(path.read_bytes() + f"\n%{number}\n".encode())
    source, hashes = Folder(folder), set()
    with Service.open(pool.settings()) as service:
        for bundle in bundles(source.files(), book=False, name="")[0]:
            given = submission_of(Submission(actor="test"), bundle)
            service.submissions.take(source, bundle.files, bundle.name, given)
            hashes.add(hashlib.sha256(Path(bundle.files[0].address).read_bytes()).hexdigest())
    return hashes


def submit_long(pool: Pool, files: int) -> set[str]:
    """PDFs of 24 pages, so of two read jobs each; the hashes of the files."""
    hashes = set()
    with Service.open(pool.settings()) as service:
        for number in range(files):
            pages = [Image.new("L", (300, 400), 255 - number) for _ in range(24)]
            path = pool.home / "long.pdf"
            pages[0].save(path, save_all=True, append_images=pages[1:])
            service.submissions.receive([path], f"long-{number}.pdf", Submission(actor="test"))
            hashes.add(hashlib.sha256(path.read_bytes()).hexdigest())
    return hashes


class Chaos:
    """Does harm to a pool that always has work, of a kind chosen by chance; counts what it did."""

    def __init__(self, pool: Pool, service: Service, line: Proxy, chance: random.Random) -> None:
        self.pool, self.service, self.line, self.chance = pool, service, line, chance
        self.done: Counter[str] = Counter()
        #: SIGKILLs, and those that met a worker with a job in hand
        self.kills = self.kills_at_work = 0
        self.hashes: set[str] = set()
        self._bag: list[str] = []
        self._pages = 0

    def strike(self) -> None:
        """One harm; there are always two supervisors with a worker each."""
        while len(alive := [s for s in self.pool.supervisors if s.poll() is None]) < 2:
            self.pool.supervisors[:] = alive
            self.pool.start(1, "tests.faults.forking")
        if not self._bag:
            self._bag = [kind for kind, times in ROUND.items() for _ in range(times)]
            self.chance.shuffle(self._bag)
        kind = self._bag.pop()
        if self.done.total() % 2:
            self.let_work()
        getattr(self, kind.split()[0])(kind)
        self.done[kind] += 1

    def feed(self) -> None:
        """Submits a page where little is left to do."""
        while self.service.jobs.waiting() < 4:
            data = blank_page(len(self.hashes))
            path = self.pool.home / "page.png"
            path.write_bytes(data)
            self.service.submissions.receive([path], f"{len(self.hashes)}.png", Submission(actor="test"))
            self.hashes.add(hashlib.sha256(data).hexdigest())

    def let_work(self, most_s: float = 10.0) -> None:
        """Until a page more is done: a pool that never gets on proves little."""
        until = time.monotonic() + most_s
        while (pages := self.pages()) <= self._pages and time.monotonic() < until:
            self.feed()
            time.sleep(0.1)
        self._pages = pages

    def pages(self) -> int:
        """Pages done so far."""
        with self.service.context.ledger.read() as tx:
            return int(tx.execute(sa.select(sa.func.count()).select_from(page)).scalar_one())

    def at_work(self) -> list[psutil.Process]:
        """Workers with a job in hand, as soon as there are any."""
        for _ in range(1200):
            self.feed()
            busy, names = {name for name, _ in self.service.jobs.working()}, self.pool.names()
            if found := [w for w in self.pool.workers() if names.get(w.pid) in busy]:
                return found
            time.sleep(0.1)
        raise AssertionError("no worker takes a job")

    def worker(self, kind: str) -> None:
        victim = self.chance.choice(self.at_work())
        time.sleep(self.chance.uniform(0, 0.6))
        busy, name = {name for name, _ in self.service.jobs.working()}, self.pool.names().get(victim.pid)
        try:
            victim.kill()
        except psutil.NoSuchProcess:  # it was replaced by age meanwhile
            return
        self.kills += 1
        self.kills_at_work += name in busy

    def supervisor(self, kind: str) -> None:
        self.at_work()
        victim = self.chance.choice(self.pool.supervisors)
        victim.kill()
        victim.wait()
        self.kills += 1

    def redis(self, kind: str) -> None:
        redis = self.pool.servers.redis
        if kind == "redis flushed":
            redis.client.flushall()
        elif kind == "redis restarted":
            redis.restart()
        else:
            redis.pause()
            time.sleep(self.chance.uniform(0.5, 3))
            redis.resume()

    def postgresql(self, kind: str) -> None:
        self.at_work()
        self.pool.servers.postgres.restart()

    def bad(self, kind: str) -> None:
        self.at_work()
        self.line.bad_for(self.chance.uniform(0.5, 1.5), share=0.5)


@pytest.mark.slow
@pytest.mark.service
@pytest.mark.timeout(7200)
def test_whatever_dies_every_page_is_done_once(
    servers: Servers,
    tmp_path: Path,
    recording: Path,
    chance: random.Random,
    request: pytest.FixtureRequest,
    findings: Findings,
) -> None:
    wanted: int = request.config.getoption("--kills")
    began = time.monotonic()
    with Proxy(servers.s3.port, chance) as line:
        # a kill is the test's doing, not the page's: attempts must not run out; leases outlast a page on a busy machine
        pool = Pool(servers, tmp_path, DIGITIZER_ATTEMPTS="1000", DIGITIZER_LEASE_S="45", DIGITIZER_S3__READ_S="2")
        pool.replay(recording)
        with opened(pool):
            originals = submit_demo(pool, tmp_path / "in", copies=4)
            dossiers = len(originals)
            originals |= submit_long(pool, files=1 + wanted // 50)
            with Service.open(pool.settings()) as service:
                pool.more["DIGITIZER_S3__ENDPOINT"] = line.endpoint
                chaos = Chaos(pool, service, line, chance)
                until = began + 60 * request.config.getoption("--most-minutes")
                while (chaos.kills < wanted and time.monotonic() < until) or len(chaos.done) < len(ROUND):
                    patiently(chaos.strike)
            originals |= chaos.hashes
            took = pool.wait(all_over(len(originals)), timeout=1200)
            pool.wait(lambda service: service.status.now().deliveries == {"DONE": dossiers}, timeout=300)
            pool.stop()
            pages = check(pool, originals, dossiers)
        assert set(chaos.done) == set(ROUND)
        assert line.faults.total() > 0, "the line was never bad while somebody used it"
        assert chaos.kills_at_work > chaos.kills / 2, "most kills must meet a worker at work"
        findings["pool"] = {
            "kills_wanted": wanted,
            "kills": chaos.kills,
            "kills_at_work": chaos.kills_at_work,
            "strikes": dict(chaos.done),
            "faults of the line to S3": dict(line.faults),
            "files": len(originals),
            "pages": pages,
            "dossiers": dossiers,
            "seconds": round(time.monotonic() - began),
            "seconds after the last strike": round(took),
            "found": "every page done once, originals and results bit-identical, no artifact, event or attachment twice",
        }


def patiently(strike: Callable[[], None]) -> None:
    """A strike that meets the harm of the one before it is tried again, as an operator would."""
    for _ in range(30):
        try:
            return strike()
        except ServiceError:
            time.sleep(0.3)
    raise AssertionError("the servers did not come back")


def check(pool: Pool, originals: set[str], dossiers: int) -> int:
    """Number of pages, after everything has been looked at."""
    pool.more.pop("DIGITIZER_S3__ENDPOINT")
    with Service.open(pool.settings()) as service:
        service.recovery.sweep()
        status = service.status.now()
        assert status.intakes == {"DIGITIZED": len(originals)}
        assert status.working == []
        assert {k: n for k, n in status.jobs.items() if n and k not in ("DONE",)} == {}
        keys = list(service.context.store.list())
        assert originals <= {key.rpartition("/")[2] for key in keys}
        assert all(service.context.store.verify(key) for key in keys), "originals and results are what their names say"
        with service.context.ledger.read() as tx:
            assert events.verify(tx)[1] is None
            receipts = outbox.receipts(tx)
            assert len({r["delivery"] for r in receipts}) == len(receipts) == dossiers
            scans = tx.execute(sa.select(sa.func.count()).select_from(page)).scalar_one()
            sources = tx.execute(sa.select(sa.func.count(sa.distinct(page.c.source)))).scalar_one()
            assert sources == len(originals)
            assert scans == tx.execute(sa.text("select sum(pages) from source")).scalar_one(), "every page once"
            kinds = tx.execute(sa.select(artifact.c.bundle, artifact.c.kind)).all()
            assert len(set(kinds)) == len(kinds)
            ends = sa.select(event.c.subject).where(event.c.action == "digitized")
            subjects = tx.execute(ends).scalars().all()
            assert len(subjects) == len(set(subjects)) == len(originals), "an intake ends once"
    attached = list((pool.home / "dossiers").rglob("*.pdf"))
    assert len(attached) == dossiers, "no attachment twice"
    return int(scans)
