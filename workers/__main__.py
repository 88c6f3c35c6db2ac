"""A worker: claims jobs from the ledger until there are none, then goes.

Settings come as one line of JSON on stdin; when stdin closes, the parent is gone and so is the worker. It also goes, to
be started afresh, after a number of jobs or when it has grown too large: native libraries leak.
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
import threading
import time

import psutil

from digitizer import codec
from digitizer.errors import DigitizerError
from digitizer.ledger import jobs
from digitizer.service import Service
from digitizer.settings import Settings

log = logging.getLogger("workers")

MOST_JOBS = 200
MOST_BYTES = 1_500_000_000
IDLE_S = 0.1


def main() -> int:
    """Works until nothing is waiting; exit code 0."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--name", required=True)
    name = parser.parse_args().name
    settings = codec.load(Settings, sys.stdin.buffer.readline())
    threading.Thread(target=_leave_with_parent, daemon=True).start()
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(levelname)s %(name)s %(message)s")
    # pikepdf reads fonts with it to check PDF/A, and says itself what is wrong
    logging.getLogger("fontTools").setLevel(logging.ERROR)
    try:
        with Service.open(settings) as service:
            return work(service, name)
    except DigitizerError as exc:
        log.error("%s: %s", exc.code, exc)
        return exc.exit_code


def work(service: Service, name: str) -> int:
    """The loop."""
    done = 0
    while True:
        job = service.work(name)
        if job is not None:
            done += 1
            if done >= MOST_JOBS or psutil.Process().memory_info().rss > MOST_BYTES:
                return 0
            continue
        with service.ledger.read() as tx:
            if jobs.waiting(tx) == 0:
                return 0
        time.sleep(IDLE_S)


def _leave_with_parent() -> None:
    while os.read(0, 1 << 16):
        pass
    os._exit(70)


if __name__ == "__main__":
    sys.exit(main())
