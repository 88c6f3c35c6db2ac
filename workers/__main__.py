"""A worker process: `python -m workers --name NAME`, one engine.

Settings come as one line of JSON on stdin. When stdin closes, the parent is gone, and the worker ends too. It also ends
after a number of jobs, or when it has grown too large. Its supervisor then starts it afresh.
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
import threading
import time

from digitizer import logs, sandbox
from digitizer.errors import DigitizerError
from digitizer.plugins import scheme
from digitizer.service import Service
from digitizer.settings import Settings
from workers.loop import Lifetime, WorkerLoop

log = logging.getLogger("workers")

#: seconds between two looks into the ledger
IDLE_S = 0.1


def main() -> int:
    """Works as the queue needs it. Returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--name", required=True)
    name = parser.parse_args().name
    os.umask(0o077)
    sandbox.hide()
    settings = Settings.from_parent(sys.stdin.buffer.readline())
    threading.Thread(target=_leave_with_parent, daemon=True).start()
    logs.to_stderr(settings.log)
    lifetime = Lifetime()
    try:
        with Service.open(settings, stopping=lifetime.stopping.is_set, takes_first=lifetime.goes_on) as service:
            loop = WorkerLoop(service, name, lifetime)
            if scheme(settings.queue) == "inline":
                return work(loop)
            from workers import rq_worker

            return rq_worker.run(loop)
    except DigitizerError as exc:
        log.error("%s: %s", exc.code, exc)
        return exc.exit_code


def work(loop: WorkerLoop) -> int:
    """Works for `inline:` until no job is waiting. Returns 0. Raises ServiceError when a machine is at fault.

    The process then ends, and the supervisor decides what to do.
    """
    while not loop.lifetime.over:
        if loop.work_once():
            continue
        if loop.service.jobs.waiting() == 0:
            return 0
        time.sleep(IDLE_S)
    return 0


def _leave_with_parent() -> None:
    while os.read(0, 1 << 16):
        pass
    os._exit(70)


if __name__ == "__main__":
    sys.exit(main())
