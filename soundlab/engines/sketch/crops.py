"""Random crops of corpus audio for training the codec."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from soundlab.engines.sketch import shards


class Crops:
    """Random crops from a rotating handful of shards."""

    def __init__(self, folder: Path, samples: int, seed: int) -> None:
        self._folder, self._samples = folder, samples
        self._rng = np.random.default_rng(seed)
        self._loaded: list[np.ndarray] = []
        self._served = 0

    def batch(self, size: int) -> Tensor:
        """Return audio (size, samples) in [-1, 1]."""
        if not self._loaded or self._served % 200 == 0:
            paths = shards.shard_paths(self._folder)
            chosen = self._rng.choice(len(paths), size=min(3, len(paths)), replace=False)
            self._loaded = [shards.read(paths[i])[0] for i in chosen]
        self._served += 1
        rows: list[np.ndarray] = []
        while len(rows) < size:
            audio = self._loaded[int(self._rng.integers(len(self._loaded)))]
            clip = audio[int(self._rng.integers(len(audio)))]
            start = int(self._rng.integers(0, clip.size - self._samples + 1))
            crop = clip[start : start + self._samples]
            if np.abs(crop).max() > 300:
                rows.append(crop.astype(np.float32) / 32767.0)
        gain = 10 ** (self._rng.uniform(-12, 6, (size, 1)) / 20)
        return torch.from_numpy(np.clip(np.stack(rows) * gain, -1, 1).astype(np.float32))
