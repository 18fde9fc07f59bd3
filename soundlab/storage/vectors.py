"""Embedding vectors: rows are the truth, a memory-mapped matrix is derived from them.

A vector belongs to the model that made it; searches look at one model only.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from sqlalchemy import delete, func, literal_column, select
from sqlalchemy.dialects.sqlite import insert as upsert

from soundlab.domain.ports import Embedded
from soundlab.storage.database import Database
from soundlab.storage.tables import vectors

Half = npt.NDArray[np.float16]
_CHUNK = 500


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

    def owners(self, model: str) -> set[str]:
        """Ids that have vectors of ``model``."""
        with self._engine.connect() as connection:
            return set(connection.scalars(select(vectors.c.owner).where(vectors.c.model == model).distinct()))

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
        wanted = set(owners)
        query = select(vectors.c.owner, vectors.c.vector).where(vectors.c.model == model)
        if len(wanted) <= _CHUNK:
            query = query.where(vectors.c.owner.in_(wanted))
        sums: dict[str, npt.NDArray[np.float32]] = {}
        with self._engine.connect() as connection:
            for owner, raw in connection.execute(query):
                if owner in wanted:
                    row = np.frombuffer(raw, "<f2").astype(np.float32)
                    sums[owner] = sums[owner] + row if owner in sums else row
        return {owner: row / max(float(np.linalg.norm(row)), 1e-9) for owner, row in sums.items()}

    def search(self, model: str, query: Sequence[float], k: int) -> list[Hit]:
        """Return the best ``k`` windows by cosine, by exact search."""
        if k <= 0:
            return []
        matrix, names = self._matrix(model)
        if not names:
            return []
        from usearch.index import MetricKind, search

        wanted = np.asarray(query, np.float16)
        norm = float(np.linalg.norm(wanted.astype(np.float32)))
        if norm == 0.0 or not np.isfinite(norm):
            return []
        found = search(matrix, wanted, min(k, len(names)), MetricKind.Cos, exact=True)
        return [
            Hit(names[int(key)][0], names[int(key)][1], 1.0 - float(distance))
            for key, distance in zip(found.keys, found.distances, strict=True)
        ]

    def _matrix(self, model: str) -> tuple[Half, list[tuple[str, float]]]:
        """Return the memory-mapped matrix of clips' windows, rebuilt if the rows have changed."""
        with self._engine.connect() as connection:
            row: Any = connection.execute(
                select(func.count(), func.coalesce(func.max(literal_column("rowid")), 0)).where(
                    vectors.c.model == model, vectors.c.owner.startswith("c")
                )
            ).one()
        count, stamp = int(row[0]), int(row[1])
        safe = model.replace("/", "_").replace("@", "-")
        data, index = self._folder / f"{safe}.f2", self._folder / f"{safe}.json"
        if index.exists():
            held = json.loads(index.read_text(encoding="utf-8"))
            if held["count"] == count and held["stamp"] == stamp:
                if not count:
                    return np.zeros((0, 1), np.float16), []
                matrix = np.memmap(data, np.float16, "r", shape=(count, held["dimensions"]))
                return matrix, [(owner, at) for owner, at in held["names"]]
        return self._rebuild(model, data, index, stamp)

    def _rebuild(self, model: str, data: Path, index: Path, stamp: int) -> tuple[Half, list[tuple[str, float]]]:
        query = (
            select(vectors.c.owner, vectors.c.at, vectors.c.vector)
            .where(vectors.c.model == model, vectors.c.owner.startswith("c"))
            .order_by(vectors.c.owner, vectors.c.at)
        )
        with self._engine.connect() as connection:
            rows = connection.execute(query).all()
        names = [(str(owner), float(at)) for owner, at, _ in rows]
        matrix = np.stack([np.frombuffer(v, "<f2") for _, _, v in rows]) if rows else np.zeros((0, 1), np.float16)
        self._folder.mkdir(parents=True, exist_ok=True)
        held = {"count": len(names), "stamp": stamp, "dimensions": int(matrix.shape[1]), "names": names}
        for path, content in ((data, matrix.tobytes()), (index, json.dumps(held).encode())):
            beside = path.with_name(f".{path.name}.{os.getpid()}")
            beside.write_bytes(content)
            beside.replace(path)
        return matrix, names
