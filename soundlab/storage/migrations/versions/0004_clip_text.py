"""A full-text index of clips, kept by triggers. Its rowid is the clip's."""

from alembic import op

revision = "0004"
down_revision = "0003"

_TAGS = "coalesce((SELECT group_concat(tag, ' ') FROM clip_tags WHERE clip = {id}), '')"
_COLLECTIONS = "coalesce((SELECT group_concat(collection, ' ') FROM clip_collections WHERE clip = {id}), '')"
_COLUMNS = "title, note, rights, holder, category, path, evidence, description, tag, collection"


def _values(row: str) -> str:
    plain = ", ".join(f"{row}.{c}" for c in ("title", "note", "rights", "holder", "category", "path", "evidence"))
    description = f"coalesce(json_extract({row}.metadata, '$.description'), '')"
    return f"{plain}, {description}, {_TAGS.format(id=f'{row}.id')}, {_COLLECTIONS.format(id=f'{row}.id')}"


def upgrade() -> None:
    op.execute(f"CREATE VIRTUAL TABLE clip_text USING fts5({_COLUMNS}, tokenize = 'unicode61')")
    op.execute(f"INSERT INTO clip_text (rowid, {_COLUMNS}) SELECT clips.rowid, {_values('clips')} FROM clips")
    insert = f"INSERT INTO clip_text (rowid, {_COLUMNS}) VALUES (new.rowid, {_values('new')})"
    remove = "DELETE FROM clip_text WHERE rowid = old.rowid"
    op.execute(f"CREATE TRIGGER clip_text_in AFTER INSERT ON clips BEGIN {insert}; END")
    op.execute(f"CREATE TRIGGER clip_text_out AFTER DELETE ON clips BEGIN {remove}; END")
    op.execute(f"CREATE TRIGGER clip_text_changed AFTER UPDATE ON clips BEGIN {remove}; {insert}; END")
    for table, column, values in (("clip_tags", "tag", _TAGS), ("clip_collections", "collection", _COLLECTIONS)):
        for event, row in (("INSERT", "new"), ("DELETE", "old")):
            whose = f"{row}.clip"
            op.execute(
                f"CREATE TRIGGER clip_text_{column}_{event.lower()} AFTER {event} ON {table} BEGIN "
                f"UPDATE clip_text SET {column} = {values.format(id=whose)} "
                f"WHERE rowid = (SELECT rowid FROM clips WHERE id = {whose}); END"
            )
