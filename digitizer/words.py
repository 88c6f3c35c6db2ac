"""What a person is shown for states, kinds, types, ids and moments. With `--json` the technical names stay."""

from __future__ import annotations

from collections.abc import Mapping

from digitizer.doctypes import DocType
from digitizer.messages import catalogue, field_label, say
from digitizer.text import fold

#: letters of an id that a person is shown. Commands take any beginning that fits one id only
SHORT = 12


def word(kind: str, value: str, lang: str) -> str:
    """A state or kind in the operator's words. The value itself where there is no word for it."""
    return catalogue(lang).get(f"{kind}_{value.lower()}", value)


def counted(kind: str, counts: Mapping[str, int], lang: str) -> str:
    """`3 đã số hóa, 1 lỗi`, or a dash where there is nothing to count."""
    return ", ".join(f"{n} {word(kind, state, lang)}" for state, n in sorted(counts.items()) if n) or "—"


def short_id(whole: str) -> str:
    """The beginning of an id, as lists show it. A record's place in its file stays behind it."""
    first, slash, rest = whole.partition("/")
    return f"{first[:SHORT]}{slash}{rest}"


def doctype_title(name: str | None, doctypes: Mapping[str, DocType], lang: str) -> str:
    """The title of a document type as printed. English operators see its name with spaces."""
    if name is None:
        return say("doctype_unknown", lang)
    titles = doctypes[name].title if name in doctypes else ()
    return titles[0] if lang == "vi" and titles else name.replace("_", " ")


def field_title(name: str, doctype: DocType | None, lang: str) -> str:
    """The Vietnamese label of a field; for one that an operator declared, what is printed before it."""
    label = field_label(name, lang)
    if lang != "vi" or label != name or doctype is None:
        return label
    printed = next((spec.label for spec in doctype.fields if spec.name == name), ())
    said = doctype.said.get(printed[0], "") if printed else ""
    return said[:1].upper() + said[1:] or name


def field_named(typed: str, doctype: DocType | None) -> str:
    """The field an operator means: by its name, or by a label that one field only has.

    What is neither is given back as typed. Whoever knows the fields refuses it.
    """
    fields = () if doctype is None else doctype.fields
    if any(spec.name == typed for spec in fields):
        return typed
    wanted = fold(typed)
    shown = [spec.name for spec in fields if fold(field_title(spec.name, doctype, "vi")) == wanted]
    printed = [spec.name for spec in fields if wanted in spec.label]
    meant = shown or printed
    return meant[0] if len(meant) == 1 else typed
