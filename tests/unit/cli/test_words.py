"""What operators are shown for states, kinds, types and ids."""

from __future__ import annotations

import pytest

from digitizer.cli.words import counted, doctype_title, short_id, word
from digitizer.doctypes import load
from digitizer.ledger import outbox
from digitizer.messages import catalogue
from digitizer.model import IntakeState, RecordState, Verdict


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
