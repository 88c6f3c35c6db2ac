"""Deliveries of register cases are called `add_register_case`. Their keys and ids stay: a target knows them."""

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward."""
    op.execute("UPDATE delivery SET kind = 'add_register_case' WHERE kind = 'import_package'")


def downgrade() -> None:
    """Back."""
    op.execute("UPDATE delivery SET kind = 'import_package' WHERE kind = 'add_register_case'")
