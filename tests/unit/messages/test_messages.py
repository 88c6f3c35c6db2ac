"""The catalogue against the code: both languages, commands, options, errors and problems; facts kept visible."""

from __future__ import annotations

import ast
import re
import string
import time

import click
import pytest

from digitizer.cli import COMMANDS, cli
from digitizer.doctypes import TYPES
from digitizer.extract.rules import contradictions
from digitizer.messages import catalogue, describe, field_label, local_time, say, station_text
from digitizer.model import Problem
from tests.conftest import ROOT
from tests.unit.builders import OURS
from tests.unit.test_errors import all_errors

LANGUAGES = ("vi", "en")


def spoken(group: click.Group, prefix: str = "") -> list[tuple[str, click.Command]]:
    """(name in the catalogue, command), subcommands too."""
    ctx = click.Context(group)
    found = []
    for name in group.list_commands(ctx):
        command = group.get_command(ctx, name)
        assert command is not None
        found.append((f"{prefix}{name}", command))
        if isinstance(command, click.Group):
            found += spoken(command, f"{prefix}{name}_")
    return found


def test_every_command_and_subcommand_has_its_help_and_no_help_is_left_over() -> None:
    names = {f"help_{name}" for name, _ in spoken(cli)} | {"help_digitizer"}
    assert set(COMMANDS) <= {name for name, _ in spoken(cli)}
    for lang in LANGUAGES:
        helps = {key for key in catalogue(lang) if key.startswith("help_")}
        assert names - helps <= {"help_digitizer"}
        assert helps - names == set()


def test_every_option_has_its_help() -> None:
    options = {p.name for command in (cli, *(c for _, c in spoken(cli))) for p in command.params if isinstance(p, click.Option)}
    for lang in LANGUAGES:
        assert {f"option_{name}" for name in options} - set(catalogue(lang)) == set()


def test_every_problem_code_of_values_and_rules_has_a_sentence() -> None:
    """Read from the source: what looks like a code in `extract/types` and is no value type, and `yield "code"` in rules.py."""
    folder = ROOT / "digitizer/extract"
    files = [*(folder / "types").glob("*.py"), folder / "nearest.py", folder / "plausibility.py"]
    types = "".join(file.read_text(encoding="utf-8") for file in files)
    rules = (ROOT / "digitizer/extract/rules.py").read_text(encoding="utf-8")
    codes = set(re.findall(r'"(empty|not_[a-z_]+|[a-z]+_[a-z_]+)"', types)) - TYPES
    codes |= set(re.findall(r'yield "(\w+)"', rules))
    assert {"empty", "not_a_name", "impossible_date", "not_a_time", "words_differ", "age_of_mother"} <= codes
    for lang in LANGUAGES:
        assert codes - set(catalogue(lang)) == set()


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_contradiction_is_a_whole_sentence_with_its_field(lang: str) -> None:
    ((code, names),) = contradictions({"so": "15/1999", "ngayDangKy": "1998-01-01"})
    said = describe(Problem(code=code, field=names[0], facts={"other": names[1]}), lang)
    assert field_label("so", lang) in said
    assert not re.search(r"[{}]", said)


def test_every_declared_field_has_a_vietnamese_label_of_its_own() -> None:
    names = {field.name for doctype in OURS.values() for field in doctype.fields}
    labels = {name: field_label(name, "vi") for name in names}
    assert [name for name, label in labels.items() if label == name] == []
    for doctype in OURS.values():
        shown = [labels[field.name] for field in doctype.fields]
        assert len(set(shown)) == len(shown), doctype.name


def test_english_operators_and_declared_fields_of_operators_see_the_name() -> None:
    assert field_label("nksHoTen", "en") == "nksHoTen"
    assert field_label("ourOwnField", "vi") == "ourOwnField"


def test_a_moment_is_shown_in_the_time_zone_of_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Asia/Ho_Chi_Minh")
    time.tzset()
    assert local_time("2026-11-30T18:05:59+00:00") == "01/12/2026 01:05"
    monkeypatch.undo()
    time.tzset()


def test_a_missing_fact_stays_visible_and_one_too_many_is_left_out() -> None:
    assert "{file}" in say("file_access", "en")
    assert say("file_access", "en", file="a.pdf", other=1) == say("file_access", "en", file="a.pdf")
    assert "a.pdf" in say("file_access", "vi", file="a.pdf")


def test_a_page_is_said_counted_from_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("digitizer.messages.catalogue", lambda lang: {"x": "page {page}"})
    assert describe(Problem(code="x", page=0), "en") == "page 1"
    assert describe(Problem(code="x"), "en") == "page "


def test_a_sentence_nobody_wrote_is_an_error_not_silence() -> None:
    with pytest.raises(KeyError):
        say("no_such_code", "vi")


SOURCES = [p.read_text(encoding="utf-8") for p in (ROOT / "digitizer").rglob("*.py")]


def facts(sentence: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name}


def test_both_languages_say_the_same_things() -> None:
    vietnamese, english = catalogue("vi"), catalogue("en")
    assert set(vietnamese) == set(english)
    assert {k for k in vietnamese if facts(vietnamese[k]) != facts(english[k])} == set()
    assert all(sentence.strip() for sentence in (*vietnamese.values(), *english.values()))


def test_every_error_and_problem_has_a_sentence() -> None:
    codes = {error.code for error in all_errors()}
    for source in SOURCES:
        codes |= set(re.findall(r'Problem\(\s*code="(\w+)"', source))
    for lang in LANGUAGES:
        assert codes - set(catalogue(lang)) == set()


def sentences_of_errors() -> list[tuple[str, set[str]]]:
    """(sentence, facts given with it) of every error that names its sentence."""
    calls = [node for source in SOURCES for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    given = [{word.arg: word.value for word in call.keywords if word.arg} for call in calls]
    return [
        (str(words["sentence"].value), set(words) - {"sentence"})
        for words in given
        if isinstance(words.get("sentence"), ast.Constant)
    ]


def test_an_error_gives_its_sentence_the_facts_it_names() -> None:
    found = sentences_of_errors()
    assert len(found) > 40
    for lang in LANGUAGES:
        assert [
            (code, facts(catalogue(lang)[code]) - given) for code, given in found if facts(catalogue(lang)[code]) - given
        ] == []


def test_every_sentence_a_command_says_is_there() -> None:
    said = {key for source in SOURCES for key in re.findall(r'(?:say\(|speak\(ctx, )"(\w+)"', source)}
    said |= {f"help_{name}" for name in COMMANDS}
    for lang in LANGUAGES:
        assert said - set(catalogue(lang)) == set()
    assert len(said) > 30


def test_a_problem_is_a_sentence_with_its_facts() -> None:
    sentence = describe(Problem(code="low_dpi", facts={"dpi": 150}), "vi")
    assert "150" in sentence
    assert say("file_access", "en").count("{file}") == 1, "a missing fact stays visible"


def test_the_station_has_every_text_in_both_languages_and_says_none_that_is_missing() -> None:
    vietnamese, english = station_text("vi"), station_text("en")
    assert set(vietnamese) == set(english)
    assert {k for k in vietnamese if facts(vietnamese[k]) != facts(english[k])} == set()
    templates = [p.read_text(encoding="utf-8") for p in (ROOT / "digitizer/station/templates").glob("*.html")]
    used = {key for template in templates for key in re.findall(r"\bt\('(\w+)'(?!\s*~)", template)}
    assert len(used) > 100
    assert used - set(vietnamese) - set(catalogue("vi")) == set()
