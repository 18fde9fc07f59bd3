"""Steering by sound: a CLAP audio embedding as one more token behind the text encoder's.

A MusicGen folder that was trained for it holds ``sound_condition.safetensors``:
``weight`` (decoder width, embedding width), ``bias``, and in its metadata the
model id of the CLAP whose embeddings it reads. Others are steered by words.
"""

from __future__ import annotations

from pathlib import Path

from safetensors import safe_open

FILE = "sound_condition.safetensors"


def space(folder: Path) -> str | None:
    """Return the model id of the embeddings that a checkpoint reads, None when it reads none; loads nothing."""
    path = folder / FILE
    if not path.is_file():
        return None
    with safe_open(path, "np") as file:
        return str((file.metadata() or {}).get("clap", "")) or None
