"""Adapters and their cards."""

from __future__ import annotations

from typing import Any

from sqlalchemy import delete, insert, select, update

from soundlab.domain.adapter import Adapter
from soundlab.errors import NotFound
from soundlab.storage.database import Database, now
from soundlab.storage.tables import adapters

_FIELDS = tuple(column.name for column in adapters.columns)


class AdapterStore:
    """Reads and writes adapters."""

    def __init__(self, database: Database) -> None:
        self._engine, self._resolve, self._stored = database.engine, database.resolve, database.stored

    def put(self, adapter: Adapter) -> None:
        """Insert an adapter, replacing one of the same name."""
        with self._engine.begin() as connection:
            connection.execute(delete(adapters).where(adapters.c.name == adapter.name))
            row = {**{f: getattr(adapter, f) for f in _FIELDS}, "path": self._stored(adapter.path)}
            connection.execute(insert(adapters).values(**{**row, "created": adapter.created or now()}))

    def evaluated(self, name: str, evaluation: dict[str, Any]) -> None:
        """Keep what an adapter does against its base."""
        with self._engine.begin() as connection:
            connection.execute(update(adapters).where(adapters.c.name == name).values(evaluation=evaluation))

    def all(self) -> list[Adapter]:
        """Return adapters oldest first."""
        with self._engine.connect() as connection:
            query = select(adapters).order_by(adapters.c.created)
            rows = connection.execute(query).mappings()
            return [Adapter(**{**row, "path": self._resolve(row["path"])}) for row in rows]

    def get(self, name: str) -> Adapter:
        """Return an adapter. Raises NotFound."""
        for adapter in self.all():
            if adapter.name == name:
                return adapter
        raise NotFound(f"no adapter called {name!r}", "list them: soundlab adapters")
