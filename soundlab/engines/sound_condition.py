"""Steering by sound: a CLAP audio embedding as one more token behind the text encoder's.

A MusicGen folder that was trained for it holds ``sound_condition.safetensors``:
``weight`` (decoder width, embedding width), ``bias``, and in its metadata the
model id of the CLAP whose embeddings it reads. Others are steered by words.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

from safetensors import safe_open

if TYPE_CHECKING:
    from torch import Tensor

FILE = "sound_condition.safetensors"
SOUNDS = "sounds.safetensors"
"""Beside an adapter: what its clips sound like."""
_LIKE = 0.45
"""Likeness of a prompt to what an adapter's captions mean from which its takes hear one of the clips."""
_HALF = 0.5
"""Weight from which they do; a sound is heard whole or not at all."""


def space(folder: Path, file: str = FILE) -> str | None:
    """Return the model id of the embeddings that a checkpoint reads, None when it reads none; loads nothing."""
    path = folder / file
    if not path.is_file():
        return None
    with safe_open(path, "np") as opened:
        return str((opened.metadata() or {}).get("clap", "")) or None


def keep(folder: Path, sounds: Tensor, centre: Tensor, clap: str) -> None:
    """Keep with an adapter what its clips sound like: CLAP embeddings (clips, width) of the model ``clap``.

    ``centre`` (text width,) is what their captions mean, of unit length.
    """
    from safetensors.torch import save_file

    tensors = {"sounds": sounds.half().contiguous(), "centre": centre.float().contiguous()}
    save_file(tensors, folder / SOUNDS, {"clap": clap})


def place(seed: int, count: int) -> int:
    """Which of ``count`` sounds a take of ``seed`` hears: seeds in a row hear different ones, in no fixed order."""
    order = list(range(count))
    Random(seed // count).shuffle(order)
    return order[seed % count]


def kept(adapters: Sequence[tuple[Path, float]], clap: str, meaning: Tensor) -> Tensor | None:
    """What the adapters' clips sound like, (clips, width), where ``meaning`` is like what their captions mean.

    None where no adapter of half weight or more was trained on sounds of that model, or the words are others
    (``meaning`` is of unit length).
    """
    import torch
    from safetensors.torch import load_file

    found = []
    for folder, weight in adapters:
        path = folder / SOUNDS
        if weight < _HALF or space(folder, SOUNDS) != clap:
            continue
        tensors = load_file(path)
        if float(tensors["centre"] @ meaning.float().cpu()) >= _LIKE:
            found.append(tensors["sounds"].float())
    return torch.cat(found) if found else None
