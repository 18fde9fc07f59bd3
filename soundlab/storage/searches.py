"""Saved searches: collections that fill themselves."""

from __future__ import annotations

from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.dialects.sqlite import insert as upsert

from soundlab.errors import NotFound
from soundlab.storage.database import Database, now
from soundlab.storage.tables import searches


class SearchStore:
    """Recipes of searches by name."""

    def __init__(self, database: Database) -> None:
        self._engine = database.engine

    def save(self, name: str, recipe: dict[str, Any]) -> None:
        """Keep a recipe, in place of one of that name."""
        query = upsert(searches).values(name=name, recipe=recipe, created=now())
        query = query.on_conflict_do_update(index_elements=["name"], set_={"recipe": query.excluded.recipe})
        with self._engine.begin() as connection:
            connection.execute(query)

    def get(self, name: str) -> dict[str, Any]:
        """Return a recipe. Raises NotFound."""
        with self._engine.connect() as connection:
            found = connection.scalar(select(searches.c.recipe).where(searches.c.name == name))
        if found is None:
            raise NotFound(f"no saved search {name!r}", "list them: soundlab collections")
        return dict(found)

    def all(self) -> dict[str, dict[str, Any]]:
        """Recipes by name."""
        with self._engine.connect() as connection:
            rows = connection.execute(select(searches.c.name, searches.c.recipe).order_by(searches.c.name))
            return {str(name): dict(recipe) for name, recipe in rows}

    def remove(self, name: str) -> None:
        """Forget a saved search. Raises NotFound."""
        self.get(name)
        with self._engine.begin() as connection:
            connection.execute(delete(searches).where(searches.c.name == name))
