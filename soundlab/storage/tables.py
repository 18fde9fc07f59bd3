"""The tables, as the newest migration leaves them."""

from __future__ import annotations

from sqlalchemy import JSON, Column, Float, ForeignKey, Index, Integer, LargeBinary, MetaData, String, Table, Text

metadata = MetaData()

clips = Table(
    "clips",
    metadata,
    Column("id", String, primary_key=True),
    Column("path", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("sha256", String(64), nullable=False, unique=True),
    Column("duration", Float, nullable=False),
    Column("sample_rate", Integer, nullable=False),
    Column("channels", Integer, nullable=False),
    Column("rights", String, nullable=False),
    Column("evidence", Text, nullable=False, default=""),
    Column("consent", String),
    Column("note", Text, nullable=False, default=""),
    Column("added", String, nullable=False),
    Column("holder", Text, nullable=False, server_default=""),
    Column("expires", String),  # ISO date after which the rights have run out
    Column("category", String, nullable=False, server_default=""),  # UCS CatID
    Column("metadata", JSON, nullable=False, server_default="{}"),  # what the file says of itself
    Column("rating", Integer, nullable=False, server_default="0"),  # 0 to 5
    Index("clips_by_path", "path"),
)

clip_tags = Table(
    "clip_tags",
    metadata,
    Column("clip", ForeignKey("clips.id", ondelete="CASCADE"), primary_key=True),
    Column("tag", String, primary_key=True),
    Index("clip_tags_by_tag", "tag"),
)

clip_collections = Table(
    "clip_collections",
    metadata,
    Column("clip", ForeignKey("clips.id", ondelete="CASCADE"), primary_key=True),
    Column("collection", String, primary_key=True),
    Index("clip_collections_by_collection", "collection"),
)

searches = Table(
    "searches",
    metadata,
    Column("name", String, primary_key=True),
    Column("recipe", JSON, nullable=False),
    Column("created", String, nullable=False),
)

edits = Table(
    "edits",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("what", Text, nullable=False),
    Column("before", JSON, nullable=False),  # by clip: columns, tags and collections as they were
    Column("created", String, nullable=False),
)

vectors = Table(
    "vectors",
    metadata,
    Column("owner", String, primary_key=True),  # a clip's or a take's id
    Column("model", String, primary_key=True),
    Column("at", Float, primary_key=True),  # start of the window in seconds
    Column("vector", LargeBinary, nullable=False),  # unit length, little-endian half precision
    Index("vectors_by_model", "model"),
)

vector_generation = Table(
    "vector_generation",
    metadata,
    Column("value", Integer, nullable=False),  # counts vectors taken away; a trigger keeps it
)

takes = Table(
    "takes",
    metadata,
    Column("id", String, primary_key=True),
    Column("path", Text, nullable=False),
    Column("prompt", Text, nullable=False),
    Column("avoid", Text, nullable=False, default=""),
    Column("terms", JSON, nullable=False),
    Column("references", JSON, nullable=False),
    Column("seed", Integer, nullable=False),
    Column("checkpoint", Text, nullable=False),
    Column("adapters", JSON, nullable=False),
    Column("parent", ForeignKey("takes.id")),
    Column("verdict", String),
    Column("note", Text, nullable=False, default=""),
    Column("descriptors", JSON, nullable=False),
    Column("adjustments", JSON, nullable=False),
    Column("obeyed", JSON),
    Column("licence", Text, nullable=False),
    Column("duration", Float, nullable=False),
    Column("seconds_to_generate", Float),
    Column("dtype", String, nullable=False),
    Column("recipe", JSON, nullable=False),
    Column("state", String, nullable=False),
    Column("batch", String, nullable=False),
    Column("created", String, nullable=False),
    Index("takes_by_batch", "batch"),
    Index("takes_by_parent", "parent"),
)

exports = Table(
    "exports",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("source", String, nullable=False),  # a take's or a clip's id
    Column("path", Text, nullable=False),
    Column("created", String, nullable=False),
    Index("exports_by_source", "source"),
)

comparisons = Table(
    "comparisons",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("first", String, nullable=False),
    Column("second", String, nullable=False),
    Column("hidden", String),  # what X was, of an A/B/X; null where one was preferred
    Column("answer", String, nullable=False),
    Column("created", String, nullable=False),
)

measures = Table(
    "measures",
    metadata,
    Column("owner", String, primary_key=True),  # a clip's id
    Column("values", JSON, nullable=False),  # descriptor by axis
)

adapters = Table(
    "adapters",
    metadata,
    Column("name", String, primary_key=True),
    Column("path", Text, nullable=False),
    Column("checkpoint", Text, nullable=False),
    Column("licence", Text, nullable=False),
    Column("steps", Integer, nullable=False),
    Column("rank", Integer, nullable=False),
    Column("loss_first", Float),
    Column("loss_last", Float),
    Column("clips", JSON, nullable=False),
    Column("created", String, nullable=False),
    Column("training", JSON, nullable=False, default=dict),
    Column("evaluation", JSON),
)
