"""Servers, lines, disks and clocks that fail: whole results or an error with a name, and nothing lost or done twice."""

from __future__ import annotations

import hashlib
import os
import random
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from digitizer.errors import LedgerDown, StoreDown, StoreFull
from digitizer.ledger import events, jobs, open_ledger, outbox, submissions
from digitizer.ledger.schema import artifact, event, page
from digitizer.model import Lane
from digitizer.service import Service, Submission
from digitizer.service.places import Folder, items, placed
from digitizer.storage import open_store
from tests.conftest import DEMO
from tests.faults.pool import Pool, all_over, opened
from tests.faults.proxy import Proxy
from tests.servers import Servers

BULK = jobs.LANES[Lane.BULK]


@pytest.mark.service
@pytest.mark.timeout(600)
def test_over_a_bad_line_files_are_whole_or_the_store_is_down(
    servers: Servers, tmp_path: Path, chance: random.Random, request: pytest.FixtureRequest
) -> None:
    bucket, kept, failed = servers.s3.bucket(), {}, 0
    with Proxy(servers.s3.port, chance, stall_s=2.0) as line:
        bad = open_store(f"s3://{bucket}", tmp_path, servers.s3.options(endpoint=line.endpoint, read_s=0.5, connect_s=0.5))
        line.share = 0.4
        for number in range(request.config.getoption("--kills")):
            data = chance.randbytes(chance.choice([0, 300, 100_000]))
            (tmp_path / "file").write_bytes(data)
            try:
                key = bad.put_file(tmp_path / "file")
                kept[key] = data
                with bad.open(key) as stored:
                    assert stored.read() == data, f"file {number}"
            except StoreDown:
                failed += 1
        assert line.faults, "the line was not bad at all"
    good = open_store(f"s3://{bucket}", tmp_path, servers.s3.options())
    for key, data in kept.items():
        with good.open(key) as stored:
            assert stored.read() == data
    assert len(kept) > failed, "trying whole objects again helps"


@pytest.mark.service
def test_a_server_that_dies_in_the_middle_takes_nothing_with_it(servers: Servers, tmp_path: Path) -> None:
    ledger = open_ledger(servers.postgres.url(), tmp_path)
    with ledger.begin() as tx:
        submissions.add_source(tx, "5" * 64, "55/" + "5" * 64, 10)
    with pytest.raises(LedgerDown), ledger.begin() as tx:
        submissions.add_bundle(tx, "b" * 64, ["5" * 64])
        servers.postgres.restart()
        jobs.add(tx, "open", "b" * 64, lane=BULK)
    with ledger.begin() as tx:
        assert submissions.add_bundle(tx, "b" * 64, ["5" * 64]), "the transaction that was cut off left nothing"
    ledger.close()


@pytest.mark.service
@pytest.mark.parametrize("jump_s", [86_400.0, -86_400.0])
def test_a_workers_clock_does_not_matter_in_a_pool(
    servers: Servers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, jump_s: float
) -> None:
    ledger = open_ledger(servers.postgres.url(), tmp_path)
    with ledger.begin() as tx:
        submissions.add_source(tx, "5" * 64, "55/" + "5" * 64, 10)
        submissions.add_bundle(tx, "b" * 64, ["5" * 64])
        jobs.add(tx, "open", "b" * 64, lane=BULK)
        held = jobs.claim(tx, worker="w", lease_s=60)
    now = time.time
    monkeypatch.setattr(time, "time", lambda: now() + jump_s)
    with ledger.begin() as tx:
        assert jobs.claim(tx, worker="with another clock", lease_s=60) is None
        assert jobs.requeue_expired(tx, lease_s=60) == 0
        assert held is not None
        assert jobs.close(tx, held)
    ledger.close()


def test_a_clock_that_jumps_ahead_costs_a_repeat_and_no_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ledger = open_ledger("sqlite:", tmp_path)
    with ledger.begin() as tx:
        submissions.add_source(tx, "5" * 64, "55/" + "5" * 64, 10)
        submissions.add_bundle(tx, "b" * 64, ["5" * 64])
        jobs.add(tx, "open", "b" * 64, lane=BULK)
        first = jobs.claim(tx, worker="w", lease_s=60)
    now = time.time
    monkeypatch.setattr(time, "time", lambda: now() + 86_400)
    with ledger.begin() as tx:
        second = jobs.claim(tx, worker="v", lease_s=60)
        assert first is not None
        assert second is not None
        assert not jobs.close(tx, first), "who was thought dead writes nothing"
        assert jobs.close(tx, second)
    ledger.close()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of one megabyte."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = shutil.which("mount")
    if os.getuid() != 0 or mount is None or subprocess.run([mount, "-t", "tmpfs", "-o", "size=1m", "none", folder]).returncode:
        pytest.skip("only root may mount a small disk (and not in every container)")
    yield folder
    subprocess.run(["umount", folder], check=True)


def test_a_full_disk_keeps_what_it_has_and_takes_more_when_there_is_room(small_disk: Path, tmp_path: Path) -> None:
    store = open_store((small_disk / "store").as_uri(), tmp_path)
    contents = [os.urandom(300_000) for _ in range(5)]
    keys = []
    with pytest.raises(StoreFull):
        for number, content in enumerate(contents):
            (tmp_path / str(number)).write_bytes(content)
            keys.append(store.put_file(tmp_path / str(number)))
    assert len(keys) == 3
    assert list(store.list()) == sorted(keys)
    assert all(store.verify(key) for key in keys)
    assert list((small_disk / "store" / "tmp").iterdir()) == []
    subprocess.run(["mount", "-o", "remount,size=4m", small_disk], check=True)
    assert store.verify(store.put_file(tmp_path / "3"))


# --- everything at once -----------------------------------------------------------------------------------------------


def submit_demo(pool: Pool, folder: Path, copies: int) -> set[str]:
    """The demo dossier under `copies` codes, with bytes of their own; the hashes of the files."""
    for number in range(copies):
        target = folder / "H60.127.03" / "dossiers" / f"H60.127.03-260930-00{number + 20}"
        shutil.copytree(DEMO, target, ignore=shutil.ignore_patterns("*.truth.json", "*.toml"))
        for path in target.rglob("*.*"):
            path.write_bytes(path.read_bytes() + f"\n%{number}\n".encode())
    place, hashes = Folder(folder), set()
    with Service.open(pool.settings()) as service:
        for item in items(place.files(), book=False, name="")[0]:
            where = placed(item)
            given = Submission(actor="test", agency=where.agency, dossier=where.dossier, component=where.component)
            service.take(place, item.files, item.name, given)
            hashes.add(hashlib.sha256(Path(item.files[0].address).read_bytes()).hexdigest())
    return hashes


class Chaos:
    """Does harm to a pool, of a kind chosen by chance."""

    def __init__(self, pool: Pool, line: Proxy, chance: random.Random) -> None:
        self.pool, self.line, self.chance = pool, line, chance
        self.kills = 0

    def strike(self) -> None:
        kinds: dict[Callable[[], None], int] = {
            self.kill_worker: 12,
            self.kill_supervisor: 3,
            self.redis: 2,
            self.postgres: 1,
            self.bad_line: 2,
        }
        self.chance.choices(list(kinds), list(kinds.values()))[0]()
        for supervisor in [s for s in self.pool.supervisors if s.poll() is not None]:
            self.pool.supervisors.remove(supervisor)
        while len(self.pool.supervisors) < 2:
            self.pool.start(1)

    def kill_worker(self) -> None:
        workers = self.pool.workers()
        if workers:
            self.chance.choice(workers).kill()
            self.kills += 1

    def kill_supervisor(self) -> None:
        if self.pool.supervisors:
            victim = self.chance.choice(self.pool.supervisors)
            victim.kill()
            victim.wait()
            self.kills += 1

    def redis(self) -> None:
        redis = self.pool.servers.redis
        harm = self.chance.choice(["flushed", "restarted", "paused"])
        if harm == "flushed":
            redis.client.flushall()
        elif harm == "restarted":
            redis.restart()
        else:
            redis.pause()
            time.sleep(self.chance.uniform(0.5, 3))
            redis.resume()

    def postgres(self) -> None:
        self.pool.servers.postgres.restart()

    def bad_line(self) -> None:
        self.line.bad_for(self.chance.uniform(0.5, 2), share=0.6)


@pytest.mark.slow
@pytest.mark.service
@pytest.mark.timeout(3600)
def test_whatever_dies_every_page_is_done_once(
    servers: Servers, tmp_path: Path, recording: Path, chance: random.Random, request: pytest.FixtureRequest
) -> None:
    wanted: int = request.config.getoption("--kills")
    blanks = wanted // 2
    with Proxy(servers.s3.port, chance) as line:
        # a kill is the test's doing, not the page's: attempts must not run out
        pool = Pool(servers, tmp_path, DIGITIZER_ATTEMPTS="1000", DIGITIZER_LEASE_S="10", DIGITIZER_S3__READ_S="2")
        pool.replay(recording)
        with opened(pool):
            originals = submit_demo(pool, tmp_path / "in", copies=4)
            dossiers = len(originals)
            originals |= {hashlib.sha256(data).hexdigest() for data in pool.submit(blanks)}
            pool.more["DIGITIZER_S3__ENDPOINT"] = line.endpoint
            chaos = Chaos(pool, line, chance)
            while chaos.kills < wanted:
                chaos.strike()
                time.sleep(chance.uniform(0.2, 1.5))
            took = pool.wait(all_over(len(originals)), timeout=1200)
            pool.wait(lambda service: service.status().deliveries == {"DONE": dossiers}, timeout=300)
            print(f"{chaos.kills} kills, faults of the line {len(line.faults)}, done {took:.0f} s after the last")
            pool.stop()
            check(pool, originals, dossiers)


def check(pool: Pool, originals: set[str], dossiers: int) -> None:
    pool.more.pop("DIGITIZER_S3__ENDPOINT")
    with Service.open(pool.settings()) as service:
        service.sweep()
        status = service.status()
        assert status.intakes == {"DIGITIZED": len(originals)}
        assert status.working == []
        assert {k: n for k, n in status.jobs.items() if n and k not in ("DONE",)} == {}
        keys = list(service.store.list())
        assert originals <= {key.rpartition("/")[2] for key in keys}
        assert all(service.store.verify(key) for key in keys), "originals and results are what their names say"
        with service.ledger.read() as tx:
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
