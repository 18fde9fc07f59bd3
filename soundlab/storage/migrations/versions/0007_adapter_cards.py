"""How adapters were trained, and what they do against their base."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.add_column("adapters", sa.Column("training", sa.JSON, nullable=False, server_default="{}"))
    op.add_column("adapters", sa.Column("evaluation", sa.JSON))
