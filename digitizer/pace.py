"""How much a target of deliveries may be asked for now, from how it has been doing.

- A circuit breaker (Nygard, *Release It!*). After FAILURES failures in a row nothing is sent for a pause. Then one delivery
  tries the way. The pause doubles with each failure.
- A pace, the number of deliveries at a time. It increases by addition and decreases by multiplication (Chiu & Jain 1989).
  An answer that takes far longer than usual counts like half a failure, so we slow down when the target does.
- A rate cap, as a bucket of tokens.
- Quiet hours, in which nothing is sent.

All of it is arithmetic: a state and the time go in, a state comes out. The ledger keeps the states (`ledger/targets.py`).
"""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone

#: failures in a row that open the circuit breaker
FAILURES = 5
#: an answer is slow when it takes this many times as long as usual, and more than SLOW_S
SLOWER = 4.0
#: seconds in which no answer is slow
SLOW_S = 2.0
#: deliveries at a time to a new target
PACE_FIRST = 2.0
#: deliveries at a time to a target that fails
PACE_LEAST = 1.0
#: deliveries at a time to any target
PACE_MOST = 64.0
#: Viet Nam has kept UTC+7 without summer time since 1975. Windows has no zone database
HANOI = timezone(timedelta(hours=7))


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """What a target may be asked for at most, by the settings."""

    #: deliveries at a time
    concurrency: int = 8
    #: deliveries a minute, 0: no cap
    rate_per_minute: float = 0.0
    #: minutes of the day (Hanoi) between which nothing is sent. It is over midnight when the second is smaller
    quiet: tuple[tuple[int, int], ...] = ()
    #: the first pause of the breaker, and the longest
    pause_first_s: float = 15.0
    pause_most_s: float = 240.0


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetState:
    """How a target is doing. Times are seconds since the epoch."""

    #: `dossiers`, a name of `[targets]` in the configuration, or `callback:<client>`
    name: str
    #: CLOSED while sending, OPEN in a pause after failures, HALF_OPEN while one delivery tries the way
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


def allowed(state: TargetState, pace: Pace, *, in_flight: int, now: float) -> tuple[TargetState, int]:
    """(the state to keep, how many deliveries may be begun now)."""
    state = _refill(state, pace, now)
    if now < state.paused_until or is_quiet(pace, now):
        return state, 0
    if state.circuit == "OPEN":
        state = replace(state, circuit="HALF_OPEN")
    most = 1 if state.circuit == "HALF_OPEN" else min(int(state.pace), pace.concurrency)
    free = max(0, most - in_flight)
    return state, min(free, int(state.tokens)) if pace.rate_per_minute else free


def taken(state: TargetState, pace: Pace, count: int) -> TargetState:
    """After `count` deliveries were begun."""
    return replace(state, tokens=state.tokens - count) if pace.rate_per_minute else state


def succeeded(state: TargetState, *, seconds: float, now: float) -> TargetState:
    """After an answer that took `seconds`."""
    usual = state.usual_s or seconds
    slow = seconds > max(SLOW_S, SLOWER * usual)
    pace = max(PACE_LEAST, state.pace * 0.75) if slow else state.pace + 1 / max(1.0, state.pace)
    # one slow answer must not become usual, but a target that got slower for good is believed in the end
    usual = usual * 0.9 + min(seconds, 2 * usual) * 0.1
    return replace(
        state,
        circuit="CLOSED",
        failures=0,
        pause_s=0.0,
        pace=min(pace, PACE_MOST),
        usual_s=usual,
        last_success=max(now, state.last_success),
        error=None,
    )


def failed(state: TargetState, pace: Pace, *, code: str, now: float, retry_after_s: float | None = None) -> TargetState:
    """After no answer, or one that asks to come back later. The pause that the target asks for (`retry_after_s`) is kept."""
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


def _refill(state: TargetState, pace: Pace, now: float) -> TargetState:
    if not pace.rate_per_minute:
        return state
    room = max(2.0, pace.rate_per_minute / 6)  # at most ten seconds' worth at once
    if not state.tokens_at:
        return replace(state, tokens=room, tokens_at=now)
    grown = state.tokens + max(0.0, now - state.tokens_at) * pace.rate_per_minute / 60
    return replace(state, tokens=min(room, grown), tokens_at=now)
