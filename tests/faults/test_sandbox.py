"""A decoder in a stranger's hands gets nothing, its file ends FAILED, and the rest goes on."""

from __future__ import annotations

import ctypes
import importlib
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from PIL import Image

from digitizer import forks, sandbox
from digitizer.errors import DamagedFile, InputError
from digitizer.pages import ScanFile
from digitizer.settings import Limits, PageOptions

load = importlib.import_module("digitizer.pages.load")
HOSTILE = Path(__file__).with_name("hostile.py")
OPTIONS = PageOptions()


@pytest.fixture
def scan(tmp_path: Path) -> Path:
    path = tmp_path / "scan.jpg"
    Image.new("RGB", (40, 60), "white").save(path)
    return path


@pytest.fixture(autouse=True)
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A fork server of its own, because a server keeps the environment it started with."""
    server = forks.ForkServer()
    monkeypatch.setattr(forks, "_shared", server)
    yield
    server.close()


@pytest.fixture
def hostile(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, scan: Path) -> Path:
    """A home that the hostile decoder is after. Its folder, port and program travel in variables a decoder gets."""
    (tmp_path / "keys").mkdir()
    for name in ("ledger.db", "keys/own.pem"):
        (tmp_path / name).write_bytes(b"secret")
    monkeypatch.setattr(load, "_TASK", str(HOSTILE))
    monkeypatch.setenv("LANG", str(tmp_path))
    monkeypatch.setenv("LD_LIBRARY_PATH", str(Path(load.__file__).with_name("decode.py")))
    return tmp_path


def test_the_walls_are_all_found_here() -> None:
    assert sandbox.found() == list(sandbox.LAYERS)


def test_a_decoder_in_a_strangers_hands_reaches_nothing(
    hostile: Path, scan: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    before = {path: path.read_bytes() for path in sorted(hostile.rglob("*")) if path.is_file()}
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        monkeypatch.setenv("LC_ALL", str(server.getsockname()[1]))
        with pytest.raises(DamagedFile) as caught:
            ScanFile(scan, source="0" * 64, options=OPTIONS)
        with pytest.raises(TimeoutError):
            server.accept()
    assert caught.value.facts == {"reason": "nothing"}
    assert {path: path.read_bytes() for path in sorted(hostile.rglob("*")) if path.is_file()} == before


def test_the_same_stranger_takes_all_of_it_where_there_are_no_walls(
    hostile: Path, scan: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (hostile / "no_walls").touch()
    with socket.create_server(("127.0.0.1", 0)) as server:
        monkeypatch.setenv("LC_ALL", str(server.getsockname()[1]))
        with pytest.raises(InputError):
            ScanFile(scan, source="0" * 64, options=OPTIONS)
    worked = (hostile / "worked").read_text().splitlines()
    wanted = {"read /etc/passwd", f"read {hostile / 'keys' / 'own.pem'}", "/proc/parent/environ", "list", "create", "truncate"}
    assert wanted | {"rename", "link", "tcp", "udp", "fork", "spawn", "kill parent", "executable memory"} <= set(worked)


def test_a_file_that_takes_its_decoder_over_ends_failed_and_the_batch_goes_on(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, scan: Path
) -> None:
    decoder = load._TASK
    monkeypatch.setattr(load, "_TASK", str(HOSTILE))
    monkeypatch.setenv("LD_LIBRARY_PATH", decoder)
    monkeypatch.setenv("LANG", str(tmp_path))
    monkeypatch.setenv("LC_ALL", "1")
    options = PageOptions(limits=Limits(child_wall_s=20))
    for _ in range(2):
        with pytest.raises(DamagedFile):
            ScanFile(scan, source="0" * 64, options=options)
    monkeypatch.setattr(load, "_TASK", decoder)
    with ScanFile(scan, source="0" * 64, options=OPTIONS) as file:
        assert file.read(0).pixels.shape == (60, 40, 3)


# --- answers --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "line",
    [
        b'{"pages": 200000000, "signed": false, "repaired": false}',
        b'{"pages": 0, "signed": false, "repaired": false}',
        b'{"pages": "1", "signed": false, "repaired": false}',
        b'{"pages": 1, "signed": false, "repaired": false, "more": 1}',
        b'{"error": "os.system", "facts": {}}',
        b'{"error": "damaged_file", "facts": {"reason": {"a": 1}}}',
        b'{"error": "damaged_file", "facts": {"code; DROP": 1}}',
        b"[]",
        b"\xff\xfe",
        b'{"pages": 1e400, "signed": false, "repaired": false}',
    ],
)
def test_a_header_that_no_decoder_of_ours_writes_is_not_believed(
    line: bytes, scan: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _answers(monkeypatch, tmp_path, line)
    with pytest.raises(DamagedFile) as caught:
        ScanFile(scan, source="0" * 64, options=OPTIONS)
    assert caught.value.facts == {"reason": "answer"}


_GOOD = {
    "width": 4,
    "height": 4,
    "coarser": 1,
    "dpi": 200.0,
    "area": None,
    "cut_short": False,
    "beside": [],
    "notes": 0,
    "text": None,
}


@pytest.mark.parametrize(
    "changed",
    [
        {"width": -4},
        {"width": 1_000_000, "height": 1_000_000},
        {"width": 2.5},
        {"coarser": 0},
        {"dpi": float("nan")},
        {"area": [0, 0, 1]},
        {"text": {"runs": [["F", False, 1.0, 0.0, [[0x110000, 0, 0, 0, 0, 0, 0]]]], "pictures": []}},
        {"text": {"runs": [["F", False, 1.0, 0.0, [[65, 0, 0]]]], "pictures": []}},
        {"beside": [["script", "", "x"]]},
        {"beside": [["note", "", "x" * 2001]]},
    ],
)
def test_a_page_that_no_decoder_of_ours_writes_is_not_believed(
    changed: dict[str, object], scan: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = json.dumps({**_GOOD, **changed}).encode()
    _answers(monkeypatch, tmp_path, b'{"pages": 1, "signed": false, "repaired": false}', page)
    with ScanFile(scan, source="0" * 64, options=OPTIONS) as file, pytest.raises(DamagedFile) as caught:
        file.read(0)
    assert caught.value.facts["reason"] == "answer"


def test_an_answer_without_end_is_cut(scan: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(load, "_MOST_LINE", 1000)
    endless = tmp_path / "endless.py"
    endless.write_text(
        "def load_libraries(hint): pass\ndef serve(requests, answers, files):\n    while True: answers.write(b'1' * 10_000)\n"
    )
    monkeypatch.setattr(load, "_TASK", str(endless))
    started = time.monotonic()
    with pytest.raises(InputError):
        ScanFile(scan, source="0" * 64, options=OPTIONS)
    assert time.monotonic() - started < 30


def _answers(monkeypatch: pytest.MonkeyPatch, folder: Path, *lines: bytes) -> None:
    """A decoder that writes `lines`, one for each question."""
    program = folder / "lying.py"
    program.write_text(
        "def load_libraries(hint): pass\n"
        "def serve(requests, answers, files):\n"
        f"    for line in {lines!r}:\n"
        "        requests.readline()\n        answers.write(line + b'\\n')\n        answers.flush()\n"
        "    requests.readline()\n"
    )
    monkeypatch.setattr(load, "_TASK", str(program))


def test_a_fork_server_that_was_killed_is_started_again(scan: Path) -> None:
    with ScanFile(scan, source="0" * 64, options=OPTIONS) as file:
        for child in psutil.Process().children():
            if any(part.endswith("fork_server.py") for part in child.cmdline()):
                child.kill()
                child.wait()
        with pytest.raises(InputError):
            file.read(0)
        assert file.read(0).pixels.shape == (60, 40, 3)


def test_children_end_with_the_process_they_work_for(scan: Path) -> None:
    program = (
        "import time; from pathlib import Path; from digitizer.pages import ScanFile\n"
        "from digitizer.settings import PageOptions\n"
        f"file = ScanFile(Path({str(scan)!r}), source='', options=PageOptions())\nprint('open', flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        family = psutil.Process(process.pid).children(recursive=True)
        assert len(family) == 2
        process.kill()
        assert psutil.wait_procs(family, timeout=10)[1] == []


# --- the parent -----------------------------------------------------------------------------------------------------


def test_other_processes_of_the_user_do_not_see_into_ours() -> None:
    said = subprocess.run(
        [
            sys.executable,
            "-c",
            "from digitizer import sandbox; print(sandbox.hide()); import ctypes; print(ctypes.CDLL(None).prctl(3))",
        ],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ},
    )
    assert said.stdout.split() == ["True", "0"]
    assert ctypes.CDLL(None).prctl(3) == 1, "the tests themselves are not hidden"
