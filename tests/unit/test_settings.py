"""Settings: what beats what, and what is refused."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, SecretStr, ValidationError

from digitizer.errors import ConfigError
from digitizer.messages import say
from digitizer.settings import EngineOptions, Limits, Settings, TargetOptions, assigned


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
    assert load(tmp_path, engine=engine).engine == engine


def test_a_variable_beats_only_the_setting_it_names(tmp_path: Path) -> None:
    found = load(tmp_path, "[engine]\nname = 'tesseract'\nthreads = 2\n", {"DIGITIZER_ENGINE__THREADS": "3"})
    assert (found.engine.name, found.engine.threads) == ("tesseract", 3)


@pytest.mark.parametrize(
    ("config", "environ", "said", "source"),
    [
        ("colour = 1", {}, "unknown setting colour", "config.toml"),
        ("home = '/x'", {}, "unknown setting home", "config.toml"),
        ("[engine]\ncolour = 1", {}, "unknown setting engine.colour", "config.toml"),
        ("[pages.limits]\ncolour = 1", {}, "unknown setting pages.limits.colour", "config.toml"),
        ("[targets.province]\ncolour = 1", {}, "unknown setting targets.province.colour", "config.toml"),
        ("engine = 'paddle'", {}, "engine of", "config.toml must be a table"),
        ("jobs = 'many'", {}, "jobs of", "config.toml must be a whole number"),
        ("doctypes = 5", {}, "doctypes of", "config.toml must be a path"),
        ("store = 5", {}, "store of", "config.toml must be a text"),
        ("lease_s = []", {}, "lease_s of", "config.toml must be a number"),
        ("lang = 'fr'", {}, "lang of", "config.toml must be one of"),
        ("[delivery]\nquiet = 'mornings'", {}, "delivery.quiet of", "must be hours like 07:30-11:30"),
        ("[targets.hue]\nquiet = '07:30-25:00'", {}, "targets.hue.quiet of", "must be hours like 07:30-11:30"),
        ("jobs = = 2", {}, "cannot be read", "config.toml"),
        ("jobs = 2", {"DIGITIZER_JOBS": "many"}, "jobs of DIGITIZER_JOBS", "must be a whole number"),
        ("", {"DIGITIZER_LOG": "loud"}, "log of DIGITIZER_LOG", "must be one of"),
        ("", {"DIGITIZER_COLOUR": "red"}, "unknown setting colour", "in DIGITIZER_COLOUR"),
        ("", {"DIGITIZER_ENGINE__COLOUR": "red"}, "unknown setting engine.colour", "in DIGITIZER_ENGINE__COLOUR"),
        (
            "",
            {"DIGITIZER_TARGETS__HUE__COLOUR": "red"},
            "unknown setting targets.hue.colour",
            "in DIGITIZER_TARGETS__HUE__COLOUR",
        ),
        ("", {"DIGITIZER_ENGINE": "paddle"}, "engine of DIGITIZER_ENGINE", "must be a table"),
        ("", {"DIGITIZER_JOBS__MORE": "1"}, "jobs of DIGITIZER_JOBS__MORE", "is no table"),
    ],
)
def test_an_unknown_name_or_a_wrong_kind_is_refused_and_its_place_named(
    tmp_path: Path, config: str, environ: dict[str, str], said: str, source: str
) -> None:
    with pytest.raises(ConfigError) as refused:
        load(tmp_path, config, environ)
    assert said in refused.value.message
    assert source in refused.value.message
    assert refused.value.exit_code == 9
    for lang in ("vi", "en"):
        assert "{" not in say(refused.value.sentence, lang, **refused.value.facts)


def test_what_a_flag_sets_wrongly_is_told_of_the_flag(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"engine\.threads of --set must be a whole number"):
        load(tmp_path, "[engine]\nthreads = 2\n", **assigned(["engine.threads=many"]))


def test_an_unknown_flag_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"unknown setting engine\.colour in --set"):
        load(tmp_path, **assigned(["engine.colour=red"]))


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
    with pytest.raises(ValidationError):
        found.jobs = 9
    assert found.changed(jobs=9).jobs == 9


def leaves(group: type[BaseModel], above: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """(path, default) of every setting that is no group."""
    for name, field in group.model_fields.items():
        kind = field.annotation
        if name == "targets":
            yield from leaves(TargetOptions, (*above, name, "province"))
        elif isinstance(kind, type) and issubclass(kind, BaseModel):
            yield from leaves(kind, (*above, name))
        elif name != "home":
            yield (*above, name), field.get_default(call_default_factory=True)


#: settings that take a few words only, and another word than the default
WORDS = {
    ("lang",): "en",
    ("log",): "debug",
    ("pages", "mode"): "force",
    ("delivery", "quiet"): "07:30-11:30, 13:30-17:00",
    ("targets", "province", "quiet"): "22:00-05:00",
    ("signing", "level"): "B-T",
}


def another(path: tuple[str, ...], default: Any) -> Any:
    """A value that is not the default, as a file would have it."""
    if path in WORDS:
        return WORDS[path]
    if isinstance(default, bool):
        return not default
    if isinstance(default, int | float):
        return default + 1
    return "/another/value"


LEAVES = dict(leaves(Settings))


def said(settings: Settings, path: tuple[str, ...]) -> Any:
    """The value at `path`, a secret opened."""
    value: Any = settings
    for name in path:
        value = value[name] if isinstance(value, dict) else getattr(value, name)
    return value.get_secret_value() if isinstance(value, SecretStr) else value


@pytest.mark.parametrize("path", LEAVES, ids=".".join)
def test_every_setting_is_set_by_file_by_variable_and_by_flag(tmp_path: Path, path: tuple[str, ...]) -> None:
    value = another(path, LEAVES[path])
    written = str(value).lower() if isinstance(value, bool) else repr(value)
    *groups, leaf = path
    table = f"[{'.'.join(groups)}]\n" if groups else ""
    wanted = Path(value) if isinstance(said(load(tmp_path, f"{table}{leaf} = {written}"), path), Path) else value
    assert said(load(tmp_path), path) == wanted, "by file"
    (tmp_path / "config.toml").unlink()
    assert said(load(tmp_path, environ={f"DIGITIZER_{'__'.join(path).upper()}": str(value)}), path) == wanted, "by variable"
    assert said(load(tmp_path, **assigned([f"{'.'.join(path)}={value}"])), path) == wanted, "by flag"


def test_the_flag_beats_the_variable_and_that_the_file(tmp_path: Path) -> None:
    config, environ = "[engine]\nthreads = 2\nname = 'tesseract'\n", {"DIGITIZER_ENGINE__THREADS": "3"}
    assert load(tmp_path, config, environ).engine.threads == 3
    found = load(tmp_path, config, environ, **assigned(["engine.threads=4"]))
    assert (found.engine.threads, found.engine.name) == (4, "tesseract")


@pytest.mark.parametrize("pairs", [["threads"], ["=3"], ["engine=paddle", "engine.threads=2"]])
def test_a_flag_without_a_name_or_a_value_is_refused(pairs: list[str]) -> None:
    with pytest.raises(ConfigError):
        assigned(pairs)


def test_secrets_are_printed_nowhere_and_reach_the_workers(tmp_path: Path) -> None:
    secret = "9f1c-a-secret"
    found = load(tmp_path, environ={"DIGITIZER_SIGNING__SECRET": secret, "DIGITIZER_S3__SECRET_KEY": secret})
    for shown in (repr(found), str(found), repr(found.signing), str(found.s3), found.model_dump_json(), str(found.model_dump())):
        assert secret not in shown
    assert secret in found.for_worker().decode()
    assert Settings.from_parent(found.for_worker()) == found


def test_a_refused_value_is_not_repeated(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as refused:
        load(tmp_path, "[signing]\nsecret = ['9f1c-a-secret']\n")
    assert "9f1c" not in f"{refused.value}{refused.value.facts}"
