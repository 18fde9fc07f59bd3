"""Taste: what this project's verdicts have in common, as far as that can be told, and how far that is."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from soundlab.audio.write import atomic_path
from soundlab.domain.ports import Embedder
from soundlab.storage.comparisons import ComparisonStore
from soundlab.storage.takes import TakeStore
from soundlab.storage.vectors import VectorStore

LEAST = 8
"""Verdicts under which nothing is said."""
_EACH = 2
"""Verdicts of each kind that there must be."""
_BETTER = 0.6
"""Hit rate, chance being one half, from which taste counts in ranking."""
WEIGHT = 1.0
"""Just-noticeable differences that a take much to one's taste is worth in ranking."""
_RIDGE = 0.5

Rows = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Taste:
    """A ridge regression from CLAP embeddings to verdicts, +1 and -1, and from halved differences of pairs to +1.

    Each kind, approved, rejected and pairs, weighs the same.

    ``hit_rate`` is how often it is right about a verdict that it has not seen:
    each in turn left out, the mean of the kinds; one half is chance.
    """

    approved: int
    rejected: int
    pairs: int
    hit_rate: float | None
    centre: Rows
    direction: Rows

    @property
    def counts(self) -> bool:
        """Whether it is used."""
        return self.hit_rate is not None and self.hit_rate >= _BETTER

    def score(self, vector: npt.ArrayLike) -> float:
        """How much a take is to one's taste, about -1 to 1; 0 while taste does not count."""
        if not self.counts:
            return 0.0
        return float(np.clip((np.asarray(vector, np.float64) - self.centre) @ self.direction, -1, 1))

    def as_json(self) -> dict[str, Any]:
        return {
            "approved": self.approved,
            "rejected": self.rejected,
            "pairs": self.pairs,
            "hit_rate": None if self.hit_rate is None else round(self.hit_rate, 3),
            "used": self.counts,
            "weight": WEIGHT if self.counts else 0.0,
        }


def learn(liked: Rows, disliked: Rows, better: Rows | None = None, worse: Rows | None = None) -> Taste:
    """Learn from embeddings of approved and of rejected takes, and of takes preferred to others, (n, dimensions) each.

    Verdicts count where there are some of both kinds.

    The residuals of leaving one out come from the inverse of the regularised
    kernel matrix in closed form (Cawley & Talbot 2003), so that the hit rate costs
    nothing to say.
    """
    better, worse = (np.zeros((0, liked.shape[1])) if rows is None else rows for rows in (better, worse))
    n, m, p = len(liked), len(disliked), len(better)
    judged = min(n, m) >= _EACH
    kinds = [(liked, 1.0), (disliked, -1.0)] if judged else []
    if sum(len(rows) for rows, _ in kinds) + p < LEAST:
        return Taste(n, m, p, None, np.zeros(1), np.zeros(1))
    centre = 0.5 * (liked.mean(0) + disliked.mean(0)) if judged else 0.5 * (better.mean(0) + worse.mean(0))
    parts = [(rows - centre, sign) for rows, sign in kinds]
    if p:
        parts.append(((better - worse) / 2, 1.0))
    x = np.concatenate([rows for rows, _ in parts])
    y = np.concatenate([np.full(len(rows), sign) for rows, sign in parts])
    weights = np.concatenate([np.full(len(rows), len(x) / (len(parts) * len(rows))) for rows, _ in parts])
    scale = float(np.mean((x**2).sum(1)))
    inverse = np.linalg.inv(x @ x.T + _RIDGE * scale * np.diag(1 / weights))
    dual = inverse @ y
    right = (y - dual / np.diag(inverse)) * y > 0
    ends = np.cumsum([0, *(len(rows) for rows, _ in parts)])
    hit_rate = float(np.mean([right[a:b].mean() for a, b in pairwise(ends)]))
    return Taste(n, m, p, hit_rate, centre, x.T @ dual)


@dataclass(slots=True)
class TasteService:
    """Learns a project's taste from its verdicts.

    Parameters
    ----------
    forgotten
        File with the takes whose verdicts no longer count.
    """

    takes: TakeStore
    vectors: VectorStore
    comparisons: ComparisonStore
    embedder: Embedder
    forgotten: Path

    def taste(self) -> Taste:
        """What can be told now."""
        left, skipped = self._left()
        rows: dict[str, list[npt.NDArray[np.float32]]] = {"approved": [], "rejected": []}
        judged = [t for t in self.takes.all(states=("done", "unranked")) if t.verdict in rows and t.id not in left]
        pairs = self.comparisons.preferred()[skipped:]
        members = {identity for pair in pairs for identity in pair}
        held = self.vectors.means(self.embedder.model_id, [*(t.id for t in judged), *members])
        for take in judged:
            if take.id in held and take.verdict is not None:
                rows[take.verdict].append(held[take.id])
        width = next((len(v) for v in held.values()), 1)
        liked, disliked = (np.array(rows[v], np.float64).reshape(len(rows[v]), width) for v in ("approved", "rejected"))
        heard = [(held[a], held[b]) for a, b in pairs if a in held and b in held]
        better, worse = (np.array([pair[k] for pair in heard], np.float64).reshape(len(heard), width) for k in (0, 1))
        return learn(liked, disliked, better, worse)

    def ranked(self, ids: Sequence[str]) -> list[tuple[str, float]]:
        """Takes with how much they are to the project's taste, most first; empty while taste does not count."""
        taste = self.taste()
        if not taste.counts:
            return []
        held = self.vectors.means(self.embedder.model_id, ids)
        return sorted(((i, taste.score(held[i])) for i in ids if i in held), key=lambda row: -row[1])

    def reset(self) -> int:
        """Let no verdict and no pair of until now count; return how many did."""
        judged = [t.id for t in self.takes.all(states=("done", "unranked")) if t.verdict]
        before, pairs = self._left()[1], len(self.comparisons.preferred())
        self._leave(judged, pairs)
        return len(judged) + pairs - before

    def count(self, ids: Sequence[str]) -> None:
        """Let the verdicts of these takes count again: they have been given anew."""
        left, pairs = self._left()
        if left.intersection(ids):
            self._leave(sorted(left.difference(ids)), pairs)

    def _leave(self, takes: Sequence[str], pairs: int) -> None:
        with atomic_path(self.forgotten) as beside:
            beside.write_text(json.dumps({"takes": list(takes), "pairs": pairs}), encoding="utf-8")

    def _left(self) -> tuple[set[str], int]:
        """Takes whose verdicts no longer count, and how many of the first pairs."""
        if not self.forgotten.exists():
            return set(), 0
        held = json.loads(self.forgotten.read_text(encoding="utf-8"))
        if isinstance(held, list):  # as it was written before there were pairs
            return set(held), 0
        return set(held["takes"]), int(held["pairs"])
