"""What every queue promises: it makes somebody look into the ledger, and may forget everything."""

from __future__ import annotations

import json
import logging
import zlib
from pathlib import Path

import pytest
import redis

from digitizer.errors import ConfigError, QueueDown
from digitizer.queue import Queue, open_queue
from digitizer.queue import redis as adapter
from tests.servers import Servers


@pytest.fixture(params=["inline", pytest.param("redis", marks=pytest.mark.service)])
def url(request: pytest.FixtureRequest) -> str:
    return "inline:" if request.param == "inline" else request.getfixturevalue("servers").redis.url()


@pytest.fixture
def queue(url: str) -> Queue:
    return open_queue(url, settings=b"{}", processes=1)


def run(queue: Queue, left: list[int]) -> int:
    """Runs the queue over a ledger in which `left` jobs wait, one number a look; how often it ticked."""
    ticks: list[int] = []
    queue.run(
        waiting=lambda: left.pop(0) if left else 0,
        release=lambda name: 0,
        working=lambda: [],
        tick=lambda: ticks.append(1),
    )
    return len(ticks)


def test_waking_is_harmless_however_often(queue: Queue) -> None:
    for _ in range(3):
        queue.wake(2)
    assert run(queue, []) == 1, "without jobs in the ledger nothing is left to wait for"


def test_without_work_running_ends_at_once(queue: Queue) -> None:
    assert run(queue, []) == 1


def test_what_is_no_queue_is_refused() -> None:
    with pytest.raises(ConfigError):
        open_queue("pigeon-hole:", settings=b"{}", processes=1)
    with pytest.raises(ConfigError):
        open_queue("redis:localhost", settings=b"{}", processes=1)


def test_an_embedded_queue_knows_nothing() -> None:
    queue = open_queue("inline:", settings=b"{}", processes=1)
    assert queue.embedded
    assert queue.hints() is None


# --- what is particular to `redis:` ----------------------------------------------------------------------------------


@pytest.mark.service
def test_a_wake_up_carries_nothing_and_leaves_nothing(servers: Servers) -> None:
    url = servers.redis.url()
    open_queue(url, settings=b'{"secret": 1}', processes=1).wake(2)
    client = redis.Redis.from_url(url)
    jobs = [client.hgetall(key) for key in client.scan_iter("rq:job:*")]
    assert len(jobs) == 2
    for job in jobs:
        assert json.loads(zlib.decompress(job[b"data"])) == [adapter.WAKE, None, [], {}]
        assert (job[b"result_ttl"], job[b"failure_ttl"]) == (b"0", b"86400")
        assert b"secret" not in b"".join(job.values())


@pytest.mark.service
def test_a_backlog_of_any_size_needs_few_wake_ups(servers: Servers) -> None:
    queue = open_queue(servers.redis.url(), settings=b"{}", processes=1)
    for _ in range(3):
        queue.wake(100_000)
    hints = queue.hints()
    assert hints is not None
    assert hints.waiting == adapter.MOST
    assert hints.workers == ()


@pytest.mark.service
def test_what_redis_forgot_is_said_again(servers: Servers) -> None:
    queue = open_queue(servers.redis.url(), settings=b"{}", processes=1)
    assert run(queue, [3, 2, 1]) >= 2
    hints = queue.hints()
    assert hints is not None
    assert hints.waiting > 0


@pytest.mark.service
def test_waiting_without_workers_ends_and_says_what_to_do(servers: Servers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(adapter, "LONELY_S", 0.5)
    queue = open_queue(servers.redis.url(), settings=b"{}", processes=1)
    with pytest.raises(QueueDown, match="digitizer worker"):
        run(queue, [3] * 20)


def test_a_redis_that_is_away_is_down_and_its_password_stays_ours(caplog: pytest.LogCaptureFixture) -> None:
    queue = open_queue("redis://:secret@127.0.0.1:1/0", settings=b"{}", processes=1)
    with caplog.at_level(logging.DEBUG), pytest.raises(QueueDown) as caught:
        queue.wake(1)
    assert "secret" not in f"{caught.value} {caplog.text}"


def test_whoever_queues_jobs_goes_on_when_the_queue_is_away(tmp_path: Path) -> None:
    from digitizer.connectors import open_connector
    from digitizer.ledger import open_ledger
    from digitizer.service import Service, Submission
    from digitizer.service.context import DOSSIERS, Connectors, ServiceContext, Waker
    from digitizer.settings import Settings
    from digitizer.storage import open_store

    (tmp_path / "scratch").mkdir()
    settings = Settings(home=tmp_path, queue="redis://127.0.0.1:1/0")
    queue = open_queue(settings.queue, settings=b"{}", processes=1)
    context = ServiceContext(
        settings,
        store=open_store("file:", tmp_path),
        ledger=open_ledger("sqlite:", tmp_path, on_jobs=Waker(queue).wake),
        queue=queue,
        connectors=Connectors(settings, {DOSSIERS: open_connector("folder:", tmp_path)}),
    )
    (tmp_path / "a.jpg").write_bytes(b"scan")
    with Service(context) as service:
        assert service.submissions.receive([tmp_path / "a.jpg"], "a.jpg", Submission(actor="test"))[1]
        assert service.status.now().stuck == ["queue_down"]
        assert service.recovery.sweep()["woken"] == 0
