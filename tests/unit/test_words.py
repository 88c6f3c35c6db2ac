"""What operators are shown for states, kinds, types and ids."""

from __future__ import annotations

from pathlib import Path

import pytest

from digitizer.doctypes import DocType, load
from digitizer.ledger import outbox
from digitizer.messages import catalogue
from digitizer.model import IntakeState, RecordState, Verdict
from digitizer.words import counted, doctype_title, field_named, field_title, short_id, word
from tests.unit.builders import OURS


@pytest.mark.parametrize("lang", ["vi", "en"])
def test_every_state_has_a_word(lang: str) -> None:
    states = [("intake", s) for s in IntakeState] + [("record", s) for s in (*RecordState, *Verdict)]
    states += [("job", s) for s in ("QUEUED", "LEASED", "EXPIRED", "DONE", "FAILED", "open", "read", "finish")]
    states += [("delivery", s) for s in (outbox.PENDING, outbox.DONE, outbox.HANDED, outbox.ELSEWHERE, outbox.DEAD)]
    states += [("kind", s) for s in ("attach", "attach_result", "update_fields", "add_register_case", "callback")]
    assert [(kind, state) for kind, state in states if f"{kind}_{state.lower()}" not in catalogue(lang)] == []


def test_a_word_we_do_not_know_is_shown_as_it_is() -> None:
    assert word("kind", "telegraph", "vi") == "telegraph"


def test_counts_are_said_and_nothing_is_a_dash() -> None:
    assert counted("intake", {"FAILED": 1, "DIGITIZED": 3, "RUNNING": 0}, "vi") == "3 đã số hóa, 1 lỗi"
    assert counted("intake", {}, "vi") == "—"


def test_a_record_is_shown_by_the_beginning_of_its_bundle_and_its_place() -> None:
    assert short_id("ab" * 32 + "/0/1") == "abababababab/0/1"
    assert short_id("ab" * 32) == "abababababab"


def test_a_type_is_shown_by_its_title() -> None:
    doctypes = load(None)
    assert doctype_title("birth_certificate", doctypes, "vi") == "Giấy khai sinh"
    assert doctype_title("birth_certificate", doctypes, "en") == "birth certificate"
    assert doctype_title(None, doctypes, "vi") == "chưa rõ loại giấy tờ"


@pytest.mark.parametrize("lang", ["vi", "en"])
def test_every_way_of_reading_and_every_difference_has_a_word(lang: str) -> None:
    words = [("read_by", by) for by in ("ocr", "pdf", "qr", "mrz", "book")]
    words += [("moj", kind) for kind in ("differs", "accents", "only_in_sheet", "only_on_page")]
    assert [f"{group}_{value}" for group, value in words if f"{group}_{value}" not in catalogue(lang)] == []


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> DocType:
    """A type that an operator declared."""
    folder: Path = tmp_path_factory.mktemp("own")
    (folder / "meo.toml").write_text(
        'name = "meo"\ntitle = ["Giấy con mèo"]\nfield = [\n'
        '  { name = "ten", type = "text", label = ["tên con mèo", "tên mèo"] },\n'
        '  { name = "dem", type = "code", where = "alone", pattern = "x" },\n]\n',
        encoding="utf-8",
    )
    return load(folder)["meo"]


def test_an_operators_own_type_is_shown_by_what_is_printed(own: DocType) -> None:
    assert doctype_title("meo", {"meo": own}, "vi") == "Giấy con mèo"
    assert field_title("ten", own, "vi") == "Tên con mèo"
    assert field_title("dem", own, "vi") == "dem", "nothing is printed before it"
    assert field_named("TÊN MÈO", own) == "ten"


def test_a_type_that_is_gone_is_shown_by_its_name() -> None:
    assert doctype_title("meo", OURS, "vi") == "meo"
    assert doctype_title("birth_certificate", OURS, "en") == "birth certificate"


def test_every_field_of_ours_is_found_by_its_label() -> None:
    for doctype in OURS.values():
        for spec in doctype.fields:
            assert field_named(field_title(spec.name, doctype, "vi"), doctype) == spec.name


def test_a_label_of_several_fields_is_none() -> None:
    assert field_named("dân tộc", OURS["birth_certificate"]) == "dân tộc"
    assert field_named("nơi đăng ký khai sinh", OURS["birth_certificate"]) == "noiDangKy"
