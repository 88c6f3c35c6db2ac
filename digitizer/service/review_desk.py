"""The desk of the person who checks: what waits, one record at a time, its values as they are typed, and the decision."""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from digitizer import dossiers, serialization
from digitizer.errors import Conflict, NotAllowed, NotFound, UsageError
from digitizer.extract import revise_field
from digitizer.ledger import Transaction, events, records, review_queue, submissions
from digitizer.ledger.api_keys import Caller
from digitizer.ledger.records import Kept
from digitizer.ledger.review_queue import Filter, Waiting
from digitizer.model import Field, Intake, Record
from digitizer.service.context import ServiceContext
from digitizer.service.review import Review

#: seconds a record is lent to whoever has it open. The page renews it
LEASE_S = 300.0
#: types of values that other fields of a record may hold too: names of persons, places, groups
_SHARED = frozenset({"name", "place", "ethnicity", "nationality", "id_number"})
#: records of the queue that are looked through for a column
_LOOKED_THROUGH = 300
#: most values offered for a field
_OFFERED = 5
#: letters of fast typing: 1 and 2 as the Ministry's sheet counts, and the words' letters of trai, gái, male, female
_SEX = {"1": "Nam", "2": "Nữ", "t": "Nam", "g": "Nữ", "m": "Nam", "f": "Nữ"}
_DATE = re.compile(r"(\d{1,2})[/.\- ](\d{1,2})[/.\- ](\d{2}|\d{4})|(\d{2})(\d{2})(\d{4})")


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskRecord:
    """A record as it lies on the desk."""

    kept: Kept
    intake: Intake
    #: name of the account that has it open, the asking one or another
    holder: str
    #: field -> values to choose from, best first
    offers: Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnCell:
    """One value of a column: the same field of one of many records."""

    #: of the record
    id: str
    intake: str
    revision: int
    field: Field


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """One version of a record, and what it changed."""

    number: int
    by: str
    #: ISO 8601
    at: str
    #: field -> (value before, value then)
    changed: Mapping[str, tuple[str, str]]


class ReviewDesk:
    """Everything a person does with records that wait."""

    def __init__(self, context: ServiceContext, review: Review) -> None:
        self.context, self.review = context, review

    def waiting(
        self, scopes: Sequence[str], wanted: Filter, *, limit: int, after: tuple[str, str] | None = None
    ) -> tuple[list[Waiting], dict[str, str]]:
        """(records of these agencies, record -> who has it open), in the order in which they wait."""
        with self.context.ledger.read() as tx:
            found = review_queue.find(tx, scopes, wanted, limit=limit, after=after)
            return found, review_queue.lent(tx, [one.id for one in found], now=self.context.clock())

    def next_one(self, scopes: Sequence[str], wanted: Filter, account: str, *, after: str | None = None) -> str | None:
        """The next record that nobody else has open, behind record `after` where one is given. None when nothing waits."""
        place = None
        if after is not None:
            with self.context.ledger.read() as tx:
                place = review_queue.place_of(tx, after)
        for start in dict.fromkeys((place, None)):
            found, lent = self.waiting(scopes, wanted, limit=50, after=start)
            free = [one.id for one in found if lent.get(one.id, account) == account and one.id != after]
            if free:
                return free[0]
        return None

    def open(self, record_id: str, caller: Caller) -> DeskRecord:
        """Lays a record on the desk of a person, if nobody else has it. Notes that somebody looked. Raises NotFound."""
        with self.context.ledger.begin() as tx:
            kept, intake = self._seen(tx, record_id, caller)
            holder = review_queue.lend(tx, record_id, caller.actor, now=self.context.clock(), seconds=LEASE_S)
            events.note(tx, "looked_at_record", record_id, actor=caller.actor)
        return DeskRecord(kept=kept, intake=intake, holder=holder, offers=self._offers(kept))

    def doctype_of(self, record_id: str, caller: Caller) -> str | None:
        """The type of a record's paper. Raises NotFound."""
        with self.context.ledger.read() as tx:
            return self._seen(tx, record_id, caller)[0].doctype

    def renew(self, record_id: str, caller: Caller) -> str:
        """Goes on having a record open. Gives the name of whoever has it. Raises NotFound."""
        with self.context.ledger.begin() as tx:
            self._seen(tx, record_id, caller)
            return review_queue.lend(tx, record_id, caller.actor, now=self.context.clock(), seconds=LEASE_S)

    def leave(self, record_id: str, caller: Caller) -> None:
        """Puts a record back for others."""
        with self.context.ledger.begin() as tx:
            review_queue.give_back(tx, record_id, caller.actor)

    def check(self, record_id: str, values: Mapping[str, str], caller: Caller) -> tuple[Field, ...]:
        """The fields as they would be with what is being typed, quick forms spelt out. Nothing is stored. Raises NotFound."""
        with self.context.ledger.read() as tx:
            kept, _ = self._seen(tx, record_id, caller)
        spelt = self._spelt_out(kept, values)
        return revise_field(kept.record.fields, kept.doctype, spelt, by=caller.actor, doctypes=self.context.doctypes)

    def save(self, record_id: str, values: Mapping[str, str], caller: Caller, *, at: int) -> Kept:
        """Stores typed values as a new revision of the one that was looked at. Raises NotFound, Conflict, UsageError."""
        with self.context.ledger.read() as tx:
            kept, _ = self._seen(tx, record_id, caller)
        if kept.record.revision != at:
            raise Conflict("somebody else has changed this record", sentence="changed_meanwhile", record=record_id)
        return self.review.correct(record_id, self._spelt_out(kept, values), by=caller.actor) if values else kept

    def approve(self, record_id: str, caller: Caller, *, at: int, alone: bool) -> Kept:
        """A person takes responsibility. Raises NotFound, Conflict, NotAllowed, UsageError.

        Where an agency wants two pairs of eyes (`station.four_eyes`), whoever typed the newest values does not approve them.
        `alone`: the person works on one PC, where there is nobody else.
        """
        with self.context.ledger.read() as tx:
            kept, intake = self._seen(tx, record_id, caller)
            number, by, _, _ = review_queue.history(tx, record_id)[-1]
        if number != at:
            raise Conflict("somebody else has changed this record", sentence="changed_meanwhile", record=record_id)
        wanted = [part.strip() for part in self.context.settings.station.four_eyes.split(",") if part.strip()]
        if not alone and by == caller.actor and dossiers.covers(wanted, intake.agency):
            raise NotAllowed("whoever typed values does not approve them", sentence="four_eyes")
        return self.review.approve(kept.record.id, by=caller.actor)

    def reject(self, record_id: str, caller: Caller, *, at: int, reason: str) -> Kept:
        """A person says that this is no record. Raises NotFound, Conflict, UsageError."""
        with self.context.ledger.read() as tx:
            kept, _ = self._seen(tx, record_id, caller)
        if kept.record.revision != at:
            raise Conflict("somebody else has changed this record", sentence="changed_meanwhile", record=record_id)
        return self.review.reject(record_id, by=caller.actor, reason=reason)

    def history(self, record_id: str, caller: Caller) -> list[Revision]:
        """Every version of a record with what it changed, the first one first. Raises NotFound."""
        with self.context.ledger.read() as tx:
            self._seen(tx, record_id, caller)
            rows = review_queue.history(tx, record_id)
        found, before = [], dict[str, str]()
        for number, by, at, body in rows:
            now = {field.name: _shown(field) for field in serialization.from_plain(Record, body).fields}
            changed = {name: (before.get(name, ""), now.get(name, "")) for name in {**before, **now}}
            found.append(Revision(number=number, by=by, at=at, changed={n: c for n, c in changed.items() if c[0] != c[1]}))
            before = now
        return found

    def column(self, scopes: Sequence[str], wanted: Filter, name: str, account: str, *, limit: int) -> list[ColumnCell]:
        """The values of one field in the records that wait, which nobody typed yet and nobody else has open.

        The odd ones out come first: values that few of these records have, then those the reader was less sure of.
        """
        found, lent = self.waiting(scopes, wanted, limit=_LOOKED_THROUGH)
        cells = []
        with self.context.ledger.read() as tx:
            for one in found:
                kept = records.get(tx, one.id) if lent.get(one.id, account) == account else None
                field = next((f for f in kept.record.fields if f.name == name), None) if kept is not None else None
                if kept is not None and field is not None and field.box is not None and field.typed is None:
                    cells.append(ColumnCell(id=one.id, intake=one.intake, revision=kept.record.revision, field=field))
                if len(cells) == limit:
                    break
        often = Counter(_shown(cell.field) for cell in cells)
        return sorted(cells, key=lambda cell: (often[_shown(cell.field)], _shown(cell.field), cell.field.confidence))

    def confirm(self, name: str, cells: Mapping[str, int], caller: Caller) -> tuple[int, list[str]]:
        """A person says that one field is right in all these records (id -> revision that was looked at).

        Gives how many were confirmed, and the records that somebody else changed meanwhile. Raises NotFound.
        """
        done, missed = 0, []
        for record_id, at in cells.items():
            with self.context.ledger.read() as tx:
                kept, _ = self._seen(tx, record_id, caller)
            field = next((f for f in kept.record.fields if f.name == name), None)
            try:
                if field is None or field.value is None or field.typed is not None:
                    raise Conflict("this value is not there any more", sentence="changed_meanwhile", record=record_id)
                self.save(record_id, {name: _shown(field)}, caller, at=at)
                done += 1
            except UsageError:
                missed.append(record_id)
        return done, missed

    def _seen(self, tx: Transaction, record_id: str, caller: Caller) -> tuple[Kept, Intake]:
        """A record and the file it belongs to, where the caller may see it. Raises NotFound."""
        kept = records.get(tx, record_id)
        if kept is None:
            raise NotFound("no such record")
        intakes = [one for one, _ in submissions.intakes(tx, bundle_id=kept.bundle)]
        ours = [one for one in intakes if caller.covers(one.agency)]
        if not ours:
            raise NotFound("no such record")
        return kept, ours[0]

    def _spelt_out(self, kept: Kept, values: Mapping[str, str]) -> dict[str, str]:
        doctype = self.context.doctypes.get(kept.doctype or "")
        kinds = {spec.name: spec.type for spec in doctype.fields} if doctype else {}
        return {name: spelt_out(kinds.get(name, "text"), text, self.context.clock()) for name, text in values.items()}

    def _offers(self, kept: Kept) -> dict[str, list[str]]:
        """Values to choose from: what was read, and what other fields of the same type hold."""
        doctype = self.context.doctypes.get(kept.doctype or "")
        kinds = {spec.name: spec.type for spec in doctype.fields} if doctype else {}
        offers = {}
        for field in kept.record.fields:
            others = [
                _shown(other)
                for other in kept.record.fields
                if other.name != field.name
                and kinds.get(other.name) == kinds.get(field.name)
                and kinds.get(field.name) in _SHARED
            ]
            values = [value for value in dict.fromkeys([field.raw.strip(), *others]) if value and value != _shown(field)]
            offers[field.name] = values[:_OFFERED]
        return offers


def spelt_out(kind: str, typed: str, now: float) -> str:
    """What a person meant by a quick form: `12081987` and `12/8/87` as `12/08/1987`, `1` as `Nam`. Other text stays."""
    text = typed.strip()
    if kind == "sex":
        return _SEX.get(text.lower(), typed)
    match = _DATE.fullmatch(text) if kind == "date" else None
    if match is None:
        return typed
    day, month, year = (part for part in match.groups() if part is not None)
    if len(year) == 2:
        century = 2000 if int(year) <= time.gmtime(now).tm_year % 100 else 1900
        year = str(century + int(year))
    return f"{int(day):02}/{int(month):02}/{year}"


def _shown(field: Field) -> str:
    value = field.value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "x" if value else ""
    return "; ".join(value) if isinstance(value, tuple) else str(value)
