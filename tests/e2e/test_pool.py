"""A pool of workers on Redis, PostgreSQL and S3, run as an operator runs it."""

from __future__ import annotations

import json
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import redis
import rq
from rq.serializers import JSONSerializer

from digitizer.errors import StoreDown
from digitizer.service import Service
from tests.conftest import DEMO, Answer
from tests.faults.pool import Pool, all_over, opened
from tests.servers import Servers
from workers.loop import Lifetime, WorkerLoop

pytestmark = pytest.mark.service


@pytest.fixture
def pool(servers: Servers, tmp_path: Path) -> Iterator[Pool]:
    with opened(Pool(servers, tmp_path)) as made:
        yield made


@pytest.mark.slow
def test_a_pool_digitizes_what_was_submitted_and_stops_when_told(pool: Pool, tmp_path: Path, recording: Path) -> None:
    pool.replay(recording)
    supervisor = pool.start(2)
    done = pool.command("ingest", DEMO, "--agency", "H60.127.03", "--output", tmp_path / "out", "--json")
    assert done.returncode == 20, done.stderr
    assert {row["state"] for row in json.loads(done.stdout)["files"]} == {"DIGITIZED"}
    assert len(list((tmp_path / "out").rglob("*.pdf"))) == 3
    status = json.loads(pool.command("status", "--json").stdout)
    assert status["intakes"] == {"DIGITIZED": 3}
    assert len(status["queue"]["workers"]) == 2
    assert status["stuck"] == []
    assert pool.command("verify").returncode == 0
    supervisor.send_signal(signal.SIGTERM)
    assert supervisor.wait(60) == 0
    assert pool.workers() == []


def test_work_waits_for_workers_and_status_says_so(pool: Pool) -> None:
    pool.submit(3)
    status = json.loads(pool.command("status", "--json").stdout)
    assert status["stuck"] == ["no_workers"]
    assert status["queue"] == {"hints": 3, "workers": []}
    assert "digitizer worker" in pool.command("--lang", "en", "status").stdout
    pool.start(1)
    pool.wait(all_over(3))


def test_without_redis_workers_look_into_the_ledger_by_themselves(pool: Pool) -> None:
    pool.redis = "redis://127.0.0.1:1/0"
    pool.start(1)
    pool.submit(1)
    pool.wait(all_over(1))
    pool.submit(1, first=1)  # the worker is idle by now and nobody can wake it
    pool.wait(all_over(2))
    status = json.loads(pool.command("status", "--json").stdout)
    assert (status["intakes"], status["queue"], status["stuck"]) == ({"DIGITIZED": 2}, None, ["queue_down"])


def test_whoever_writes_to_redis_runs_nothing_on_a_worker(pool: Pool, tmp_path: Path) -> None:
    client = redis.Redis.from_url(pool.redis)
    hostile = rq.Queue("digitizer", connection=client, serializer=JSONSerializer)
    ran = tmp_path / "ran"
    overdue = hostile.enqueue("os.system", f"touch {ran}-overdue", on_failure=rq.Callback("os.system"))
    client.zadd("rq:wip:digitizer", {f"{overdue.id}:x": 1})
    hostile.enqueue("os.system", f"touch {ran}")
    hostile.enqueue("os.system", f"touch {ran}-front", at_front=True)
    client.rpush("digitizer:wake-ups", b'["os.system", null, ["touch %s-list"], {}]' % str(ran).encode(), b"\xff" * 100_000)
    client.set("rq:suspended", "1")
    pool.start(1)
    pool.submit(2)
    pool.wait(all_over(2))
    give_up = time.monotonic() + 30
    while (client.llen("rq:queue:digitizer") or client.llen("digitizer:wake-ups")) and time.monotonic() < give_up:
        time.sleep(0.1)
    assert client.llen("rq:queue:digitizer") == client.llen("digitizer:wake-ups") == 0
    assert list(tmp_path.glob("ran*")) == []


def test_a_worker_that_goes_on_by_itself_wakes_nobody_for_its_own_job(pool: Pool) -> None:
    pool.submit(1)
    lifetime = Lifetime()
    with Service.open(pool.settings(), takes_first=lifetime.goes_on) as service:
        WorkerLoop(service, "w", lifetime).work_for(60)
        assert service.status.now().intakes == {"DIGITIZED": 1}
        hints = service.context.queue.hints()
    assert hints is not None
    assert hints.waiting == 1, "of three jobs only the first was nobody's"


def test_a_file_of_one_page_is_claimed_once(pool: Pool) -> None:
    pool.submit(1)
    with Service.open(pool.settings()) as service:
        last = service.jobs.work("w")
        assert last is not None
        assert (last.kind, last.attempts) == ("finish", 1)
        assert service.jobs.work("w") is None
        assert {k: n for k, n in service.status.now().jobs.items() if n} == {"DONE": 3}, "each of its jobs is in the ledger"


def test_a_worker_told_to_stop_leaves_the_next_job_of_a_page_to_others(pool: Pool) -> None:
    pool.submit(1)
    told = threading.Event()
    told.set()
    with Service.open(pool.settings(), stopping=told.is_set) as service:
        last = service.jobs.work("w")
        assert last is not None
        assert last.kind == "open"
        assert service.jobs.working() == []
        told.clear()
        assert service.jobs.work("other") is not None
        assert service.jobs.work("other") is not None
        assert service.status.now().intakes == {"DIGITIZED": 1}


def test_a_store_that_goes_away_half_way_through_a_page_costs_no_attempt(pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    pool.submit(1)
    with Service.open(pool.settings()) as service:
        put, times = service.context.store.put_file, iter(range(99))

        def fails_once(path: Path) -> str:
            if next(times) == 1:  # the reading is stored, the result is not
                raise StoreDown
            return put(path)

        monkeypatch.setattr(service.context.store, "put_file", fails_once)
        with pytest.raises(StoreDown):
            service.jobs.work("w")
        assert service.jobs.working() == []
        last = service.jobs.work("w")
        assert last is not None
        assert (last.kind, last.attempts) == ("finish", 1)
        assert service.status.now().intakes == {"DIGITIZED": 1}


def test_a_pool_on_a_sqlite_file_is_refused(digitizer: Callable[..., Answer]) -> None:
    refused = digitizer("--queue", "redis://localhost:1/0", "status")
    assert refused.code == 9
    assert "PostgreSQL" in refused.err or "postgresql" in refused.err


def test_workers_need_a_queue_they_share(digitizer: Callable[..., Answer]) -> None:
    assert digitizer("worker").code == 9
