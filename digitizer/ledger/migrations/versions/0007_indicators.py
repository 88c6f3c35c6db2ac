"""Dossiers, the procedures catalogue, frozen figures."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward."""
    op.create_table(
        "dossier",
        sa.Column("code", sa.String(length=80), nullable=False),
        sa.Column("agency", sa.String(length=40), nullable=False),
        sa.Column("procedure", sa.String(length=40), nullable=True),
        sa.Column("received_on", sa.String(length=10), nullable=True),
        sa.Column("resolved_on", sa.String(length=10), nullable=True),
        sa.Column("components", sa.JSON(), nullable=False),
        sa.Column("origin", sa.String(length=16), nullable=False),
        sa.Column("seen_at", sa.String(length=40), nullable=False),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_dossier")),
    )
    for name in ("agency", "received_on", "resolved_on"):
        op.create_index(op.f(f"ix_dossier_{name}"), "dossier", [name], unique=False)
    op.create_table(
        "component",
        sa.Column("procedure", sa.String(length=40), nullable=False),
        sa.Column("code", sa.String(length=80), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("doctype", sa.String(length=80), nullable=True),
        sa.Column("required", sa.Boolean(), nullable=False),
        sa.Column("result", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("procedure", "code", name=op.f("pk_component")),
    )
    op.create_table(
        "snapshot",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("definition", sa.String(length=8), nullable=False),
        sa.Column("as_of", sa.String(length=40), nullable=False),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.Column("by", sa.String(length=120), nullable=False),
        sa.Column("at", sa.String(length=40), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_snapshot")),
    )
    op.create_index("ix_snapshot_month", "snapshot", ["month", "definition"], unique=False)
