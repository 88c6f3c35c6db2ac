"""Commands that do not read pages: exit codes, help, refusals."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from digitizer import sandbox
from digitizer.cli import COMMANDS
from digitizer.ledger import open_ledger, outbox
from digitizer.ledger.outbox import NewDelivery
from digitizer.messages import catalogue
from digitizer.ocr import weights
from digitizer.pace import Pace
from tests.conftest import ROOT, SAMPLES, Answer

Command = Callable[..., Answer]
SAMPLE = SAMPLES / "birth_extract" / "birth_extract_01.jpg"


def test_help_is_vietnamese_and_english(digitizer: Command) -> None:
    vietnamese, english = digitizer("--help"), digitizer("--lang", "en", "--help")
    assert vietnamese.code == english.code == 0
    assert "Số hóa" in vietnamese.out
    assert "Digitizes" in english.out
    for name in COMMANDS:
        assert name in vietnamese.out


@pytest.mark.parametrize("name", sorted(COMMANDS))
@pytest.mark.parametrize("lang", ["vi", "en"])
def test_every_command_and_option_has_help(digitizer: Command, name: str, lang: str) -> None:
    shown = digitizer("--lang", lang, name, "--help")
    assert shown.code == 0
    assert catalogue(lang)[f"help_{name}"].split()[0] in shown.out


def test_help_does_not_load_the_engine() -> None:
    heavy = "{'cv2', 'paddleocr', 'onnxruntime', 'sqlalchemy', 'pymupdf', 'numpy'}"
    code = f"import sys, digitizer.cli as c; c.run(['--help']); print(sorted({heavy} & set(sys.modules)))"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.splitlines()[-1] == "[]"


def test_the_checkout_has_a_door_of_its_own() -> None:
    shown = subprocess.run([sys.executable, str(ROOT / "cli.py"), "--version"], capture_output=True, text=True, check=True)
    assert "0.1.0" in shown.stdout


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["nonsense"], 1),
        (["ingest"], 1),
        (["ingest", "/no/such/folder"], 5),
        (["ingest", str(SAMPLE), "--book", "quyển 1"], 1),
        (["ingest", str(SAMPLE), "--dossier", "hồ sơ 1"], 1),
        (["--store", "ftp://server", "status"], 9),
        (["retry", "nothing"], 1),
        (["reprocess", "nothing", "--reason", "x"], 1),
        (["attach", "nothing", "--dossier", "H60.127.03-260930-0012"], 1),
        (["--queue", "pigeon:", "ingest", str(SAMPLE)], 9),
        (["approve", "--by", "a"], 1),
        (["approve", "0000", "--by", "a"], 1),
        (["retry", "no-such-file"], 1),
    ],
)
def test_a_refusal_has_its_exit_code_and_says_why(digitizer: Command, arguments: list[str], code: int) -> None:
    answer = digitizer(*arguments)
    assert answer.code == code, answer.err
    assert answer.err.strip()
    assert answer.out == ""


def test_output_inside_the_ingested_folder_is_refused(digitizer: Command, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    shutil.copy(SAMPLE, folder)
    assert digitizer("ingest", folder, "--output", folder / "out").code == 9
    assert digitizer("ingest", folder, "--output", folder).code == 9


def test_a_wrong_declaration_is_refused_with_file_and_line(
    digitizer: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "meo.toml").write_text('name = "meo"\ntitle = ["Giấy con mèo"]\nfield = [{ name = "a", type = "cat" }]\n')
    monkeypatch.setenv("DIGITIZER_DOCTYPES", str(tmp_path / "own"))
    answer = digitizer("doctypes", "check")
    assert answer.code == 9
    assert "meo.toml" in answer.err
    assert "3" in answer.err


def test_a_model_without_vietnamese_letters_is_refused(
    digitizer: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "model"
    shutil.copytree(weights.SHIPPED / weights.RECOGNISER, folder)
    declared = folder / "inference.yml"
    declared.write_text(declared.read_text(encoding="utf-8").replace("ỡ", "o"), encoding="utf-8")
    monkeypatch.setenv("DIGITIZER_ENGINE__RECOGNISER", str(folder))
    assert digitizer("models", "verify").code == 22
    answer = digitizer("ingest", SAMPLE)
    assert answer.code == 22, "refused before anything starts"


def test_models_and_doctypes_are_as_they_should_be(digitizer: Command) -> None:
    assert digitizer("models", "verify").code == 0
    listed = digitizer("doctypes", "check")
    assert listed.code == 0
    assert "birth_register" in listed.out
    assert digitizer("doctor").code == 0


@pytest.mark.parametrize("command", ["status", "attach"])
def test_a_delivery_that_was_never_tried_is_listed_without_the_word_none(
    digitizer: Command, tmp_path: Path, command: str
) -> None:
    with open_ledger("sqlite:", tmp_path / "home").begin() as tx:
        outbox.add(tx, NewDelivery(kind="attach", target="dossiers", order_key="D", key="k", dossier="D"), actor="test")
        outbox.claim(tx, "dossiers", pace=Pace(concurrency=1), lease_s=3600, now=time.time())
    shown = digitizer(command)
    assert "gắn tệp" in shown.out
    assert "None" not in shown.out


def test_any_setting_is_set_on_the_command_line(digitizer: Command) -> None:
    assert digitizer("--set", "engine.threads=2", "status").code == 0
    refused = digitizer("--set", "engine.colour=red", "status")
    assert refused.code == 9
    assert "engine.colour" in refused.err


def test_doctor_says_which_walls_stand_around_decoders(digitizer: Command) -> None:
    assert "seccomp" in digitizer("doctor").out


def test_a_new_home_is_closed_to_others_and_doctor_closes_an_old_one(digitizer: Command, tmp_path: Path) -> None:
    home = tmp_path / "home"
    assert digitizer("status").code == 0
    assert home.stat().st_mode & 0o077 == 0
    home.chmod(0o755)
    told = digitizer("doctor")
    assert (told.code, "chmod 700" in told.out) == (0, True), "it is said, and work goes on"
    assert "Đã sửa" in digitizer("doctor", "--fix").out
    assert home.stat().st_mode & 0o077 == 0
    assert all(one["right"] for one in digitizer("doctor", "--json").json if one["code"] == "rights")


def test_doctor_names_every_fault_and_its_remedy(digitizer: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "model"
    shutil.copytree(weights.SHIPPED / weights.RECOGNISER, folder)
    (folder / "inference.onnx").write_bytes(b"cut short")
    monkeypatch.setenv("DIGITIZER_ENGINE__RECOGNISER", str(folder))
    monkeypatch.setattr("digitizer.service.checkup.LEAST_ROOM", 10**18)
    monkeypatch.setattr("digitizer.service.checkup.MADE_AT", 10**12)
    monkeypatch.setattr("digitizer.service.checkup.WORKER_MEMORY", 10**15)
    told = digitizer("--ledger", f"sqlite:///{tmp_path / 'model'}", "doctor")
    assert told.code == 15
    for said in ("Hãy dọn ổ đĩa", "jobs = 1", "timedatectl", "Bộ đọc chữ không dùng được", "Không mở được kho hoặc sổ cái"):
        assert said in told.out, said
    assert "Sẵn sàng" not in told.out
    wrong = {one["code"] for one in digitizer("doctor", "--json").json if not one["right"]}
    assert {"room", "clock", "models", "memory"} <= wrong


def test_nothing_starts_without_walls_where_they_are_required(digitizer: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    assert digitizer("--set", "security.require_sandbox=true", "status").code == 0
    monkeypatch.setattr(sandbox, "found", lambda: ["no_new_privs"])
    refused = digitizer("--set", "security.require_sandbox=true", "status")
    assert refused.code == 9
    assert "landlock" in refused.err
