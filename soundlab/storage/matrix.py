"""Vectors of one model as files to search in: a matrix, whose rows they are, and a graph. All derived, all rebuilt.

The matrix grows at its end as rows are added, so that a large library is never
copied for a small import. Every reader computes the same bytes for the same row,
so two processes that append at once do no harm.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from soundlab.domain.ports import Cancelled as CancelledFlag
from soundlab.domain.ports import Progress, ignore_progress, never
from soundlab.errors import Cancelled

Half = npt.NDArray[np.float16]
NAME = np.dtype([("owner", "S24"), ("at", "<f8")])
"""Whose window a row is, and where in seconds it starts."""
GRAPH_FROM = 200_000
"""Rows from which a wait for exact search can be felt on two cores."""
GRAPH_REACH = 512
"""Results up to which the graph is asked; more are found faster exactly."""
_CONNECTIVITY, _EXPAND_ADD, _EXPAND_SEARCH = 16, 128, 256
_ADD, _PROBES, _FOUND = 20_000, 200, 10
_BLOCK = 256


@dataclass(frozen=True, slots=True)
class Graph:
    """What is known of a graph index: rows it covers, and its recall@10 against exact search."""

    rows: int
    recall: float


@dataclass(slots=True)
class Matrix:
    """The rows of one model on disk.

    Parameters
    ----------
    folder, name
        Where the files lie and what they are called.
    generation
        Changes when rows have been taken away; files of others are not used.
    """

    folder: Path
    name: str
    generation: int
    count: int = 0
    dimensions: int = 0
    seen: int = 0
    """Last row of the database that has been looked at."""
    data: Half = field(default_factory=lambda: np.zeros((0, 1), np.float16))
    names: npt.NDArray[Any] = field(default_factory=lambda: np.zeros(0, NAME))
    _graph: Any = None
    _order: npt.NDArray[np.intp] | None = None

    def __post_init__(self) -> None:
        held = self._held(self._file("json"))
        if held is not None:
            self.count, self.dimensions, self.seen = held["count"], held["dimensions"], held["seen"]
            self._map()

    def _file(self, suffix: str) -> Path:
        return self.folder / f"{self.name}-{self.generation}.{suffix}"

    @staticmethod
    def _held(path: Path) -> dict[str, Any] | None:
        if not path.exists():
            return None
        return dict(json.loads(path.read_text(encoding="utf-8")))

    def _map(self) -> None:
        """Map the files; start over when one is gone or short."""
        try:
            if self.count:
                self.data = np.memmap(self._file("f2"), np.float16, "r", shape=(self.count, self.dimensions))
                self.names = np.memmap(self._file("rows"), NAME, "r", shape=(self.count,))
        except (FileNotFoundError, ValueError):
            self.count = self.dimensions = self.seen = 0
            self.data, self.names = np.zeros((0, 1), np.float16), np.zeros(0, NAME)

    def append(self, chunks: Iterable[tuple[list[tuple[str, float]], list[bytes]]], seen: int) -> None:
        """Add rows at the end: whose they are, and their vectors as little-endian half precision."""
        self.folder.mkdir(parents=True, exist_ok=True)
        count, dimensions = self.count, self.dimensions
        # Opened for update and never cut short: another process may be mapping, or appending the same rows.
        with _update(self._file("f2")) as data, _update(self._file("rows")) as rows:
            for names, vectors in chunks:
                if not vectors:
                    continue
                dimensions = dimensions or len(vectors[0]) // 2
                data.seek(count * dimensions * 2)
                data.write(b"".join(vectors))
                rows.seek(count * NAME.itemsize)
                rows.write(np.array(names, NAME).tobytes())
                count += len(vectors)
        self.count, self.dimensions, self.seen = count, dimensions, seen
        _write(self._file("json"), {"count": count, "dimensions": dimensions, "seen": seen})
        self._order = None
        self._map()
        others = re.compile(rf"{re.escape(self.name)}(-(?!{self.generation}\.)\d+)?\.[a-z]")
        for old in self.folder.iterdir():
            if others.match(old.name):
                with contextlib.suppress(FileNotFoundError, PermissionError):  # Windows keeps what is mapped
                    old.unlink()

    def search(
        self, query: Half, k: int, owners: Iterable[str] | None = None
    ) -> list[tuple[npt.NDArray[np.intp], npt.NDArray[np.float32]]]:
        """Return (rows, cosines) of the nearest rows, in parts whose union holds the best ``k``."""
        from usearch.index import MetricKind, search

        if owners is not None:
            rows = self._rows_of(owners)
            block = np.asarray(self.data[rows], np.float32)
            norms = np.linalg.norm(block, axis=1) * float(np.linalg.norm(query.astype(np.float32)))
            scores = np.asarray(block @ query.astype(np.float32) / np.maximum(norms, 1e-9), np.float32)
            best = np.argsort(-scores, kind="stable")[:k]
            return [(rows[best], scores[best])]
        parts = []
        start = 0
        if k <= GRAPH_REACH and (graph := self._loaded()) is not None:
            found = graph.search(query, k)
            start = len(graph)
            parts.append((np.asarray(found.keys, np.intp), np.asarray(1.0 - found.distances, np.float32)))
        if start < self.count:
            found = search(self.data[start:], query, min(k, self.count - start), MetricKind.Cos, exact=True)
            parts.append((np.asarray(found.keys, np.intp) + start, np.asarray(1.0 - found.distances, np.float32)))
        return parts

    def alike(
        self, least: float, k: int, progress: Progress = ignore_progress, cancelled: CancelledFlag = never
    ) -> Iterator[tuple[int, int, float]]:
        """Yield (row, another row, cosine) of each row's ``k`` nearest others from ``least`` on, each pair maybe twice.

        By the graph where there is one, else exactly, in blocks that keep within memory.

        Raises
        ------
        Cancelled
            When asked to stop.
        """
        from usearch.index import MetricKind, search

        graph = self._loaded()
        covered = 0 if graph is None else len(graph)
        whole = _units(self.data) if graph is None else None
        start = 0
        while start < self.count:
            if cancelled():
                raise Cancelled("comparing was stopped")
            stop = min(start + _BLOCK, self.count if start >= covered else covered)
            if whole is not None:
                scores = whole[start:stop] @ whole.T
                width = min(k + 1, self.count)
                keys = np.argpartition(-scores, width - 1, axis=1)[:, :width]
                near = np.take_along_axis(scores, keys, 1)
            else:  # what the graph does not cover yet is looked for in all rows
                block = self.data[start:stop]
                exact = search(self.data, block, k + 1, MetricKind.Cos, exact=True) if start >= covered else None
                found = exact if exact is not None else graph.search(block, k + 1)
                keys, near = np.asarray(found.keys, np.intp), 1.0 - np.asarray(found.distances, np.float32)
                keys, near = np.atleast_2d(keys), np.atleast_2d(near)
            for i, j in zip(*np.nonzero(near >= least), strict=True):
                if keys[i, j] != start + i:
                    yield start + int(i), int(keys[i, j]), float(near[i, j])
            start = stop
            progress(stop, self.count, "listening")

    def _rows_of(self, owners: Iterable[str]) -> npt.NDArray[np.intp]:
        """Rows of some owners, ascending."""
        if self._order is None:
            self._order = np.argsort(self.names["owner"], kind="stable")
        wanted = np.array(sorted(owners), "S24")
        ordered = self.names["owner"][self._order]
        low, high = np.searchsorted(ordered, wanted, "left"), np.searchsorted(ordered, wanted, "right")
        pieces = [self._order[a:b] for a, b in zip(low, high, strict=True) if b > a]
        return np.sort(np.concatenate(pieces)) if pieces else np.zeros(0, np.intp)

    @property
    def graph(self) -> Graph | None:
        """The graph that is there, if any."""
        held = self._held(self._file("graph.json"))
        if held is None or not self._file("graph").exists() or held["rows"] > self.count:
            return None
        return Graph(held["rows"], held["recall"])

    def _loaded(self) -> Any:
        known = self.graph
        if known is None:
            return None
        if self._graph is None or len(self._graph) != known.rows:
            self._graph = self._index()
            self._graph.view(str(self._file("graph")))
        return self._graph

    def _index(self) -> Any:
        from usearch.index import Index, MetricKind

        return Index(
            ndim=self.dimensions,
            metric=MetricKind.Cos,
            dtype="f16",
            connectivity=_CONNECTIVITY,
            expansion_add=_EXPAND_ADD,
            expansion_search=_EXPAND_SEARCH,
        )

    def connect(self, progress: Progress = ignore_progress, cancelled: CancelledFlag = never) -> Graph | None:
        """Build the graph, or add what is new to it, where the library is large enough; measure its recall.

        Raises
        ------
        Cancelled
            When asked to stop; the graph of before stays.
        """
        known = self.graph
        if self.count < GRAPH_FROM or (known is not None and known.rows == self.count):
            return known
        index = self._index()
        if known is not None:
            index.load(str(self._file("graph")))
        start = len(index)
        for at in range(start, self.count, _ADD):
            if cancelled():
                raise Cancelled("indexing stopped; search goes on without the graph")
            stop = min(at + _ADD, self.count)
            index.add(np.arange(at, stop), self.data[at:stop])
            progress(stop - start, self.count - start, "indexing")
        recall = self._recall(index)
        # Away with the old figures first: a graph must never be read with another one's count.
        self._file("graph.json").unlink(missing_ok=True)
        beside = self._file("graph").with_name(f".{self._file('graph').name}.{os.getpid()}")
        index.save(str(beside))
        self._graph = None
        beside.replace(self._file("graph"))
        _write(self._file("graph.json"), {"rows": self.count, "recall": recall})
        return self.graph

    def _recall(self, index: Any) -> float:
        """Share of the ten nearest that the graph finds, for rows of the library moved a little off their place."""
        from usearch.index import MetricKind, search

        rng = np.random.default_rng(0)
        found = 0
        for row in rng.choice(self.count, _PROBES, replace=False):
            vector = np.asarray(self.data[row], np.float32)
            away = rng.standard_normal(self.dimensions).astype(np.float32)
            query = (vector + 0.5 * away * np.linalg.norm(vector) / np.linalg.norm(away)).astype(np.float16)
            exact = search(self.data, query, _FOUND, MetricKind.Cos, exact=True).keys
            found += len(set(exact.tolist()) & set(index.search(query, _FOUND).keys.tolist()))
        return found / (_PROBES * _FOUND)


def _units(rows: Half) -> npt.NDArray[np.float32]:
    """Rows in single precision at unit length."""
    single = np.asarray(rows, np.float32)
    return np.asarray(single / np.maximum(np.linalg.norm(single, axis=1, keepdims=True), 1e-9), np.float32)


def _update(path: Path) -> Any:
    path.touch()
    return path.open("r+b")


def _write(path: Path, content: dict[str, Any]) -> None:
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    beside.write_text(json.dumps(content), encoding="utf-8")
    beside.replace(path)
