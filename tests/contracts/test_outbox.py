"""What the outbox promises to whoever delivers: once, in order, not too fast, for as long as it takes."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from digitizer.ledger import Ledger, events, open_ledger, outbox, targets
from digitizer.ledger.outbox import Due, NewDelivery
from digitizer.model import Receipt
from digitizer.pace import FAILURES, Pace, TargetState, quiet_hours

NOW = 1_790_000_000.0  # 21/09/2026 20:33 in Hanoi
PACE = Pace(concurrency=8)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    opened = open_ledger("sqlite:", tmp_path)
    yield opened
    opened.close()


def write(ledger: Ledger, *keys: str, target: str = "t") -> None:
    """Deliveries by key; the part before `/` is the order key."""
    with ledger.begin() as tx:
        for key in keys:
            assert outbox.add(tx, NewDelivery(kind="attach", target=target, order_key=key.partition("/")[0], key=key), actor="w")


def claim(ledger: Ledger, now: float = NOW, pace: Pace = PACE, target: str = "t", lease_s: float = 60) -> list[Due]:
    with ledger.begin() as tx:
        return outbox.claim(tx, target, pace=pace, lease_s=lease_s, now=now)


def deliver(ledger: Ledger, due: Due, now: float = NOW, seconds: float = 0.1) -> bool:
    receipt = Receipt(delivery=due.id, dossier="D", external_id="X", at=datetime.now(UTC))
    with ledger.begin() as tx:
        return outbox.delivered(tx, due, receipt, actor="w", seconds=seconds, now=now)


def fail(ledger: Ledger, due: Due, now: float = NOW, wait: float = 30, retry_after_s: float | None = None) -> None:
    with ledger.begin() as tx:
        outbox.put_off(tx, due, wait, {"code": "connector_down"}, actor="w", now=now, retry_after_s=retry_after_s)


def state(ledger: Ledger, target: str = "t") -> TargetState:
    with ledger.begin() as tx:
        return targets.load(tx, target)


def test_a_delivery_is_claimed_by_one_and_over_once(ledger: Ledger) -> None:
    write(ledger, "D1/a")
    (due,) = claim(ledger)
    assert claim(ledger) == []
    assert deliver(ledger, due)
    assert not deliver(ledger, due)
    assert claim(ledger, NOW + 1000) == []
    with ledger.read() as tx:
        assert [r["external_id"] for r in outbox.receipts(tx)] == ["X"]
        assert outbox.pending(tx) == []


def test_many_claimers_never_share_a_delivery(ledger: Ledger) -> None:
    write(ledger, *(f"D{n}/a" for n in range(30)))
    with ThreadPoolExecutor(6) as pool:
        claimed = [due.key for dues in pool.map(lambda _: claim(ledger), range(12)) for due in dues]
    assert len(claimed) == len(set(claimed)) == 2, "a new target is asked for two at a time"


def test_order_is_kept_within_a_dossier_and_only_there(ledger: Ledger) -> None:
    write(ledger, "D1/a", "D1/b", "D2/a", "D1/c")
    first = claim(ledger)
    assert [due.key for due in first] == ["D1/a", "D2/a"]
    fail(ledger, first[0])
    deliver(ledger, first[1])
    assert claim(ledger) == [], "what follows in D1 waits for what was put off"
    for expected in ("D1/a", "D1/b", "D1/c"):
        (due,) = claim(ledger, NOW + 40)
        assert due.key == expected
        deliver(ledger, due, NOW + 40)


def test_a_dead_delivery_does_not_hold_up_its_dossier(ledger: Ledger) -> None:
    write(ledger, "D1/a", "D1/b")
    (due,) = claim(ledger)
    with ledger.begin() as tx:
        assert outbox.died(tx, due, {"code": "dossier_not_found"}, actor="w")
    assert [d.key for d in claim(ledger)] == ["D1/b"]


def test_targets_do_not_wait_for_each_other(ledger: Ledger) -> None:
    write(ledger, "D1/a")
    write(ledger, "D1/x", target="callback:igate")
    (due,) = claim(ledger)
    for _ in range(6):
        fail(ledger, due)
    with ledger.read() as tx:
        assert outbox.due_targets(tx, now=NOW) == ["callback:igate"]
    assert [d.key for d in claim(ledger, target="callback:igate")] == ["D1/x"]


def test_who_dies_with_a_delivery_in_hand_loses_it_after_its_lease(ledger: Ledger) -> None:
    write(ledger, "D1/a")
    (lost,) = claim(ledger, lease_s=60)
    assert claim(ledger, NOW + 59) == []
    (again,) = claim(ledger, NOW + 61)
    assert again.attempts == 2
    fail(ledger, lost)
    with ledger.begin() as tx:
        assert not outbox.died(tx, lost, {"code": "attach_refused"}, actor="w"), "it is another's now"
        outbox.renew(tx, [again], until=NOW + 500)
    assert claim(ledger, NOW + 200) == []
    assert deliver(ledger, lost), "a late success is a success: the key is the same"


def test_how_far_an_upload_came_survives(ledger: Ledger) -> None:
    write(ledger, "D1/a")
    (due,) = claim(ledger)
    with ledger.begin() as tx:
        outbox.keep_progress(tx, due, {"location": "/uploads/7"})
    fail(ledger, due)
    (again,) = claim(ledger, NOW + 31)
    assert again.progress == {"location": "/uploads/7"}


def test_five_failures_open_the_circuit_and_one_tries_the_way(ledger: Ledger) -> None:
    write(ledger, *(f"D{n}/a" for n in range(20)))
    now = NOW
    for _ in range(FAILURES):
        dues = claim(ledger, now)
        for due in dues:
            fail(ledger, due, now, wait=3600)
        now += 1
    opened = state(ledger)
    assert opened.circuit == "OPEN"
    assert claim(ledger, now) == []
    assert len(claim(ledger, opened.paused_until + 1)) == 1


def test_a_day_of_outage_kills_nothing_and_ends_within_minutes(ledger: Ledger) -> None:
    write(ledger, *(f"D{n}/a" for n in range(20)))
    tries, now, end = 0, NOW, NOW + 24 * 3600
    while now < end:
        for due in claim(ledger, now):
            tries += 1
            fail(ledger, due, now, wait=min(3600, 30 * 2 ** (due.attempts - 1)))
        now += 120
    assert tries < 24 * 3600 / 180 + 20, "the pause of the breaker doubles up to four minutes"
    while now < end + 600:
        for due in claim(ledger, now):
            deliver(ledger, due, now)
        now += 5
    with ledger.read() as tx:
        assert outbox.counts(tx) == {"DONE": 20}


def test_what_alone_keeps_failing_is_given_up_and_can_be_brought_back(ledger: Ledger) -> None:
    write(ledger, "D1/bad")
    now = NOW
    for n in range(outbox.STRIKES + 2):
        write(ledger, f"E{n}/a")
        for due in claim(ledger, now):
            if due.key == "D1/bad":
                fail(ledger, due, now, wait=1)
            else:
                deliver(ledger, due, now + 0.5)
        now += 300
    with ledger.begin() as tx:
        (dead,) = outbox.pending(tx)
        assert (dead["state"], dead["error"]) == ("DEAD", outbox.GAVE_UP)
        assert outbox.replay(tx, None, actor="can.bo", code="attach_refused") == 0
        assert outbox.replay(tx, [dead["delivery"]], actor="can.bo") == 1
        assert [e["action"] for e in events.history(tx, dead["delivery"])] == ["to_deliver", "refused", "replayed"]
    (again,) = claim(ledger, now)
    assert deliver(ledger, again, now)


def test_a_target_that_says_when_is_not_asked_before(ledger: Ledger) -> None:
    write(ledger, "D1/a", "D2/a", "D3/a")
    due, other = claim(ledger)
    fail(ledger, due, retry_after_s=120)
    deliver(ledger, other)
    assert claim(ledger, NOW + 119) == []
    assert len(claim(ledger, NOW + 121)) > 0


def test_the_pace_grows_with_success_and_falls_with_trouble(ledger: Ledger) -> None:
    write(ledger, *(f"D{n}/a" for n in range(200)))
    for _ in range(10):
        for due in claim(ledger, pace=Pace(concurrency=6)):
            deliver(ledger, due)
    dues = claim(ledger, pace=Pace(concurrency=6))
    assert len(dues) == 6, "the configuration's limit holds"
    fast = state(ledger).pace
    deliver(ledger, dues[0], seconds=30)
    slow = state(ledger).pace
    assert slow < fast, "an answer that takes far longer than usual slows us down"
    fail(ledger, dues[1])
    assert state(ledger).pace == slow / 2


def test_the_rate_cap_holds(ledger: Ledger) -> None:
    write(ledger, *(f"D{n}/a" for n in range(130)))
    sent, now = 0, NOW
    while now < NOW + 1200:
        for due in claim(ledger, now, Pace(rate_per_minute=6)):
            deliver(ledger, due, now)
            sent += 1
        now += 15
    assert 115 <= sent <= 122


@pytest.mark.parametrize(
    ("hours", "moment", "quiet"),
    [("07:30-11:30, 13:30-17:00", "08:00", True), ("07:30-11:30, 13:30-17:00", "12:00", False), ("22:00-05:00", "23:59", True),
     ("22:00-05:00", "04:59", True), ("22:00-05:00", "05:00", False), ("", "12:00", False)],
)  # fmt: skip
def test_in_quiet_hours_nothing_is_sent(ledger: Ledger, hours: str, moment: str, quiet: bool) -> None:
    write(ledger, "D1/a")
    now = datetime.fromisoformat(f"2026-09-30T{moment}:00+07:00").timestamp()
    assert (claim(ledger, now, Pace(quiet=quiet_hours(hours))) == []) is quiet


@pytest.mark.parametrize("text", ["7", "25:00-26:00", "a-b", "07:61-08:00"])
def test_hours_that_are_none_are_refused(text: str) -> None:
    with pytest.raises(ValueError):
        quiet_hours(text)


def test_a_person_can_say_that_it_was_done_elsewhere(ledger: Ledger) -> None:
    write(ledger, "D1/a")
    (due,) = claim(ledger)
    with ledger.begin() as tx:
        assert outbox.elsewhere(tx, due.id, actor="can.bo", reason="no_attach_function", evidence="ab/abc")
        assert not outbox.elsewhere(tx, due.id, actor="can.bo", reason="no_attach_function", evidence="ab/abc")
        assert outbox.counts(tx) == {"ELSEWHERE": 1}


def test_retry_makes_everything_due_and_lifts_pauses(ledger: Ledger) -> None:
    write(ledger, *(f"D{n}/a" for n in range(3)))
    for n, due in zip(itertools.count(), claim(ledger), strict=False):
        for _ in range(5):
            fail(ledger, due, NOW + n, wait=3600)
    assert claim(ledger, NOW + 2) == []
    with ledger.begin() as tx:
        assert outbox.hasten(tx, actor="can.bo") == 2
    assert len(claim(ledger, NOW + 2)) > 0


def test_deliveries_of_the_first_schema_are_carried_over(tmp_path: Path) -> None:
    from alembic import command
    from alembic.config import Config

    from digitizer.ledger.database import MIGRATIONS

    engine = sa.create_engine(f"sqlite:///{tmp_path / 'ledger.db'}")
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        connection.execute(sa.text("INSERT INTO bundle (id, state) VALUES ('b', 'DONE')"))
        connection.execute(sa.text("INSERT INTO intake (id, bundle, state, name, actor, lane, received_at) VALUES ('i', 'b', 'DIGITIZED', 'a', 'w', 'bulk', '2026-09-30')"))  # noqa: E501
        for n, (status, receipt) in enumerate([("DONE", '{"external_id": "X", "at": "2026-09-30T00:00:00+00:00"}'), ("REFUSED", "null"), ("PENDING", "null")]):  # noqa: E501
            connection.execute(sa.text(f"INSERT INTO delivery (id, kind, intake, key, dossier, state, attempts, next_try, receipt) VALUES ('d{n}', 'attach', 'i', 'k{n}', 'D{n}', '{status}', 1, 5.0, '{receipt}')"))  # noqa: E501
    engine.dispose()
    ledger = open_ledger("sqlite:", tmp_path)
    with ledger.begin() as tx:
        assert outbox.counts(tx) == {"DONE": 1, "DEAD": 1, "PENDING": 1}
        assert [r["external_id"] for r in outbox.receipts(tx)] == ["X"]
        assert [due.key for due in outbox.claim(tx, "dossiers", pace=PACE, lease_s=60, now=NOW)] == ["k2"]
    ledger.close()


def test_what_was_done_elsewhere_is_one_delivery(ledger: Ledger) -> None:
    write(ledger, "D1/a", "D2/b")
    with ledger.begin() as tx:
        first, second = (one["delivery"] for one in outbox.pending(tx))
        assert outbox.elsewhere(tx, first, actor="can.bo", reason="no_attach_function", evidence="e")
        assert [one["delivery"] for one in outbox.pending(tx)] == [second]
        assert not outbox.elsewhere(tx, first, actor="can.bo", reason="no_attach_function", evidence="e")


def test_a_delivery_that_waits_says_why(ledger: Ledger) -> None:
    write(ledger, "D1/a", "D2/b")
    first, second = claim(ledger)
    with ledger.begin() as tx:
        outbox.put_off(tx, first, 30, {"code": "connector_login", "status": 401}, actor="w", now=NOW)
    with ledger.read() as tx:
        assert {one["delivery"]: one["error"] for one in outbox.pending(tx)} == {first.id: "connector_login", second.id: None}
        assert [row["error"] for row in targets.overview(tx)] == ["connector_login"]


def test_what_a_person_closes_while_it_is_being_sent_stays_closed(ledger: Ledger) -> None:
    write(ledger, "D1/a")
    (due,) = claim(ledger)
    with ledger.begin() as tx:
        assert outbox.elsewhere(tx, due.id, actor="can.bo", reason="no_attach_function", evidence="e")
        outbox.put_off(tx, due, 30, {"code": "connector_down"}, actor="w", now=NOW)
        assert not outbox.died(tx, due, {"code": "attach_refused"}, actor="w")
        assert outbox.counts(tx) == {"ELSEWHERE": 1}
