"""What has left the project, and where to."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import insert, select

from soundlab.storage.database import Database, now
from soundlab.storage.tables import exports


class ExportStore:
    """A log of exported files."""

    def __init__(self, database: Database) -> None:
        self._engine = database.engine

    def add(self, rows: Sequence[tuple[str, str]]) -> None:
        """Note (take or clip id, path) of files that were written."""
        if rows:
            with self._engine.begin() as connection:
                values = [{"source": source, "path": path, "created": now()} for source, path in rows]
                connection.execute(insert(exports), values)

    def of(self, sources: Sequence[str]) -> list[tuple[str, str]]:
        """Return (source, path) of the exports of these ids, oldest first, each path once."""
        with self._engine.connect() as connection:
            query = select(exports.c.source, exports.c.path).order_by(exports.c.id)
            wanted = set(sources)
            found = [(str(s), str(p)) for s, p in connection.execute(query) if s in wanted]
        return list(dict.fromkeys(found))
