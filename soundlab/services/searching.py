"""Finding clips by words, by example, and by both."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from soundlab.domain.clip import Clip
from soundlab.domain.ports import Embedder
from soundlab.errors import NotFound, UnreadableAudio, WrongInput
from soundlab.storage.clips import ClipStore
from soundlab.storage.vectors import VectorStore

WORD_WEIGHT = 0.35
"""What a full match of the query's words in title and tags adds to a cosine."""
_LONG = 12.0
"""Seconds from which a result says where in the file it is."""


@dataclass(frozen=True, slots=True)
class Result:
    """A clip that matches; ``score`` is a cosine in [-1, 1] plus up to 0.35 for words in its name."""

    clip: Clip
    score: float
    at: float | None

    def as_json(self) -> dict[str, Any]:
        row = {**self.clip.as_json(), "score": round(self.score, 4)}
        if self.at is not None:
            row["at"] = self.at
        return row


class Searcher:
    """Searches one library."""

    def __init__(self, clips: ClipStore, vectors: VectorStore, embedder: Embedder) -> None:
        self._clips, self._vectors, self._embedder = clips, vectors, embedder

    def search(
        self,
        text: str = "",
        *,
        like: Sequence[str] = (),
        unlike: Sequence[str] = (),
        k: int = 10,
        tag: str | None = None,
        collection: str | None = None,
        rights: str | None = None,
    ) -> list[Result]:
        """Return the best ``k`` clips.

        ``like`` and ``unlike`` are clip ids or files; their vectors are added to
        and subtracted from that of the words.

        Raises
        ------
        WrongInput
            When nothing is asked for.
        NotFound
            When an example is neither a clip nor a file.
        """
        if not text.strip() and not like and not unlike:
            raise WrongInput("nothing to search for", "give words, or --like a clip or file")
        if k < 1:
            raise WrongInput(f"cannot return {k} results", "choose -k 1 or more")
        query = self._query(text, like, unlike)
        allowed = None
        if tag or collection or rights:
            allowed = {c.id for c in self._clips.all(tag=tag, collection=collection, rights=rights)}
        words = set(re.findall(r"[a-z0-9]+", text.lower()))
        everything = self._vectors.search(self._embedder.model_id, query, self._reach(k, allowed, words))
        best: dict[str, tuple[float, float]] = {}
        for hit in everything:
            if (allowed is None or hit.owner in allowed) and hit.owner not in best:
                best[hit.owner] = (hit.score, hit.at)
        results = []
        for clip in self._clips.all(ids=list(best)):
            score, at = best[clip.id]
            results.append(
                Result(clip, score + WORD_WEIGHT * _overlap(words, clip), at if clip.duration > _LONG else None)
            )
        results.sort(key=lambda r: -r.score)
        return results[:k]

    def _reach(self, k: int, allowed: set[str] | None, words: set[str]) -> int:
        """How many windows to look at: all of them where names or filters may lift a lower one."""
        return 1_000_000 if allowed is not None else max(20 * k, 2000 if words else 0)

    def _query(self, text: str, like: Sequence[str], unlike: Sequence[str]) -> list[float]:
        parts: list[tuple[float, np.ndarray]] = []
        if text.strip():
            parts.append((1.0, np.asarray(self._embedder.embed_texts([text])[0])))
        parts += [(1.0, self.example(name)) for name in like]
        parts += [(-1.0, self.example(name)) for name in unlike]
        total = sum(weight * vector for weight, vector in parts)
        return [float(v) for v in np.asarray(total)]

    def example(self, name: str) -> np.ndarray:
        """Vector of a clip, take or file: the mean of its windows, at unit length."""
        found = None
        if Path(name).is_file():
            result = self._embedder.embed_files([Path(name)])[0]
            if isinstance(result, str):
                raise UnreadableAudio(result)
            found = np.asarray(result.vectors)
        else:
            identity = name if name.startswith("t") else self._clips.get(name).id
            held = self._vectors.get(self._embedder.model_id, identity)
            if held is None:
                raise NotFound(f"{name} has not been embedded with this model", "import it again")
            found = held.astype(np.float64)
        mean = found.mean(0)
        return np.asarray(mean / max(float(np.linalg.norm(mean)), 1e-9))


def _overlap(words: set[str], clip: Clip) -> float:
    """Share of the query's words that title and tags hold."""
    if not words:
        return 0.0
    own = set(re.findall(r"[a-z0-9]+", " ".join((clip.title, *clip.tags)).lower()))
    return len(words & own) / len(words)
