"""Takes and their tree."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, delete, insert, select, update

from soundlab.domain.take import Take
from soundlab.errors import NotFound
from soundlab.storage.database import Database, now
from soundlab.storage.tables import takes, vectors

_ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"
_FIELDS = tuple(column.name for column in takes.columns)


def new_id(prefix: str) -> str:
    """Return a short random id without look-alike letters."""
    return prefix + "".join(secrets.choice(_ALPHABET) for _ in range(6))


class TakeStore:
    """Reads and writes takes."""

    def __init__(self, database: Database) -> None:
        self._engine, self._resolve, self._stored = database.engine, database.resolve, database.stored

    def add(self, rows: Sequence[Take]) -> None:
        """Insert takes, normally pending ones."""
        with self._engine.begin() as connection:
            values = [
                {**{f: getattr(t, f) for f in _FIELDS}, "path": self._stored(t.path), "created": t.created or now()}
                for t in rows
            ]
            connection.execute(insert(takes), values)

    def change(self, identity: str, **values: Any) -> None:
        """Update columns of one take."""
        with self._engine.begin() as connection:
            connection.execute(update(takes).where(takes.c.id == identity).values(**values))

    def finish(self, rows: Sequence[tuple[str, dict[str, Any]]]) -> None:
        """Update several takes in one transaction."""
        with self._engine.begin() as connection:
            for identity, values in rows:
                connection.execute(update(takes).where(takes.c.id == identity).values(**values))

    def remove(self, ids: Sequence[str]) -> None:
        """Delete takes and their vectors; ones that others descend from are refused by the database."""
        with self._engine.begin() as connection:
            for start in range(0, len(ids), 500):
                chunk = ids[start : start + 500]
                connection.execute(delete(vectors).where(vectors.c.owner.in_(chunk)))
                connection.execute(delete(takes).where(takes.c.id.in_(chunk)))

    def get(self, identity: str) -> Take:
        """Return a take by id, or by a unique start of it. Raises NotFound."""
        found = self._load(select(takes).where(takes.c.id == identity))
        if not found and len(identity) >= 3:
            found = self._load(select(takes).where(takes.c.id.startswith(identity, autoescape=True)).limit(2))
        if len(found) != 1:
            if len(identity) < 3:
                raise NotFound(f"{identity!r} is too short for an id", "three letters of it at least")
            what = "no take" if not found else "several takes"
            raise NotFound(f"{what} called {identity!r}", "list them: soundlab takes")
        return found[0]

    def all(self, *, states: Sequence[str] = ("done",), verdict: str | None = None) -> list[Take]:
        """Return takes oldest first."""
        query = select(takes).where(takes.c.state.in_(states))
        if verdict is not None:
            query = query.where(takes.c.verdict == verdict)
        return self._load(query.order_by(takes.c.created, takes.c.batch, takes.c.seed))

    def batch(self, batch: str) -> list[Take]:
        """Return the takes of one request."""
        return self._load(select(takes).where(takes.c.batch == batch).order_by(takes.c.seed))

    def _load(self, query: Select[Any]) -> list[Take]:
        with self._engine.connect() as connection:
            rows = connection.execute(query).mappings()
            return [Take(**{**row, "path": self._resolve(row["path"])}) for row in rows]
