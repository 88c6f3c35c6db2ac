"""What RQ finds by its import path. A wake-up carries nothing and returns nothing; the ledger says what there is to do."""

from __future__ import annotations

from workers.loop import WorkerLoop

#: seconds one wake-up keeps a worker before RQ hears of it again
SLICE_S = 20.0

#: the loop of this process, set when it begins: RQ calls `wake` without arguments
current: list[WorkerLoop] = []


def wake() -> None:
    """Works for a while; leaves another wake-up when more is waiting."""
    for loop in current:
        loop.work_for(SLICE_S)
        loop.pass_on()
