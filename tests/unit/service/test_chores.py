"""Chores go on whatever happens in them."""

from __future__ import annotations

import logging
import threading

import pytest

from digitizer.errors import LedgerDown
from digitizer.service.chores import repeat


@pytest.mark.parametrize("trouble", [LedgerDown("ledger: away"), RuntimeError("a mistake of ours")])
def test_a_chore_that_breaks_is_tried_again(trouble: Exception, caplog: pytest.LogCaptureFixture) -> None:
    stop, calls = threading.Event(), list[int]()

    def chore() -> None:
        calls.append(1)
        if len(calls) == 1:
            raise trouble
        stop.set()

    with caplog.at_level(logging.WARNING):
        repeat(chore, "sweep", every_s=0.001, stop=stop)
    assert len(calls) == 2
    assert len(caplog.records) == 1


def test_a_chore_is_not_begun_once_it_is_told_to_stop() -> None:
    stop, calls = threading.Event(), list[int]()
    stop.set()
    repeat(lambda: calls.append(1), "sweep", every_s=0.001, stop=stop)
    assert calls == []
