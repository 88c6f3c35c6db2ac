"""Workers killed at any moment, again and again: at the end every page is done once or has failed with a name."""

from __future__ import annotations

import hashlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from digitizer.ledger import events, open_ledger, outbox
from digitizer.storage import open_store
from tests.conftest import DEMO, SAMPLES, Answer, Findings

Command = Callable[..., Answer]


def workers(run: int) -> list[psutil.Process]:
    """The worker processes of the command with this process id; nobody else's on this machine."""
    try:
        below = psutil.Process(run).children(recursive=True)
    except psutil.NoSuchProcess:
        return []
    return [process for process in below if _works(process)]


def _works(process: psutil.Process) -> bool:
    try:
        return process.cmdline()[1:3] == ["-m", "workers"]
    except psutil.NoSuchProcess:
        return False


def dossiers(folder: Path, count: int) -> None:
    """Copies of the demo dossier, each of other bytes, so that it has work of its own; the pixels stay those of the recording."""
    for number in range(count):
        target = folder / "H60.127.03" / "dossiers" / f"H60.127.03-260930-00{number + 20}"
        shutil.copytree(DEMO, target, ignore=shutil.ignore_patterns("*.truth.json", "*.toml"))
        for path in target.rglob("*.*"):
            path.write_bytes(path.read_bytes() + f"\n%{number}\n".encode())


def killed_again_and_again(command: list[str], wanted: int, chance: random.Random) -> int:
    """Runs a command and kills it or its workers at random until it is through or `wanted` were killed; how many were."""
    kills = 0
    while kills < wanted:
        run = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
        while run.poll() is None and kills < wanted:
            time.sleep(chance.uniform(0.05, 0.9))
            victims = [run.pid] if chance.random() < 0.2 else [w.pid for w in workers(run.pid)]
            if victims and run.poll() is None:
                try:
                    os.kill(chance.choice(victims), signal.SIGKILL)
                except ProcessLookupError:
                    continue
                kills += 1
        if run.poll() == 20:
            break
        run.kill()
        run.wait()
    return kills


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_workers_killed_at_random_lose_nothing_and_do_nothing_twice(
    digitizer: Command,
    tmp_path: Path,
    recording: Path,
    monkeypatch: pytest.MonkeyPatch,
    chance: random.Random,
    request: pytest.FixtureRequest,
    findings: Findings,
) -> None:
    wanted = max(20, request.config.getoption("--kills") // 4)
    monkeypatch.setenv("DIGITIZER_ENGINE__NAME", "replay")
    monkeypatch.setenv("DIGITIZER_ENGINE__RECORDING", str(recording))
    # a kill is the test's doing, not the page's: attempts must not run out
    monkeypatch.setenv("DIGITIZER_ATTEMPTS", "1000")
    folder = tmp_path / "in"
    dossiers(folder, 4)
    originals = {p: p.read_bytes() for p in folder.rglob("*.*") if p.is_file()}
    command = [sys.executable, "-m", "digitizer", "--home", str(tmp_path / "home"), "ingest", str(folder), "--jobs", "2"]
    kills = killed_again_and_again(command, wanted, chance)
    last = digitizer("ingest", folder, "--output", tmp_path / "out")
    assert last.code == 20, last.err
    findings["one machine"] = {"kills": kills, "files": 12, "found": "as in the pool"}

    status = digitizer("status", "--json").json
    assert status["intakes"] == {"DIGITIZED": 12}
    assert status["records"] == {"REVIEW": 12}
    assert status["working"] == []
    assert status["deliveries"] == {"DONE": 12}
    assert len(list((tmp_path / "home" / "dossiers").rglob("*.pdf"))) == 12, "no attachment twice"
    assert digitizer("verify").code == 0
    store = open_store("file:", tmp_path / "home")
    for path, content in originals.items():
        assert path.read_bytes() == content
    kept = {key.rpartition("/")[2] for key in store.list()}
    ledger = open_ledger("sqlite:", tmp_path / "home")
    with ledger.begin() as tx:
        events.seal(tx)
        assert events.verify(tx)[1] is None
        assert len(outbox.receipts(tx)) == 12
    ledger.close()
    assert {hashlib.sha256(content).hexdigest() for content in originals.values()} <= kept
    for path in (tmp_path / "out").rglob("*.json"):
        assert len(json.loads(path.read_text(encoding="utf-8"))["pages"]) >= 1
    for left in (tmp_path / "home" / "scratch").iterdir():
        os.utime(left, (0, 0))
    assert digitizer("sweep").code == 0
    assert list((tmp_path / "home" / "scratch").iterdir()) == [], "what killed workers left is swept away after a day"


@pytest.mark.slow
def test_a_page_that_kills_workers_fails_with_its_reason(
    digitizer: Command, tmp_path: Path, recording: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The engine here is one that dies on every page but those it knows."""
    plugin = tmp_path / "plugin"
    plugin.mkdir()
    (plugin / "sitecustomize.py").write_text(
        "import os\n"
        "from digitizer.ocr import replay\n"
        "read = replay.ReplayEngine.read\n"
        "def deadly(self, page):\n"
        "    if replay.digest(page.pixels) not in self._lines:\n"
        "        os.kill(os.getpid(), 9)\n"
        "    return read(self, page)\n"
        "replay.ReplayEngine.read = deadly\n",
        encoding="utf-8",
    )
    monkeypatch.setenv("PYTHONPATH", str(plugin))
    monkeypatch.setenv("DIGITIZER_ENGINE__NAME", "replay")
    monkeypatch.setenv("DIGITIZER_ENGINE__RECORDING", str(recording))
    folder = tmp_path / "in"
    folder.mkdir()
    shutil.copy(next(DEMO.rglob("*.jpg")), folder / "a.jpg")
    shutil.copy(SAMPLES / "birth_extract" / "birth_extract_01.jpg", folder / "deadly.jpg")
    done = digitizer("ingest", folder, "--json", "--jobs", "1")
    assert done.code == 21
    rows = {Path(row["file"]).name: row for row in done.json["files"]}
    assert rows["a.jpg"]["state"] == "DIGITIZED"
    assert rows["deadly.jpg"]["state"] == "FAILED"
    assert "3" in rows["deadly.jpg"]["message"], "it names the attempts"
    monkeypatch.delenv("PYTHONPATH")
    monkeypatch.delenv("DIGITIZER_ENGINE__NAME")
    assert digitizer("retry").code == 0
    assert digitizer("ingest", folder).code == 20, "with a healthy engine the page is read"


@pytest.mark.slow
def test_a_full_disk_stops_the_run_and_a_second_run_completes(
    digitizer: Command, tmp_path: Path, recording: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """RLIMIT_FSIZE stands for the full disk: writing fails in the middle of a file."""
    monkeypatch.setenv("DIGITIZER_ENGINE__NAME", "replay")
    monkeypatch.setenv("DIGITIZER_ENGINE__RECORDING", str(recording))
    source = next(DEMO.rglob("*.jpg"))
    limited = (
        "import resource, signal, sys; signal.signal(signal.SIGXFSZ, signal.SIG_IGN);"
        f"resource.setrlimit(resource.RLIMIT_FSIZE, ({source.stat().st_size // 2},) * 2);"
        "from digitizer.cli import run; sys.exit(run(sys.argv[1:]))"
    )
    arguments = ["--home", str(tmp_path / "home"), "ingest", str(source)]
    full = subprocess.run([sys.executable, "-c", limited, *arguments], capture_output=True, text=True, timeout=120)
    assert full.returncode == 23, full.stderr
    assert "Traceback" not in full.stderr
    assert digitizer("ingest", source).code == 20
    assert digitizer("verify").code == 0
