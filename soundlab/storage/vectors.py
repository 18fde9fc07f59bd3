"""Embedding vectors: rows are the truth, a memory-mapped matrix is derived from them.

A vector belongs to the model that made it; searches look at one model only.
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from sqlalchemy import ColumnElement, Connection, delete, func, literal_column, select
from sqlalchemy.dialects.sqlite import insert as upsert

from soundlab.domain.ports import Cancelled as CancelledFlag
from soundlab.domain.ports import Embedded, Progress, ignore_progress, never
from soundlab.storage.database import Database
from soundlab.storage.matrix import Graph, Half, Matrix
from soundlab.storage.tables import vector_generation, vectors

_CHUNK, _ROWS = 500, 10_000


@dataclass(frozen=True, slots=True)
class Hit:
    """A window that matched; ``score`` is a cosine in [-1, 1]."""

    owner: str
    at: float
    score: float


def unit_mean(rows: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Mean of an owner's windows (windows, dimensions), of unit length."""
    mean = np.asarray(rows, np.float64).mean(0)
    return np.asarray(mean / max(float(np.linalg.norm(mean)), 1e-9))


class VectorStore:
    """Vectors of clips and takes.

    Parameters
    ----------
    folder
        Where the derived matrices lie; they are rebuilt when absent or stale.
    """

    def __init__(self, database: Database, folder: Path) -> None:
        self._engine = database.engine
        self._folder = folder
        self._matrices: dict[str, Matrix] = {}
        self._lock = threading.Lock()  # the interface searches and imports on threads

    def put(self, model: str, rows: Iterable[tuple[str, Embedded]]) -> None:
        """Store the windows of several owners, replacing what they had."""
        values = [
            {"owner": owner, "model": model, "at": at, "vector": np.asarray(v, "<f2").tobytes()}
            for owner, embedded in rows
            for at, v in zip(embedded.at, embedded.vectors, strict=True)
        ]
        if not values:
            return
        owners = sorted({str(v["owner"]) for v in values})
        with self._engine.begin() as connection:
            connection.execute(delete(vectors).where(vectors.c.model == model, vectors.c.owner.in_(owners)))
            connection.execute(upsert(vectors).on_conflict_do_nothing(), values)

    def get(self, model: str, owner: str) -> Half | None:
        """Vectors (windows, dimensions) of one owner, or None."""
        query = (
            select(vectors.c.vector).where(vectors.c.model == model, vectors.c.owner == owner).order_by(vectors.c.at)
        )
        with self._engine.connect() as connection:
            rows = [np.frombuffer(row, "<f2") for row in connection.scalars(query)]
        return np.stack(rows) if rows else None

    def means(self, model: str, owners: Sequence[str]) -> dict[str, npt.NDArray[np.float32]]:
        """Mean of each owner's windows, of unit length, for those that have any."""
        sums: dict[str, npt.NDArray[np.float32]] = {}
        query = select(vectors.c.owner, vectors.c.vector).where(vectors.c.model == model)
        with self._engine.connect() as connection:
            for i in range(0, len(owners), _CHUNK):
                for owner, raw in connection.execute(query.where(vectors.c.owner.in_(owners[i : i + _CHUNK]))):
                    row = np.frombuffer(raw, "<f2").astype(np.float32)
                    sums[owner] = sums[owner] + row if owner in sums else row
        return {owner: row / max(float(np.linalg.norm(row)), 1e-9) for owner, row in sums.items()}

    def search(self, model: str, query: Sequence[float], k: int, owners: Collection[str] | None = None) -> list[Hit]:
        """Return the best ``k`` windows by cosine, best first.

        Exact, except where the library is large enough for a graph (see
        :meth:`connect`) and few are asked for.

        Parameters
        ----------
        owners
            Look at their windows only; always exact.
        """
        if k <= 0:
            return []
        matrix = self._fresh(model)
        wanted = np.asarray(query, np.float16)
        norm = float(np.linalg.norm(wanted.astype(np.float32)))
        if not matrix.count or norm == 0.0 or not np.isfinite(norm):
            return []
        parts = matrix.search(wanted, k, owners)
        rows = np.concatenate([p[0] for p in parts])
        scores = np.concatenate([p[1] for p in parts])
        best = np.argsort(-scores, kind="stable")[:k]
        names = matrix.names[rows[best]]
        return [
            Hit(owner.decode(), float(at), float(score))
            for owner, at, score in zip(names["owner"], names["at"], scores[best], strict=True)
        ]

    def alike(
        self,
        model: str,
        least: float,
        k: int,
        progress: Progress = ignore_progress,
        cancelled: CancelledFlag = never,
    ) -> dict[tuple[str, str], float]:
        """Pairs of clips of which a window of one is among the ``k`` nearest of the other's, with their best cosine."""
        matrix = self._fresh(model)
        pairs: dict[tuple[str, str], float] = {}
        for row, other, score in matrix.alike(least, k, progress, cancelled):
            a, b = sorted((matrix.names["owner"][row].decode(), matrix.names["owner"][other].decode()))
            if a != b:
                pairs[a, b] = max(score, pairs.get((a, b), -1.0))
        return pairs

    def heard(self) -> dict[str, int]:
        """How many clips have vectors, by model."""
        query = select(vectors.c.model, func.count(vectors.c.owner.distinct())).where(vectors.c.owner.startswith("c"))
        with self._engine.connect() as connection:
            return {str(model): int(count) for model, count in connection.execute(query.group_by(vectors.c.model))}

    def count(self, model: str) -> int:
        """Windows of clips that can be searched."""
        return self._fresh(model).count

    def connect(
        self, model: str, progress: Progress = ignore_progress, cancelled: CancelledFlag = never
    ) -> Graph | None:
        """Bring the graph index up to date where the library is large enough for one; return what is known of it."""
        return self._fresh(model).connect(progress, cancelled)

    def _fresh(self, model: str) -> Matrix:
        """The matrix of clips' windows, with all rows that the database has by now."""
        with self._lock, self._engine.connect() as connection:
            generation = int(connection.scalar(select(vector_generation.c.value)) or 0)
            newest = int(connection.scalar(select(func.max(literal_column("rowid"))).select_from(vectors)) or 0)
            matrix = self._matrices.get(model)
            if matrix is None or matrix.generation != generation:
                safe = model.replace("/", "_").replace("@", "-")
                matrix = self._matrices[model] = Matrix(self._folder, safe, generation)
            if matrix.seen != newest:
                matrix.append(self._rows(connection, model, matrix.seen), newest)
            return matrix

    @staticmethod
    def _rows(connection: Connection, model: str, after: int) -> Iterator[tuple[list[tuple[str, float]], list[bytes]]]:
        """Clips' rows beyond one, as they were written."""
        rowid: ColumnElement[int] = literal_column("rowid")
        query = (
            select(vectors.c.owner, vectors.c.at, vectors.c.vector)
            .where(rowid > after, vectors.c.model == model, vectors.c.owner.startswith("c"))
            .order_by(rowid)
        )
        for rows in connection.execution_options(yield_per=_ROWS).execute(query).partitions():
            yield [(str(owner), float(at)) for owner, at, _ in rows], [bytes(vector) for *_, vector in rows]
