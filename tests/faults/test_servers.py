"""Servers, lines, disks and clocks that fail: whole results or an error with a name, and nothing lost or done twice."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from digitizer.errors import LedgerDown, StoreDown, StoreFull
from digitizer.ledger import jobs, open_ledger, submissions
from digitizer.model import Lane
from digitizer.storage import open_store
from tests.conftest import Findings
from tests.faults.proxy import FAULTS, Proxy
from tests.servers import Servers

BULK = jobs.LANES[Lane.BULK]


@pytest.mark.service
@pytest.mark.timeout(600)
def test_over_a_bad_line_files_are_whole_or_the_store_is_down(
    servers: Servers, tmp_path: Path, chance: random.Random, request: pytest.FixtureRequest, findings: Findings
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
        assert all(line.faults[kind] for kind in FAULTS), "the line was not bad enough"
        findings["bad line"] = {"files": len(kept) + failed, "refused": failed, "faults": dict(line.faults)}
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
