"""What every queue promises: it makes somebody look into the ledger, and may forget everything."""

from __future__ import annotations

import logging
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
        forgive=lambda name: 0,
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
def test_a_wake_up_carries_nothing_and_is_no_job_of_rq(servers: Servers) -> None:
    url = servers.redis.url()
    open_queue(url, settings=b'{"secret": 1}', processes=1).wake(2)
    client = redis.Redis.from_url(url)
    assert client.lrange(adapter.WAKE_UPS, 0, -1) == [b"wake", b"wake"]
    assert list(client.scan_iter()) == [adapter.WAKE_UPS.encode()]


@pytest.mark.service
def test_names_that_strangers_registered_are_not_believed(servers: Servers) -> None:
    url = servers.redis.url()
    client = redis.Redis.from_url(url)
    for name in ("real", "gone", "esc\x1b[2J", "long" * 100):
        client.sadd(f"rq:workers:{adapter.NAME}", f"rq:worker:{name}")
        if name != "gone":
            client.hset(f"rq:worker:{name}", "pid", "no number")
    hints = open_queue(url, settings=b"{}", processes=1).hints()
    assert hints is not None
    assert hints.workers == ("real",)


@pytest.mark.parametrize(
    "url",
    [
        "redis://queue.example/0",
        "redis://:secret@queue.example/0",
        "redis://:secret@10.0.0.5/0",
        "rediss://queue.example/0",
        "rediss://:secret@queue.example/0?ssl_cert_reqs=none",
        "redis://:secret@0.0.0.0/0",
    ],
)
def test_a_redis_that_others_reach_without_password_and_tls_is_refused(url: str) -> None:
    with pytest.raises(ConfigError) as caught:
        open_queue(url, settings=b"{}", processes=1)
    assert caught.value.sentence == "queue_open"
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    "url", ["rediss://user:secret@queue.example:6380/0", "redis://localhost/0", "redis://[::1]:6379/0", "redis://127.8.8.8/1"]
)
def test_a_redis_of_this_machine_or_with_password_and_tls_is_taken(url: str) -> None:
    assert open_queue(url, settings=b"{}", processes=1).hints is not None


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
