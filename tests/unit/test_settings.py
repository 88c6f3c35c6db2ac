"""Settings: what beats what, and what is refused."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from digitizer.errors import ConfigError
from digitizer.settings import EngineOptions, Limits, Settings


def load(home: Path, config: str = "", environ: dict[str, str] | None = None, **given: Any) -> Settings:
    if config:
        (home / "config.toml").write_text(config, encoding="utf-8")
    return Settings.load(environ or {}, home=home, **given)


def test_without_a_word_the_defaults_hold(tmp_path: Path) -> None:
    found = load(tmp_path)
    assert (found.store, found.ledger, found.queue, found.connector, found.lang) == (
        "file:", "sqlite:", "inline:", "folder:", "vi",
    )  # fmt: skip
    assert (found.engine, found.pages.limits) == (EngineOptions(), Limits())
    assert 1 <= found.jobs <= 4
    assert found.scratch == tmp_path / "scratch"


@pytest.mark.parametrize(
    ("config", "environ", "given", "jobs"),
    [
        ("jobs = 2", {"DIGITIZER_JOBS": "3"}, {"jobs": 4}, 4),
        ("jobs = 2", {"DIGITIZER_JOBS": "3"}, {}, 3),
        ("jobs = 2", {"DIGITIZER_JOBS": "3"}, {"jobs": None}, 3),
        ("jobs = 2", {"DIGITIZER_JOBS": ""}, {}, 2),
        ("jobs = 2", {"OTHER_JOBS": "3"}, {}, 2),
    ],
)
def test_the_nearer_word_beats_the_farther(
    tmp_path: Path, config: str, environ: dict[str, str], given: dict[str, Any], jobs: int
) -> None:
    assert load(tmp_path, config, environ, **given).jobs == jobs


def test_a_nested_setting_is_reached_from_file_and_environment(tmp_path: Path) -> None:
    assert load(tmp_path, "[engine]\nthreads = 2\nrecogniser = '~/m'\n").engine.recogniser == Path("~/m").expanduser()
    assert load(tmp_path, "", {"DIGITIZER_ENGINE__THREADS": "3"}).engine.threads == 3
    assert load(tmp_path, "", {"DIGITIZER_PAGES__LIMITS__CHILD_WALL_S": "1.5"}).pages.limits.child_wall_s == 1.5


def test_options_given_as_a_whole_are_taken_as_they_are(tmp_path: Path) -> None:
    engine = EngineOptions(name="replay", recording=tmp_path)
    assert load(tmp_path, engine=engine).engine is engine


def test_a_variable_beats_only_the_setting_it_names(tmp_path: Path) -> None:
    found = load(tmp_path, "[engine]\nname = 'tesseract'\nthreads = 2\n", {"DIGITIZER_ENGINE__THREADS": "3"})
    assert (found.engine.name, found.engine.threads) == ("tesseract", 3)


@pytest.mark.parametrize(
    ("config", "environ", "said"),
    [
        ("colour = 1", {}, "unknown setting settings.colour"),
        ("home = '/x'", {}, "unknown setting settings.home"),
        ("[engine]\ncolour = 1", {}, "unknown setting settings.engine.colour"),
        ("[pages.limits]\ncolour = 1", {}, "unknown setting settings.pages.limits.colour"),
        ("engine = 'paddle'", {}, "settings.engine must be a table"),
        ("jobs = 'many'", {}, "settings.jobs must be int"),
        ("doctypes = 5", {}, "settings.doctypes must be Path"),
        ("lease_s = []", {}, "settings.lease_s must be float"),
        ("lang = 'fr'", {}, "lang must be vi or en"),
        ("jobs = = 2", {}, "cannot be read"),
        ("", {"DIGITIZER_COLOUR": "red"}, "unknown setting settings.colour"),
        ("", {"DIGITIZER_ENGINE__COLOUR": "red"}, "unknown setting settings.engine.colour"),
        ("", {"DIGITIZER_ENGINE": "paddle"}, "settings.engine must be a table"),
        ("", {"DIGITIZER_JOBS__MORE": "1"}, "settings.jobs must be int"),
    ],
)
def test_an_unknown_name_or_a_wrong_kind_is_refused(tmp_path: Path, config: str, environ: dict[str, str], said: str) -> None:
    with pytest.raises(ConfigError) as refused:
        load(tmp_path, config, environ)
    assert said in refused.value.message
    assert refused.value.exit_code == 9


def test_a_group_and_a_setting_within_it_cannot_both_be_set(tmp_path: Path) -> None:
    with pytest.raises(ConfigError):
        load(tmp_path, "", {"DIGITIZER_ENGINE": "paddle", "DIGITIZER_ENGINE__THREADS": "2"})


def test_a_file_in_another_encoding_is_refused(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_bytes("lang = 'vi' # tiếng".encode("utf-16"))
    with pytest.raises(ConfigError, match=r"config\.toml cannot be read"):
        load(tmp_path)


def test_home_comes_from_the_command_line_then_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    environ = {"DIGITIZER_HOME": str(tmp_path / "a")}
    assert Settings.load(environ, home=tmp_path / "b").home == tmp_path / "b"
    assert Settings.load(environ).home == tmp_path / "a"
    monkeypatch.chdir(tmp_path)
    assert Settings.load({}, home=Path("here")).home == tmp_path / "here"


def test_settings_never_change(tmp_path: Path) -> None:
    found = load(tmp_path)
    with pytest.raises(AttributeError):
        found.jobs = 9  # type: ignore[misc]
    assert set(asdict(found)) >= {"home", "store", "engine", "pages", "job_pages", "lease_s", "attempts"}
