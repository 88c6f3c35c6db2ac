"""Where deliveries go: how a target is doing, and how much it may be asked for now. Shared by all processes.

A target is known by its name: `dossiers`, a name of `[targets]` in the configuration, `callback:<client>`. Its row keeps

- a circuit breaker (Nygard, *Release It!*): after FAILURES failures in a row nothing is sent for a while, then one delivery
  tries the way; the while doubles;
- a pace, the number of deliveries at a time: additive increase, multiplicative decrease (Chiu & Jain 1989), where an answer
  that takes far longer than usual counts like half a failure, so that we slow down when the target does;
- a rate cap as a bucket of tokens.

All arithmetic is pure: states and the time go in, states come out.
"""

from __future__ import annotations

import random
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta, timezone
from typing import Any

import sqlalchemy as sa

from digitizer.ledger import Transaction
from digitizer.ledger.schema import target

FAILURES = 5
#: an answer this many times slower than usual, and slower than SLOW_S, says that the target suffers
SLOWER, SLOW_S = 4.0, 2.0
PACE_FIRST, PACE_LEAST = 2.0, 1.0
#: Viet Nam has kept UTC+7 without summer time since 1975; Windows has no zone database
HANOI = timezone(timedelta(hours=7))


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """What a target may be asked for at most."""

    #: deliveries at a time
    concurrency: int = 8
    #: deliveries a minute, 0: no cap
    rate_per_minute: float = 0.0
    #: minutes of the day (Hanoi) in which nothing is sent: from, to; over midnight when to is smaller
    quiet: tuple[tuple[int, int], ...] = ()
    #: the first pause of the breaker, and the longest
    pause_first_s: float = 15.0
    pause_most_s: float = 240.0


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """How a target is doing. Times are seconds since the epoch."""

    name: str
    #: CLOSED: sending; OPEN: paused after failures; HALF_OPEN: one delivery tries the way
    circuit: str = "CLOSED"
    #: failures in a row
    failures: int = 0
    #: nothing is sent before
    paused_until: float = 0.0
    #: length of the last pause of the breaker
    pause_s: float = 0.0
    pace: float = PACE_FIRST
    tokens: float = 0.0
    tokens_at: float = 0.0
    #: what an answer usually takes, seconds
    usual_s: float = 0.0
    last_success: float = 0.0
    #: code of the last failure while it is failing
    error: str | None = None


def allowed(state: State, pace: Pace, *, in_flight: int, now: float) -> tuple[State, int]:
    """(the state to keep, how many deliveries may be begun now)."""
    state = _refill(state, pace, now)
    if now < state.paused_until or is_quiet(pace, now):
        return state, 0
    if state.circuit == "OPEN":
        state = replace(state, circuit="HALF_OPEN")
    most = 1 if state.circuit == "HALF_OPEN" else min(int(state.pace), pace.concurrency)
    free = max(0, most - in_flight)
    return state, min(free, int(state.tokens)) if pace.rate_per_minute else free


def taken(state: State, pace: Pace, count: int) -> State:
    """After `count` deliveries were begun."""
    return replace(state, tokens=state.tokens - count) if pace.rate_per_minute else state


def succeeded(state: State, *, seconds: float, now: float) -> State:
    """After an answer that took `seconds`."""
    usual = state.usual_s or seconds
    slow = seconds > max(SLOW_S, SLOWER * usual)
    pace = max(PACE_LEAST, state.pace * 0.75) if slow else state.pace + 1 / max(1.0, state.pace)
    # one slow answer must not become what is usual; a target that got slower for good is believed in the end
    usual = usual * 0.9 + min(seconds, 2 * usual) * 0.1
    return replace(
        state,
        circuit="CLOSED",
        failures=0,
        pause_s=0.0,
        pace=min(pace, 64.0),
        usual_s=usual,
        last_success=max(now, state.last_success),
        error=None,
    )


def failed(state: State, pace: Pace, *, code: str, now: float, retry_after_s: float | None = None) -> State:
    """After no answer, or one that asks to come back later. What the target itself says (`retry_after_s`) is obeyed."""
    failures = state.failures + 1
    state = replace(state, failures=failures, pace=max(PACE_LEAST, state.pace / 2), error=code)
    if retry_after_s is not None:
        state = replace(state, paused_until=max(state.paused_until, now + retry_after_s))
    if state.circuit == "HALF_OPEN" or (state.circuit == "CLOSED" and failures >= FAILURES):
        pause = min(pace.pause_most_s, 2 * state.pause_s or pace.pause_first_s)
        until = now + pause * random.uniform(0.75, 1.25)
        state = replace(state, circuit="OPEN", pause_s=pause, paused_until=max(state.paused_until, until))
    return state


def is_quiet(pace: Pace, now: float) -> bool:
    """Whether `now` lies in the quiet hours."""
    moment = datetime.fromtimestamp(now, HANOI)
    minute = moment.hour * 60 + moment.minute
    return any(a <= minute < b if a <= b else minute >= a or minute < b for a, b in pace.quiet)


def quiet_hours(text: str) -> tuple[tuple[int, int], ...]:
    """`07:30-11:30, 22:00-05:00` as minutes of the day. Raises ValueError."""
    return tuple(
        (_minute(a), _minute(b)) for a, _, b in (part.strip().partition("-") for part in text.split(",") if part.strip())
    )


def _minute(text: str) -> int:
    hour, _, minute = text.strip().partition(":")
    if not (0 <= int(hour) <= 24 and 0 <= int(minute) < 60):
        raise ValueError(text)
    return int(hour) * 60 + int(minute)


def _refill(state: State, pace: Pace, now: float) -> State:
    if not pace.rate_per_minute:
        return state
    room = max(2.0, pace.rate_per_minute / 6)  # at most ten seconds' worth at once
    if not state.tokens_at:
        return replace(state, tokens=room, tokens_at=now)
    grown = state.tokens + max(0.0, now - state.tokens_at) * pace.rate_per_minute / 60
    return replace(state, tokens=min(room, grown), tokens_at=now)


# --- statements -------------------------------------------------------------------------------------------------------


def load(tx: Transaction, name: str) -> State:
    """The state of a target, locked until the transaction ends; a fresh one for a new name."""
    row = tx.execute(sa.select(target).where(target.c.name == name).with_for_update()).mappings().first()
    if row is None:
        fresh = State(name=name)
        tx.execute(sa.insert(target).values(asdict(fresh)))
        return fresh
    return State(**row)


def save(tx: Transaction, state: State) -> None:
    """Keeps a state that `load` gave."""
    tx.execute(sa.update(target).where(target.c.name == state.name).values(asdict(state)))


def resume(tx: Transaction, name: str | None = None) -> None:
    """Lifts the pause of one target, or of all: an operator knows that it works again."""
    lifted = sa.update(target).values(circuit="CLOSED", failures=0, paused_until=0.0, pause_s=0.0)
    tx.execute(lifted if name is None else lifted.where(target.c.name == name))


def overview(tx: Transaction) -> list[dict[str, Any]]:
    """How every target is doing: name, circuit, paused_until, pace, usual_s, last_success, error."""
    names = ("name", "circuit", "paused_until", "pace", "usual_s", "last_success", "error")
    return [{name: row[name] for name in names} for row in tx.execute(sa.select(target).order_by(target.c.name)).mappings()]
