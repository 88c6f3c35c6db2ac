"""Sources, bundles and intakes: what was submitted and where it stands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

import sqlalchemy as sa

from digitizer.digests import json_sha256
from digitizer.dossiers import ALL
from digitizer.errors import NotFound
from digitizer.ledger import Transaction, events
from digitizer.ledger.database import insert, put, unique_id, within
from digitizer.ledger.schema import artifact, bundle, bundle_source, intake, job, page, source
from digitizer.model import Intake, IntakeState, Lane

#: result of a bundle of which a page could not be read
PARTIAL = "PARTIAL"


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownSource:
    """A source as the ledger has it. `pages` None until a worker opened it."""

    id: str
    key: str
    size: int
    media_type: str | None
    pages: int | None
    signed: bool | None


_SOURCE = sa.select(source).where(source.c.id == sa.bindparam("of"))
_OPENED = (
    sa.update(source)
    .where(source.c.id == sa.bindparam("of"))
    .values(media_type=sa.bindparam("type"), pages=sa.bindparam("scans"), signed=sa.bindparam("is_signed"))
)
_HOLD = sa.select(bundle.c.id).where(bundle.c.id == sa.bindparam("of")).with_for_update()
_PAGES_OF = sa.select(page).where(page.c.source == sa.bindparam("of"), page.c.engine == sa.bindparam("by"))
_OF = bundle_source.c.bundle == sa.bindparam("of")
_SOURCES_OF = sa.select(source).join(bundle_source).where(_OF).order_by(bundle_source.c.position)
_READINGS_OF = (
    sa.select(page)
    .join(bundle_source, bundle_source.c.source == page.c.source)
    .where(_OF, page.c.engine == sa.bindparam("by"))
    .order_by(bundle_source.c.position, page.c.scan)
)


def add_source(tx: Transaction, source_id: str, key: str, size: int) -> None:
    """Notes a source, once."""
    put(tx, source, {"id": source_id, "key": key, "size": size})


def file_bundle(tx: Transaction, source_id: str, agency: str | None) -> str:
    """The id of the bundle of a single file for an agency. Agencies that submit equal bytes share readings and nothing else.

    Without an agency it is the hash of the file. A bundle of before migration 0012 is named so too, and stays with its agency.
    """
    owners = set(tx.execute(sa.select(intake.c.agency).where(intake.c.bundle == source_id).distinct()).scalars())
    plain = owners == {agency} if owners else agency is None
    return source_id if plain else json_sha256(["file", agency, source_id])


def add_bundle(tx: Transaction, bundle_id: str, sources: Sequence[str]) -> bool:
    """Notes a bundle. Returns True when it is new."""
    if not put(tx, bundle, {"id": bundle_id, "state": "NEW"}):
        return False
    tx.execute(sa.insert(bundle_source), [{"bundle": bundle_id, "position": i, "source": s} for i, s in enumerate(sources)])
    return True


def add_intake(tx: Transaction, new: Intake) -> bool:
    """Notes an intake, RECEIVED. Returns True when it is new."""
    row = {
        "id": new.id,
        "bundle": new.bundle,
        "state": IntakeState.RECEIVED,
        "name": new.name,
        "agency": new.agency,
        "dossier": new.dossier,
        "component": new.component,
        "book": new.book,
        "actor": new.actor,
        "lane": new.lane,
        "received_at": new.received_at.isoformat(),
        "routing": list(new.routing) or None,
    }
    if not put(tx, intake, row):
        return False
    events.note(tx, "received", new.id, actor=new.actor, bundle=new.bundle, dossier=new.dossier)
    return True


def sources_of(tx: Transaction, bundle_id: str) -> list[KnownSource]:
    """The sources of a bundle, in order."""
    return [KnownSource(**row) for row in tx.execute(_SOURCES_OF, {"of": bundle_id}).mappings()]


def get_source(tx: Transaction, source_id: str) -> KnownSource:
    """A source by id. Raises NotFound."""
    row = tx.execute(_SOURCE, {"of": source_id}).mappings().first()
    if row is None:
        raise NotFound("no such source", source=source_id)
    return KnownSource(**row)


def opened(tx: Transaction, known: KnownSource) -> None:
    """Notes what a worker found in a source."""
    tx.execute(_OPENED, {"of": known.id, "type": known.media_type, "scans": known.pages, "is_signed": known.signed})


def bundle_row(tx: Transaction, bundle_id: str) -> sa.RowMapping:
    """State, error and result of a bundle. Raises NotFound."""
    row = tx.execute(sa.select(bundle).where(bundle.c.id == bundle_id)).mappings().first()
    if row is None:
        raise NotFound("no such bundle", bundle=bundle_id)
    return row


def hold_bundle(tx: Transaction, bundle_id: str) -> None:
    """Keeps others from deciding about a bundle until this transaction ends: who comes later sees what it did."""
    tx.execute(_HOLD, {"of": bundle_id})


def move_bundle(tx: Transaction, bundle_id: str, expected: Sequence[str], to: str, **values: Any) -> bool:
    """One arrow of a bundle's state machine. Returns False when it was not in one of the `expected` states."""
    done = tx.execute(_move_bundle(tuple(expected), tuple(values)), {"of": bundle_id, "to": to, **_new(values)})
    return done.rowcount == 1


@cache
def _move_bundle(expected: tuple[str, ...], columns: tuple[str, ...]) -> sa.Update:
    ours = (bundle.c.id == sa.bindparam("of"), bundle.c.state.in_(expected))
    return sa.update(bundle).where(*ours).values(state=sa.bindparam("to"), **{c: sa.bindparam(f"new_{c}") for c in columns})


def _new(values: Mapping[str, Any]) -> dict[str, Any]:
    return {f"new_{column}": value for column, value in values.items()}


def move_intakes(
    tx: Transaction, bundle_id: str, expected: Sequence[IntakeState], to: IntakeState, *, actor: str, **detail: Any
) -> list[Intake]:
    """One arrow for all intakes of a bundle. Returns those that moved."""
    rows = tx.execute(_move_intakes(tuple(expected)), {"of": bundle_id, "to": to}).mappings()
    moved = [as_intake(row) for row in rows]
    for one in moved:
        events.note(tx, to.value.lower(), one.id, actor=actor, **detail)
    return moved


@cache
def _move_intakes(expected: tuple[IntakeState, ...]) -> sa.UpdateBase:
    ours = (intake.c.bundle == sa.bindparam("of"), intake.c.state.in_(expected))
    return sa.update(intake).where(*ours).values(state=sa.bindparam("to")).returning(intake)


def get_intake(tx: Transaction, intake_id: str) -> Intake:
    """An intake by id. Raises NotFound."""
    row = tx.execute(sa.select(intake).where(intake.c.id == intake_id)).mappings().first()
    if row is None:
        raise NotFound("no such file", intake=intake_id)
    return as_intake(row)


def intake_like(tx: Transaction, beginning: str) -> str:
    """The id of the one intake whose id begins so. Raises NotFound, AmbiguousId."""
    return unique_id(tx, intake.c.id, beginning)


def names_of(tx: Transaction, bundles: Sequence[str]) -> dict[str, str]:
    """Bundle -> name of the file or book, as it was first submitted."""
    found: dict[str, str] = {}
    for part in range(0, len(bundles), 500):
        query = sa.select(intake.c.bundle, intake.c.name).where(intake.c.bundle.in_(bundles[part : part + 500]))
        for row in tx.execute(query.order_by(intake.c.received_at.desc(), intake.c.id)):
            found[row.bundle] = row.name
    return found


def intake_state(tx: Transaction, intake_id: str) -> IntakeState | None:
    """Where an intake stands. None when there is no such intake."""
    row = tx.execute(sa.select(intake.c.state).where(intake.c.id == intake_id)).first()
    return IntakeState(row.state) if row else None


def intakes(
    tx: Transaction, *, bundle_id: str | None = None, states: Sequence[IntakeState] = ()
) -> list[tuple[Intake, IntakeState]]:
    """Intakes with their states, oldest first: all, of one bundle, or in some states."""
    query = sa.select(intake).order_by(intake.c.received_at, intake.c.id)
    if bundle_id is not None:
        query = query.where(intake.c.bundle == bundle_id)
    if states:
        query = query.where(intake.c.state.in_(states))
    return [(as_intake(row), IntakeState(row["state"])) for row in tx.execute(query).mappings()]


def counts(tx: Transaction, scopes: Sequence[str] = ALL) -> dict[str, int]:
    """Number of intakes by state."""
    query = sa.select(intake.c.state, sa.func.count().label("n")).where(*within(intake.c.agency, scopes))
    rows = tx.execute(query.group_by(intake.c.state))
    return {row.state: row.n for row in rows}


def failed(tx: Transaction, *, limit: int, scopes: Sequence[str] = ALL) -> list[dict[str, Any]]:
    """Intakes that failed, the last first: id, name, error."""
    query = sa.select(intake.c.id, intake.c.name, bundle.c.error).join(bundle, bundle.c.id == intake.c.bundle)
    query = query.where(intake.c.state == IntakeState.FAILED, *within(intake.c.agency, scopes))
    query = query.order_by(intake.c.received_at.desc(), intake.c.id)
    return [dict(row) for row in tx.execute(query.limit(limit)).mappings()]


def partial(tx: Transaction, *, limit: int, scopes: Sequence[str] = ALL) -> list[dict[str, Any]]:
    """Digitized intakes of which a page could not be read, the last first: id, name."""
    query = sa.select(intake.c.id, intake.c.name).join(bundle, bundle.c.id == intake.c.bundle)
    query = query.where(intake.c.state == IntakeState.DIGITIZED, bundle.c.result == PARTIAL, *within(intake.c.agency, scopes))
    query = query.order_by(intake.c.received_at.desc(), intake.c.id)
    return [dict(row) for row in tx.execute(query.limit(limit)).mappings()]


def failures(tx: Transaction, scopes: Sequence[str] = ALL) -> dict[str, int]:
    """Failed intakes by the code of their error."""
    code = sa.func.coalesce(bundle.c.error["code"].as_string(), "unknown").label("code")
    query = sa.select(code, sa.func.count().label("n")).join(intake, intake.c.bundle == bundle.c.id)
    query = query.where(intake.c.state == IntakeState.FAILED, *within(intake.c.agency, scopes))
    return {row.code: row.n for row in tx.execute(query.group_by(code))}


def unplaced(tx: Transaction, *, limit: int, scopes: Sequence[str] = ALL) -> list[dict[str, Any]]:
    """Digitized single files without a dossier, or whose kind of paper is not sure, oldest first: id, name, dossier, routing."""
    query = _unplaced(sa.select(intake.c.id, intake.c.name, intake.c.dossier, intake.c.routing), scopes)
    return [dict(row) for row in tx.execute(query.order_by(intake.c.received_at, intake.c.id).limit(limit)).mappings()]


def unplaced_count(tx: Transaction, scopes: Sequence[str] = ALL) -> int:
    """How many intakes `unplaced` would list without a limit."""
    return int(tx.execute(_unplaced(sa.select(sa.func.count()).select_from(intake), scopes)).scalar_one())


def _unplaced(query: sa.Select[Any], scopes: Sequence[str]) -> sa.Select[Any]:
    open_question = sa.or_(intake.c.dossier.is_(None), sa.func.coalesce(bundle.c.result, "") != "ACCEPTED")
    digitized = (intake.c.state == IntakeState.DIGITIZED, intake.c.book.is_(None))
    return query.join(bundle, bundle.c.id == intake.c.bundle).where(*digitized, open_question, *within(intake.c.agency, scopes))


def oldest_waiting(tx: Transaction, scopes: Sequence[str] = ALL) -> str | None:
    """When the intake came that has waited longest, ISO 8601. None when none waits."""
    waiting = intake.c.state.in_((IntakeState.RECEIVED, IntakeState.RUNNING))
    oldest: str | None = tx.execute(
        sa.select(sa.func.min(intake.c.received_at)).where(waiting, *within(intake.c.agency, scopes))
    ).scalar_one()
    return oldest


def forsaken(tx: Transaction) -> list[tuple[str, Lane]]:
    """(bundle, lane) of intakes that wait for work nobody has queued. `counter` comes after `bulk` in the alphabet."""
    at_work = sa.exists().where(job.c.bundle == intake.c.bundle, job.c.state.in_(("QUEUED", "LEASED")))
    waiting = intake.c.state.in_((IntakeState.RECEIVED, IntakeState.RUNNING))
    query = sa.select(intake.c.bundle, sa.func.max(intake.c.lane)).where(waiting, ~at_work).group_by(intake.c.bundle)
    return [(bundle_id, Lane(lane)) for bundle_id, lane in tx.execute(query.order_by(intake.c.bundle))]


def unfinished_of(tx: Transaction, bundles: Sequence[str]) -> set[str]:
    """Those of `bundles` that are neither done nor failed."""
    query = sa.select(bundle.c.id).where(bundle.c.id.in_(bundles), bundle.c.state.not_in(("DONE", "FAILED")))
    return set(tx.execute(query).scalars())


def set_dossier(tx: Transaction, intake_id: str, dossier: str, *, actor: str, how: str, component: str | None = None) -> bool:
    """Gives an intake its dossier, and its component where one is said. Returns False when it has a dossier."""
    values = {"dossier": dossier} | ({"component": component} if component else {})
    done = tx.execute(sa.update(intake).where(intake.c.id == intake_id, intake.c.dossier.is_(None)).values(**values))
    if done.rowcount:
        events.note(tx, "dossier", intake_id, actor=actor, dossier=dossier, how=how)
    return done.rowcount == 1


def note_routing(tx: Transaction, intake_id: str, failed: Sequence[str]) -> None:
    """Notes the codes of the routing rules that found something but no one dossier."""
    tx.execute(sa.update(intake).where(intake.c.id == intake_id).values(routing=list(failed)))


def page_readings(tx: Transaction, source_id: str, engine: str) -> dict[int, sa.RowMapping]:
    """The readings of a source by one engine: scan -> row."""
    rows = tx.execute(_PAGES_OF, {"of": source_id, "by": engine}).mappings()
    return {row["scan"]: row for row in rows}


def bundle_readings(tx: Transaction, bundle_id: str, engine: str) -> dict[tuple[str, int], sa.RowMapping]:
    """The readings of all sources of a bundle by one engine: (source, scan) -> row, in order of the bundle."""
    rows = tx.execute(_READINGS_OF, {"of": bundle_id, "by": engine}).mappings()
    return {(row["source"], row["scan"]): row for row in rows}


def save_page(
    tx: Transaction, source_id: str, scan: int, engine: str, *, state: str, texts: str | None, error: Mapping[str, Any] | None
) -> None:
    """Notes a reading. A later one of the same page by the same engine takes its place."""
    key = {"source": source_id, "scan": scan, "engine": engine}
    values = {"state": state, "texts": texts, "error": dict(error) if error else None}
    if not put(tx, page, {**key, **values}):
        tx.execute(sa.update(page).where(*(page.c[name] == value for name, value in key.items())).values(**values))


def forget_pages(tx: Transaction, bundle_id: str, sources: Sequence[str], *, states: Sequence[str]) -> int:
    """Drops readings, by whatever engine, so that they are done again. Returns how many. What they said stays in the store.

    A reading that another bundle is being made from stays: it is as new as can be.
    """
    in_use = set(
        tx.execute(
            sa.select(bundle_source.c.source)
            .join(bundle, bundle.c.id == bundle_source.c.bundle)
            .where(bundle_source.c.source.in_(sources), bundle.c.id != bundle_id, bundle.c.state.in_(("READING", "FINISHING")))
        ).scalars()
    )
    sources = [source_id for source_id in sources if source_id not in in_use]
    return tx.execute(sa.delete(page).where(page.c.source.in_(sources), page.c.state.in_(states))).rowcount


def progress(tx: Transaction) -> tuple[int, int]:
    """(pages read, pages known) of all bundles that are not finished."""
    busy = (
        sa.select(bundle_source.c.source)
        .join(bundle, bundle.c.id == bundle_source.c.bundle)
        .where(bundle.c.state.in_(("NEW", "READING", "FINISHING")))
    )
    known = tx.execute(sa.select(sa.func.coalesce(sa.func.sum(source.c.pages), 0)).where(source.c.id.in_(busy))).scalar_one()
    read = tx.execute(sa.select(sa.func.count()).select_from(page).where(page.c.source.in_(busy))).scalar_one()
    return read, known


def save_artifacts(tx: Transaction, bundle_id: str, made: Mapping[str, tuple[str, str]]) -> None:
    """Notes artifacts, each in the place of an earlier one of its kind: kind -> (media type, store key)."""
    rows = [{"bundle": bundle_id, "kind": k, "media_type": m, "key": key} for k, (m, key) in made.items()]
    tx.execute(_save_artifacts(tx.dialect.name), rows)


@cache
def _save_artifacts(dialect: str) -> Any:
    added = insert(dialect, artifact)
    new = {"media_type": added.excluded.media_type, "key": added.excluded.key}
    return added.on_conflict_do_update(index_elements=["bundle", "kind"], set_=new)


def artifacts(tx: Transaction, bundle_id: str) -> dict[str, tuple[str, str]]:
    """Artifacts of a bundle: kind -> (media type, store key)."""
    rows = tx.execute(sa.select(artifact).where(artifact.c.bundle == bundle_id))
    return {row.kind: (row.media_type, row.key) for row in rows}


def as_intake(row: sa.RowMapping) -> Intake:
    """A row of the table of intakes."""
    return Intake(
        id=row["id"],
        bundle=row["bundle"],
        name=row["name"],
        agency=row["agency"],
        dossier=row["dossier"],
        component=row["component"],
        book=row["book"],
        actor=row["actor"],
        lane=Lane(row["lane"]),
        received_at=datetime.fromisoformat(row["received_at"]),
        routing=tuple(row["routing"] or ()),
    )
