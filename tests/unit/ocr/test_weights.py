"""Model folders made up for the purpose: only whole ones with every letter are used."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

import pytest
import yaml

from digitizer.errors import ModelError
from digitizer.ocr.weights import HANDS, PLAIN, RECOGNISER, SHIPPED, check_model, detector, hands, recogniser
from digitizer.settings import EngineOptions
from digitizer.text import ACCENTED

LETTERS = sorted(PLAIN | set(ACCENTED))
WEIGHTS = b"no network at all"
SHA = hashlib.sha256(WEIGHTS).hexdigest()


def model(folder: Path, *, letters: list[str] | None = None, role: str = "recogniser", sha256: str = SHA) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "inference.onnx").write_bytes(WEIGHTS)
    card = f'name = "made-up"\nrole = "{role}"\nsha256 = "{sha256}"\n'
    (folder / "card.toml").write_text(card, encoding="utf-8")
    post = {"PostProcess": {"character_dict": LETTERS if letters is None else letters}}
    (folder / "inference.yml").write_text(yaml.safe_dump(post, allow_unicode=True), encoding="utf-8")
    return folder


def refusal(folder: Path, role: str = "recogniser") -> ModelError:
    with pytest.raises(ModelError) as refused:
        check_model(folder, role)
    assert refused.value.exit_code == 22
    return refused.value


def test_a_whole_model_is_used_with_its_letters_in_their_order(tmp_path: Path) -> None:
    letters = [*reversed(LETTERS), "€"]
    found = recogniser(EngineOptions(recogniser=model(tmp_path / "m", letters=letters)))
    assert (found.name, found.sha256, found.charset) == ("made-up", SHA, tuple(letters))
    assert found.weights == tmp_path / "m" / "inference.onnx"


def test_a_reader_of_handwriting_has_the_letters_of_the_other_one(tmp_path: Path) -> None:
    first = recogniser(EngineOptions(recogniser=model(tmp_path / "m")))
    same = EngineOptions(hands=model(tmp_path / "same"))
    found = hands(same, first)
    assert found is not None
    assert found.folder == tmp_path / "same"
    assert hands(EngineOptions(hands=tmp_path / "same", handwriting=False), first) is None
    with pytest.raises(ModelError, match="letters"):
        hands(EngineOptions(hands=model(tmp_path / "other", letters=[*reversed(LETTERS)])), first)


def test_a_detector_needs_no_letters(tmp_path: Path) -> None:
    assert detector(EngineOptions(detector=model(tmp_path / "m", letters=[], role="detector"))).charset == ()


@pytest.mark.parametrize("letter", ["đ", "Đ", "ễ", "Ỵ", "ư", "7", "/", "(", "<", " "])
def test_a_model_without_one_letter_is_refused_and_the_letter_named(tmp_path: Path, letter: str) -> None:
    error = refusal(model(tmp_path / "m", letters=[k for k in LETTERS if k != letter]))
    assert error.message == f"model lacks 1 letters: {letter}"
    assert error.facts == {"model": "made-up"}


def test_all_missing_letters_are_named(tmp_path: Path) -> None:
    error = refusal(model(tmp_path / "m", letters=sorted(PLAIN)))
    assert f"lacks {len(ACCENTED)} letters" in error.message
    assert set(ACCENTED) <= set(error.message)


def test_letters_written_apart_do_not_count(tmp_path: Path) -> None:
    assert "ễ" in refusal(model(tmp_path / "m", letters=[k if k != "ễ" else "e\u0302\u0303" for k in LETTERS])).message


def test_weights_with_another_hash_are_refused(tmp_path: Path) -> None:
    folder = model(tmp_path / "m")
    (folder / "inference.onnx").write_bytes(WEIGHTS + b"!")
    assert "hash" in refusal(folder).message
    assert "hash" in refusal(model(tmp_path / "n", sha256="")).message


def test_a_model_of_another_role_is_refused(tmp_path: Path) -> None:
    assert refusal(model(tmp_path / "m", role="detector")).message == "this model is no recogniser"


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("card.toml", "name = = 1"),
        ("card.toml", 'role = "recogniser"'),
        ("inference.yml", "PostProcess: ["),
        ("inference.yml", "Global: {}"),
        ("inference.yml", "PostProcess: [a]"),
        ("inference.yml", ""),
        ("inference.yml", None),
        ("card.toml", None),
        ("inference.onnx", None),
    ],
)
def test_a_folder_with_a_file_missing_or_broken_is_refused_by_its_name(tmp_path: Path, file: str, text: str | None) -> None:
    folder = model(tmp_path / "m")
    (folder / file).unlink()
    if text is not None:
        (folder / file).write_text(text, encoding="utf-8")
    error = refusal(folder)
    assert error.message.startswith("model folder is not complete")
    assert error.facts == {"model": "m"}


@pytest.fixture
def shipped(tmp_path: Path) -> Path:
    folder = tmp_path / "model"
    shutil.copytree(SHIPPED / RECOGNISER, folder)
    return folder


def test_the_shipped_readers_know_every_letter(shipped: Path) -> None:
    assert len(check_model(shipped, "recogniser").charset) >= 229
    assert check_model(SHIPPED / HANDS, "recogniser").charset == check_model(shipped, "recogniser").charset


def test_changed_weights_are_refused(shipped: Path) -> None:
    with (shipped / "inference.onnx").open("ab") as weights:
        weights.write(b"\0")
    with pytest.raises(ModelError, match="hash"):
        check_model(shipped, "recogniser")
