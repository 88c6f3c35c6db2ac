"""Agencies that submitted equal bytes get a bundle each: result, records, decisions and state are nobody else's.

The agency that came first keeps the bundle. Each other one gets a copy of what is there today, under an id of its own. Readings
of pages stay shared. Downgrading leaves the copies: they are bundles like others. An intake also says which routing rules found
something but no one dossier.
"""

import hashlib
import json

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

#: states of a bundle in which no work is under way
OVER = ("DONE", "FAILED")


def upgrade() -> None:
    """Forward."""
    op.add_column("intake", sa.Column("routing", sa.JSON(none_as_null=True)))
    connection = op.get_bind()
    tables = sa.MetaData()
    tables.reflect(
        connection, only=["bundle", "bundle_source", "intake", "artifact", "record", "revision", "delivery", "job", "holder"]
    )
    intake = tables.tables["intake"]
    shared = (
        sa.select(intake.c.bundle)
        .group_by(intake.c.bundle)
        .having(sa.func.count(sa.distinct(sa.func.coalesce(intake.c.agency, ""))) > 1)
    )
    for bundle_id in list(connection.execute(shared).scalars()):
        first = sa.select(intake.c.agency, sa.func.min(intake.c.received_at)).where(intake.c.bundle == bundle_id)
        agencies = [
            row.agency for row in connection.execute(first.group_by(intake.c.agency).order_by(sa.func.min(intake.c.received_at)))
        ]
        for agency in agencies[1:]:
            _split(connection, tables, bundle_id, agency)


def _split(connection: sa.Connection, tables: sa.MetaData, bundle_id: str, agency: str | None) -> None:
    """Gives `agency` a bundle of its own."""
    made = hashlib.sha256(json.dumps(["file", agency, bundle_id]).encode()).hexdigest()
    bundle, intake, record, revision_, delivery = (
        tables.tables[name] for name in ("bundle", "intake", "record", "revision", "delivery")
    )
    (row,) = connection.execute(sa.select(bundle).where(bundle.c.id == bundle_id)).mappings()
    over = row["state"] in OVER
    connection.execute(sa.insert(bundle).values({**row, "id": made, "state": row["state"] if over else "NEW"}))
    for name in ("bundle_source", "artifact", "holder"):
        table = tables.tables[name]
        for old in list(connection.execute(sa.select(table).where(table.c.bundle == bundle_id)).mappings()):
            connection.execute(sa.insert(table).values({**old, "bundle": made}))
    ids = {}
    for old in list(connection.execute(sa.select(record).where(record.c.bundle == bundle_id)).mappings()):
        ids[old["id"]] = made + old["id"].removeprefix(bundle_id)
        connection.execute(sa.insert(record).values({**old, "id": ids[old["id"]], "bundle": made}))
    for old in list(connection.execute(sa.select(revision_).where(revision_.c.record.in_(ids))).mappings()):
        body = json.loads(old["body"]) if isinstance(old["body"], str) else old["body"]
        connection.execute(
            sa.insert(revision_).values({**old, "record": ids[old["record"]], "body": {**body, "id": ids[old["record"]]}})
        )
    theirs = intake.c.agency == agency if agency is not None else intake.c.agency.is_(None)
    moved = list(connection.execute(sa.select(intake.c.id).where(intake.c.bundle == bundle_id, theirs)).scalars())
    connection.execute(sa.update(intake).where(intake.c.id.in_(moved)).values(bundle=made))
    for old_id, new_id in ids.items():
        of_record = sa.update(delivery).where(delivery.c.intake.in_(moved), delivery.c.record == old_id)
        connection.execute(of_record.values(record=new_id))
    if not over:
        job = tables.tables["job"]
        lane = connection.execute(sa.select(intake.c.lane).where(intake.c.bundle == made).limit(1)).scalar_one()
        fresh = {
            "kind": "open",
            "bundle": made,
            "source": "",
            "first": 0,
            "count": 0,
            "state": "QUEUED",
            "attempts": 0,
            "fence": 0,
        }
        connection.execute(sa.insert(job).values({**fresh, "lane": 0 if lane == "counter" else 1, "step": 2}))


def downgrade() -> None:
    """Back."""
    op.drop_column("intake", "routing")
