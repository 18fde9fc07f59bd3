"""Pairs of takes that were heard against each other."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.create_table(
        "comparisons",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("first", sa.String, nullable=False),
        sa.Column("second", sa.String, nullable=False),
        sa.Column("hidden", sa.String),
        sa.Column("answer", sa.String, nullable=False),
        sa.Column("created", sa.String, nullable=False),
    )
