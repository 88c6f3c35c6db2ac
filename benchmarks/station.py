"""Fifty people at the review station at once: how long pages take to be answered.

    python benchmarks/station.py --people 50 --seconds 60 [--ledger postgresql+psycopg://…]

A ledger with 500 books and 100,000 records is filled first. Each person has a session, opens a page, reads it for some
seconds (mean `--reads`) and opens the next. Times are those of whole answers, on this machine.
"""

from __future__ import annotations

import argparse
import os
import random
import secrets
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory
from typing import Any

import httpx
import psutil
import sqlalchemy as sa

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]

from run import save  # noqa: E402

from digitizer.ledger.schema import bundle, bundle_source, intake, page, record, source  # noqa: E402
from digitizer.service import Service  # noqa: E402
from digitizer.settings import Settings  # noqa: E402

#: books of the ledger, and records of each
BOOKS, RECORDS = 500, 200
#: pages a person opens, without those that need an id
PAGES = ("", "books", "books?page=3", "arrivals", "figures", "lacking", "deliveries", "status", "upload", "users")
#: rows of one statement
PART = 20_000


def fill(service: Service, chance: random.Random) -> None:
    """Books with records in all states, over a hundred communes."""
    rows: dict[Any, list[dict[str, Any]]] = {table: [] for table in (source, bundle, bundle_source, intake, record, page)}
    for number in range(BOOKS):
        id = f"{number:064x}"
        agency = f"H60.{127 + number % 5}.{number % 20:02}"
        rows[source].append({"id": id, "key": "k", "size": 1, "pages": RECORDS})
        rows[bundle].append({"id": id, "state": "DONE"})
        rows[bundle_source].append({"bundle": id, "position": 0, "source": id})
        named = {"name": f"so {number}.pdf", "book": f"KS/{1900 + number % 100}/{1 + number // 100:02}", "agency": agency}
        now = datetime.now(UTC).isoformat()
        rows[intake].append(
            {"id": id, "bundle": id, "state": "DIGITIZED", "actor": "fill", "lane": "bulk", "received_at": now, **named}
        )
        for case in range(RECORDS):
            state = chance.choice(["REVIEW", "READY", "ATTACHED"])
            rows[record].append(
                {"id": f"{id}/{case}/0", "bundle": id, "doctype": "birth_register", "state": state, "revision": 1,
                 "verdict": "REVIEW", "pages": [case]}
            )  # fmt: skip
            rows[page].append({"source": id, "scan": case, "engine": "e", "state": "READ"})
    with service.context.ledger.begin() as tx:
        for table, lines in rows.items():
            for at in range(0, len(lines), PART):
                tx.execute(sa.insert(table), lines[at : at + PART])


def sessions(service: Service, people: int) -> list[str]:
    """Cookies of that many open sessions. Nobody waits for fifty hashes here."""
    account = service.accounts.of_this_machine("benchmark")
    return [service.accounts.use_link(service.accounts.make_link(account.name, by="benchmark")).token for _ in range(people)]


def work(url: str, token: str, until: float, reads_s: float, taken: list[tuple[str, float]], chance: random.Random) -> None:
    """One person."""
    with httpx.Client(base_url=url, cookies={"digitizer_session": token}, headers={"accept": "text/html"}, timeout=60) as browser:
        time.sleep(chance.uniform(0, reads_s))
        while time.monotonic() < until:
            address = chance.choice(PAGES)
            began = time.perf_counter()
            answer = browser.get(f"/station/{address}")
            taken.append((address, (time.perf_counter() - began) * 1000))
            assert answer.status_code == 200, (address, answer.status_code)
            time.sleep(chance.expovariate(1 / reads_s))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--reads", type=float, default=5.0, help="seconds a person reads a page, on average")
    parser.add_argument("--ledger", default="sqlite:")
    parser.add_argument("--results", type=Path, default=ROOT / "benchmarks" / "results")
    given = parser.parse_args()
    chance = random.Random(1)
    with TemporaryDirectory() as home:
        settings = Settings(home=Path(home), ledger=given.ledger)
        with Service.open(settings) as service:
            fill(service, chance)
            tokens = sessions(service, given.people)
        print(save(measure(given, home, tokens), given.results, f"station-{given.ledger.partition(':')[0].partition('+')[0]}"))


def measure(given: argparse.Namespace, home: str, tokens: list[str]) -> dict[str, Any]:
    """Serves, has everybody work, and counts."""
    command = [sys.executable, "-m", "digitizer", "--home", home, "--ledger", given.ledger, "serve", "--port", "0", "--jobs", "0"]
    taken: list[tuple[str, float]] = []
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, cwd=ROOT) as process:
        try:
            assert process.stdout is not None
            url = process.stdout.readline().strip()
            server, began = psutil.Process(process.pid), time.monotonic()
            before = sum(server.cpu_times()[:2])
            threads = [
                threading.Thread(
                    target=work, args=(url, token, began + given.seconds, given.reads, taken, random.Random(secrets.randbits(32)))
                )
                for token in tokens
            ]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            used, seconds = sum(server.cpu_times()[:2]) - before, time.monotonic() - began
        finally:
            process.terminate()
            process.wait(30)
    times = [ms for _, ms in taken]
    cuts = quantiles(times, n=100)
    by_page = {name or "home": round(median([ms for at, ms in taken if at == name]), 1) for name in PAGES}
    return {
        "people": given.people, "reads_s": given.reads, "ledger": given.ledger.partition(":")[0], "records": BOOKS * RECORDS,
        "answers": len(times), "answers_s": round(len(times) / seconds, 1), "ms_median": round(median(times), 1),
        "ms_95": round(cuts[94], 1), "ms_99": round(cuts[98], 1), "ms_median_of_page": by_page,
        "server_cores_used": round(used / seconds, 2), "load": os.getloadavg(),
    }  # fmt: skip


if __name__ == "__main__":
    main()
