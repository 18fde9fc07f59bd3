"""Changing the CLAP checkpoint: clips are embedded anew while the earlier vectors are still searched."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from soundlab.audio.write import atomic_path
from soundlab.domain.ports import Embedder
from soundlab.errors import SoundlabError
from soundlab.storage.clips import ClipStore
from soundlab.storage.vectors import VectorStore


@dataclass(slots=True)
class Switch:
    """Chooses whose vectors a search goes by.

    Parameters
    ----------
    checkpoint
        What the project's embedder is called: ``sketch``, a folder, a hub id.
    make
        Makes an embedder of a checkpoint by such a name.
    names
        File that keeps which checkpoint each model's vectors came from.
    """

    clips: ClipStore
    vectors: VectorStore
    embedder: Embedder
    checkpoint: str
    make: Callable[[str], Embedder]
    names: Path
    _earlier: dict[str, Embedder | None] = field(default_factory=dict)

    def best(self) -> Embedder:
        """The project's embedder, or an earlier one whose checkpoint is still here while that has heard more clips.

        A vector belongs to the weights that made it, so the query is embedded by
        the same ones: results of two models are never mixed.
        """
        now = self.embedder.model_id
        if self.vectors.count(now) >= self.clips.count():
            return self.embedder
        heard = self.vectors.heard()
        for model in sorted(heard, key=lambda m: -heard[m]):
            if heard[model] <= heard.get(now, 0):
                break
            earlier = self._named(model)
            if earlier is not None:
                return earlier
        return self.embedder

    def remember(self) -> None:
        """Keep what the project's model is called, for when it is an earlier one."""
        known = self._known()
        if known.get(self.embedder.model_id) != self.checkpoint:
            self.names.parent.mkdir(parents=True, exist_ok=True)
            with atomic_path(self.names) as beside:
                beside.write_text(json.dumps({**known, self.embedder.model_id: self.checkpoint}), encoding="utf-8")

    def _known(self) -> dict[str, str]:
        return dict(json.loads(self.names.read_text(encoding="utf-8"))) if self.names.exists() else {}

    def waiting(self) -> int:
        """Clips that the project's embedder has not heard yet."""
        return self.clips.count_without_vectors(self.embedder.model_id)

    def _named(self, model: str) -> Embedder | None:
        """The embedder whose vectors have that id, if its checkpoint can still be opened and is the same."""
        if model not in self._earlier:
            try:
                made = self.make(self._known()[model])
                self._earlier[model] = made if made.model_id == model else None
            except (KeyError, SoundlabError):  # it is gone: its vectors cannot be asked any more
                self._earlier[model] = None
        return self._earlier[model]
