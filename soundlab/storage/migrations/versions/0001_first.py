"""Clips with rights, vectors, takes and adapters."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "clips",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("path", sa.Text, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False, unique=True),
        sa.Column("duration", sa.Float, nullable=False),
        sa.Column("sample_rate", sa.Integer, nullable=False),
        sa.Column("channels", sa.Integer, nullable=False),
        sa.Column("rights", sa.String, nullable=False),
        sa.Column("evidence", sa.Text, nullable=False),
        sa.Column("consent", sa.String),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("added", sa.String, nullable=False),
    )
    for name, column in (("clip_tags", "tag"), ("clip_collections", "collection")):
        op.create_table(
            name,
            sa.Column("clip", sa.String, sa.ForeignKey("clips.id", ondelete="CASCADE"), primary_key=True),
            sa.Column(column, sa.String, primary_key=True),
        )
        op.create_index(f"{name}_by_{column}", name, [column])
    op.create_table(
        "vectors",
        sa.Column("owner", sa.String, primary_key=True),
        sa.Column("model", sa.String, primary_key=True),
        sa.Column("at", sa.Float, primary_key=True),
        sa.Column("vector", sa.LargeBinary, nullable=False),
    )
    op.create_index("vectors_by_model", "vectors", ["model"])
    op.create_table(
        "takes",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("path", sa.Text, nullable=False),
        sa.Column("prompt", sa.Text, nullable=False),
        sa.Column("avoid", sa.Text, nullable=False),
        sa.Column("terms", sa.JSON, nullable=False),
        sa.Column("references", sa.JSON, nullable=False),
        sa.Column("seed", sa.Integer, nullable=False),
        sa.Column("checkpoint", sa.Text, nullable=False),
        sa.Column("adapters", sa.JSON, nullable=False),
        sa.Column("parent", sa.String, sa.ForeignKey("takes.id")),
        sa.Column("verdict", sa.String),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("descriptors", sa.JSON, nullable=False),
        sa.Column("adjustments", sa.JSON, nullable=False),
        sa.Column("obeyed", sa.JSON),
        sa.Column("licence", sa.Text, nullable=False),
        sa.Column("duration", sa.Float, nullable=False),
        sa.Column("seconds_to_generate", sa.Float),
        sa.Column("dtype", sa.String, nullable=False),
        sa.Column("recipe", sa.JSON, nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("batch", sa.String, nullable=False),
        sa.Column("created", sa.String, nullable=False),
    )
    op.create_index("takes_by_batch", "takes", ["batch"])
    op.create_index("takes_by_parent", "takes", ["parent"])
    op.create_table(
        "adapters",
        sa.Column("name", sa.String, primary_key=True),
        sa.Column("path", sa.Text, nullable=False),
        sa.Column("checkpoint", sa.Text, nullable=False),
        sa.Column("licence", sa.Text, nullable=False),
        sa.Column("steps", sa.Integer, nullable=False),
        sa.Column("rank", sa.Integer, nullable=False),
        sa.Column("loss_first", sa.Float),
        sa.Column("loss_last", sa.Float),
        sa.Column("clips", sa.JSON, nullable=False),
        sa.Column("created", sa.String, nullable=False),
    )
