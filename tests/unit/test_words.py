"""What an operator reads and sets: sentences, settings, dossier codes, models."""

from __future__ import annotations

import re
import shutil
import string
from pathlib import Path, PurePath

import pytest

from digitizer import dossiers, errors
from digitizer.cli import COMMANDS
from digitizer.errors import ConfigError, DigitizerError, ModelError
from digitizer.messages import catalogue, describe, say
from digitizer.model import Problem
from digitizer.ocr.weights import RECOGNISER, SHIPPED, check_model
from digitizer.settings import Settings
from tests.conftest import ROOT

SOURCES = [p.read_text(encoding="utf-8") for p in (ROOT / "digitizer").rglob("*.py")]


def facts(sentence: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name}


def test_both_languages_say_the_same_things() -> None:
    vietnamese, english = catalogue("vi"), catalogue("en")
    assert set(vietnamese) == set(english)
    assert {k for k in vietnamese if facts(vietnamese[k]) != facts(english[k])} == set()
    assert all(sentence.strip() for sentence in (*vietnamese.values(), *english.values()))


def all_errors(root: type[DigitizerError] = DigitizerError) -> set[type[DigitizerError]]:
    return {root, *(e for sub in root.__subclasses__() for e in all_errors(sub))}


def test_every_error_and_problem_has_a_sentence() -> None:
    codes = {error.code for error in all_errors()}
    for source in SOURCES:
        codes |= set(re.findall(r'Problem\(\s*code="(\w+)"', source))
    types = (ROOT / "digitizer" / "extract" / "types.py").read_text(encoding="utf-8")
    codes |= {
        c
        for c in re.findall(r'"([a-z]+(?:_[a-z]+)+|empty)"', types)
        if (c not in ("date_", "strict") and "_" in c) or c == "empty"
    }
    rules = (ROOT / "digitizer" / "extract" / "check.py").read_text(encoding="utf-8")
    codes |= set(re.findall(r'yield "(\w+)"', rules))
    types_registered = {"date_words", "id_number", "register_number", "signer_title"}
    assert codes - types_registered - set(catalogue("vi")) == set()


def test_every_sentence_a_command_says_is_there() -> None:
    said = {key for source in SOURCES for key in re.findall(r'(?:say\(|speak\(ctx, )"(\w+)"', source)}
    said |= {f"help_{name}" for name in COMMANDS}
    assert said - set(catalogue("vi")) == set()
    assert len(said) > 30


def test_exit_codes_and_classes_are_as_published() -> None:
    published = {"UsageError": 1, "InputError": 2, "EngineMissing": 3, "OutputInvalid": 4, "FileAccess": 5, "EngineError": 7,
                 "EncryptedPdf": 8, "ConfigError": 9, "DocTypeError": 9, "DigitizerError": 15, "ModelError": 22,
                 "ServiceError": 23,
                 "StoreFull": 23, "AttachError": 24, "ConnectorDown": 24}  # fmt: skip
    assert {name: getattr(errors, name).exit_code for name in published} == published
    assert {e.__name__ for e in all_errors() if e.retry} == {
        "ServiceError", "StoreDown", "StoreFull", "LedgerDown", "QueueDown", "Busy", "ConnectorDown", "ConnectorBusy",
        "ConnectorLogin", "ReadBackDiffers",
    }  # fmt: skip


def test_a_problem_is_a_sentence_with_its_facts() -> None:
    sentence = describe(Problem(code="low_dpi", facts={"dpi": 150}), "vi")
    assert "150" in sentence
    assert say("file_access", "en").count("{file}") == 1, "a missing fact stays visible"


# --- settings -------------------------------------------------------------------------------------------------------


def test_the_command_line_beats_the_environment_and_that_the_file(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text('jobs = 3\nlang = "en"\nstore = "file:/a"\n[engine]\nthreads = 2\n', encoding="utf-8")
    environment = {"DIGITIZER_STORE": "file:/b", "DIGITIZER_JOBS": "5"}
    loaded = Settings.load(environment, home=tmp_path, jobs=7, queue=None)
    assert (loaded.jobs, loaded.store, loaded.lang, loaded.engine.threads, loaded.queue) == (7, "file:/b", "en", 2, "inline:")


def test_a_setting_within_a_group_has_two_underscores(tmp_path: Path) -> None:
    loaded = Settings.load({"DIGITIZER_PAGES__LIMITS__PAGES": "10", "DIGITIZER_HOME": str(tmp_path)})
    assert loaded.pages.limits.pages == 10
    assert loaded.home == tmp_path


@pytest.mark.parametrize(
    "environment",
    [{"DIGITIZER_COLOUR": "red"}, {"DIGITIZER_JOBS": "many"}, {"DIGITIZER_ENGINE": "fast"}, {"DIGITIZER_LANG": "fr"},
     {"DIGITIZER_ENGINE__COLOUR": "red"}],
)  # fmt: skip
def test_a_wrong_setting_is_refused(environment: dict[str, str], tmp_path: Path) -> None:
    with pytest.raises(ConfigError):
        Settings.load(environment, home=tmp_path)


def test_a_broken_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text("jobs = = 3", encoding="utf-8")
    with pytest.raises(ConfigError):
        Settings.load({}, home=tmp_path)


# --- dossiers -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", ["H60.127.03-260930-0012", "G22.99-260131-00017"])
def test_a_dossier_code_is_known(code: str) -> None:
    assert dossiers.valid(code)
    assert dossiers.in_text(f"mã hồ sơ {code}.") == code


@pytest.mark.parametrize(
    "code", ["", "H60", "H60.127.03-261330-0012", "H60.127.03-260930", "127.03-260930-0012", "H60.127.03-260930-0012/../x"]
)
def test_what_is_no_dossier_code_is_refused(code: str) -> None:
    assert not dossiers.valid(code)


def test_a_path_tells_agency_dossier_component_and_book() -> None:
    place = dossiers.from_path(PurePath("/x/H60.127.03/dossiers/H60.127.03-260930-0012/to-khai/a.jpg"))
    assert (place.agency, place.dossier, place.component) == ("H60.127.03", "H60.127.03-260930-0012", "to-khai")
    book = dossiers.from_path(PurePath("H60.127.03/books/KS/1999/01/p1.jpg"))
    assert (book.agency, book.book, book.dossier) == ("H60.127.03", "KS/1999/01", None)


# --- models ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def model(tmp_path: Path) -> Path:
    folder = tmp_path / "model"
    shutil.copytree(SHIPPED / RECOGNISER, folder)
    return folder


def test_the_shipped_reader_knows_every_letter(model: Path) -> None:
    assert len(check_model(model, "recogniser").charset) >= 229


@pytest.mark.parametrize("file", ["card.toml", "inference.yml", "inference.onnx"])
def test_an_incomplete_model_is_refused(model: Path, file: str) -> None:
    (model / file).unlink()
    with pytest.raises(ModelError):
        check_model(model, "recogniser")


def test_changed_weights_are_refused(model: Path) -> None:
    with (model / "inference.onnx").open("ab") as weights:
        weights.write(b"\0")
    with pytest.raises(ModelError, match="hash"):
        check_model(model, "recogniser")


def test_a_model_for_something_else_is_refused(model: Path) -> None:
    with pytest.raises(ModelError, match="no detector"):
        check_model(model, "detector")
