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
from pathlib import Path

import pytest
from PIL import Image

from digitizer import sandbox
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


@pytest.fixture
def hostile(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, scan: Path) -> Path:
    """A home that the hostile decoder is after. Its folder, port and program travel in variables a decoder gets."""
    (tmp_path / "keys").mkdir()
    for name in ("ledger.db", "keys/own.pem"):
        (tmp_path / name).write_bytes(b"secret")
    monkeypatch.setattr(load, "_PROGRAM", str(HOSTILE))
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
    no_walls = hostile / "no_walls.py"
    no_walls.write_text(
        "import runpy, digitizer.sandbox as walls\n"
        "walls.enter = lambda: []\n"
        "walls.limit = lambda **_: None\n"
        f"runpy.run_path({str(HOSTILE)!r}, run_name='__main__')\n"
    )
    monkeypatch.setattr(load, "_PROGRAM", str(no_walls))
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
    monkeypatch.setattr(load, "_PROGRAM", str(HOSTILE))
    monkeypatch.setenv("LD_LIBRARY_PATH", str(Path(load.__file__).with_name("decode.py")))
    monkeypatch.setenv("LANG", str(tmp_path))
    monkeypatch.setenv("LC_ALL", "1")
    options = PageOptions(limits=Limits(child_wall_s=20))
    for _ in range(2):
        with pytest.raises(DamagedFile):
            ScanFile(scan, source="0" * 64, options=options)
    monkeypatch.undo()
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
    endless.write_text("import sys\nsys.stdin.readline()\nwhile True: sys.stdout.write('1' * 10_000)\n")
    monkeypatch.setattr(load, "_PROGRAM", str(endless))
    started = time.monotonic()
    with pytest.raises(InputError):
        ScanFile(scan, source="0" * 64, options=OPTIONS)
    assert time.monotonic() - started < 30


def _answers(monkeypatch: pytest.MonkeyPatch, folder: Path, *lines: bytes) -> None:
    """A decoder that writes `lines`, one for each question."""
    program = folder / "lying.py"
    program.write_text(
        f"import sys\nfor line in {lines!r}:\n    sys.stdin.readline()\n    sys.stdout.buffer.write(line + b'\\n')\n"
        "    sys.stdout.flush()\nsys.stdin.readline()\n"
    )
    monkeypatch.setattr(load, "_PROGRAM", str(program))


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
