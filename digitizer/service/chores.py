"""Chores of a running installation: work a thread does again and again until it is told to stop."""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Callable

from digitizer.errors import DigitizerError

log = logging.getLogger(__name__)


def repeat(chore: Callable[[], object], name: str, *, every_s: float, stop: threading.Event) -> None:
    """Runs `chore` about every `every_s` seconds until `stop`. An error is logged, and the chore is tried again.

    The pause varies by a quarter, so that many machines do not ask the ledger at the same moment.
    """
    while not stop.is_set():
        began = time.monotonic()
        try:
            chore()
        except DigitizerError as exc:
            log.warning("%s: %s", name, exc.code, extra={"action": name, "code": exc.code})
        except Exception:
            log.exception("%s broke", name, extra={"action": name})
        pause_s = every_s * random.uniform(0.75, 1.25)
        stop.wait(max(0.0, pause_s - (time.monotonic() - began)))
