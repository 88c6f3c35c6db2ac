"""Adapters by name."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

from digitizer import plugins
from digitizer.errors import ConfigError


@pytest.mark.parametrize(
    ("url", "scheme"),
    [
        ("s3://host/bucket", "s3"),
        ("rest+https://host", "rest"),
        ("postgresql+psycopg://h/db", "postgresql"),
        ("inline:", "inline"),
        ("file:/data", "file"),
        ("paddle", "paddle"),
        ("", ""),
    ],
)
def test_a_scheme_ends_at_a_plus_or_colon(url: str, scheme: str) -> None:
    assert plugins.scheme(url) == scheme


def test_a_module_of_ours_is_found_by_its_name() -> None:
    assert plugins.load("digitizer.storage", "file").__name__ == "digitizer.storage.file"


@pytest.mark.parametrize("name", ["nothing", "", "_private", "a.b", "../file", "file "])
def test_a_name_nobody_has_is_refused(name: str) -> None:
    with pytest.raises(ConfigError) as refused:
        plugins.load("digitizer.storage", name)
    assert refused.value.facts == {"adapter": name}


def test_an_entry_point_of_the_operator_is_found_after_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    theirs = ModuleType("theirs")
    asked = []

    def points(*, group: str, name: str) -> list[SimpleNamespace]:
        asked.append((group, name))
        return [SimpleNamespace(load=lambda: object()), SimpleNamespace(load=lambda: theirs)]

    monkeypatch.setattr(plugins, "entry_points", points)
    assert plugins.load("digitizer.storage", "tape") is theirs
    assert plugins.load("digitizer.storage", "file") is not theirs
    assert asked == [("digitizer.storage", "tape")]


def test_what_an_adapter_lacks_itself_is_not_mistaken_for_a_missing_adapter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "their_port"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "tape.py").write_text("import no_such_library_of_theirs\n", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    try:
        with pytest.raises(ModuleNotFoundError, match="no_such_library_of_theirs"):
            plugins.load("their_port", "tape")
    finally:
        sys.modules.pop("their_port", None)
