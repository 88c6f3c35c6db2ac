"""What was begun is ended before more is begun: the step of a job is part of its order."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward."""
    op.drop_index("ix_job_claim", table_name="job")
    op.add_column("job", sa.Column("step", sa.Integer(), nullable=False, server_default="0"))
    op.execute("UPDATE job SET step = CASE kind WHEN 'finish' THEN 0 WHEN 'read' THEN 1 ELSE 2 END")
    op.create_index("ix_job_claim", "job", ["state", "lane", "step", "id"], unique=False)
