"""How long a person needs for a register record at the review station: `benchmarks/review.py [--records 60]`.

Chromium is driven through records of `samples/` as a person would do it, by keyboard: the doubtful fields one after the other,
each compared with the page (here: with the truth), a right one accepted by Enter, a wrong one typed. The keystroke-level model
of Card, Moran and Newell (1980) turns that into seconds: 0.28 s a key, 1.35 s for each decision, and what the system takes,
which is measured. A Vietnamese letter takes as many keys as Telex needs. Beside it stand the same records typed whole, and the
command line.
"""

from __future__ import annotations

import argparse
import json
import secrets
import sys
import time
import unicodedata
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]

from measure import same  # noqa: E402
from playwright.sync_api import Page, sync_playwright  # noqa: E402
from run import save  # noqa: E402

from digitizer.ledger.accounts import Grant, Role  # noqa: E402
from digitizer.ledger.records import Kept  # noqa: E402
from digitizer.model import RecordState  # noqa: E402
from digitizer.service import Service, Submission  # noqa: E402
from digitizer.settings import Settings  # noqa: E402
from digitizer.text import fold  # noqa: E402
from tests.api.conftest import serving  # noqa: E402
from workers.loop import Lifetime, WorkerLoop  # noqa: E402

#: seconds of a key and of a decision (Card, Moran, Newell 1980: an average typist)
KEY_S, MIND_S = 0.28, 1.35
#: registers that are looked at
TYPES = ("birth_register", "marriage_register")
#: letters of an id that a command needs, and of the commands themselves
_ID, _CORRECT, _APPROVE = 14, len("digitizer correct  --by can.bo"), len("digitizer approve  --by can.bo")


def keys_of(text: str) -> int:
    """How many keys Telex needs for a text: one a letter, one more for each mark, one more for each capital."""
    plain = text.replace("đ", "dd").replace("Đ", "DD")
    return sum(1 + letter.isupper() for letter in unicodedata.normalize("NFD", plain))


def read_samples(home: Path, most: int) -> dict[str, dict[str, Any]]:
    """Reads register pages of `samples/` into a home. Gives record id -> its truth."""
    truths: dict[str, dict[str, Any]] = {}
    with Service.open(Settings(home=home)) as service:
        intakes = {}
        for doctype in TYPES:
            for path in sorted((ROOT / "samples" / doctype).glob("*.truth.json")):
                scan = next(one for one in path.parent.glob(path.name.partition(".")[0] + ".*") if one.suffix != ".json")
                intake, _ = service.submissions.receive([scan], scan.name, Submission(actor="bench", agency="H60.127.03"))
                intakes[intake.id] = json.loads(path.read_text(encoding="utf-8"))
        while WorkerLoop(service, "bench", Lifetime()).work_once():
            pass
        for intake_id, truth in intakes.items():
            wanted = [record["fields"] for one in truth["documents"] if one["type"] in TYPES for record in one["records"]]
            for kept in service.review.records(states=[RecordState.REVIEW], intake=intake_id):
                mine = _closest(kept, wanted)
                if mine is not None and kept.doctype in TYPES and len(truths) < most:
                    wanted.remove(mine)
                    truths[kept.record.id] = mine
        account, first = service.accounts.add(
            "bench", full_name="Bench", grants=[Grant(role=role, agency="*") for role in Role], by="bench"
        )
        login = service.accounts.log_in(account.name, first, address="bench")
        service.accounts.change_password(login.session, first, _PASSWORD)
    return truths


_PASSWORD = secrets.token_urlsafe(12)


def _closest(kept: Kept, wanted: Sequence[dict[str, Any]]) -> dict[str, Any] | None:
    read = {field.name: field.value for field in kept.record.fields}
    return max(wanted, key=lambda truth: sum(same(read.get(name), value) for name, value in truth.items()), default=None)


def shown(value: Any) -> str:
    """A true value as a person types it."""
    text = "; ".join(value) if isinstance(value, list) else str(value)
    parts = text.split("-")
    is_date = 1 < len(parts) <= 3 and len(parts[0]) == 4 and all(part.isdigit() for part in parts)
    return "/".join(reversed(parts)) if is_date else text


class Clerk:
    """Drives the record page and counts what a person would do."""

    def __init__(self, page: Page, url: str) -> None:
        self.page, self.url = page, url

    def check(self, record_id: str, truth: Mapping[str, Any]) -> dict[str, float]:
        """Checks one record. Gives keys, decisions, seconds of the system and seconds by the model."""
        page, keys, minds, waited = self.page, 0, 0, 0.0
        began = time.perf_counter()
        page.goto(f"{self.url}/station/records/{record_id}")
        page.wait_for_function("document.activeElement.matches('.field input')")
        page.wait_for_function("document.querySelector('.stage img').naturalWidth > 0")
        waited += time.perf_counter() - began
        wrong_left = 0
        for _ in range(80):
            name, value, doubtful = page.evaluate(
                "(() => { const f = document.activeElement; const d = f.closest('.field');"
                " return [f.name, f.value, !!d && d.classList.contains('doubt')]; })()"
            )
            if not doubtful:
                break
            minds += 1
            true = shown(truth[name]) if name in truth else ""
            if fold(value) != fold(true):
                page.keyboard.press("Control+a")
                page.keyboard.insert_text(true) if true else page.keyboard.press("Delete")
                keys += 2 + max(1, keys_of(true))
                minds += 1
            page.keyboard.press("Enter")
            keys += 1
        # one look over the whole before it is approved
        minds += 1
        began = time.perf_counter()
        page.keyboard.press("Control+s")
        page.wait_for_function("document.getElementById('told').hidden === false")
        waited += time.perf_counter() - began
        keys += 2
        for name, true in truth.items():
            field = page.query_selector(f"[name='{name}']")
            wrong_left += field is not None and fold(str(field.input_value())) != fold(shown(true))
        seconds = KEY_S * keys + MIND_S * minds + waited
        return {"keys": keys, "decisions": minds, "system s": waited, "seconds": seconds, "wrong left": wrong_left}


def typed_whole(truth: Mapping[str, Any]) -> float:
    """Seconds for typing every value of a record into a form."""
    return sum(MIND_S + KEY_S * (1 + keys_of(shown(value))) for value in truth.values())


def on_command_line(kept: Kept, truth: Mapping[str, Any]) -> float:
    """Seconds for the same corrections by commands: a look at every doubtful field, the wrong ones typed, the approval."""
    seconds = KEY_S * (_APPROVE + _ID) + MIND_S
    fields = {field.name: field for field in kept.record.fields}
    wrong = {name: value for name, value in truth.items() if name not in fields or not same(fields[name].value, value)}
    seconds += MIND_S * sum(not field.accepted for field in fields.values())
    if wrong:
        seconds += KEY_S * (_CORRECT + _ID + sum(len(name) + 3 + keys_of(shown(value)) for name, value in wrong.items()))
    return seconds + MIND_S * len(wrong)


def main() -> int:
    """Reads the samples, drives the station, saves the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=60)
    parser.add_argument("--output", type=Path, default=ROOT / "benchmarks" / "results")
    given = parser.parse_args()
    with TemporaryDirectory() as folder:
        home = Path(folder)
        truths = read_samples(home, given.records)
        with Service.open(Settings(home=home)) as service:
            kept = {one.record.id: one for one in service.review.records() if one.record.id in truths}
        found: dict[str, list[dict[str, float]]] = defaultdict(list)
        with serving(home) as server, sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
            page = browser.new_page(viewport={"width": 1366, "height": 768}, locale="vi", bypass_csp=True)
            page.on("dialog", lambda dialog: dialog.accept())
            page.goto(f"{server.url}/station/login")
            page.fill("[name=name]", "bench")
            page.fill("[name=password]", _PASSWORD)
            page.press("[name=password]", "Enter")
            page.wait_for_url("**/station/")
            for record_id, truth in truths.items():
                figures = Clerk(page, server.url).check(record_id, truth)
                figures["typed whole s"] = typed_whole(truth)
                figures["command line s"] = on_command_line(kept[record_id], truth)
                found[str(kept[record_id].doctype)].append(figures)
            browser.close()
    result = {
        doctype: {"records": len(rows)} | {name: round(median(row[name] for row in rows), 2) for name in rows[0]}
        for doctype, rows in found.items()
    }
    print(json.dumps(result, indent=1))
    print(save({"pages": "drawn by us", "median of": result}, given.output, "review"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
