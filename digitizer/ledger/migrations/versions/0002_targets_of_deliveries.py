"""Deliveries have a target, an order and a place to resume from. Targets have a breaker and a pace."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Deliveries so far went to the one dossier system. Refused ones are dead letters."""
    rows = op.get_bind().execute(sa.text("SELECT * FROM delivery ORDER BY next_try, id")).mappings().all()
    op.drop_index("ix_delivery_due", "delivery")
    op.drop_table("delivery")
    made = op.create_table(
        "delivery",
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("target", sa.String(length=120), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("order_key", sa.String(length=120), nullable=False),
        sa.Column("intake", sa.String(length=64), nullable=True),
        sa.Column("record", sa.String(length=120), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=True),
        sa.Column("key", sa.String(length=300), nullable=False),
        sa.Column("dossier", sa.String(length=80), nullable=True),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.Column("progress", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("strikes", sa.Integer(), nullable=False),
        sa.Column("next_try", sa.Float(), nullable=False),
        sa.Column("lease_until", sa.Float(), nullable=True),
        sa.Column("failed_at", sa.Float(), nullable=True),
        sa.Column("made_at", sa.String(length=40), nullable=False),
        sa.Column("receipt", sa.JSON(), nullable=True),
        sa.Column("error", sa.JSON(), nullable=True),
        sa.ForeignKeyConstraint(["intake"], ["intake.id"], name=op.f("fk_delivery_intake")),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_delivery")),
        sa.UniqueConstraint("id", name=op.f("uq_delivery_id")),
        sa.UniqueConstraint("key", name=op.f("uq_delivery_key")),
    )
    op.create_index("ix_delivery_due", "delivery", ["state", "target", "next_try", "seq"], unique=False)
    op.create_index("ix_delivery_order", "delivery", ["target", "order_key", "state", "seq"], unique=False)
    op.create_index(op.f("ix_delivery_dossier"), "delivery", ["dossier"], unique=False)
    op.create_index(op.f("ix_delivery_intake"), "delivery", ["intake"], unique=False)
    op.create_table(
        "target",
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("circuit", sa.String(length=16), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("paused_until", sa.Float(), nullable=False),
        sa.Column("pause_s", sa.Float(), nullable=False),
        sa.Column("pace", sa.Float(), nullable=False),
        sa.Column("tokens", sa.Float(), nullable=False),
        sa.Column("tokens_at", sa.Float(), nullable=False),
        sa.Column("usual_s", sa.Float(), nullable=False),
        sa.Column("last_success", sa.Float(), nullable=False),
        sa.Column("error", sa.String(length=60), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_target")),
    )
    written = sa.text("SELECT subject, MIN(at) AS at FROM event WHERE action = 'to_deliver' GROUP BY subject")
    times = {row.subject: row.at for row in op.get_bind().execute(written)}
    if rows:
        op.bulk_insert(made, [_moved(row, times) for row in rows])


def _moved(row: sa.RowMapping, times: dict[str, str]) -> dict[str, object]:
    import json

    loaded = {name: json.loads(row[name]) if isinstance(row[name], str) else row[name] for name in ("receipt", "error")}
    kept = {name: row[name] for name in ("id", "kind", "intake", "record", "revision", "key", "dossier", "attempts")}
    state = "DEAD" if row["state"] == "REFUSED" else row["state"]
    fresh = {"target": "dossiers", "order_key": row["dossier"], "detail": {}, "progress": {}, "strikes": 0, "next_try": 0.0}
    return {**kept, **loaded, **fresh, "state": state, "made_at": times.get(row["id"], "1970-01-01T00:00:00+00:00")}
