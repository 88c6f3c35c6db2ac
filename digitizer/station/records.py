"""The records that wait: the queue, one record beside its page, its values as they are typed, and the decision."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Query, Request, Response
from fastapi.responses import JSONResponse, RedirectResponse
from pydantic import BaseModel, ConfigDict, Field

from digitizer.api.problems import language
from digitizer.doctypes import DocType
from digitizer.extract.lists import ETHNIC_GROUPS
from digitizer.ledger.review_queue import Filter
from digitizer.messages import describe
from digitizer.model import Field as Value
from digitizer.model import RecordState
from digitizer.service import Service
from digitizer.service.review_desk import DeskRecord
from digitizer.station.access import Person, Visitor
from digitizer.station.rendering import page, paths
from digitizer.words import doctype_title, field_title, short_id, word

router = APIRouter()

#: records of a page of the list
_LISTED = 50
#: records whose values stand side by side
_COLUMN = 30
#: room around a value in its crop, in heights of the value
_ROOM = 0.35
#: letters of a value, and values, that a page may send
_LONGEST, _MOST = 5000, 300
#: field types whose value is chosen from a list
_CHOICES: Mapping[str, Sequence[str]] = {"ethnicity": tuple(ETHNIC_GROUPS), "sex": ("Nam", "Nữ"), "nationality": ("Việt Nam",)}

Code = Annotated[str | None, Query(max_length=80)]


class Typed(BaseModel):
    """What a page sends of a record."""

    model_config = ConfigDict(extra="forbid")

    #: the revision that is looked at
    revision: int = Field(ge=1)
    values: dict[str, Annotated[str, Field(max_length=_LONGEST)]] = Field(default_factory=dict, max_length=_MOST)


class Rejection(BaseModel):
    """Why a record is none."""

    model_config = ConfigDict(extra="forbid")

    revision: int = Field(ge=1)
    reason: str = Field(min_length=1, max_length=500)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A field on the page."""

    name: str
    label: str
    kind: str
    value: str
    raw: str
    #: `sure`, `doubt`, `typed`, or `empty` for what nobody has to find on the paper
    standing: str
    sign: str
    percent: int
    problems: Sequence[str]
    offers: Sequence[str]
    page: int | None
    #: x, y, width, height px of the upright page, with room around
    box: str
    crop: str
    #: width, height px of the crop
    crop_size: tuple[int, int]
    by: str


def _service(request: Request) -> Service:
    service: Service = request.app.state.service
    return service


def _wanted(agency: str | None, book: str | None, doctype: str | None, words: str = "") -> Filter:
    return Filter(agency=agency or None, book=book or None, doctype=doctype or None, words=words)


@router.get("/records", name="records_page")
def records_page(request: Request, visitor: Visitor, agency: Code = None, book: Code = None, doctype: Code = None) -> Response:
    """What waits, the counter first, then in the order in which files came."""
    return _list(request, visitor, _wanted(agency, book, doctype))


@router.post("/records/search", name="search_records")
def search_records(request: Request, visitor: Visitor, words: Annotated[str, Form(max_length=200)] = "") -> Response:
    """Records of any state in which all words stand. The words are in no address."""
    return _list(request, visitor, Filter(states=tuple(RecordState), words=words))


def _list(request: Request, visitor: Person, wanted: Filter) -> Response:
    lang, service = language(request.headers), _service(request)
    found, lent = service.review_desk.waiting(visitor.scopes, wanted, limit=_LISTED)
    service.audit.looked(visitor, "records", count=len(found))
    rows = [
        {"one": one, "title": doctype_title(one.doctype, service.doctypes, lang), "state": word("record", one.state.value, lang),
         "holder": lent.get(one.id, ""), "address": _address(request, "record_page", one.id), "short": short_id(one.id)}
        for one in found
    ]  # fmt: skip
    chosen = {name: getattr(wanted, name) for name in ("agency", "book", "doctype") if getattr(wanted, name)}
    query = f"?{urlencode(chosen)}" if chosen else ""
    return page(request, "records.html", rows=rows, wanted=wanted, limit=_LISTED, query=query)


def _address(request: Request, route: str, record_id: str) -> str:
    bundle, paper, place = record_id.split("/")
    return paths(request)(route, bundle=bundle, paper=paper, place=place)


@router.get("/records/next", name="next_record")
def next_record(request: Request, visitor: Visitor, agency: Code = None, book: Code = None, doctype: Code = None) -> Response:
    """Opens the first record that nobody else has open."""
    found = _service(request).review_desk.next_one(visitor.scopes, _wanted(agency, book, doctype), visitor.actor)
    target = paths(request)("records_page") if found is None else _address(request, "record_page", found)
    return RedirectResponse(target, 303)


@router.get("/records/{bundle}/{paper}/{place}", name="record_page")
def record_page(request: Request, bundle: str, paper: str, place: str, visitor: Visitor) -> Response:
    """A record beside its page."""
    lang, service = language(request.headers), _service(request)
    found = service.review_desk.open(f"{bundle}/{paper}/{place}", visitor)
    doctype = service.doctypes.get(found.kept.doctype or "")
    rows = _rows(request, found, doctype, lang)
    first = next((row.page for row in rows if row.page is not None), 0)
    return page(
        request, "record.html", found=found, kept=found.kept, rows=rows, first=first,
        title=doctype_title(found.kept.doctype, service.doctypes, lang), short=short_id(found.kept.record.id),
        state=word("record", found.kept.state.value, lang), mine=found.holder == visitor.actor, choices=_CHOICES,
        reasons=[describe(reason, lang, {row.name: row.label for row in rows}) for reason in found.kept.record.reasons],
        parameters={"bundle": bundle, "paper": paper, "place": place},
    )  # fmt: skip


def _rows(request: Request, found: DeskRecord, doctype: DocType | None, lang: str) -> list[Row]:
    """The fields in the order of the paper, those that the type has and nobody read among them."""
    known = {field.name: field for field in found.kept.record.fields}
    kinds = {spec.name: spec.type for spec in doctype.fields} if doctype else {}
    required = {spec.name for spec in doctype.fields if spec.required} if doctype else set()
    # what follows from a value, the unit of today of a place, is not typed
    names = list(kinds) if doctype else list(known)
    labels = {name: field_title(name, doctype, lang) for name in names}
    rows = []
    for name in names:
        field = known.get(name) or Value(name=name, raw="", value=None, confidence=0.0, accepted=False)
        if kinds.get(name) == "notes" and not field.notes and field.value is None:
            continue
        rows.append(_row(request, found, field, kinds.get(name, "text"), labels, lang, required=name in required))
    return rows


def _row(
    request: Request, found: DeskRecord, field: Value, kind: str, labels: Mapping[str, str], lang: str, *, required: bool
) -> Row:
    box, size = _crop_box(field)
    crop = _crop(request, found.intake.id, field, box)
    standing = "typed" if field.typed is not None else "sure" if field.accepted else "doubt"
    if standing == "doubt" and not required and field.value is None and not field.raw and not field.problems:
        standing = "empty"
    return Row(
        name=field.name, label=labels[field.name], kind=kind, value=shown(field), raw=field.raw, standing=standing,
        sign={"typed": "✎", "sure": "✓", "doubt": "?", "empty": "∅"}[standing], percent=round(100 * field.confidence),
        problems=[describe(problem, lang, labels) for problem in field.problems], offers=found.offers.get(field.name, ()),
        page=field.page, box=box, crop=crop, crop_size=size, by=word("read_by", field.by, lang),
    )  # fmt: skip


@router.get("/column", name="column_page")
def column_page(request: Request, visitor: Visitor, book: Code = None, doctype: Code = None, field: Code = None) -> Response:
    """The same field of many records as a wall of crops: whoever looks strikes the wrong ones and confirms the rest at once."""
    lang, service = language(request.headers), _service(request)
    types = {name: doctype_title(name, service.doctypes, lang) for name, one in service.doctypes.items() if one.book}
    chosen = service.doctypes.get(doctype or "")
    fields = {spec.name: field_title(spec.name, chosen, lang) for spec in chosen.fields if spec.type != "notes"} if chosen else {}
    cells: list[dict[str, Any]] = []
    if chosen is not None and field in fields:
        found = service.review_desk.column(
            visitor.scopes, _wanted(None, book, doctype), field, visitor.actor, limit=_COLUMN
        )  # fmt: skip
        service.audit.looked(visitor, "column", field=field, count=len(found))
        for cell in found:
            box, size = _crop_box(cell.field)
            crop = _crop(request, cell.intake, cell.field, box)
            cells.append({"cell": cell, "crop": crop, "size": size, "value": shown(cell.field),
                          "address": _address(request, "record_page", cell.id)})  # fmt: skip
    return page(request, "column.html", types=types, fields=fields, doctype=doctype, field=field, book=book, cells=cells)


class Confirmation(BaseModel):
    """The records of a column that are right, with the revision that was looked at."""

    model_config = ConfigDict(extra="forbid")

    field: str = Field(max_length=80)
    cells: dict[str, Annotated[int, Field(ge=1)]] = Field(min_length=1, max_length=_COLUMN)


@router.post("/column/confirm", name="confirm_column")
def confirm_column(request: Request, said: Confirmation, visitor: Visitor) -> Response:
    """Confirms one field of many records in one go."""
    done, missed = _service(request).review_desk.confirm(said.field, said.cells, visitor)
    return JSONResponse({"confirmed": done, "missed": missed})


def _crop_box(field: Value) -> tuple[str, tuple[int, int]]:
    """(region of IIIF on the upright page with room around, its width and height in px). Empty where nothing was read."""
    if field.box is None or field.page is None:
        return "", (0, 0)
    room = _ROOM * field.box.height
    x, y = max(0.0, field.box.x0 - room), max(0.0, field.box.y0 - room)
    size = round(field.box.width + 2 * room), round(field.box.height + 2 * room)
    return f"{round(x)},{round(y)},{size[0]},{size[1]}", size


def _crop(request: Request, intake_id: str, field: Value, box: str) -> str:
    if not box:
        return ""
    return paths(request)("picture", identifier=f"{intake_id}.p{field.page}", region=box, size="max", rotation="0", kind="webp")


def shown(field: Value) -> str:
    """A value as a person reads and types it: dates as `12/08/1987`."""
    value = field.typed if field.typed is not None else field.value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "x" if value else ""
    if isinstance(value, tuple):
        return "; ".join(value)
    parts = value.split("-")
    is_date = 1 < len(parts) <= 3 and len(parts[0]) == 4 and all(part.isdigit() for part in parts)
    return "/".join(reversed(parts)) if is_date and field.typed is None else value


@router.post("/records/{bundle}/{paper}/{place}/check", name="check_record")
def check_record(request: Request, bundle: str, paper: str, place: str, typed: Typed, visitor: Visitor) -> Response:
    """What the values would be with what is being typed. Nothing is stored."""
    fields = _service(request).review_desk.check(f"{bundle}/{paper}/{place}", typed.values, visitor)
    return JSONResponse({"fields": _said(request, fields, typed.values, f"{bundle}/{paper}/{place}", visitor)})


@router.post("/records/{bundle}/{paper}/{place}/save", name="save_record")
def save_record(request: Request, bundle: str, paper: str, place: str, typed: Typed, visitor: Visitor) -> Response:
    """Stores what was typed as a new revision."""
    kept = _service(request).review_desk.save(f"{bundle}/{paper}/{place}", typed.values, visitor, at=typed.revision)
    fields = _said(request, kept.record.fields, typed.values, kept.record.id, visitor)
    return JSONResponse({"revision": kept.record.revision, "fields": fields})


def _said(request: Request, fields: Sequence[Value], names: Mapping[str, str], record_id: str, visitor: Person) -> dict[str, Any]:
    """Of the fields `names`: text, whether it is doubtful, and why."""
    lang, service = language(request.headers), _service(request)
    doctype = service.doctypes.get(service.review_desk.doctype_of(record_id, visitor) or "")
    labels = {field.name: field_title(field.name, doctype, lang) for field in fields}
    return {
        field.name: {
            "text": shown(field),
            "accepted": field.accepted,
            "problems": [describe(problem, lang, labels) for problem in field.problems],
        }
        for field in fields
        if field.name in names
    }


@router.post("/records/{bundle}/{paper}/{place}/approve", name="approve_record")
def approve_record(request: Request, bundle: str, paper: str, place: str, typed: Typed, visitor: Visitor) -> Response:
    """A person takes responsibility for the record. Gives the address of the next one."""
    desk, record_id = _service(request).review_desk, f"{bundle}/{paper}/{place}"
    desk.approve(record_id, visitor, at=typed.revision, alone=visitor.session.how == "link")
    return _on(request, record_id, visitor)


@router.post("/records/{bundle}/{paper}/{place}/reject", name="reject_record")
def reject_record(request: Request, bundle: str, paper: str, place: str, said: Rejection, visitor: Visitor) -> Response:
    """A person says that this is no record. Gives the address of the next one."""
    record_id = f"{bundle}/{paper}/{place}"
    _service(request).review_desk.reject(record_id, visitor, at=said.revision, reason=said.reason)
    return _on(request, record_id, visitor)


def _on(request: Request, record_id: str, visitor: Person) -> Response:
    desk = _service(request).review_desk
    desk.leave(record_id, visitor)
    found = desk.next_one(visitor.scopes, Filter(), visitor.actor, after=record_id)
    return JSONResponse({"next": paths(request)("records_page") if found is None else _address(request, "record_page", found)})


@router.post("/records/{bundle}/{paper}/{place}/hold", name="hold_record")
def hold_record(request: Request, bundle: str, paper: str, place: str, visitor: Visitor) -> Response:
    """Goes on having a record open. Says who has it."""
    return JSONResponse({"holder": _service(request).review_desk.renew(f"{bundle}/{paper}/{place}", visitor)})


@router.get("/records/{bundle}/{paper}/{place}/history", name="record_history")
def record_history(request: Request, bundle: str, paper: str, place: str, visitor: Visitor) -> Response:
    """Who changed which value, and when."""
    lang, service, record_id = language(request.headers), _service(request), f"{bundle}/{paper}/{place}"
    versions = service.review_desk.history(record_id, visitor)
    doctype = service.doctypes.get(service.review_desk.doctype_of(record_id, visitor) or "")
    labels = {name: field_title(name, doctype, lang) for one in versions for name in one.changed}
    service.audit.looked(visitor, "history", record=record_id)
    return page(
        request, "record_history.html", versions=versions, labels=labels, short=short_id(record_id),
        parameters={"bundle": bundle, "paper": paper, "place": place},
    )  # fmt: skip
