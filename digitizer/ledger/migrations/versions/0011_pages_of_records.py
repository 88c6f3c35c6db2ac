"""The pages of a record and the totals a book states are noted. Results of before have them in their exported JSON only."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward."""
    op.add_column("record", sa.Column("pages", sa.JSON(), nullable=True))
    op.add_column("bundle", sa.Column("stated", sa.JSON(), nullable=True))


def downgrade() -> None:
    """Back."""
    op.drop_column("bundle", "stated")
    op.drop_column("record", "pages")
