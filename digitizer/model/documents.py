"""What was understood: documents, records, fields."""

from __future__ import annotations

from dataclasses import dataclass

from digitizer.model.planes import Box
from digitizer.model.problem import Problem
from digitizer.model.states import Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Why a document has its type. `what` is a phrase a person understands, `page` counts PageTexts of the bundle."""

    what: str
    page: int
    box: Box | None
    weight: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """A remark in the margin, with the day it was made (ISO) where it says one; `page` and `box` as those of a field.

    `hand`: `pen` or `print`, None where that is not clear.
    """

    text: str
    date: str | None
    confidence: float
    page: int
    box: Box | None
    hand: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One value, where it was read and how sure we are.

    `by`: `ocr`, `qr`, `mrz`, `pdf`, `book` or a user's name. `page` counts PageTexts of the bundle; `box` is on that page.
    `value` is in the normal form of its kind (None: nothing usable), `raw` as printed.
    """

    name: str
    raw: str
    value: str | bool | tuple[str, ...] | None
    confidence: float
    accepted: bool
    page: int | None = None
    box: Box | None = None
    problems: tuple[Problem, ...] = ()
    by: str = "ocr"
    #: a field of notes: its `value` is their texts
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One registration case, or the content of one sheet. `id` is `<document id>/<record number>`."""

    id: str
    fields: tuple[Field, ...]
    verdict: Verdict
    reasons: tuple[Problem, ...] = ()
    revision: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One paper among the scans. `id` is `<bundle id>/<document number>`; `doctype` None when unsure (`unknown`)."""

    id: str
    #: positions of its scans in the bundle, 0-based
    pages: tuple[int, ...]
    #: positions of its PageTexts in the bundle, 0-based
    texts: tuple[int, ...]
    doctype: str | None
    score: float
    #: how far the score is ahead of the next type's
    margin: float = 0.0
    evidence: tuple[Evidence, ...] = ()
    #: why its type or its values should not be trusted: another language, hardly legible
    problems: tuple[Problem, ...] = ()
    records: tuple[Record, ...] = ()
