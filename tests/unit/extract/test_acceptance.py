"""Confidence, acceptance, verdict."""

from __future__ import annotations

import pytest

from digitizer.doctypes import DocType, FieldSpec
from digitizer.extract.acceptance import NEVER, both, calibration, confidence, features, judge
from digitizer.extract.values import ValueEvidence
from digitizer.model import Field, Problem, Verdict
from tests.unit.builders import OURS


def field(name: str, value: str | None, *, sure: float = 0.9995, problems: tuple[Problem, ...] = ()) -> Field:
    return Field(name=name, raw=value or "", value=value, confidence=sure, accepted=False, problems=problems)


def doctype(*required: str, accept_field: float = 0.9) -> DocType:
    names = dict.fromkeys(["so", "nksNgaySinh", "nksNgaySinhBangChu", *required])
    return DocType(
        name="t",
        title=("T",),
        fields=tuple(FieldSpec(name=n, type="text", label=(n,), required=n in required) for n in names),
        accept_field=accept_field,
    )


WORDS = "Ngày mười lăm tháng tám năm một nghìn chín trăm tám mươi bảy"


KINDS = sorted({spec.type for doctype in OURS.values() for spec in doctype.fields})


@pytest.mark.parametrize("kind", KINDS)
def test_every_value_type_was_calibrated(kind: str) -> None:
    scale = calibration().scales[kind]
    assert len(scale.free) == len(features(ValueEvidence((0.9,))))
    assert len(scale.decoded) == len(features(ValueEvidence((0.9,), margin=3.0)))
    assert scale is not NEVER


@pytest.mark.parametrize("kind", ["date", "name", "id_number", "text"])
def test_what_is_accepted_has_to_be_quite_sure(kind: str) -> None:
    """A value read freely needs letters that are 99.9 % sure; a decoded one that stands clear of others may be less sure."""
    accept = calibration().accept
    assert confidence(kind, ValueEvidence((0.99,) * 8)) < accept <= confidence(kind, ValueEvidence((0.999,) * 8))
    doubtful, fair = (confidence(kind, ValueEvidence((letter,) * 8, 9.0, 0.0, -1.0)) for letter in (0.5, 0.9))
    assert doubtful < accept < fair


def test_a_value_without_letters_is_worth_nothing() -> None:
    assert confidence("name", ValueEvidence(())) == 0.0


@pytest.mark.parametrize("kind", ["date", "name", "place", "ethnicity", "date_words"])
def test_a_value_that_stands_clear_of_all_others_is_surer_than_one_that_does_not(kind: str) -> None:
    letters = (0.99,) * 8
    sure = [confidence(kind, ValueEvidence(letters, margin, 0.0, -1.0)) for margin in (-1.0, 0.5, 3.0, 9.0)]
    assert sure == sorted(sure)
    assert sure[0] < sure[-1]


def test_what_was_read_twice_alike_is_surer_than_either() -> None:
    assert both(0.9, 0.8) == 0.98
    values = {"nksNgaySinh": "1987-08-15", "nksNgaySinhBangChu": WORDS}
    judged, _, _ = judge([field(n, v, sure=0.95) for n, v in values.items()], doctype())
    assert [f.confidence for f in judged] == [0.9975, 0.95], "words may still be misspelt"


def test_one_bad_letter_weighs_more_in_confidence_than_in_the_mean() -> None:
    one_bad = (0.99,) * 20 + (0.3,)
    assert confidence("name", ValueEvidence(one_bad)) < confidence("name", ValueEvidence((sum(one_bad) / 21,) * 21)) - 0.05


@pytest.mark.parametrize(
    ("sure", "declared", "accepted"), [(0.9799, 0.9, False), (0.98, 0.9, True), (0.98, 0.99, False), (0.99, 0.99, True)]
)
def test_a_field_is_accepted_from_the_threshold_of_its_kind_and_of_its_document_on(
    sure: float, declared: float, accepted: bool, plain_scale: None
) -> None:
    judged, verdict, reasons = judge([field("so", "15/1999", sure=sure)], doctype(accept_field=declared))
    assert judged[0].accepted is accepted
    assert verdict is (Verdict.ACCEPT if accepted else Verdict.REVIEW)
    assert [r.code for r in reasons] == ([] if accepted else ["unsure_fields"])


def test_a_field_with_a_problem_is_not_accepted_however_sure_its_letters_are() -> None:
    judged, verdict, reasons = judge([field("so", "x", sure=1.0, problems=(Problem(code="not_in_list"),))], doctype())
    assert not judged[0].accepted
    assert verdict is Verdict.REVIEW
    assert reasons == (Problem(code="unsure_fields", facts={"count": 1}),)


def test_both_sides_of_a_contradiction_keep_their_values_and_neither_is_accepted() -> None:
    fields = [field("nksNgaySinh", "1987-08-16", sure=1.0), field("nksNgaySinhBangChu", WORDS, sure=1.0), field("so", "1")]
    judged, verdict, reasons = judge(fields, doctype())
    assert [f.value for f in judged] == ["1987-08-16", WORDS, "1"]
    assert [f.accepted for f in judged] == [False, False, True]
    assert [[p.code for p in f.problems] for f in judged] == [["words_differ"], ["words_differ"], []]
    assert verdict is Verdict.REVIEW
    assert reasons[0] == Problem(code="words_differ", field="nksNgaySinh", facts={"other": "nksNgaySinhBangChu"})


def test_every_contradiction_is_a_reason_also_when_they_share_a_field() -> None:
    fields = [field("so", "15/1999"), field("ngayDangKy", "1998-01-01"), field("nksNgaySinh", "1998-02-01")]
    _, verdict, reasons = judge(fields, doctype())
    assert {r.code for r in reasons} == {"number_year_differs", "date_order", "unsure_fields"}
    assert verdict is Verdict.REVIEW


@pytest.mark.parametrize("fields", [[], [field("so", None)]])
def test_a_required_field_that_is_not_there_sends_the_record_to_a_person(fields: list[Field]) -> None:
    judged, verdict, reasons = judge(fields, doctype("so"))
    assert verdict is Verdict.REVIEW
    assert reasons == (Problem(code="missing", field="so"),)
    assert not any(f.accepted for f in judged)


def test_a_complete_certain_record_is_accepted() -> None:
    judged, verdict, reasons = judge([field("so", "15/1999"), field("ngayDangKy", "1999-04-03")], doctype("so"))
    assert all(f.accepted for f in judged)
    assert (verdict, reasons) == (Verdict.ACCEPT, ())


def test_a_field_keeps_every_contradiction_it_stands_in() -> None:
    values = {"nksSoDinhDanh": "008325008824", "nksNgaySinh": "2024-08-31", "nksGioiTinh": "nam"}
    judged, verdict, _ = judge([field(n, v, sure=1.0) for n, v in values.items()], doctype())
    assert [p.code for p in judged[0].problems] == ["id_year_differs", "id_sex_differs"]
    assert verdict is Verdict.REVIEW
