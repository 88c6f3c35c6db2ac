"""Pages are found by state: those that failed are few, and the person at the scanner asks for them all day."""

from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward."""
    op.create_index("ix_page_state", "page", ["state"])


def downgrade() -> None:
    """Back."""
    op.drop_index("ix_page_state", "page")
