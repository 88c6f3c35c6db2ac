"""The public result format: `<name>.json`, described by `result.schema.json`."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import Any

from digitizer.model import (
    Box,
    Digitized,
    Document,
    Field,
    Line,
    Mark,
    Note,
    OtherReading,
    PageText,
    Problem,
    Quality,
    Record,
    TextBeside,
    Tick,
    Warp,
)

#: changes when a reader of the old format could not read the new one
SCHEMA = "digitizer/result/1"


@cache
def result_schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of `result_json`."""
    schema: dict[str, Any] = json.loads((files("digitizer.output") / "result.schema.json").read_text(encoding="utf-8"))
    return schema


def result_json(result: Digitized) -> dict[str, Any]:
    """`result` in the public format. Coordinates are px rounded to a tenth, confidence is rounded to a thousandth."""
    return {
        "schema": SCHEMA,
        "source": {
            "bundle": result.bundle,
            "files": [{"sha256": s.id, "media_type": s.media_type, "size": s.size} for s in result.sources],
        },
        "pages": [_page(i, result.positions[i], page) for i, page in enumerate(result.pages)],
        "documents": [_document(document) for document in result.documents],
        "problems": [_problem(problem) for problem in result.problems],
        "run": {
            "versions": dict(result.run.versions),
            "models": dict(result.run.models),
            "doctypes": result.run.doctypes,
            "seconds": {stage: round(seconds, 3) for stage, seconds in result.run.seconds.items()},
        },
    }


def _page(index: int, position: int, page: PageText) -> dict[str, Any]:
    return {
        "index": index,
        "scan": position,
        "part": page.part,
        "source": page.source,
        "width": page.width,
        "height": page.height,
        "dpi": round(page.dpi, 1),
        "rotation": page.quality.rotation,
        "skew_deg": page.quality.skew_deg,
        "to_scan": _warp(page.to_scan),
        "blank": page.blank,
        "failed": page.sheet is None,
        "quality": _quality(page.quality),
        "lines": [_line(line) for line in page.lines],
        "ticks": [_tick(tick) for tick in page.ruling.ticks],
        "marks": [_mark(mark) for mark in page.marks],
        **({"unread": [_box(box) for box in page.unread]} if page.unread else {}),
        **({"beside": [_beside(one) for one in page.beside]} if page.beside else {}),
    }


def _warp(warp: Warp) -> dict[str, Any]:
    matrix: dict[str, Any] = {"matrix": warp.homography.tolist()}
    if warp.grid is not None and warp.size is not None:
        matrix["grid"] = {"size": list(warp.size), "shift": warp.grid.round(2).tolist()}
    return matrix


def _quality(quality: Quality) -> dict[str, Any]:
    return {
        "grade": quality.grade,
        "ink": round(quality.ink, 4),
        "sharpness": None if quality.sharpness is None else round(quality.sharpness, 1),
        "problems": [_problem(problem) for problem in quality.problems],
    }


def _line(line: Line) -> dict[str, Any]:
    return {
        "text": line.text,
        "box": _box(line.box),
        "confidence": round(line.confidence, 3),
        "words": [{"text": w.text, "box": _box(w.box), "confidence": round(w.confidence, 3)} for w in line.words],
        **({} if line.by == "ocr" else {"by": line.by}),
    }


def _tick(tick: Tick) -> dict[str, Any]:
    return {"box": _box(tick.box), "ticked": tick.ticked, "confidence": round(tick.confidence, 3)}


def _mark(mark: Mark) -> dict[str, Any]:
    return {"kind": mark.kind, "box": _box(mark.box), "text": mark.text}


def _beside(one: TextBeside) -> dict[str, Any]:
    return {"kind": one.kind, "name": one.name, "text": one.text}


def _document(document: Document) -> dict[str, Any]:
    return {
        "type": document.doctype or "unknown",
        "score": round(document.score, 3),
        "margin": round(document.margin, 3),
        "evidence": [
            {"what": e.what, "page": e.page, "weight": round(e.weight, 3), "box": _box(e.box)} for e in document.evidence
        ],
        "problems": [_problem(problem) for problem in document.problems],
        "pages": list(document.pages),
        "records": [record_json(record) for record in document.records],
    }


def record_json(record: Record) -> dict[str, Any]:
    """A record in the public format."""
    return {
        "verdict": record.verdict.value,
        "reasons": [_problem(reason) for reason in record.reasons],
        "fields": [_field(field) for field in record.fields],
    }


def _field(field: Field) -> dict[str, Any]:
    return {
        "name": field.name,
        "value": list(field.value) if isinstance(field.value, tuple) else field.value,
        "raw": field.raw,
        "confidence": round(field.confidence, 3),
        "accepted": field.accepted,
        "page": field.page,
        "box": _box(field.box),
        "by": field.by,
        "problems": [_problem(problem) for problem in field.problems],
        **({"notes": [_note(note) for note in field.notes]} if field.notes else {}),
        **({"others": [_other(other) for other in field.others]} if field.others else {}),
    }


def _other(other: OtherReading) -> dict[str, Any]:
    return {
        "value": list(other.value) if isinstance(other.value, tuple) else other.value,
        "raw": other.raw,
        "by": other.by,
        "page": other.page,
        "box": _box(other.box),
    }


def _note(note: Note) -> dict[str, Any]:
    return {
        "text": note.text,
        "date": note.date,
        "hand": note.hand,
        "confidence": round(note.confidence, 3),
        "page": note.page,
        "box": _box(note.box),
    }


def _problem(problem: Problem) -> dict[str, Any]:
    found: dict[str, Any] = {"code": problem.code}
    if problem.page is not None:
        found["page"] = problem.page
    if problem.field is not None:
        found["field"] = problem.field
    if problem.facts:
        found["facts"] = dict(problem.facts)
    return found


def _box(box: Box | None) -> list[float] | None:
    return None if box is None else [round(v, 1) for v in (box.x0, box.y0, box.x1, box.y1)]
