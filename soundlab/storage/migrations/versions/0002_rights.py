"""Holders, expiry and embedded metadata of clips; a log of exports; measures of clips."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    with op.batch_alter_table("clips") as table:
        table.add_column(sa.Column("holder", sa.Text, nullable=False, server_default=""))
        table.add_column(sa.Column("expires", sa.String))
        table.add_column(sa.Column("category", sa.String, nullable=False, server_default=""))
        table.add_column(sa.Column("metadata", sa.JSON, nullable=False, server_default="{}"))
    op.create_table(
        "exports",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("source", sa.String, nullable=False),
        sa.Column("path", sa.Text, nullable=False),
        sa.Column("created", sa.String, nullable=False),
    )
    op.create_index("exports_by_source", "exports", ["source"])
    op.create_table(
        "measures",
        sa.Column("owner", sa.String, primary_key=True),
        sa.Column("values", sa.JSON, nullable=False),
    )
