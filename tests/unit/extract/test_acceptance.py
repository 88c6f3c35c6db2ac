"""Rules between values, confidence, acceptance, verdict."""

from __future__ import annotations

import pytest

from digitizer.doctypes import DocType, FieldSpec, load
from digitizer.extract.acceptance import NEVER, both, calibration, confidence, features, judge
from digitizer.extract.rules import contradictions
from digitizer.extract.values import Evidence
from digitizer.model import Field, Problem, Verdict


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


@pytest.mark.parametrize(
    ("values", "code", "names"),
    [
        # digits against words
        ({"nksNgaySinh": "1987-08-16", "nksNgaySinhBangChu": WORDS}, "words_differ", ("nksNgaySinh", "nksNgaySinhBangChu")),
        ({"nksNgaySinh": "1987", "nksNgaySinhBangChu": WORDS}, "words_differ", ("nksNgaySinh", "nksNgaySinhBangChu")),
        (
            {"nktNgayChet": "1987-08-16", "nktNgayChetGhiBangChu": WORDS},
            "words_differ",
            ("nktNgayChet", "nktNgayChetGhiBangChu"),
        ),
        (
            {"nksNgaySinh": "2000-02-28", "nksNgaySinhBangChu": "ngày ba mươi tháng hai năm hai nghìn"},
            "words_differ",
            ("nksNgaySinh", "nksNgaySinhBangChu"),
        ),
        # identity number against year and sex
        (
            {"nksSoDinhDanh": "008325008824", "nksNgaySinh": "2024-08-31"},
            "id_year_differs",
            ("nksSoDinhDanh", "nksNgaySinh"),
        ),
        ({"chaSoGiayToTuyThan": "008090007709", "chaNgaySinh": "1991"}, "id_year_differs", ("chaSoGiayToTuyThan", "chaNgaySinh")),
        ({"soDinhDanh": "008087001234", "ngaySinh": "1988-08-15"}, "id_year_differs", ("soDinhDanh", "ngaySinh")),
        ({"soDinhDanh": "008287001234", "ngaySinh": "1987-08-15"}, "id_year_differs", ("soDinhDanh", "ngaySinh")),
        ({"nksSoDinhDanh": "008325008824", "nksGioiTinh": "nam"}, "id_sex_differs", ("nksSoDinhDanh", "nksGioiTinh")),
        ({"soDinhDanh": "008087001234", "gioiTinh": "nữ"}, "id_sex_differs", ("soDinhDanh", "gioiTinh")),
        ({"nxnSoGiayToTuyThan": "002089014374", "nxnGioiTinh": "nữ"}, "id_sex_differs", ("nxnSoGiayToTuyThan", "nxnGioiTinh")),
        # the province: nobody's, or not that of the office
        ({"soDinhDanh": "003087001234"}, "id_province_unknown", ("soDinhDanh",)),
        (
            {"nksSoDinhDanh": "079325008824", "noiDangKy": "UBND xã Phù Lưu, huyện Hàm Yên, tỉnh Tuyên Quang"},
            "id_province_differs",
            ("nksSoDinhDanh", "noiDangKy"),
        ),
        # ages
        ({"chaNgaySinh": "2015", "nksNgaySinh": "2024-08-31"}, "age_of_father", ("chaNgaySinh", "nksNgaySinh")),
        ({"voNgaySinh": "2005-03-01", "ngayDangKy": "2020-04-01"}, "age_of_spouse", ("voNgaySinh", "ngayDangKy")),
        ({"chongNgaySinh": "2002", "ngayDangKy": "2020-04-01"}, "age_of_spouse", ("chongNgaySinh", "ngayDangKy")),
        # the surname
        (
            {"nksHoTen": "LÊ VĂN A", "meHoTen": "MA THỊ B", "chaHoTen": "LÝ VĂN C"},
            "surname_differs",
            ("nksHoTen", "chaHoTen", "meHoTen"),
        ),
        # the check digit of a business
        ({"maSoDoanhNghiep": "0100109107"}, "check_digit_wrong", ("maSoDoanhNghiep",)),
        # the role says the sex
        ({"voSoGiayToTuyThan": "008086001257"}, "id_sex_differs", ("voSoGiayToTuyThan",)),
        ({"chongSoGiayToTuyThan": "008186001257"}, "id_sex_differs", ("chongSoGiayToTuyThan",)),
        ({"meSoGiayToTuyThan": "008086001257"}, "id_sex_differs", ("meSoGiayToTuyThan",)),
        ({"chaSoGiayToTuyThan": "008186001257"}, "id_sex_differs", ("chaSoGiayToTuyThan",)),
        # order of dates
        ({"nksNgaySinh": "2025-09-09", "ngayDangKy": "2025-09-08"}, "date_order", ("nksNgaySinh", "ngayDangKy")),
        ({"nktNgaySinh": "2019-06-19", "nktNgayChet": "2019-06-18"}, "date_order", ("nktNgaySinh", "nktNgayChet")),
        ({"nktNgayChet": "2019-07-02", "ngayDangKy": "2019-07-01"}, "date_order", ("nktNgayChet", "ngayDangKy")),
        ({"gbtNgay": "2019-07-02", "ngayDangKy": "2019-07-01"}, "date_order", ("gbtNgay", "ngayDangKy")),
        ({"nktNgayChet": "2019-06-20", "gbtNgay": "2019-06-19"}, "date_order", ("nktNgayChet", "gbtNgay")),
        ({"voNgaySinh": "2020", "ngayDangKy": "2019-12-02"}, "date_order", ("voNgaySinh", "ngayDangKy")),
        ({"chongNgaySinh": "2020-01", "ngayDangKy": "2019-12-02"}, "date_order", ("chongNgaySinh", "ngayDangKy")),
        ({"chaNgaySinh": "2026", "nksNgaySinh": "2025-08-31"}, "date_order", ("chaNgaySinh", "nksNgaySinh")),
        ({"nxnNgaySinh": "2026", "ngayCap": "2025-05-19"}, "date_order", ("nxnNgaySinh", "ngayCap")),
        (
            {"nxnThoiGianCuTruTu": "2025-05-20", "nxnThoiGianCuTruDen": "2025-05-19"},
            "date_order",
            ("nxnThoiGianCuTruTu", "nxnThoiGianCuTruDen"),
        ),
        ({"ngaySinh": "2022-08-08", "ngayCap": "2022-08-07"}, "date_order", ("ngaySinh", "ngayCap")),
        ({"ngayCap": "2038-05-22", "ngayHetHan": "2038-05-21"}, "date_order", ("ngayCap", "ngayHetHan")),
        # year in the number
        ({"so": "15/1999", "ngayDangKy": "1998-04-03"}, "number_year_differs", ("so", "ngayDangKy")),
        (
            {"so": "30/TLKS-BS", "soDangKy": "41/2021", "ngayDangKy": "2020-05-07"},
            "number_year_differs",
            ("soDangKy", "ngayDangKy"),
        ),
        # the mother's age
        ({"meNgaySinh": "2014", "nksNgaySinh": "2025-08-31"}, "age_of_mother", ("meNgaySinh", "nksNgaySinh")),
        ({"meNgaySinh": "1964", "nksNgaySinh": "2025-08-31"}, "age_of_mother", ("meNgaySinh", "nksNgaySinh")),
    ],
)
def test_a_contradiction_is_found(values: dict[str, str], code: str, names: tuple[str, ...]) -> None:
    assert (code, names) in list(contradictions(values))


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"nksNgaySinh": "1987-08-15", "nksNgaySinhBangChu": WORDS},
        # words nobody understands say nothing against the digits; they have a problem of their own
        {"nksNgaySinh": "1987-08-15", "nksNgaySinhBangChu": "Ngày mười lăm thang"},
        {"nksSoDinhDanh": "008325008824", "nksNgaySinh": "2025-08-31", "nksGioiTinh": "nữ"},
        {"soDinhDanh": "008087001234", "ngaySinh": "1987", "gioiTinh": "nam"},
        {"soDinhDanh": "008087001234", "gioiTinh": "không xác định"},
        # 9 digits and passports hold neither year nor sex
        {"voSoGiayToTuyThan": "071845099", "voNgaySinh": "1993-03-03"},
        {"voSoGiayToTuyThan": "B1234567", "voNgaySinh": "1993-03-03"},
        {"meSoGiayToTuyThan": "008186001257", "chaSoGiayToTuyThan": "008086001257"},
        # the same day is possible, and so is whatever a year leaves open
        {"nksNgaySinh": "2025-08-31", "ngayDangKy": "2025-08-31"},
        {"nksNgaySinh": "2025", "ngayDangKy": "2025-01-02"},
        {"nktNgaySinh": "2019-06", "nktNgayChet": "2019-06-18"},
        {"so": "15/1999", "ngayDangKy": "1999-04-03"},
        {"so": "15", "ngayDangKy": "1999-04-03"},
        {"so": "30/TLKS-BS", "ngayDangKy": "1999-04-03"},
        {"so": "15/1999"},
        {"meNgaySinh": "2013", "nksNgaySinh": "2025-08-31"},
        {"meNgaySinh": "1965", "nksNgaySinh": "2025-08-31"},
    ],
)
def test_what_can_be_true_at_once_is_left_alone(values: dict[str, str]) -> None:
    assert list(contradictions(values)) == []


KINDS = sorted({spec.type for doctype in load(None).values() for spec in doctype.fields})


@pytest.mark.parametrize("kind", KINDS)
def test_every_value_type_was_calibrated(kind: str) -> None:
    scale = calibration().scales[kind]
    assert len(scale.free) == len(features(Evidence((0.9,))))
    assert len(scale.decoded) == len(features(Evidence((0.9,), margin=3.0)))
    assert scale is not NEVER


def test_what_is_accepted_has_to_be_quite_sure() -> None:
    assert 0.9 < calibration().accept < 1


def test_a_value_without_letters_is_worth_nothing() -> None:
    assert confidence("name", Evidence(())) == 0.0


@pytest.mark.parametrize("kind", ["date", "name", "place", "ethnicity", "date_words"])
def test_a_value_that_stands_clear_of_all_others_is_surer_than_one_that_does_not(kind: str) -> None:
    letters = (0.99,) * 8
    sure = [confidence(kind, Evidence(letters, margin, 0.0, -1.0)) for margin in (-1.0, 0.5, 3.0, 9.0)]
    assert sure == sorted(sure)
    assert sure[0] < sure[-1]


def test_what_was_read_twice_alike_is_surer_than_either() -> None:
    assert both(0.9, 0.8) == 0.98
    values = {"nksNgaySinh": "1987-08-15", "nksNgaySinhBangChu": WORDS}
    judged, _, _ = judge([field(n, v, sure=0.95) for n, v in values.items()], doctype())
    assert [f.confidence for f in judged] == [0.9975, 0.95], "words may still be misspelt"


def test_one_bad_letter_weighs_more_in_confidence_than_in_the_mean() -> None:
    one_bad = (0.99,) * 20 + (0.3,)
    assert confidence("name", Evidence(one_bad)) < confidence("name", Evidence((sum(one_bad) / 21,) * 21)) - 0.05


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


@pytest.mark.parametrize(
    "values",
    [
        {"soDinhDanh": "008087001234", "ngaySinh": "1987-08-15", "gioiTinh": "nam"},
        # Hà Giang went into Tuyên Quang: its numbers stay
        {"nksSoDinhDanh": "002325008824", "noiDangKy": "UBND xã Sủng Là, tỉnh Tuyên Quang"},
        {"soDinhDanh": "112087001234"},  # born abroad
        {"maSoDoanhNghiep": "0100109106"},
        {"nksHoTen": "Ma Văn A", "meHoTen": "MA THỊ B", "chaHoTen": "LÝ VĂN C"},
        {"nksHoTen": "Giàng A Páo", "meHoTen": "Sùng Thị B"},
        {"voNgaySinh": "2002-12-31", "ngayDangKy": "2020-01-01"},
    ],
)
def test_what_may_be_true_is_no_contradiction(values: dict[str, str]) -> None:
    assert list(contradictions(values)) == []


def test_a_field_keeps_every_contradiction_it_stands_in() -> None:
    values = {"nksSoDinhDanh": "008325008824", "nksNgaySinh": "2024-08-31", "nksGioiTinh": "nam"}
    judged, verdict, _ = judge([field(n, v, sure=1.0) for n, v in values.items()], doctype())
    assert [p.code for p in judged[0].problems] == ["id_year_differs", "id_sex_differs"]
    assert verdict is Verdict.REVIEW
