"""Adapters with peft: applied for a generation, trained on approved clips."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from soundlab.errors import EngineFailed, NotFound

TARGETS = r".*\.(q_proj|k_proj|v_proj|out_proj|fc1|fc2)"
"""Decoder linears an adapter changes."""


@contextmanager
def applied(decoder: Any, adapters: Sequence[tuple[Path, float]]) -> Iterator[None]:
    """Merge adapters into ``decoder`` by weight for the duration, and restore it bit for bit.

    Raises
    ------
    NotFound
        When an adapter's folder is missing.
    EngineFailed
        When an adapter does not fit these weights.
    """
    if not adapters:
        yield
        return
    saved = {name: p.detach().clone() for name, p in decoder.named_parameters() if p.ndim == 2}
    try:
        for folder, weight in adapters:
            _merge(decoder, folder, weight)
        yield
    finally:
        parameters = dict(decoder.named_parameters())
        for name, value in saved.items():
            parameters[name].data.copy_(value)


def _merge(decoder: Any, folder: Path, weight: float) -> None:
    """Let peft build and merge one adapter, then take its wrapping off again."""
    from peft import PeftModel

    if not (folder / "adapter_config.json").is_file():
        raise NotFound(f"no adapter in {folder}", "train it again: soundlab train NAME")
    try:
        wrapped = PeftModel.from_pretrained(decoder, str(folder), is_trainable=False)
    except (RuntimeError, ValueError, KeyError) as error:
        reason = str(error).splitlines()[0]
        raise EngineFailed(
            f"adapter {folder.name} does not fit this checkpoint: {reason}", "use the checkpoint it was trained on"
        ) from error
    for module in wrapped.modules():
        if hasattr(module, "lora_A") and hasattr(module, "set_scale"):
            module.set_scale("default", weight)
    wrapped.merge_and_unload()
