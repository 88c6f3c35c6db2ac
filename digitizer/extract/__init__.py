"""Document -> Records.

A record has every declared field at most once, in the order of the declaration. A field that the page lacks is left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from rapidfuzz.distance import Levenshtein

from digitizer.doctypes import DocType, FieldSpec
from digitizer.errors import UsageError
from digitizer.extract import types
from digitizer.extract.acceptance import confidence, judge
from digitizer.extract.book import in_sequence
from digitizer.extract.case import Case
from digitizer.extract.codes import Coded, from_mrz, from_qr
from digitizer.extract.current_units import with_successors
from digitizer.extract.grids import beside_cells, grid_cells
from digitizer.extract.locate import from_cells, locate, mixed
from digitizer.extract.notes import notes_of
from digitizer.extract.records import book_values, cases
from digitizer.extract.rows import Found
from digitizer.extract.sources import agree, may_say
from digitizer.extract.value_type import Parsed, Value
from digitizer.extract.values import ValueEvidence, value_of
from digitizer.geometry import same_row
from digitizer.model import Document, Field, Line, OtherReading, PageText, Problem, Record, Tick, Verdict
from digitizer.text import fold, nfc

#: confidence of values from the submission, from a person, or from a machine-readable code
CERTAIN = 1.0
#: what a person says of a value that the paper lacks, or that nobody can read (folded). It is a value, not an empty field
UNSTATED = frozenset({"khong ghi", "khong doc duoc"})
#: value types whose normal form says all that is written: `12/8/1987` is `1987-08-12`. Other values stay as a person typed them.
NORMALISED = frozenset(
    {"agency_code", "amount", "date", "dossier_code", "ethnicity", "id_number", "nationality", "number", "register_number"}
    | {"sex", "time"}
)
#: problem codes of pages on which something may be lost or illegible
_LOST = frozenset({"cut_short", "cut_off", "blurred", "too_dark"})


def extract(
    document: Document,
    texts: Sequence[PageText],
    *,
    doctypes: Mapping[str, DocType],
    known: Mapping[str, str] | None = None,
    received: date | None = None,
) -> tuple[Record, ...]:
    """The records of `document`. A document of an unknown type has none.

    `known` holds values that came with the submission (`quyenSo`, `noiDangKy`), used `by: book` where the page has none.
    `received` is the day the scan came: no paper tells of a later one.
    """
    if document.doctype is None:
        return ()
    doctype = doctypes[document.doctype]
    pages = [(i, texts[i]) for i in document.texts if texts[i].lines]
    of_book = _of_book(pages, doctype, known or {}) if doctype.book else {}
    found = [(_fields(case, doctype, of_book), case) for case in cases(pages, doctype)]
    filled = [(fields, case) for fields, case in found if any(field.by != "book" for field in fields)]
    numbered = ((f"{document.id}/{number}", fields, case) for number, (fields, case) in enumerate(filled))
    records = (_record(record_id, fields, case, doctype, received) for record_id, fields, case in numbered)
    doubts = [_mixed(case, doctype) for _, case in filled]
    found_records = tuple(_doubted(record, (*document.problems, *doubt)) for record, doubt in zip(records, doubts, strict=True))
    return in_sequence(found_records) if doctype.book else found_records


def _of_book(pages: Sequence[tuple[int, PageText]], doctype: DocType, known: Mapping[str, str]) -> dict[str, Field]:
    """Fields that hold for all records of a book: read from its cover, or given with the submission, which goes first."""
    stated = {name: _from_print(found.field, {name: found}, doctype) for name, found in book_values(pages, doctype).items()}
    told = {
        name: Field(name=name, raw=value, value=value, confidence=CERTAIN, accepted=False, by="book")
        for name, value in known.items()
    }
    return {name: replace(field, by="book") for name, field in {**stated, **told}.items() if field is not None}


def _mixed(case: Case, doctype: DocType) -> tuple[Problem, ...]:
    """The problem of two records that were read as one. No value of them can be trusted."""
    two = doctype.book and not case.cells and mixed(case.pages, doctype)
    return (Problem(code="records_mixed", page=case.pages[0][0]),) if two else ()


def _doubted(record: Record, problems: Sequence[Problem]) -> Record:
    """The record for review with `problems` as reasons, no field accepted. Without problems it stays as it is."""
    if not problems:
        return record
    fields = tuple(replace(field, accepted=False) for field in record.fields)
    return replace(record, fields=fields, verdict=Verdict.REVIEW, reasons=(*record.reasons, *problems))


def _record(record_id: str, fields: Sequence[Field], case: Case, doctype: DocType, received: date | None) -> Record:
    judged, verdict, reasons = judge(fields, doctype, received)
    # what the scan lacks cannot be read from it, so a person looks at the paper
    lost = tuple(replace(p, page=number) for number, page in case.pages for p in page.quality.problems if p.code in _LOST)
    more = (*case.problems, *lost, *_unread(case))
    return Record(
        id=record_id,
        fields=with_successors(judged, doctype),
        verdict=Verdict.REVIEW if more else verdict,
        reasons=(*reasons, *more),
    )


def _unread(case: Case) -> Iterator[Problem]:
    """The problem of a record with ink that was not read."""
    for number, page in case.pages:
        for problem in page.quality.problems if page.unread else ():
            if problem.code == "unread_ink":
                yield replace(problem, page=number)


def _fields(case: Case, doctype: DocType, of_book: Mapping[str, Field]) -> list[Field]:
    pages = case.pages
    cells = case.cells or grid_cells(pages, doctype)
    beside = [] if case.cells else beside_cells(pages, cells, doctype)
    located = {found.field.name: found for found in locate(beside, doctype)}
    located |= {found.field.name: found for found in from_cells(cells, doctype)}
    coded = _coded(pages, doctype)
    fields: list[Field] = []
    for spec in doctype.fields:
        field = _from_print(spec, located, doctype)
        if spec.where == "tick":
            field = _ticked(spec, pages, doctype)
        if spec.name in coded:
            field = _from_code(spec, coded[spec.name], field, located.get(spec.name))
        if (field is None or field.value is None) and spec.name in of_book:
            field = of_book[spec.name]
        if field is not None and spec.name in case.repeated:
            field = replace(field, problems=(*field.problems, Problem(code="as_above", field=spec.name)))
        if field is not None:
            fields.append(field)
    return fields


def _from_print(spec: FieldSpec, located: Mapping[str, Found], doctype: DocType) -> Field | None:
    found = located.get(spec.name) or located.get(spec.part_of or spec.name)
    if found is None or not found.pieces:
        return None
    if spec.type == "notes":
        return _noted(spec, found)
    read = value_of(spec.type, found, doctype.forms if spec.name == "so" else ())
    value, problem = read.value, read.problem
    if problem == "empty" and value is None:
        return None
    return Field(
        name=spec.name,
        raw=types.clean(found.raw),
        value=value,
        confidence=confidence(spec.type, read.evidence),
        accepted=False,
        page=found.pieces[0].page,
        box=found.box,
        problems=tuple(Problem(code=code, field=spec.name) for code in (problem, _symbol_missing(spec, value, doctype)) if code),
        by=found.by,
    )


def _noted(spec: FieldSpec, found: Found) -> Field | None:
    """The notes of a margin as one field. Its confidence is that of the least sure note."""
    notes, evidence = notes_of(found)
    if not notes:
        return None
    return Field(
        name=spec.name,
        raw=found.raw,
        value=tuple(note.text for note in notes),
        confidence=confidence(spec.type, evidence),
        accepted=False,
        page=found.pieces[0].page,
        box=found.box,
        notes=notes,
        by=found.by,
    )


def _symbol_missing(spec: FieldSpec, value: Value, doctype: DocType) -> str | None:
    """Problem code when the document's number lacks the symbol its type has after the digits: `80` for `80/UBND-XNTTHN`."""
    bare = spec.name == "so" and spec.type == "register_number" and isinstance(value, str) and value.isdigit()
    return "number_without_symbol" if bare and doctype.number else None


def _coded(pages: Sequence[tuple[int, PageText]], doctype: DocType) -> dict[str, list[Coded]]:
    """Field -> its values in the page's codes, that of the QR code before that of the MRZ."""
    found: dict[str, list[Coded]] = {}
    for kind, read in (("qr", from_qr), ("mrz", from_mrz)):
        for coded in read(pages) if kind in doctype.codes else ():
            found.setdefault(coded.name, []).append(coded)
    return found


def _from_code(spec: FieldSpec, coded: Sequence[Coded], printed: Field | None, found: Found | None) -> Field:
    """The field with the value of the first code. Other sources that say something else are a problem, and are kept beside it."""
    first = coded[0]
    value, problem = types.read(spec.type, first.raw)
    others = tuple(
        OtherReading(raw=other.raw, value=types.read(spec.type, other.raw)[0], by=other.by, page=other.page, box=other.box)
        for other in coded[1:]
        if not agree(spec.type, value, types.read(spec.type, other.raw)[0], confidence=CERTAIN)
    )
    if printed is not None:
        alike = agree(spec.type, value, printed.value, confidence=printed.confidence)
        if not alike and not (found is not None and may_say(found, first.raw)):
            seen = OtherReading(raw=printed.raw, value=printed.value, by=printed.by, page=printed.page, box=printed.box)
            others = (*others, seen)
        elif spec.type == "name" and isinstance(value, str) and isinstance(printed.value, str) and printed.value.isupper():
            value = value.upper()  # the card prints the name in capitals, the code does not
    codes = ([problem] if problem else []) + (["code_differs"] if others else [])
    return Field(
        name=spec.name,
        raw=first.raw,
        value=value,
        confidence=CERTAIN,
        accepted=False,
        page=first.page,
        box=first.box,
        problems=tuple(Problem(code=code, field=spec.name) for code in codes),
        by=first.by,
        others=others,
    )


def _ticked(spec: FieldSpec, pages: Sequence[tuple[int, PageText]], doctype: DocType) -> Field | None:
    """The code of the ticked box. Several ticked boxes with different codes give no value and a problem."""
    chosen: list[tuple[int, Tick, _TickLabel, str]] = []
    for number, page in pages:
        for tick in page.ruling.ticks:
            label = _beside(tick, page.ruling.ticks, page.lines) if tick.ticked else None
            code = _code(label.text, doctype.ticks) if label is not None else None
            if code is not None and label is not None:
                chosen.append((number, tick, label, code))
    if not chosen:
        return None
    number, tick, label, code = chosen[0]
    one = len({c[3] for c in chosen}) == 1
    return Field(
        name=spec.name,
        raw=types.clean(label.text),
        value=code if one else None,
        confidence=confidence(spec.type, ValueEvidence((tick.confidence,))),
        accepted=False,
        page=number,
        box=tick.box,
        problems=() if one else (Problem(code="several_ticks", field=spec.name),),
        by=label.by,
    )


@dataclass(frozen=True, slots=True)
class _TickLabel:
    """The label beside a tick box."""

    text: str
    #: `ocr` or `pdf`
    by: str


def _beside(tick: Tick, ticks: Sequence[Tick], lines: Sequence[Line]) -> _TickLabel | None:
    """The text to the right of a box, up to the next box of its row, or None."""
    row = [
        line
        for line in lines
        if abs(line.box.centre[1] - tick.box.centre[1]) < 0.8 * max(tick.box.height, line.box.height)
        and line.box.x1 > tick.box.x1
    ]
    if not row:
        return None
    line = min(row, key=lambda line: abs(line.box.x0 - tick.box.x1) + 2 * abs(line.box.centre[1] - tick.box.centre[1]))
    others = [t.box.x0 for t in ticks if t.box.x0 > tick.box.x1 and same_row(t.box, tick.box)]
    if not others and line.box.x0 >= tick.box.x0 - tick.box.width:
        return _TickLabel(line.text, line.by)
    end = min(others, default=line.box.x1)
    # the box itself may have been read as the begin of a word
    said = " ".join(w.text for w in line.words if w.box.x1 > tick.box.x1 and w.box.centre[0] < end)
    return _TickLabel(said, line.by) if said else None


def _code(label: str, ticks: Mapping[str, str]) -> str | None:
    """The code of a tick label, or None. Up to two letters before the label may be the box, read as letters."""
    said = fold(label)
    ranked = sorted(
        (
            (max(Levenshtein.normalized_similarity(said[k:], name[: max(len(said) - k, 8)]) for k in (0, 1, 2)), name)
            for name in ticks
        ),
        reverse=True,
    )
    return ticks[ranked[0][1]] if ranked and ranked[0][0] >= 0.75 else None


def revise_field(
    fields: Sequence[Field], doctype: str | None, values: Mapping[str, str], *, by: str, doctypes: Mapping[str, DocType]
) -> tuple[Field, ...]:
    """`fields` with a person's `values` in place, by that person. An empty text empties the field.

    What a person typed is kept as it is. A doubt about it becomes a problem of the field, which is a question to the person, and
    never a change. Raises UsageError for a field the type does not have.
    """
    specs = {spec.name: spec for spec in doctypes[doctype].fields} if doctype else {}
    revised = {field.name: field for field in fields}
    for name, said in values.items():
        if name not in specs:
            raise UsageError(f"this document has no field {name}", sentence="no_such_field", field=name)
        typed = nfc(said).strip()
        value, problem = _typed_value(specs[name].type, typed)
        old = revised.get(name) or Field(name=name, raw="", value=None, confidence=0.0, accepted=False)
        revised[name] = replace(
            old,
            value=value,
            typed=typed,
            confidence=CERTAIN,
            accepted=problem is None,
            by=by,
            problems=(Problem(code=problem, field=name),) if problem else (),
            notes=(),
            others=(),
        )
    order = {name: i for i, name in enumerate(specs)}
    ordered = sorted(revised.values(), key=lambda field: order.get(field.name, len(order)))
    return with_successors(ordered, doctypes[doctype]) if doctype else tuple(ordered)


def _typed_value(kind: str, typed: str) -> Parsed:
    """(normal form of what a person typed or the text itself, problem code of what is doubtful about it)."""
    if not typed:
        return None, None
    if fold(typed) in UNSTATED:
        return typed.lower(), None
    # a person writes the office itself, not the signer's line it was found in
    if kind in ("code", "signer_title"):
        return typed, None
    value, problem = types.read(kind, typed)
    if isinstance(value, tuple):
        return value, problem
    return (value if kind in NORMALISED and value is not None and problem is None else typed), problem
