"""A map of clips in two dimensions: what sounds alike lies together.

At once by principal components of the CLAP embeddings; then by UMAP (McInnes et
al. 2018), which keeps neighbours together better, computed in a process of its
own: it compiles for seconds, and could hold up an interface.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from soundlab.domain.ports import Cancelled as CancelledFlag
from soundlab.domain.ports import Embedder, never
from soundlab.errors import Cancelled, SoundlabError, WrongInput
from soundlab.storage.clips import ClipStore
from soundlab.storage.vectors import VectorStore

LIMIT = 2000
"""Clips that a map shows at most; of more, every so-manieth."""
UMAP_FROM = 16
"""Clips under which UMAP has too few neighbours to go by."""
_POLL = 0.1

Points = npt.NDArray[np.float32]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Map:
    """Clips and where they lie: (clips, 2), each dimension from 0 to 1."""

    ids: tuple[str, ...]
    points: Points
    vectors: Points = field(repr=False)
    of: int = 0
    """Clips there are."""


@dataclass(slots=True)
class Mapper:
    """Makes maps of one library."""

    clips: ClipStore
    vectors: VectorStore
    embedder: Embedder

    def map(self, ids: Sequence[str] | None = None) -> Map:
        """Lay out clips, all of them by default, by principal components.

        Raises
        ------
        WrongInput
            When fewer than three of them have been embedded.
        """
        if ids is None:
            order = self.clips.order()
            count = len(order)
            ids = [c.id for c in self.clips.page(_some(order.tolist()))]
        else:
            count = len(ids)
            ids = _some(list(ids))
        held = self.vectors.means(self.embedder.model_id, ids)
        known = tuple(i for i in ids if i in held)
        if len(known) < 3:
            raise WrongInput("a map needs three clips that have been embedded", "add more, or search more widely")
        vectors = np.stack([held[i] for i in known])
        centred = vectors - vectors.mean(0)
        _, _, directions = np.linalg.svd(centred, full_matrices=False)
        return Map(known, _unit(centred @ directions[:2].T), vectors, count)

    def refined(self, laid: Map, cancelled: CancelledFlag = never) -> Map:
        """Lay the same clips out by UMAP, beginning from where they lie.

        Raises
        ------
        Cancelled
            When asked to stop.
        SoundlabError
            When UMAP fails.
        """
        if len(laid.ids) < UMAP_FROM:
            return laid
        with tempfile.TemporaryDirectory() as folder:
            given, made = Path(folder) / "given.npz", Path(folder) / "made.npy"
            np.savez(given, vectors=laid.vectors, points=laid.points)
            command = [sys.executable, "-m", "soundlab.services.umap_layout", str(given), str(made)]
            with (Path(folder) / "log").open("w+") as log:
                child = subprocess.Popen(
                    command,
                    stdout=log,
                    stderr=log,
                    stdin=subprocess.DEVNULL,
                    env={**os.environ, "OMP_NUM_THREADS": "1"},
                )
                while True:
                    try:
                        child.wait(_POLL)
                        break
                    except subprocess.TimeoutExpired:
                        if cancelled():
                            child.kill()
                            child.wait()
                            raise Cancelled("the map stays as it is") from None
                if child.returncode:
                    log.seek(0)
                    last = (log.read().strip().splitlines() or ["no reason given"])[-1]
                    raise SoundlabError(f"UMAP failed: {last}", "the map of principal components stays")
            return Map(laid.ids, _unit(np.load(made)), laid.vectors, laid.of)


def _some(ids: list[T]) -> list[T]:
    """Every so-manieth, so that :data:`LIMIT` remain."""
    if len(ids) <= LIMIT:
        return ids
    return [ids[int(k)] for k in np.linspace(0, len(ids) - 1, LIMIT)]


def _unit(points: npt.NDArray[np.floating]) -> Points:
    """Stretch to 0…1, letting the outermost hundredth lie on the edge."""
    low, high = np.percentile(points, [1, 99], axis=0)
    return np.asarray(np.clip((points - low) / np.maximum(high - low, 1e-9), 0, 1), np.float32)
