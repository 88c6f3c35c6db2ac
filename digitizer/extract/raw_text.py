"""Cleans raw text from dotted lines of forms before a value is read from it."""

from __future__ import annotations

import re

from digitizer.text import fold, nfc

#: characters of dotted lines, also as recognisers misread them
FILL = " .…·:;,_-–"
#: abbreviations in places: xã, huyện, tỉnh, phường, quận, thị xã, thành phố, thị trấn
_SHORT = frozenset({"x", "h", "t", "p", "q", "tx", "tp", "tt"})


def clean(raw: str) -> str:
    """`raw` without the dots of dotted lines around it and between its words."""
    text = re.sub(r"[.…·_]{2,}|…", " ", nfc(raw))
    text = re.sub(r"(?<=\w)\s*[.·](?=\s+\w)", _between, text)
    return nfc(text).strip(FILL)


def undotted(text: str) -> str:
    """`text` without dots of a dotted line between digits and after a slash: `20.09`, `0083200.10240`, `31/.2017`."""
    return re.sub(r"(?<=\d)\s*[.·]\s*(?=[\d/])|(?<=/)\s*[.·]\s*(?=\w)", "", text)


def _between(match: re.Match[str]) -> str:
    """The dot when it ends an abbreviation (`T. Tuyên Quang`) or divides digits, else nothing: it is of the dotted line."""
    before = match.string[: match.end()].rstrip(" .·").rpartition(" ")[2]
    after = match.string[match.end() :].lstrip()
    capitals = len(before) <= 2 and before[:1].isupper() and (len(before) == 1 or not set(fold(before)) & set("aeiouy"))
    kept = capitals or before in _SHORT or (before[-1:].isdigit() and after[:1].isdigit())
    return match.group() if kept else ""


def code_of(raw: str) -> str:
    """`raw` as a code: in capitals, without spaces, without marks at its ends."""
    return re.sub(r"\s+", "", nfc(raw)).strip("…·:;,_-–.").upper()


def is_left_over(rest: str) -> bool:
    """Whether letters or digits stand in `rest`, what a value leaves of its raw text."""
    return re.search(r"[^\W_]", rest) is not None
