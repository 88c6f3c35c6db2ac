"""A fault run of deliveries: many attachments, a dossier system in its worst mood, senders killed at random.

`python -m tests.faults.delivery_run --count 5000 --out FILE` is `make faults`' part; `test_delivery.py` runs a small one.
At the end the server must hold exactly what was to be delivered, each once, whole, in order within its dossier, and the
ledger a receipt for each.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import platform
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from digitizer.ledger import Transaction, open_ledger, outbox, submissions
from digitizer.ledger.outbox import NewDelivery
from digitizer.model import Intake, IntakeState
from digitizer.storage import open_store
from tests.dossier_server import WORST, Database, DossierServer, Mood, running

ROOT = Path(__file__).resolve().parent.parent.parent
#: everything a hundred times faster than in life
FAST = {"RETRY_FIRST_S": "0.1", "RETRY_MOST_S": "3", "LEASE_S": "6", "PAUSE_FIRST_S": "0.3", "PAUSE_MOST_S": "2"}
#: the same miseries as often as in WORST, but shorter, except the answers that take 30 s
MOOD = replace(WORST, storm_s=0.4, retry_after_s=0.1, maintenance_s=1.5, drip_s=2.0)


def fill(home: Path, server: DossierServer, count: int, *, seed: int = 7) -> dict[str, tuple[str, int]]:
    """Digitized intakes with an attachment each to deliver: SHA-256 -> (dossier, order within it)."""
    rng, expected = random.Random(seed), dict[str, tuple[str, int]]()
    ledger, store = open_ledger("sqlite:", home), open_store("file:", home)
    source, written = home / "content.pdf", []
    for number in range(count):
        dossier = f"H60.127.03-2609{1 + number // 3 % 28:02}-{number // 3:04}"
        server.database.add_dossier(dossier, components=["KS"])
        large = rng.random() < 0.03
        source.write_bytes(b"%PDF-1.7 " + rng.randbytes(rng.randint(60_000, 200_000) if large else rng.randint(500, 20_000)))
        key = store.put_file(source)
        expected[key.rpartition("/")[2]] = (dossier, number)
        written.append((number, dossier, key, source.stat().st_size))
    for first in range(0, count, 250):
        with ledger.begin() as tx:
            for row in written[first : first + 250]:
                _write(tx, *row)
    ledger.close()
    return expected


def _write(tx: Transaction, number: int, dossier: str, key: str, size: int) -> None:
    sha256 = key.rpartition("/")[2]
    intake = Intake(id=f"{number:032}", bundle=sha256, name=f"{number}.pdf", agency="H60.127.03", dossier=dossier,
                    component="KS", actor="faults", received_at=datetime.now(UTC))  # fmt: skip
    submissions.add_source(tx, sha256, key, size)
    submissions.add_bundle(tx, sha256, [sha256])
    submissions.add_intake(tx, intake)
    submissions.move_bundle(tx, sha256, ["NEW"], "DONE", result="ACCEPTED")
    submissions.move_intakes(tx, sha256, [IntakeState.RECEIVED], IntakeState.DIGITIZED, actor="faults")
    submissions.save_artifacts(tx, sha256, {"pdf": ("application/pdf", key)})
    new = NewDelivery(kind="attach", target="dossiers", order_key=dossier, key=f"attach/{dossier}/KS/{sha256}",
                      intake=intake.id, dossier=dossier)  # fmt: skip
    outbox.add(tx, new, actor="faults")


def configure(home: Path, *, timeout_s: float) -> None:
    """Credentials and a mapping with a short time limit and small pieces."""
    (home / "secrets").mkdir(parents=True)
    (home / "secrets" / "generic.toml").write_text('client_id = "test-client"\nclient_secret = "test-secret"\n')
    text = (ROOT / "digitizer/connectors/mappings/generic.toml").read_text(encoding="utf-8")
    for old, new in (("timeout_s = 60", f"timeout_s = {timeout_s}"), ("8_000_000", "60_000"), ("4_000_000", "30_000")):
        text = text.replace(old, new)
    (home / "mappings").mkdir()
    (home / "mappings" / "generic.toml").write_text(text, encoding="utf-8")


def sender(home: Path, url: str) -> subprocess.Popen[bytes]:
    environment = {**os.environ, **{f"DIGITIZER_DELIVERY__{name}": value for name, value in FAST.items()}}
    command = [sys.executable, "-m", "digitizer", "--home", str(home), "--connector", url, "attach", "--follow"]
    with (home / "senders.log").open("ab") as talk:
        return subprocess.Popen(command, env=environment, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=talk)


def run(home: Path, count: int, *, mood: Mood, senders: int, kill_every: tuple[int, int], timeout_s: float, limit_s: float,
        seed: int = 7) -> dict[str, Any]:  # fmt: skip
    """Delivers `count` attachments, killing a sender each time about `kill_every` more arrived; what happened."""
    rng, began, kills, cpu = random.Random(seed), time.monotonic(), 0, os.times()
    database = Database(home / "server.db")
    with running(database, mood=mood, seed=seed) as server:
        configure(home, timeout_s=timeout_s)
        expected = fill(home, server, count, seed=seed)
        url = f"rest+{server.url}?mapping=generic"
        processes = [sender(home, url) for _ in range(senders)]
        ledger, sending, mark = open_ledger("sqlite:", home), time.monotonic(), rng.randint(*kill_every)
        while (states := _states(ledger)).get("PENDING") and time.monotonic() - began < limit_s:
            time.sleep(0.2)
            dead = [n for n, process in enumerate(processes) if process.poll() is not None]
            if (done := states.get("DONE", 0)) >= mark:
                victim = rng.randrange(senders)
                processes[victim].send_signal(signal.SIGKILL)
                processes[victim].wait()
                kills, mark = kills + 1, done + rng.randint(*kill_every)
                dead.append(victim)
            for number in set(dead):
                processes[number] = sender(home, url)
        seconds = time.monotonic() - sending
        for process in processes:
            process.kill()
            process.wait()
        time.sleep(min(2.0, mood.slow_s))  # what is still under way in the server may arrive
        found = check(database, ledger, expected)
        ledger.close()
        used = os.times()
        happened = dict(sorted(server.happened.items()))
    database.close()
    return {
        **found,
        "count": count,
        "kills": kills,
        "senders": senders,
        "seconds": round(seconds, 1),
        "happened": happened,
        "cpu_s_senders": round(used.children_user + used.children_system - cpu.children_user - cpu.children_system, 1),
    }


def check(database: Database, ledger: Any, expected: dict[str, tuple[str, int]]) -> dict[str, Any]:
    """What is on the server and in the ledger, against what should be."""
    kept = database.rows("SELECT id, dossier, sha256, content FROM attachment ORDER BY id")
    times = Counter(row["sha256"] for row in kept)
    damaged = sum(hashlib.sha256(row["content"]).hexdigest() != row["sha256"] or row["sha256"] not in expected for row in kept)
    order: dict[str, list[int]] = {}
    for row in kept:
        dossier, number = expected.get(row["sha256"], ("", -1))
        order.setdefault(dossier, []).append(number)
    with ledger.read() as tx:
        receipts, states = outbox.receipts(tx), outbox.counts(tx)
    ids = {row["sha256"]: str(row["id"]) for row in kept}
    given = {r["external_id"] for r in receipts}
    return {
        "on_server": len(kept),
        "twice": sum(n - 1 for n in times.values()),
        "missing": len(set(expected) - set(times)),
        "damaged": damaged,
        "out_of_order": sum(numbers != sorted(numbers) for numbers in order.values()),
        "receipts": len(receipts),
        "receipts_without_attachment": len(given - set(ids.values())),
        "states": states,
    }


def is_exact(found: dict[str, Any]) -> bool:
    wrong = ("twice", "missing", "damaged", "out_of_order", "receipts_without_attachment")
    return found["on_server"] == found["receipts"] == found["count"] and not any(found[name] for name in wrong)


def _states(ledger: Any) -> dict[str, int]:
    with ledger.read() as tx:
        return outbox.counts(tx)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--count", type=int, default=5000)
    parser.add_argument("--home", type=Path, required=True, help="an empty folder")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--limit-s", type=float, default=3600)
    chosen = parser.parse_args()
    found = run(chosen.home, chosen.count, mood=MOOD, senders=2, kill_every=(40, 160), timeout_s=5, limit_s=chosen.limit_s)
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False).stdout
    machine = f"{platform.machine()}, {os.cpu_count()} CPUs"
    about = {"what": "fault run of deliveries", "commit": commit.strip(), "machine": machine}
    result = {**about, "exact": is_exact(found), **found, "mood": {k: v for k, v in vars_of(MOOD).items() if v}}
    text = json.dumps(result, indent=1)
    print(text)
    if chosen.out:
        chosen.out.write_text(text + "\n", encoding="utf-8")
    sys.exit(0 if is_exact(found) else 1)


def vars_of(mood: Mood) -> dict[str, Any]:
    return {name: getattr(mood, name) for name in mood.__dataclass_fields__}


if __name__ == "__main__":
    main()
