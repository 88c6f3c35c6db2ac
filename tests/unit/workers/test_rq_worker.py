"""What our worker overrides in RQ, some of it private. A new RQ that lacks it must fail here, not in service."""

from __future__ import annotations

import inspect
from types import CodeType

import pytest
from rq import SimpleWorker

from workers.rq_worker import WakeUps

#: methods that RQ must have and call for ours to have an effect
OVERRIDDEN = (
    "_install_signal_handlers",
    "check_for_suspension",
    "dequeue_job_and_maintain_ttl",
    "execute_job",
    "heartbeat",
    "perform_job",
    "run_maintenance_tasks",
    "subscribe",
    "unsubscribe",
)
BASES = [base for base in SimpleWorker.__mro__ if base is not object]


def names(code: CodeType) -> set[str]:
    """Attributes and globals that a function uses."""
    return set(code.co_names).union(*(names(inner) for inner in code.co_consts if isinstance(inner, CodeType)))


def calls() -> set[str]:
    """What any method of RQ's worker uses."""
    return set().union(*(names(f.__code__) for base in BASES for f in vars(base).values() if inspect.isfunction(f)))


def test_every_override_is_listed() -> None:
    ours = {name for name, value in vars(WakeUps).items() if inspect.isfunction(value)}
    assert ours == set(OVERRIDDEN)


@pytest.mark.parametrize("name", OVERRIDDEN)
def test_rq_has_and_calls_what_is_overridden(name: str) -> None:
    assert any(name in vars(base) for base in BASES), f"RQ has no {name} any more"
    assert name in calls(), f"RQ calls {name} no more"


def test_rq_waits_for_a_job_where_we_look_whether_the_worker_must_end() -> None:
    """`dequeue_job_and_maintain_ttl` and `_install_signal_handlers` belong to the loop of `work`."""
    assert {"dequeue_job_and_maintain_ttl", "_install_signal_handlers"} <= names(SimpleWorker.work.__code__)
