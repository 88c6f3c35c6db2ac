"""Deliveries: attachments a second and CPU against a healthy server, recovery after an outage of an hour.

`python -m benchmarks.delivery [--count 400] [--out FILE]`. The server is a process of its own. CPU is that of the sender
alone. The outage runs on a simulated clock, where the target takes no more a second than was measured.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import random
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from digitizer.connectors import Delivery
from digitizer.errors import ConnectorDown
from digitizer.ledger import outbox
from digitizer.ledger.outbox import NewDelivery
from digitizer.model import Receipt
from digitizer.service import Service
from digitizer.service.context import DOSSIERS, Connectors
from digitizer.settings import DeliveryOptions, Settings
from tests.dossier_server import Database
from tests.faults.delivery_run import configure, fill

ROOT = Path(__file__).resolve().parent.parent
OUTAGE_S, STEP_S = 3600.0, 10.0


def healthy(count: int) -> dict[str, Any]:
    """Delivers `count` attachments of 0.5 to 200 kB to a server that does its best."""
    with tempfile.TemporaryDirectory() as folder:
        home, database = Path(folder), Database(Path(folder) / "server.db")
        configure(home, timeout_s=60)
        fill(home, SimpleNamespace(database=database), count)  # type: ignore[arg-type]
        database.close()
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        command = [sys.executable, "-m", "tests.dossier_server", "--port", str(port), "--database", str(home / "server.db")]
        server = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE)
        try:
            assert server.stdout is not None
            server.stdout.readline()
            settings = Settings(home=home, connector=f"rest+http://127.0.0.1:{port}?mapping=generic")
            with Service.open(settings) as service:
                cpu, wall = time.process_time(), time.monotonic()
                delivered = len(service.deliveries.deliver())
                cpu, wall = time.process_time() - cpu, time.monotonic() - wall
        finally:
            server.kill()
            server.wait()
    return {
        "attachments": delivered,
        "per_second": round(delivered / wall, 1),
        "cpu_ms_per_attachment": round(1000 * cpu / delivered, 1),
        "per_cpu_second": round(delivered / cpu, 1),
    }


class Sometimes:
    """A dossier system that is not there for an hour."""

    after_approval = False
    entered_by_hand = False

    def __init__(self) -> None:
        self.down, self.tried = False, 0

    def attach(self, delivery: Delivery) -> Receipt:
        """Takes it, unless it is down."""
        self.tried += 1
        if self.down:
            raise ConnectorDown
        return Receipt(delivery=delivery.id, dossier=delivery.dossier, external_id=delivery.id, at=datetime.now(UTC))

    def close(self) -> None:
        """Holds no connection."""


def outage(rate_per_second: float, arrivals_per_minute: int, seed: int) -> dict[str, float]:
    """An hour without the target, attachments arriving all the time. Gives simulated seconds until all is delivered."""
    system, rng = Sometimes(), random.Random(seed)
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        one = SimpleNamespace(database=SimpleNamespace(add_dossier=lambda *_, **__: None))
        fill(home, one, 1)  # type: ignore[arg-type]
        options = DeliveryOptions(rate_per_minute=rate_per_second * 60, concurrency=16)
        now = 1_790_000_000.0
        settings = Settings(home=home, delivery=options)
        with Service.open(settings, clock=lambda: now) as service:
            service.context.connectors = Connectors(settings, {DOSSIERS: system})
            begin, number, back, first = now + 120 + rng.uniform(0, 60), 0, 0.0, 0.0
            while True:
                system.down = begin <= now < begin + OUTAGE_S
                if now < begin + OUTAGE_S:
                    number = _arrive(service, number, round(arrivals_per_minute * STEP_S / 60))
                done = len(service.deliveries.deliver())
                if now >= begin + OUTAGE_S:
                    first = first or (now if done else 0.0)
                    with service.context.ledger.read() as tx:
                        if not outbox.counts(tx).get("PENDING"):
                            back = now
                            break
                now += STEP_S
    end = begin + OUTAGE_S
    return {"waiting": number, "first_success_s": round(first - end), "all_delivered_s": round(back - end), "tried": system.tried}


def _arrive(service: Service, number: int, count: int) -> int:
    with service.context.ledger.begin() as tx:
        for n in range(number, number + count):
            key = f"attach/D{n}/KS/{n}"
            what = {"target": "dossiers", "order_key": f"D{n}", "dossier": f"D{n}", "intake": f"{0:032}"}
            outbox.add(tx, NewDelivery(kind="attach", key=key, **what), actor="bench")
    return number + count


def main() -> None:
    """Runs both and prints the result."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--count", type=int, default=400)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--out", type=Path)
    chosen = parser.parse_args()
    well = healthy(chosen.count)
    runs = [outage(well["per_second"], 20, seed) for seed in range(chosen.runs)]
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False).stdout
    result = {
        "what": "deliveries",
        "commit": commit.strip(),
        "machine": f"{platform.machine()}, {os.cpu_count()} CPUs, load {os.getloadavg()[0]:.0f}",
        "healthy": well,
        "outage_of_an_hour": {
            "arriving_per_minute": 20,
            "runs": runs,
            "first_success_s_median": statistics.median(run["first_success_s"] for run in runs),
            "all_delivered_s_median": statistics.median(run["all_delivered_s"] for run in runs),
        },
    }
    text = json.dumps(result, indent=1)
    print(text)
    if chosen.out:
        chosen.out.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
