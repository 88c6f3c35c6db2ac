"""What all tests share: no settings from outside, the command line as a function, a recording made by the real engine."""

from __future__ import annotations

import importlib
import json
import os
import random
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.servers import Servers, pytest_terminal_summary  # noqa: F401

ROOT = Path(__file__).resolve().parent.parent
SAMPLES = ROOT / "samples"
DEMO = SAMPLES / "H60.127.03" / "dossiers" / "H60.127.03-260930-0012"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--kills", type=int, default=20, help="how often fault tests kill something (make faults: 200)")
    parser.addoption("--seed", type=int, help="repeats the random choices of an earlier run")
    parser.addoption(
        "--most-minutes", type=float, default=100.0, help="the large fault run ends its harm then, and says how much it did"
    )
    parser.addoption("--pictures", type=Path, help="a folder for pictures of the station's pages: docs/pictures")
    parser.addoption("--record", type=Path, help="a folder for what the fault tests did and found (make faults)")


@pytest.fixture(scope="session")
def empty_ledger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A ledger at the newest schema. Copying it is thirty times as fast as migrating."""
    from digitizer.service import Service
    from digitizer.settings import Settings

    home = tmp_path_factory.mktemp("ledger")
    with Service.open(Settings(home=home)):
        return home / "ledger.db"


@pytest.fixture
def fresh_home(tmp_path: Path, empty_ledger: Path) -> Path:
    """A home with an empty ledger."""
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    shutil.copy(empty_ledger, home / "ledger.db")
    return home


#: what a test did and found, by a name of its own
Findings = dict[str, Any]


@pytest.fixture
def chance(request: pytest.FixtureRequest) -> random.Random:
    """Random choices that `--seed` repeats; the seed is printed when the test fails."""
    print(f"--seed {request.config.seed}")  # type: ignore[attr-defined]
    return random.Random(request.config.seed)  # type: ignore[attr-defined]


@pytest.fixture
def findings(request: pytest.FixtureRequest) -> Findings:
    """What `--record` keeps, with machine, commit and seed."""
    kept: Findings = request.config.findings  # type: ignore[attr-defined]
    return kept


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    folder, found = session.config.getoption("--record"), session.config.findings  # type: ignore[attr-defined]
    if folder and found:
        sys.path.insert(0, str(ROOT / "benchmarks"))
        save = importlib.import_module("run").save
        used = os.times()
        seconds = used.user + used.system + used.children_user + used.children_system
        about = {"seed": session.config.seed, "passed": exitstatus == 0, "cpu_s_tests_and_workers": round(seconds)}  # type: ignore[attr-defined]
        print(save({**about, "load": os.getloadavg(), **found}, folder, "faults"))


def pytest_configure(config: pytest.Config) -> None:
    for name in [name for name in os.environ if name.startswith("DIGITIZER_")]:
        del os.environ[name]
    # commands and workers that tests start compile their modules once, not every time
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    config.digitizer_servers = Servers()  # type: ignore[attr-defined]
    config.seed = config.getoption("--seed") or random.randrange(1 << 30)  # type: ignore[attr-defined]
    config.findings = {}  # type: ignore[attr-defined]


def pytest_unconfigure(config: pytest.Config) -> None:
    config.digitizer_servers.end()  # type: ignore[attr-defined]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests that need servers come late: MinIO may still be building. Those with Chromium come last.

    Playwright keeps an event loop in the main thread, beside which nobody else can run one.
    """
    items.sort(
        key=lambda item: ("playwright" in getattr(item, "fixturenames", ()), item.get_closest_marker("service") is not None)
    )


@pytest.fixture(scope="session")
def servers(request: pytest.FixtureRequest) -> Servers:
    """Real Redis, PostgreSQL and S3: `servers.redis.url()`, `servers.postgres.url()`, `servers.s3.bucket()`.

    A test that asks for them is marked `service`. They are shared by all tests and stopped at the end.
    """
    found: Servers = request.config.digitizer_servers  # type: ignore[attr-defined]
    return found


@pytest.fixture(scope="session")
def eval_data() -> Path:
    """The evaluation data, or a skip that says why."""
    folder = Path(os.environ.get("EVAL_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"no evaluation data at {folder} (set EVAL_DATA)")
    return folder


@dataclass(frozen=True)
class Answer:
    """What a command did."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> dict:  # type: ignore[type-arg]
        return json.loads(self.out)  # type: ignore[no-any-return]


@pytest.fixture
def digitizer(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> Callable[..., Answer]:
    """`digitizer("status")` runs a command on a home of this test's own."""
    from digitizer.cli import run

    def call(*arguments: str | Path) -> Answer:
        capfd.readouterr()
        code = run(["--home", str(tmp_path / "home"), *(str(a) for a in arguments)])
        sys.stdout.flush()
        return Answer(code, *capfd.readouterr())

    return call


@pytest.fixture(scope="session")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """What the real engine reads on the pages of the demo dossier, for tests that need many runs and no reading."""
    from digitizer import serialization
    from digitizer.ocr import open_engine
    from digitizer.ocr.replay import digest
    from digitizer.pages import straighten
    from digitizer.settings import EngineOptions, PageOptions
    from tests.scans import load

    engine, lines = open_engine(EngineOptions()), {}
    for path in sorted(p for p in DEMO.rglob("*") if p.suffix in (".jpg", ".pdf")):
        for scan in load(path, source="", options=PageOptions()):
            for page in straighten(scan, options=PageOptions()):
                lines[digest(page.pixels)] = serialization.dump(engine.read(page)).decode()
    path = tmp_path_factory.mktemp("recording") / "recording.json"
    path.write_text(json.dumps(lines), encoding="utf-8")
    yield path
