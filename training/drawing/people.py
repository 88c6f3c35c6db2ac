"""Invented people whose ages, names, relations and papers agree."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import numpy as np

from training.drawing.places import Home
from training.drawing.wording import Manner

NAMES = tomllib.loads(Path(__file__).with_name("names.toml").read_text(encoding="utf-8"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """A proof of identity."""

    #: CMND, CCCD, Căn cước
    kind: str
    number: str
    issued: date
    issuer: str

    def written(self, manner: Manner, order: int) -> str:
        """As a clerk notes it. `order` chooses one of three habits."""
        issued = manner.day(self.issued)
        return (
            f"{self.kind} số {self.number} do {self.issuer} cấp ngày {issued}",
            f"{self.kind} số: {self.number}, cấp ngày {issued}, nơi cấp: {self.issuer}",
            f"{self.kind} số {self.number}, {self.issuer}, {issued}",
        )[order % 3]


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody who never lived."""

    surname: str
    middle: str
    given: str
    sex: str
    born: date
    ethnicity: str
    home: Home
    personal_number: str
    paper: Paper
    nationality: str = "Việt Nam"

    @property
    def name(self) -> str:
        """Surname, middle and given name."""
        return " ".join(part for part in (self.surname, self.middle, self.given) if part)


def person(
    rng: np.random.Generator,
    *,
    home: Home,
    sex: str,
    born: date,
    when: date,
    surname: str = "",
    ethnicity: str = "",
) -> Person:
    """A person as their papers look at `when`.

    Args:
        rng: source of every choice.
        home: where they live. Their birth was registered in its province.
        sex: nam or nữ.
        born: birth date.
        when: date of the document that names them.
        surname: inherited, else drawn after the ethnicity.
        ethnicity: inherited, else drawn.
    """
    ethnicity = ethnicity or str(rng.choice(list(NAMES["ethnic_shares"]), p=list(NAMES["ethnic_shares"].values())))
    middles = NAMES["mong_middles"] if ethnicity == "Mông" and rng.random() < 0.7 else NAMES["middles"]
    number = personal_number(rng, home.commune.code, sex, born)
    return Person(
        surname=surname or _one(rng, NAMES["surnames"][ethnicity]),
        middle=_one(rng, middles[sex]),
        given=_one(rng, NAMES["given"][sex]),
        sex=sex,
        born=born,
        ethnicity=ethnicity,
        home=home,
        personal_number=number,
        paper=paper(rng, number, home, born, when),
    )


def personal_number(rng: np.random.Generator, province: str, sex: str, born: date) -> str:
    """12 digits `PPP G YY RRRRRR`: G is 0/1 (man/woman) for births of the 1900s, 2/3 for those of the 2000s."""
    century = 2 * (born.year // 100 - 19) + (sex == "nữ")
    return f"{province}{century}{born.year % 100:02}{int(rng.integers(1_000, 30_000)):06}"


def paper(rng: np.random.Generator, number: str, home: Home, born: date, when: date) -> Paper:
    """The proof of identity carried at `when`: nine digits until 2016 and partly after, chip card since 2021.

    Since 07/2024 it is the Căn cước. The issuing police department changed its name in October 2018.
    """
    adult = born + timedelta(days=366 * 14)
    issued = when - timedelta(days=int(rng.integers(40, 1500)))
    issued = max(issued, min(adult, when))
    if issued >= date(2024, 7, 1):
        return Paper(kind="Căn cước", number=number, issued=issued, issuer="Bộ Công an")
    if issued >= date(2021, 1, 1) or (issued >= date(2016, 1, 1) and rng.random() < 0.3):
        police = "Cục CS QLHC về TTXH" if issued >= date(2018, 10, 10) else "Cục CS ĐKQL cư trú và DLQG về dân cư"
        return Paper(kind="CCCD", number=number, issued=issued, issuer=police)
    old = f"07{int(rng.integers(0, 10_000_000)):07}"
    issuer = f"{'CA' if rng.random() < 0.5 else 'Công an'} tỉnh {home.commune.province}"
    return Paper(kind="CMND", number=old, issued=issued, issuer=issuer)


def years_before(when: date, years: float) -> date:
    """The date `years` earlier."""
    return when - timedelta(days=round(365.25 * years))


def _one(rng: np.random.Generator, choices: list[str]) -> str:
    return choices[int(rng.integers(len(choices)))]
