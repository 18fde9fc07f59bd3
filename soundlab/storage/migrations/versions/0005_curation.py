"""Ratings, saved searches, edits that can be undone; clips are found by path."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.add_column("clips", sa.Column("rating", sa.Integer, nullable=False, server_default="0"))
    op.create_index("clips_by_path", "clips", ["path"])
    op.create_table(
        "searches",
        sa.Column("name", sa.String, primary_key=True),
        sa.Column("recipe", sa.JSON, nullable=False),
        sa.Column("created", sa.String, nullable=False),
    )
    op.create_table(
        "edits",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("what", sa.Text, nullable=False),
        sa.Column("before", sa.JSON, nullable=False),
        sa.Column("created", sa.String, nullable=False),
    )
