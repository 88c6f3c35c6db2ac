from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from training.drawing import card, cases, people, places, wording

WORDS = [
    (date(1987, 8, 15), "Ngày mười lăm tháng tám năm một nghìn chín trăm tám mươi bảy"),
    (date(2008, 1, 21), "Ngày hai mươi mốt tháng một năm hai nghìn không trăm linh tám"),
    (date(2000, 4, 10), "Ngày mồng mười tháng tư năm hai nghìn không trăm"),
    (date(2015, 12, 25), "Ngày hai mươi lăm tháng mười hai năm hai nghìn không trăm mười lăm"),
]
PLAIN = wording.Manner(
    date_style="{0.day:02}/{0.month:02}/{0.year}",
    capitals=False,
    abbreviated=False,
    commas=False,
    thousand="nghìn",
    zero_tens="linh",
    month_four="tư",
    first_days="mồng",
)


@pytest.mark.parametrize(("when", "words"), WORDS, ids=lambda v: str(v))
def test_a_date_is_written_out_as_clerks_do(when: date, words: str) -> None:
    assert PLAIN.in_words(when) == words


@pytest.mark.parametrize(
    ("sex", "born", "start"),
    [
        ("nam", date(1987, 8, 15), "008087"),
        ("nữ", date(1987, 8, 15), "008187"),
        ("nam", date(2003, 1, 1), "008203"),
        ("nữ", date(2020, 1, 1), "008320"),
    ],
)
def test_a_personal_number_tells_province_century_sex_and_year(
    rng: np.random.Generator, sex: str, born: date, start: str
) -> None:
    number = people.personal_number(rng, "008", sex, born)
    assert len(number) == 12 and number.isdigit() and number.startswith(start)


def test_old_communes_have_districts_and_new_ones_have_none(rng: np.random.Generator) -> None:
    assert all(places.commune(rng, date(2020, 1, 1)).district.startswith(("huyện ", "thành phố ")) for _ in range(50))
    assert all(not places.commune(rng, date(2025, 7, 1)).district for _ in range(50))


@pytest.mark.parametrize("seed", range(40))
def test_a_family_agrees_with_itself(seed: int) -> None:
    case = cases.birth(np.random.default_rng(seed), date(2019, 3, 4), 12)
    child, mother, father = (case.people[who] for who in ("child", "mother", "father"))
    assert child.surname == father.surname and child.born < case.when
    assert 18 <= child.born.year - mother.born.year <= 37
    assert case.values["nycHoTen"] in (case.values["meHoTen"], case.values["chaHoTen"])
    assert case.raw["so"].endswith(str(case.when.year))
    assert all(person.paper.issued <= case.when for person in (mother, father))


@pytest.mark.parametrize("kind", ["words", "idyear", "idsex", "order"])
def test_a_planted_contradiction_is_on_record(kind: str) -> None:
    rng = np.random.default_rng(3)
    case = cases.birth(rng, date(2019, 3, 4), 12)
    before = dict(case.values)
    cases.plant(rng, case, kind)
    changed = {name for name in before if before[name] != case.values[name]}
    assert len(changed) == 1 and changed < set(case.planted[0]["fields"])  # type: ignore[call-overload]


def test_the_published_example_has_our_check_digits() -> None:
    first, second = "IDVNM0870012349008087001234<<7", "8708151M2708159VNM<<<<<<<<<<<2"
    assert card.check_digit(first[5:14]) == int(first[14]) and card.check_digit(first[15:29]) == int(first[29])
    assert card.check_digit(second[:6]) == int(second[6]) and card.check_digit(second[8:14]) == int(second[14])
    assert card.check_digit(first[5:30] + second[0:7] + second[8:15] + second[18:29]) == int(second[29])


@pytest.mark.parametrize("seed", range(20))
def test_a_machine_readable_zone_holds(seed: int) -> None:
    rng = np.random.default_rng(seed)
    who = cases.single(rng, date(2022, 5, 5), 1).people["person"]
    first, second, third = card.mrz(who, card.expiry(who.born, date(2022, 5, 5)))
    assert [len(line) for line in (first, second, third)] == [30, 30, 30]
    assert first[15:27] == who.personal_number and second[7] == {"nam": "M", "nữ": "F"}[who.sex]
    assert card.check_digit(first[5:30] + second[0:7] + second[8:15] + second[18:29]) == int(second[29])
    assert third.isascii()


@pytest.mark.parametrize(
    ("born", "issued", "ends"),
    [
        (date(1996, 5, 14), date(2022, 8, 7), date(2036, 5, 14)),
        (date(1998, 1, 2), date(2021, 6, 1), date(2038, 1, 2)),
        (date(1955, 3, 3), date(2021, 6, 1), date(2099, 12, 31)),
    ],
)
def test_a_card_ends_at_a_round_birthday(born: date, issued: date, ends: date) -> None:
    assert card.expiry(born, issued) == ends
