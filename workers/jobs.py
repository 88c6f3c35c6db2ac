"""The function that RQ calls for a wake-up. It takes and returns nothing, because the ledger holds the jobs."""

from __future__ import annotations

from workers.loop import WorkerLoop

#: seconds a worker works for one wake-up before it reports to RQ
SLICE_S = 20.0

#: the loop of this process, set at its start, because RQ calls `wake` without arguments
current: list[WorkerLoop] = []


def wake() -> None:
    """Works for `SLICE_S` seconds. Leaves another wake-up when more jobs are waiting."""
    for loop in current:
        loop.work_for(SLICE_S)
        loop.pass_on()
