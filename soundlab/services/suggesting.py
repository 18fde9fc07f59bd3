"""Tags and a UCS category for clips, suggested from how they sound and what they are called.

A tag speaks for a clip when the clip is nearer to the tag's words in CLAP space
than clips of the library usually are (words that lie near everything say
nothing), and when its nearest neighbours have the tag. A category is judged by
its sentence in the same way, and by the words of title and tags.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from soundlab.audio.write import atomic_path
from soundlab.domain.clip import Clip
from soundlab.domain.ports import Embedder
from soundlab.domain.ucs import Category
from soundlab.storage.clips import ClipStore
from soundlab.storage.vectors import VectorStore

TAGS, CATEGORIES = 6, 3
_SAMPLE = 500
"""Clips of the library that say how near words usually are."""
_NEIGHBOURS, _ALIKE = 8, 0.5
_BY_NEIGHBOURS = 0.6
"""What all neighbours agreeing adds to a difference of cosines."""
_LEAST = 0.15
_BLOCK = 64
_NAMED = 0.8

Rows = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Suggestion:
    """What is suggested for a clip, best first, with a score each."""

    clip: Clip
    tags: tuple[tuple[str, float], ...]
    categories: tuple[tuple[str, float], ...]

    def as_json(self) -> dict[str, Any]:
        return {
            "id": self.clip.id,
            "title": self.clip.title,
            "tags": [{"tag": tag, "score": round(score, 3)} for tag, score in self.tags],
            "categories": [{"category": name, "score": round(score, 3)} for name, score in self.categories],
        }


class Suggester:
    """Suggests for clips of one library.

    Parameters
    ----------
    vocabulary
        Tags beside those that the library has.
    cache
        Folder for the embeddings of words, shared by projects; made again when absent.
    """

    def __init__(
        self,
        clips: ClipStore,
        vectors: VectorStore,
        embedder: Embedder,
        vocabulary: Sequence[str],
        categories: Mapping[str, Category],
        cache: Path,
    ) -> None:
        self._clips, self._vectors, self._embedder = clips, vectors, embedder
        self._vocabulary, self.categories, self._cache = vocabulary, categories, cache

    def suggest(self, ids: Sequence[str]) -> list[Suggestion]:
        """Return suggestions for clips that have been embedded; tags that a clip has are left out."""
        model = self._embedder.model_id
        heard = self._vectors.means(model, ids)
        if not heard:
            return []
        used = self._clips.tags()
        tags = list(dict.fromkeys((*used, *self._vocabulary)))
        names = list(self.categories)
        by_tag = self._words(tags)
        by_category = self._words([self.categories[name].sentence for name in names])
        usual = self._usual(model)
        usual_tag, usual_category = by_tag @ usual, by_category @ usual
        found = []
        for clip in self._clips.all(ids=[i for i in ids if i in heard]):
            vector = heard[clip.id]
            near = by_tag @ vector - usual_tag + _BY_NEIGHBOURS * self._agreed(model, clip, vector, tags)
            words = set(re.findall(r"[a-z]+", " ".join((clip.title, *clip.tags, Path(clip.path).stem)).lower()))
            named = np.array([self.categories[name].named_in(words) for name in names])
            fits = by_category @ vector - usual_category + _NAMED * named
            own = {tag.lower() for tag in clip.tags}
            chosen = [(tags[k], float(near[k])) for k in np.argsort(-near) if tags[k].lower() not in own]
            found.append(
                Suggestion(
                    clip,
                    tuple((tag, score) for tag, score in chosen[:TAGS] if score >= _LEAST),
                    tuple((names[k], float(fits[k])) for k in np.argsort(-fits)[:CATEGORIES]),
                )
            )
        return found

    def accept(self, suggestions: Sequence[Suggestion], count: int) -> None:
        """Give clips their first ``count`` tags, and the first category where they have none; each can be undone."""
        for row in suggestions:
            tags = [tag for tag, _ in row.tags[:count]]
            values = {"category": row.categories[0][0]} if row.categories and not row.clip.category else {}
            self._clips.change([row.clip.id], values, tags=tags, undoable=f"suggestions for {row.clip.title}")

    def _usual(self, model: str) -> Rows:
        """The mean of some of the library: what any clip has in common with words."""
        order = self._clips.order()
        some = order[:: max(1, len(order) // _SAMPLE)][:_SAMPLE]
        held = self._vectors.means(model, [clip.id for clip in self._clips.page(some.tolist())])
        return np.asarray(np.mean(list(held.values()), axis=0), np.float32)

    def _agreed(self, model: str, clip: Clip, vector: Rows, tags: Sequence[str]) -> npt.NDArray[np.float64]:
        """Share of a clip's nearest neighbours that has each tag, nearer ones counting more."""
        hits = self._vectors.search(model, [float(v) for v in vector], 4 * _NEIGHBOURS)
        near: dict[str, float] = {}
        for hit in hits:
            if hit.owner != clip.id and hit.score >= _ALIKE:
                near.setdefault(hit.owner, hit.score)
        nearest = dict(list(near.items())[:_NEIGHBOURS])
        votes = np.zeros(len(tags))
        place = {tag: k for k, tag in enumerate(tags)}
        for other in self._clips.all(ids=list(nearest)):
            for tag in other.tags:
                votes[place[tag]] += nearest[other.id]
        return votes / max(sum(nearest.values()), 1e-9)

    def _words(self, texts: list[str]) -> Rows:
        """Embeddings of words, kept on disk: there are hundreds."""
        digest = hashlib.sha256("\n".join([self._embedder.model_id, *texts]).encode()).hexdigest()[:16]
        path = self._cache / f"words-{digest}.npy"
        if path.exists():
            return np.asarray(np.load(path), np.float32)
        # Some at a time, so that a search that is typed meanwhile comes between.
        blocks = [texts[i : i + _BLOCK] for i in range(0, len(texts), _BLOCK)]
        rows = np.concatenate([np.asarray(self._embedder.embed_texts(block), np.float32) for block in blocks])
        self._cache.mkdir(parents=True, exist_ok=True)
        with atomic_path(path) as beside, beside.open("wb") as file:
            np.save(file, rows)
        return rows
