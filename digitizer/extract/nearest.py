"""Finds the entry of a closed list for a text that may be misread."""

from __future__ import annotations

import re
from collections.abc import Sequence

from rapidfuzz.distance import Levenshtein

from digitizer.extract.raw_text import FILL, clean
from digitizer.extract.value_type import Parsed
from digitizer.text import fold


def nearest(raw: str, entries: Sequence[str]) -> Parsed:
    """(entry, problem) for `raw`.

    An equal entry has no problem. The only near entry has `spelling_restored`. Else the text stays, with `not_in_list`.
    """
    # the recogniser reads stains beside a word as digits and strokes
    found = re.sub(r"(?:^|(?<=\s))[\d/|\\)(]+(?=\s|$)", "", clean(raw)).strip(FILL)
    if not found:
        return None, "empty"
    lowered = found.casefold()
    ranked = sorted(
        (Levenshtein.distance(lowered, entry.casefold()), Levenshtein.distance(fold(found), fold(entry)), entry)
        for entry in entries
    )
    (best, plain, entry), second = ranked[0], ranked[1]
    if best == 0:
        return entry, None
    sure = best <= max(1, len(entry) // 4) and plain <= 1 and second[0] > best
    return (entry, "spelling_restored") if sure else (found, "not_in_list")
