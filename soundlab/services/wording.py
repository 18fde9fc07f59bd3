"""What this project calls things: search learns from tags and approved takes, and says whether that helped."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from soundlab.audio.write import atomic_path
from soundlab.domain.ports import Embedder
from soundlab.errors import WrongInput
from soundlab.storage.clips import ClipStore
from soundlab.storage.takes import TakeStore
from soundlab.storage.vectors import VectorStore, unit_mean

LEAST = 4
"""Clips of a tag from which it is learnt from."""
_FOLDS = 4
_RIDGE = 0.3
_NEAR = 0.12
"""How fast likeness of words falls off: words further away than a few of these stay as they were."""
_GAIN, _HARM = 0.01, 0.02

Rows = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Projection:
    """A small change of text embeddings: kernel ridge regression from words to where their sounds are.

    ``words`` (n, dimensions) are embeddings of what was learnt, ``moves`` what each
    brings along. A sentence is moved as far as it is like them, so words that the
    project never used stay where they were.
    """

    words: Rows
    moves: Rows

    def apply(self, vector: npt.ArrayLike) -> Rows:
        """Move one text embedding; unit length in and out."""
        given = np.asarray(vector, np.float64)
        moved = given + _kernel(given[None], self.words)[0] @ self.moves
        return np.asarray(moved / max(float(np.linalg.norm(moved)), 1e-9))


@dataclass(frozen=True, slots=True)
class Learnt:
    """What came of learning: mean average precision of tags on clips that were not learnt from, and on tags."""

    names: tuple[str, ...]
    before: float
    after: float
    others_before: float
    others_after: float

    @property
    def helps(self) -> bool:
        return self.after - self.before >= _GAIN and self.others_before - self.others_after <= _HARM

    def as_json(self) -> dict[str, Any]:
        return {
            "tags": list(self.names),
            "precision": [round(self.before, 4), round(self.after, 4)],
            "held_out_tags": [round(self.others_before, 4), round(self.others_after, 4)],
            "used": self.helps,
        }


def _kernel(a: Rows, b: Rows) -> Rows:
    return np.asarray(np.exp((a @ b.T - 1) / _NEAR))


def fit(words: Rows, sounds: Rows) -> Projection:
    """Learn to move ``words`` towards the mean of their ``sounds``, (n, dimensions) both, all of unit length."""
    moves = np.linalg.solve(_kernel(words, words) + _RIDGE * np.eye(len(words)), sounds - words)
    return Projection(words, np.asarray(moves))


def average_precision(scores: Rows, wanted: npt.NDArray[np.bool_]) -> float:
    """Average precision of a ranking by ``scores``, the share of ``wanted`` among the first k, over those wanted."""
    order = np.argsort(-scores, kind="stable")
    hits = wanted[order]
    places = np.flatnonzero(hits) + 1
    return float(np.mean(np.arange(1, len(places) + 1) / places)) if len(places) else 0.0


@dataclass(slots=True)
class WordingService:
    """Learns, keeps, applies and forgets what words mean in one project."""

    clips: ClipStore
    takes: TakeStore
    vectors: VectorStore
    embedder: Embedder
    path: Path
    _held: dict[str, Projection | None] = field(default_factory=dict)

    def learn(self) -> Learnt:
        """Learn from tags with enough clips, and from prompts of approved takes; keep it when it helps.

        Judged on clips and on tags left out in turn. Where it does not help, nothing is kept.

        Raises
        ------
        WrongInput
            When there is too little to learn from.
        """
        groups = self._groups()
        if len(groups) < 2:
            raise WrongInput(
                f"{len(groups)} tags have {LEAST} embedded clips or more: too little to learn from",
                "tag clips: soundlab edit CLIP --tag T, or y in the library",
            )
        names = tuple(groups)
        words = np.array(self.embedder.embed_texts(list(names)), np.float64)
        pool = {i for members in groups.values() for i in members}
        held = self.vectors.means(self.embedder.model_id, sorted(pool))
        ids = sorted(held)
        matrix = np.stack([held[i] for i in ids]).astype(np.float64)
        member = np.array([[i in groups[name] for i in ids] for name in names])
        learnt = Learnt(
            names, *self._clips_left_out(words, matrix, member), *self._tags_left_out(words, matrix, member)
        )
        if learnt.helps:
            self._keep(fit(words, _centres(matrix, member)))
        else:
            self.forget()
        return learnt

    def _groups(self) -> dict[str, set[str]]:
        groups = {tag: {c.id for c in self.clips.all(tag=tag)} for tag, n in self.clips.tags().items() if n >= LEAST}
        prompts: dict[str, set[str]] = {}
        for take in self.takes.all(verdict="approved"):
            prompts.setdefault(take.prompt, set()).add(take.id)
        groups |= {prompt: ids for prompt, ids in prompts.items() if len(ids) >= LEAST}
        model = self.embedder.model_id
        known = self.vectors.means(model, sorted({i for members in groups.values() for i in members}))
        embedded = {name: members & known.keys() for name, members in groups.items()}
        return {name: members for name, members in embedded.items() if len(members) >= LEAST}

    @staticmethod
    def _clips_left_out(words: Rows, matrix: Rows, member: npt.NDArray[np.bool_]) -> tuple[float, float]:
        """Mean average precision on clips that were not learnt from: as words are, and as they are learnt."""
        fold = np.random.default_rng(0).permutation(len(matrix)) % _FOLDS
        before, after = [], []
        for k in range(_FOLDS):
            seen, unseen = fold != k, fold == k
            able = member[:, seen].any(1)
            learnt = fit(words[able], _centres(matrix[seen], member[able][:, seen]))
            for word, wanted in zip(words, member[:, unseen], strict=True):
                if wanted.any():
                    before.append(average_precision(matrix[unseen] @ word, wanted))
                    after.append(average_precision(matrix[unseen] @ learnt.apply(word), wanted))
        return float(np.mean(before)), float(np.mean(after))

    @staticmethod
    def _tags_left_out(words: Rows, matrix: Rows, member: npt.NDArray[np.bool_]) -> tuple[float, float]:
        """The same for each tag when all but it were learnt from: whether other words suffer."""
        before, after = [], []
        for k, (word, wanted) in enumerate(zip(words, member, strict=True)):
            rest = np.arange(len(words)) != k
            learnt = fit(words[rest], _centres(matrix, member[rest]))
            before.append(average_precision(matrix @ word, wanted))
            after.append(average_precision(matrix @ learnt.apply(word), wanted))
        return float(np.mean(before)), float(np.mean(after))

    def applied(self, model: str, vector: Sequence[float]) -> npt.NDArray[np.floating]:
        """A text embedding as this project means it; unchanged where nothing was learnt for that model."""
        projection = self._projection(model)
        return np.asarray(vector) if projection is None else projection.apply(vector).astype(np.float32)

    def _projection(self, model: str) -> Projection | None:
        if model not in self._held:
            self._held[model] = None
            if self.path.exists():
                with np.load(self.path, allow_pickle=False) as file:
                    if str(file["model"]) == model:
                        self._held[model] = Projection(file["words"], file["moves"])
        return self._held[model]

    def _keep(self, projection: Projection) -> None:
        with atomic_path(self.path) as beside, beside.open("wb") as file:
            np.savez(file, words=projection.words, moves=projection.moves, model=np.array(self.embedder.model_id))
        self._held.clear()

    def forget(self) -> bool:
        """Let words mean again what the checkpoint says; return whether anything had been learnt."""
        there = self.path.exists()
        self.path.unlink(missing_ok=True)
        self._held.clear()
        return there


def _centres(matrix: Rows, member: npt.NDArray[np.bool_]) -> Rows:
    """Mean direction of each group's sounds, against the mean of all, of unit length."""
    middle = matrix.mean(0)
    means = np.stack([unit_mean(matrix[row]) if row.any() else middle for row in member]) - 0.5 * middle
    return np.asarray(means / np.maximum(np.linalg.norm(means, axis=1, keepdims=True), 1e-9))
