"""Adapters with peft: applied for a generation, trained on approved clips."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from safetensors import safe_open

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
    _refuse_misfit(decoder, folder)
    wrapped = PeftModel.from_pretrained(decoder, str(folder), is_trainable=False)
    for module in wrapped.modules():
        if hasattr(module, "lora_A") and hasattr(module, "set_scale"):
            module.set_scale("default", weight)
    wrapped.merge_and_unload()


def _refuse_misfit(decoder: Any, folder: Path) -> None:
    """Compare shapes before anything is wrapped, so that a misfit leaves the decoder untouched."""
    shapes = {name.removesuffix(".weight"): tuple(p.shape) for name, p in decoder.named_parameters()}
    with safe_open(folder / "adapter_model.safetensors", "pt") as file:
        for name in file.keys():  # noqa: SIM118 - not a mapping
            module, _, part = name.removeprefix("base_model.model.").rpartition(".lora_")
            size = tuple(file.get_slice(name).get_shape())
            base = shapes.get(module)
            side = 1 if part.startswith("A") else 0
            if base is None or size[side] != base[side]:
                raise EngineFailed(
                    f"adapter {folder.name} does not fit this checkpoint ({module})",
                    "use the checkpoint it was trained on",
                )
