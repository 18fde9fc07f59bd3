"""The full-text index of clips, asked by field queries; triggers of the database keep it."""

from __future__ import annotations

from sqlalchemy import ColumnElement, Connection, Integer, and_, column, literal_column, not_, or_, select, table, text

from soundlab.domain.fieldquery import Every, Not, Query, Word

CLIP_ROW: ColumnElement[int] = literal_column("clips.rowid", Integer)
"""What joins a clip to its text."""
TEXT = table("clip_text", column("rowid", Integer), column("title"), column("tag"))


def matching(query: Query) -> ColumnElement[bool]:
    """A condition on rows of ``clips``."""
    if isinstance(query, Word):
        where = f"{{{query.field}}} : " if query.field else ""
        return _found(f"{where}{_phrase(query.text)}*")
    if isinstance(query, Not):
        return not_(matching(query.inner))
    join = and_ if isinstance(query, Every) else or_
    return join(*(matching(part) for part in query.parts))


def named(words: list[str]) -> ColumnElement[bool]:
    """A condition: titles and tags hold all of the words."""
    return _found("{title tag} : (" + " AND ".join(map(_phrase, words)) + ")")


def _found(match: str) -> ColumnElement[bool]:
    return CLIP_ROW.in_(select(TEXT.c.rowid).where(literal_column("clip_text").op("MATCH")(match)))


def _phrase(words: str) -> str:
    return '"' + words.replace('"', " ") + '"'


def rebuild(connection: Connection) -> None:
    """Index every clip anew: a copy of the database may have numbered its rows otherwise."""
    connection.execute(text("DELETE FROM clip_text"))
    connection.execute(text("UPDATE clips SET id = id"))  # its trigger writes the row
