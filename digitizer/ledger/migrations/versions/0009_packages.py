"""Packages carried by hand, and who holds a bundle."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward."""
    op.create_table(
        "package",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("direction", sa.String(length=8), nullable=False),
        sa.Column("peer", sa.String(length=120), nullable=False),
        sa.Column("at", sa.String(length=40), nullable=False),
        sa.Column("last_event", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_package")),
    )
    op.create_table(
        "carried_bundle",
        sa.Column("package", sa.String(length=64), nullable=False),
        sa.Column("bundle", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["bundle"], ["bundle.id"], name=op.f("fk_carried_bundle_bundle")),
        sa.ForeignKeyConstraint(["package"], ["package.id"], name=op.f("fk_carried_bundle_package")),
        sa.PrimaryKeyConstraint("package", "bundle", name=op.f("pk_carried_bundle")),
    )
    op.create_table(
        "holder",
        sa.Column("bundle", sa.String(length=64), nullable=False),
        sa.Column("owner", sa.String(length=120), nullable=False),
        sa.ForeignKeyConstraint(["bundle"], ["bundle.id"], name=op.f("fk_holder_bundle")),
        sa.PrimaryKeyConstraint("bundle", name=op.f("pk_holder")),
    )
    op.create_table(
        "foreign_event",
        sa.Column("origin", sa.String(length=80), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("at", sa.String(length=40), nullable=False),
        sa.Column("actor", sa.String(length=120), nullable=False),
        sa.Column("action", sa.String(length=40), nullable=False),
        sa.Column("subject", sa.String(length=120), nullable=False),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.Column("prev", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("origin", "seq", name=op.f("pk_foreign_event")),
    )
    op.create_index(op.f("ix_foreign_event_subject"), "foreign_event", ["subject"])


def downgrade() -> None:
    """Back."""
    for table in ("foreign_event", "holder", "carried_bundle", "package"):
        op.drop_table(table)
