"""Commands of the person who answers for the values: see, approve, correct, reject."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click

from digitizer.cli import Spoken, answer, language, settings, speak
from digitizer.doctypes import DocType
from digitizer.errors import UsageError
from digitizer.ledger.records import Kept
from digitizer.messages import describe, say
from digitizer.model import Field, RecordState, Verdict
from digitizer.service import Service
from digitizer.words import doctype_title, field_named, field_title, short_id, word


@click.command(cls=Spoken)
@click.argument("record", required=False)
@click.option("--state", type=click.Choice([s.value for s in RecordState]))
@click.option("--json", "as_json", is_flag=True)
@click.pass_context
def records(ctx: click.Context, record: str | None, state: str | None, as_json: bool) -> None:
    """Lists records, or shows one, or those of one file, with their fields."""
    lang = language(ctx)
    with Service.open(settings(ctx)) as service:
        if record is None:
            found = service.review.records(states=[RecordState(state) if state else RecordState.REVIEW])
        else:
            found = [kept for kept in service.review.find(record) if state is None or kept.state == state]
        said = {k.record.id: service.review.sides(k.record.id) for k in found if k.state == RecordState.DIFFERS}
        names, doctypes = service.review.file_names(found), service.doctypes
    shown = []
    for kept in found:
        title = doctype_title(kept.doctype, doctypes, lang)
        labels = _labels(kept, said.get(kept.record.id), doctypes, lang)
        shown.append(_summary(kept, names.get(kept.bundle, "—"), title, lang))
        shown += _detail(kept, labels, lang) if record else []
        shown += _differences(said.get(kept.record.id), labels, lang)
    answer([_plain(kept) for kept in found], as_json, "\n".join(shown))
    speak(ctx, "records_listed", count=len(found))


@click.command(cls=Spoken)
@click.argument("record", required=False)
@click.option("--all", "everything", is_flag=True)
@click.option("--by", required=True)
@click.pass_context
def approve(ctx: click.Context, record: str | None, everything: bool, by: str) -> None:
    """Approves a record, or all records that no rule objects to, and delivers their values."""
    if (record is None) == (not everything):
        raise UsageError("name one record, or say --all", sentence="record_or_all")
    with Service.open(settings(ctx)) as service:
        waiting = service.review.records(states=[RecordState.REVIEW])
        sure = [k.record.id for k in waiting if k.record.verdict == Verdict.ACCEPT]
        chosen = sure if everything else [service.review.find_one(record or "", RecordState.REVIEW).record.id]
        for record_id in chosen:
            service.review.approve(record_id, by=by)
        delivered = len(service.deliveries.deliver())
    speak(ctx, "approved", count=len(chosen), delivered=delivered, left=len(waiting) - len(chosen))


@click.command(cls=Spoken)
@click.argument("record")
@click.argument("values", nargs=-1, required=True, metavar="FIELD=VALUE…")
@click.option("--by", required=True)
@click.pass_context
def correct(ctx: click.Context, record: str, values: tuple[str, ...], by: str) -> None:
    """Puts values of a person in place of those that OCR read."""
    pairs = dict(value.split("=", 1) for value in values if "=" in value)
    if len(pairs) != len(values):
        raise UsageError("write corrections as FIELD=VALUE", sentence="correction_form")
    with Service.open(settings(ctx)) as service:
        kept = service.review.find_one(record)
        doctype = service.doctypes.get(kept.doctype or "")
        named = {field_named(typed, doctype): value for typed, value in pairs.items()}
        if len(named) != len(values):
            raise UsageError("a field is corrected once", sentence="corrected_twice", record=record)
        kept = service.review.correct(kept.record.id, named, by=by)
    speak(ctx, "corrected", record=short_id(kept.record.id), revision=kept.record.revision)
    for field in kept.record.fields:
        for problem in field.problems if field.name in named else ():
            speak(ctx, "corrected_doubt", doubt=describe(problem, language(ctx)))


@click.command(cls=Spoken)
@click.argument("record")
@click.option("--keep", type=click.Choice(["ours", "theirs"]), required=True)
@click.option("--by", required=True)
@click.pass_context
def settle(ctx: click.Context, record: str, keep: str, by: str) -> None:
    """Chooses one side of a record that was changed here and elsewhere."""
    with Service.open(settings(ctx)) as service:
        kept = service.review.find_one(record, RecordState.DIFFERS)
        kept = service.review.settle(kept.record.id, theirs=keep == "theirs", by=by)
    speak(ctx, "corrected", record=short_id(kept.record.id), revision=kept.record.revision)


@click.command(cls=Spoken)
@click.argument("record")
@click.option("--by", required=True)
@click.option("--reason", required=True)
@click.pass_context
def reject(ctx: click.Context, record: str, by: str, reason: str) -> None:
    """Rejects a record that is none."""
    with Service.open(settings(ctx)) as service:
        kept = service.review.find_one(record, RecordState.REVIEW)
        service.review.reject(kept.record.id, by=by, reason=reason)
    speak(ctx, "rejected", record=short_id(kept.record.id))


def _summary(kept: Kept, file: str, title: str, lang: str) -> str:
    filled = [f for f in kept.record.fields if f.value is not None]
    # what waits says whether all of it is sure. The others say where they stand
    standing = kept.record.verdict if kept.state == RecordState.REVIEW else kept.state
    return say(
        "record_line",
        lang,
        record=short_id(kept.record.id),
        file=file,
        doctype=title,
        standing=word("record", standing.value, lang),
        accepted=sum(f.accepted for f in filled),
        filled=len(filled),
    )


def _labels(kept: Kept, sides: tuple[Kept, Kept] | None, doctypes: Mapping[str, DocType], lang: str) -> dict[str, str]:
    """What a person is shown for the fields of a record and of its two sides."""
    doctype = doctypes.get(kept.doctype or "")
    names = {field.name for one in (kept, *(sides or ())) for field in one.record.fields}
    return {name: field_title(name, doctype, lang) for name in names}


def _detail(kept: Kept, labels: Mapping[str, str], lang: str) -> list[str]:
    lines = [f"  ! {describe(reason, lang, labels)}" for reason in kept.record.reasons]
    for field in kept.record.fields:
        sign, read_by = "✓" if field.accepted else "?", word("read_by", field.by, lang)
        lines.append(f"  {sign} {labels[field.name]:40} {_text(field)}  ({field.confidence:.2f}, {read_by})")
        lines += [f"      {describe(problem, lang, labels)}" for problem in field.problems]
    return lines


def _differences(sides: tuple[Kept, Kept] | None, labels: Mapping[str, str], lang: str) -> list[str]:
    """One line a value that two sides say differently."""
    if sides is None:
        return []
    ours, theirs = ({f.name: _text(f) for f in kept.record.fields} for kept in sides)
    return [
        say("sides_differ", lang, field=labels[name], ours=ours.get(name, "—"), theirs=theirs.get(name, "—"))
        for name in dict.fromkeys((*ours, *theirs))
        if ours.get(name) != theirs.get(name)
    ]


def _text(field: Field) -> str:
    value = field.value
    return "—" if value is None else "; ".join(value) if isinstance(value, tuple) else str(value)


def _plain(kept: Kept) -> dict[str, Any]:
    return {
        "record": kept.record.id,
        "doctype": kept.doctype,
        "state": kept.state.value,
        "verdict": kept.record.verdict.value,
        "revision": kept.record.revision,
        "reasons": [reason.code for reason in kept.record.reasons],
        "fields": [
            {
                "name": f.name,
                "value": f.value,
                "raw": f.raw,
                "typed": f.typed,
                "confidence": f.confidence,
                "accepted": f.accepted,
                "by": f.by,
                "problems": [p.code for p in f.problems],
            }
            for f in kept.record.fields
        ],
    }
