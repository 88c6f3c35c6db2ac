"""Names of results: as many as files, whatever the files are called, and none in the place of another's."""

from __future__ import annotations

import json
import os
import unicodedata
from datetime import UTC, datetime
from pathlib import Path, PurePath

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digitizer.errors import FileAccess
from digitizer.model import Intake
from digitizer.service.output_folder import LONGEST_BYTES, OutputFolder, readable, safe_name

A, B, C = "a" * 64, "b" * 64, "c" * 64


def intake(bundle: str, name: str, *routing: str) -> Intake:
    return Intake(id="1", bundle=bundle, name=name, actor="test", received_at=datetime.now(UTC), routing=routing)


def write(output: OutputFolder, target: str, bundle: str, name: str = "x.jpg", *routing: str) -> str:
    """Writes a result of `bundle`; where it went, without suffix."""

    def fetch(key: str, path: Path) -> None:
        path.write_text(f'{{\n "schema": "digitizer/result/1",\n "source": {{\n  "bundle": "{key}",\n  "files": []\n }}\n}}\n')

    of = intake(bundle, name, *routing)
    pdf, text = sorted(output.write(PurePath(target), of, {"json": bundle, "pdf": bundle}, fetch), reverse=True)
    assert pdf.with_suffix("") == text.with_suffix("")
    return text.relative_to(output.folder).as_posix().removesuffix(".json")


def test_equal_names_of_different_files_are_told_apart_by_their_hash(tmp_path: Path) -> None:
    output = OutputFolder(tmp_path)
    assert write(output, "scan0001", A) == "scan0001"
    assert write(output, "scan0001", B) == "scan0001-bbbbbbbb"
    assert write(output, "may2/scan0001", C) == "may2/scan0001"


def test_a_later_run_keeps_its_own_names_and_takes_no_other(tmp_path: Path) -> None:
    write(OutputFolder(tmp_path), "scan0001", A)
    later = OutputFolder(tmp_path)
    assert write(later, "scan0001", B) == "scan0001-bbbbbbbb"
    assert write(later, "scan0001", A) == "scan0001", "the same file again is written again"
    assert write(OutputFolder(tmp_path), "scan0001", B) == "scan0001-bbbbbbbb"


@pytest.mark.parametrize("other", ["SCAN", unicodedata.normalize("NFD", "scán"), "scán"])
def test_names_that_some_file_system_takes_for_the_same_are_told_apart(tmp_path: Path, other: str) -> None:
    output = OutputFolder(tmp_path)
    first = write(output, "scan" if other == "SCAN" else "SCÁN", A)
    assert write(output, other, B).casefold() != first.casefold()


def test_a_file_that_is_no_result_of_ours_is_never_written_over(tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_bytes(b"a person's own")
    (tmp_path / "b.json").write_text('{"a": "person"}')
    output = OutputFolder(tmp_path)
    assert write(output, "a", A) == "a-aaaaaaaa"
    assert write(output, "b", B) == "b-bbbbbbbb"
    assert (tmp_path / "a.pdf").read_bytes() == b"a person's own"


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("scan", "scan"),
        ("a:b*c?.x", "a_b_c_.x"),
        ("CON", "_CON"),
        ("nul.jpg", "_nul.jpg"),
        ("console", "console"),
        ("...", "_"),
        ("a. ", "a"),
        ("a\nb", "a b"),
        ("a\u202eb", "a_b"),
        ("ho" + "à" * 300, "ho" + "à" * 99),
    ],
)
def test_a_name_is_one_that_every_file_system_takes(name: str, safe: str) -> None:
    assert safe_name(name) == safe
    assert len(safe_name(name).encode()) <= LONGEST_BYTES


def test_the_result_says_the_original_name_where_its_own_is_another(tmp_path: Path) -> None:
    output = OutputFolder(tmp_path)
    write(output, "scan", A, name="scan.jpg")
    write(output, "scan", B, name="scan.jpg")
    assert "name" not in json.loads((tmp_path / "scan.json").read_text())["source"]
    assert json.loads((tmp_path / "scan-bbbbbbbb.json").read_text())["source"]["name"] == "scan.jpg"


def test_bytes_that_are_no_utf_8_are_shown() -> None:
    name = os.fsdecode(b"H\xf2a.jpg")
    assert readable(name) == "H\\xf2a.jpg"
    assert readable("Hòa.jpg") == "Hòa.jpg"


def test_a_result_says_which_routing_rules_found_no_one_dossier(tmp_path: Path) -> None:
    output = OutputFolder(tmp_path)
    made = write(output, "scan", A, "scan.jpg", "several_codes")
    assert json.loads((tmp_path / f"{made}.json").read_text())["source"]["routing"] == ["several_codes"]
    assert "routing" not in json.loads((tmp_path / f"{write(output, 'b', B, 'b.jpg')}.json").read_text())["source"]


def test_a_folder_that_cannot_be_written_is_said_before_anything_is_read(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(FileAccess):
        OutputFolder(tmp_path / "file")


def test_a_full_disk_is_said_and_leaves_nothing_behind(tmp_path: Path) -> None:
    def fetch(key: str, path: Path) -> None:
        path.write_text("half")
        raise OSError(28, "No space left on device")

    with pytest.raises(FileAccess, match="No space left"):
        OutputFolder(tmp_path).write(PurePath("a"), intake(A, "a.jpg"), {"pdf": A}, fetch)
    assert list(tmp_path.iterdir()) == []


NAMES = st.text(st.characters(codec="utf-8", exclude_characters="/\x00"), min_size=1, max_size=120).filter(
    lambda name: name not in (".", "..")
)


@settings(max_examples=60, deadline=None)
@given(st.lists(NAMES, min_size=1, max_size=12))
def test_there_are_as_many_results_as_files(tmp_path_factory: pytest.TempPathFactory, names: list[str]) -> None:
    folder = tmp_path_factory.mktemp("output")
    bundles = [f"{number:064x}"[::-1] for number in range(len(names))]
    for run in range(2):
        output = OutputFolder(folder)
        for name, bundle in zip(names, bundles, strict=True):
            write(output, name, bundle, name=name)
        results = sorted(folder.rglob("*.json"))
        assert len(results) == len(names), run
        owners = {json.loads(path.read_text())["source"]["bundle"] for path in results}
        assert owners == set(bundles)
        assert len({path.name.casefold() for path in results}) == len(names)
