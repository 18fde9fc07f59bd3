"""Reading the shards that :mod:`soundlab.corpus.shards` wrote."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from soundlab.errors import NotFound


def shard_paths(folder: Path) -> list[Path]:
    """Return the finished shards in order.

    Raises
    ------
    NotFound
        When there is none.
    """
    paths = sorted(folder.glob("shard-*.npz"))
    if not paths:
        raise NotFound(f"no shards in {folder}", "render them: python -m soundlab.corpus.shards FOLDER")
    return paths


def captions(path: Path) -> list[list[str]]:
    """Return the captions of each clip of one shard: by measurement, where they have been told so."""
    told = path.with_suffix(".captions.json")
    if told.exists():
        rows: list[list[str]] = json.loads(told.read_text(encoding="utf-8"))
        return rows
    with np.load(path, allow_pickle=False) as shard:
        return [[str(text) for text in row] for row in shard["captions"]]


def read(path: Path) -> tuple[npt.NDArray[np.int16], list[list[str]]]:
    """Return audio (clips, samples) and the captions of each clip of one shard."""
    with np.load(path, allow_pickle=False) as shard:
        return shard["audio"], captions(path)


def clips(folder: Path, *, limit: int | None = None) -> Iterator[tuple[npt.NDArray[np.float32], list[str]]]:
    """Yield (audio float32, captions) over all shards."""
    count = 0
    for path in shard_paths(folder):
        audio, captions = read(path)
        for row, caption in zip(audio, captions, strict=True):
            yield row.astype(np.float32) / 32767.0, caption
            count += 1
            if limit is not None and count >= limit:
                return


def measured(path: Path) -> Tensor:
    """Return what was measured on each clip of one shard, (clips, axes), NaN where nothing could be."""
    with np.load(path, allow_pickle=False) as shard:
        return torch.from_numpy(shard["measured"])
