"""Records wait in an order, are lent to one person, and are found by what stands in them."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward."""
    op.add_column("record", sa.Column("place", sa.String(length=64), nullable=True))
    op.add_column("record", sa.Column("words", sa.Text(), nullable=True))
    op.create_index("ix_record_queue", "record", ["state", "place", "id"], unique=False)
    op.create_table(
        "record_lease",
        sa.Column("record", sa.String(length=120), nullable=False),
        sa.Column("account", sa.String(length=64), nullable=False),
        sa.Column("until", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(["record"], ["record.id"], name=op.f("fk_record_lease_record")),
        sa.PrimaryKeyConstraint("record", name=op.f("pk_record_lease")),
    )
    # records of before: the order in which their files came. Their words are noted when they are next revised
    connection = op.get_bind()
    connection.execute(
        sa.text(
            "UPDATE record SET place = (SELECT MIN((CASE intake.lane WHEN 'counter' THEN '0' ELSE '1' END) || intake.received_at)"
            " FROM intake WHERE intake.bundle = record.bundle)"
        )
    )


def downgrade() -> None:
    """Back."""
    op.drop_table("record_lease")
    op.drop_index("ix_record_queue", table_name="record")
    op.drop_column("record", "words")
    op.drop_column("record", "place")
