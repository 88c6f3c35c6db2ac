"""What a person is shown for states, kinds, types, ids and moments. With `--json` the technical names stay."""

from __future__ import annotations

from collections.abc import Mapping

from digitizer.doctypes import DocType
from digitizer.messages import catalogue, say

#: letters of an id that a person is shown; commands take any beginning that fits one id only
SHORT = 12


def word(kind: str, value: str, lang: str) -> str:
    """A state or kind in the operator's words: `("intake", "DIGITIZED")`; the value itself where there is none."""
    return catalogue(lang).get(f"{kind}_{value.lower()}", value)


def counted(kind: str, counts: Mapping[str, int], lang: str) -> str:
    """`3 đã số hóa, 1 lỗi`; a dash where there is nothing to count."""
    return ", ".join(f"{n} {word(kind, state, lang)}" for state, n in sorted(counts.items()) if n) or "—"


def short_id(whole: str) -> str:
    """An id as it is shown: of a record, the beginning of its bundle's id and its place in it."""
    first, slash, rest = whole.partition("/")
    return f"{first[:SHORT]}{slash}{rest}"


def doctype_title(name: str | None, doctypes: Mapping[str, DocType], lang: str) -> str:
    """The title of a document type as printed; English operators see its name with spaces."""
    if name is None or name not in doctypes:
        return say("doctype_unknown", lang)
    return doctypes[name].title[0] if lang == "vi" else name.replace("_", " ")
