"""Every sentence an operator reads, by its code, in Vietnamese (`vi.toml`) and English (`en.toml`)."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # `--help` needs sentences, not numpy
    from digitizer.model import Problem


@cache
def catalogue(lang: str) -> Mapping[str, str]:
    """All sentences of `lang` by code."""
    return tomllib.loads((files(__name__) / f"{lang}.toml").read_text(encoding="utf-8"))


def say(code: str, lang: str, /, **facts: object) -> str:
    """The sentence for `code` with `facts` put in.

    A fact the sentence does not mention is left out. A fact that is missing stays visible as `{name}`.
    """
    return catalogue(lang)[code].format_map(_Visible(facts))


def describe(problem: Problem, lang: str) -> str:
    """The sentence for `problem`."""
    facts: dict[str, object] = {"page": "" if problem.page is None else problem.page + 1, "field": problem.field or ""}
    return say(problem.code, lang, **{**facts, **problem.facts})


class _Visible(dict[str, object]):
    def __missing__(self, key: str) -> str:
        return f"{{{key}}}"
