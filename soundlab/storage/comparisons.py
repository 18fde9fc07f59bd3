"""Pairs of takes that were heard against each other without knowing which is which."""

from __future__ import annotations

from sqlalchemy import insert, select

from soundlab.storage.database import Database, now
from soundlab.storage.tables import comparisons


class ComparisonStore:
    """What was preferred in A/B, and what was told apart in A/B/X."""

    def __init__(self, database: Database) -> None:
        self._engine = database.engine

    def add(self, first: str, second: str, answer: str, hidden: str | None = None) -> None:
        """Keep an answer: the take preferred, or, with ``hidden``, the take that X was taken for."""
        row = {"first": first, "second": second, "hidden": hidden, "answer": answer, "created": now()}
        with self._engine.begin() as connection:
            connection.execute(insert(comparisons), [row])

    def preferred(self) -> list[tuple[str, str]]:
        """(preferred, other) of every A/B, oldest first."""
        query = select(comparisons).where(comparisons.c.hidden.is_(None)).order_by(comparisons.c.id)
        with self._engine.connect() as connection:
            return [(r.answer, r.second if r.answer == r.first else r.first) for r in connection.execute(query)]

    def told_apart(self, first: str, second: str) -> tuple[int, int]:
        """How many A/B/X answers about two takes were right, and how many there are."""
        pair = (first, second)
        query = select(comparisons.c.hidden, comparisons.c.answer).where(
            comparisons.c.hidden.is_not(None), comparisons.c.first.in_(pair), comparisons.c.second.in_(pair)
        )
        with self._engine.connect() as connection:
            rows = connection.execute(query).all()
        return sum(r.hidden == r.answer for r in rows), len(rows)
