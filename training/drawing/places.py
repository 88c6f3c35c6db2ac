"""Places of the Tuyên Quang and Hà Giang area, before and after the reform of 01/07/2025 (no districts since)."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np

REFORM = date(2025, 7, 1)

DECLARATION = tomllib.loads(Path(__file__).with_name("places.toml").read_text(encoding="utf-8"))
NEW_COMMUNES: list[str] = DECLARATION["new_communes"]
VILLAGES: list[str] = DECLARATION["villages"]
TUYEN_QUANG, HA_GIANG = DECLARATION["province"]
SHORT = (("thành phố ", "TP. "), ("thị trấn ", "TT. "), ("phường ", "P. "), ("huyện ", "H. "), ("tỉnh ", "T. "), ("xã ", "X. "))


@dataclass(frozen=True, slots=True)
class Commune:
    """A commune as it was called at some time. `district` is empty since the reform."""

    name: str
    district: str
    province: str
    #: first three digits of personal numbers registered here
    code: str

    @property
    def bare(self) -> str:
        """The name without `xã`, `phường`, `thị trấn`."""
        return self.name.removeprefix("thị trấn ").removeprefix("phường ").removeprefix("xã ")

    def full(self) -> str:
        """All levels, written out."""
        return ", ".join(part for part in (self.name, self.district, f"tỉnh {self.province}") if part)

    def short(self) -> str:
        """As a clerk short of room writes it, and as seals do."""
        text = self.full()
        for word, letters in SHORT:
            text = text.replace(word, letters)
        return text

    def committee(self) -> str:
        """`Ủy ban nhân dân xã …`, all levels."""
        return f"Ủy ban nhân dân {self.full()}"


@dataclass(frozen=True, slots=True)
class Home:
    """Where somebody lives: village or street group, and commune."""

    village: str
    commune: Commune

    def full(self) -> str:
        """With a capital first letter, all levels."""
        return f"{self.village}, {self.commune.full()}"

    def short(self) -> str:
        """Abbreviated."""
        return f"{self.village}, {self.commune.short()}"


def commune(rng: np.random.Generator, when: date) -> Commune:
    """A commune with the name it had at `when`."""
    if when >= REFORM:
        return Commune(_one(rng, NEW_COMMUNES), "", "Tuyên Quang", "008")
    province = TUYEN_QUANG if rng.random() < 0.75 else HA_GIANG
    district = _one(rng, list(province["districts"]))
    return Commune(_one(rng, province["districts"][district]), district, province["name"], province["code"])


def home(rng: np.random.Generator, place: Commune) -> Home:
    """A home in a commune: a named village, or a numbered one."""
    word = "Tổ dân phố" if place.name.startswith(("phường", "thị trấn")) else "Thôn"
    village = f"{word} {rng.integers(1, 16)}" if word != "Thôn" or rng.random() < 0.2 else f"{word} {_one(rng, VILLAGES)}"
    return Home(village, place)


def hospital(rng: np.random.Generator, place: Commune) -> str:
    """Where children of a commune are born."""
    seat = place.district.replace("thành phố ", "TP. ") or f"khu vực {place.bare}"
    choices = (
        f"Bệnh viện Đa khoa tỉnh {place.province}",
        f"Trung tâm Y tế {seat}, tỉnh {place.province}",
        f"Trạm Y tế {place.full()}",
    )
    return _one(rng, choices)


def _one(rng: np.random.Generator, choices: list[str] | tuple[str, ...]) -> str:
    return choices[int(rng.integers(len(choices)))]
