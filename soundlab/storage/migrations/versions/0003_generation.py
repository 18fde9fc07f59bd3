"""A count of vectors taken away, so that what is derived from them knows when to start over."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table("vector_generation", sa.Column("value", sa.Integer, nullable=False))
    op.execute("INSERT INTO vector_generation VALUES (0)")
    op.execute(
        "CREATE TRIGGER vectors_taken_away AFTER DELETE ON vectors "
        "BEGIN UPDATE vector_generation SET value = value + 1; END"
    )
