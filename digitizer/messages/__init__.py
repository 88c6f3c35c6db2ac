"""Every sentence an operator reads, by its code, in Vietnamese (`vi.toml`) and English (`en.toml`).

`fields.toml` has the Vietnamese label of every field. `station_vi.toml` and `station_en.toml` have what the pages of the review
station say besides.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # `--help` needs sentences, not numpy
    from digitizer.model import Problem


@cache
def catalogue(lang: str) -> Mapping[str, str]:
    """All sentences of `lang` by code."""
    return tomllib.loads((files(__name__) / f"{lang}.toml").read_text(encoding="utf-8"))


@cache
def station_text(lang: str) -> Mapping[str, str]:
    """The texts of the station's pages by code, from `station_vi.toml` and `station_en.toml`."""
    return tomllib.loads((files(__name__) / f"station_{lang}.toml").read_text(encoding="utf-8"))


def say(code: str, lang: str, /, **facts: object) -> str:
    """The sentence for `code` with `facts` put in.

    A fact the sentence does not mention is left out. A fact that is missing stays visible as `{name}`.
    """
    return catalogue(lang)[code].format_map(_Visible(facts))


@cache
def _labels() -> Mapping[str, str]:
    return tomllib.loads((files(__name__) / "fields.toml").read_text(encoding="utf-8"))


def field_label(name: str, lang: str) -> str:
    """What a person is shown for a field: `nksHoTen` is `Họ, chữ đệm, tên người được khai sinh`.

    English operators see the name itself, as they see a field that an operator declared.
    """
    return _labels().get(name, name) if lang == "vi" else name


def local_time(moment: str) -> str:
    """An ISO 8601 moment of the ledger as `01/12/2026 13:05`, in the time zone of this machine."""
    return f"{datetime.fromisoformat(moment).astimezone():%d/%m/%Y %H:%M}"


def describe(problem: Problem, lang: str, labels: Mapping[str, str] | None = None) -> str:
    """The sentence for `problem`. `labels` has what a person is shown for the fields of its document."""
    label = (labels or {}).get(problem.field) or field_label(problem.field, lang) if problem.field else ""
    facts: dict[str, object] = {"page": "" if problem.page is None else problem.page + 1, "field": label}
    return say(problem.code, lang, **{**facts, **problem.facts})


class _Visible(dict[str, object]):
    def __missing__(self, key: str) -> str:
        return f"{{{key}}}"
