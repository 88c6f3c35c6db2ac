"""What was understood: documents, records, fields."""

from __future__ import annotations

from dataclasses import dataclass

from digitizer.model.planes import Box
from digitizer.model.problem import Problem
from digitizer.model.states import Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """A reason why a document has its type. `what` is a phrase a person understands. `page` counts PageTexts of the bundle."""

    what: str
    page: int
    box: Box | None
    weight: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """A remark in the margin."""

    text: str
    #: the day it was made, ISO. None where it states none.
    date: str | None
    confidence: float
    #: counts PageTexts of the bundle
    page: int
    #: px of that page
    box: Box | None
    #: `pen` or `print`. None where that is not clear.
    hand: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherReading:
    """What another source of a field says, where the two differ."""

    #: as printed or coded
    raw: str
    #: in the normal form of its type
    value: str | bool | tuple[str, ...] | None
    #: who read it, as in `Field`
    by: str
    #: counts PageTexts of the bundle
    page: int | None = None
    #: px of that page
    box: Box | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One value, where it was read and how sure it is."""

    name: str
    #: as printed
    raw: str
    #: in the normal form of its type. None: nothing usable was read.
    value: str | bool | tuple[str, ...] | None
    #: 0–1, calibrated
    confidence: float
    #: whether it may stand without a second look
    accepted: bool
    #: counts PageTexts of the bundle
    page: int | None = None
    #: px of that page
    box: Box | None = None
    problems: tuple[Problem, ...] = ()
    #: who read it: `ocr`, `qr`, `mrz`, `pdf`, `book` or a user's name
    by: str = "ocr"
    #: what a person typed, NFC. None: no person did. `value` is its normal form where it has one.
    typed: str | None = None
    #: entries of a field of notes. `value` is their texts.
    notes: tuple[Note, ...] = ()
    #: what other sources say that differ: QR code, MRZ, print. The field then waits for a person.
    others: tuple[OtherReading, ...] = ()


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
    """One paper among the scans. `id` is `<bundle id>/<document number>`. `doctype` is None when unsure (`unknown`)."""

    id: str
    #: positions of its scans in the bundle, 0-based
    pages: tuple[int, ...]
    #: positions of its PageTexts in the bundle, 0-based
    texts: tuple[int, ...]
    doctype: str | None
    score: float
    #: score minus the score of the next type
    margin: float = 0.0
    evidence: tuple[Evidence, ...] = ()
    #: reasons not to trust its type or values: another language, hardly legible
    problems: tuple[Problem, ...] = ()
    records: tuple[Record, ...] = ()
