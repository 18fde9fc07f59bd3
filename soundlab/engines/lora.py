"""Adapters with peft: applied for a generation, trained on approved clips."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import MethodType
from typing import Any

import torch
from safetensors import safe_open
from torch import Tensor
from torch.nn import functional as F

from soundlab.engines import axis_condition, sound_condition
from soundlab.engines.registry import Checkpoint
from soundlab.errors import EngineFailed, NotFound, WrongInput

TARGETS = r".*\.(q_proj|k_proj|v_proj|out_proj|fc1|fc2)"
"""Decoder linears an adapter changes."""
ATTENTION = r".*\.(q_proj|k_proj|v_proj|out_proj)"
"""Those of attention alone."""


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


def lean(decoder: Any) -> None:
    """Make a peft model cheap to train.

    Plain LoRA layers compute in their input's precision, in one product less than
    peft's, and the frozen base drops nothing out: what keeps an adapter from learning
    by heart is what is held out, and dropping costs a tenth of a step.

    peft converts what comes in to the adapter's single precision, which on a CPU
    costs more than the adapter. Weights stay as they are; DoRA and other kinds are left.
    """
    from peft.tuners.lora.layer import Linear

    for module in decoder.modules():
        for name in ("dropout", "activation_dropout", "attention_dropout"):
            if isinstance(getattr(module, name, None), float):
                setattr(module, name, 0.0)
        if isinstance(module, Linear) and not module.use_dora["default"]:
            module.forward = MethodType(_lean_forward, module)


def _lean_forward(self: Any, x: Tensor) -> Tensor:
    a, b = self.lora_A["default"].weight, self.lora_B["default"].weight
    out = self.base_layer(x)
    low = F.linear(x, a.to(x.dtype)).flatten(0, -2)
    wide = torch.addmm(out.flatten(0, -2), low, b.t().to(x.dtype), alpha=self.scaling["default"])
    return wide.view(out.shape)


def merge(checkpoint: Checkpoint, adapters: Sequence[tuple[Path, float]], to: Path) -> None:
    """Write a checkpoint with adapters merged into it as a transformers folder, with its tokenizer and card.

    Where its base has an EnCodec, ``MusicgenForConditionalGeneration.from_pretrained``
    loads it anywhere; the sketch's codec and text encoder are soundlab's, and its card
    says so.

    Raises
    ------
    WrongInput
        When the folder exists and is not empty.
    """
    from soundlab.engines.musicgen import Musicgen

    if to.exists() and any(to.iterdir()):
        raise WrongInput(f"{to} is there already", "name a new folder")
    engine = Musicgen(checkpoint)
    with applied(engine.model.decoder, adapters):
        engine.model.save_pretrained(to)
    engine.tokenizer.save_pretrained(to)
    config = json.loads((to / "config.json").read_text(encoding="utf-8"))
    own = config.pop("soundlab_text", None) is not None  # its text encoder is written with it
    (to / "config.json").write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")
    for name in (axis_condition.FILE, sound_condition.FILE):
        if (checkpoint.folder / name).is_file():
            shutil.copyfile(checkpoint.folder / name, to / name)
    named = ", ".join(f"{folder.name} ({weight:g})" for folder, weight in adapters)
    needs = (
        "It needs soundlab: its codec and its reading of words are no part of transformers."
        if own
        else f'`MusicgenForConditionalGeneration.from_pretrained("{to.name}")` loads it.'
    )
    (to / "README.md").write_text(
        f"---\nlicense: {checkpoint.licence}\n---\n# {checkpoint.name} with {named}\n\n"
        f"Merged by soundlab from {checkpoint.name} ({checkpoint.fingerprint}) and adapters of approved clips.\n"
        f"{needs}\n",
        encoding="utf-8",
    )
