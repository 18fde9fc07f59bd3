"""How much memory training an adapter takes, said before it starts."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import torch

from soundlab.domain.ports import TrainingRequest
from soundlab.engines import lora_prior
from soundlab.engines.lora_data import SECONDS
from soundlab.engines.musicgen import Musicgen
from soundlab.errors import SoundlabError

_ACTIVATIONS, _ON_A_GPU = 40.0, 20.0
"""Numbers kept for the way back, a layer and a frame, in widths, as measured on CPUs and on a CUDA GPU.

At musicgen-small's size that is 1.0 GB for 10 s in bf16 on a CPU, where 0.94 were measured, and 2.0 in fp32 for 2.3.
With four of them at once on a CUDA GPU training took 3.8 GB in fp32 for 4.7, 2.1 in bf16 for 2.7.
"""
_MARGIN = 0.3e9
_BYTES = {"fp32": 4, "bf16": 2, "fp16": 2}


def estimate(engine: Musicgen, request: TrainingRequest, precision: str) -> float:
    """Bytes that training takes beside the loaded engine.

    A copy of the decoder where it is cast; the adapter four times over (weights,
    gradients, two moments) and its running mean; activations of every layer, or with
    checkpointing of one layer and the inputs of all.
    """
    config = engine.model.decoder.config
    width, layers, ffn = int(config.hidden_size), int(config.num_hidden_layers), int(config.ffn_dim)
    held = torch.finfo(engine.dtype).bits // 8
    size = _BYTES[precision]
    decoder = sum(p.numel() for p in engine.model.decoder.parameters())
    copied = decoder * size if size != held or request.preview_every else 0
    each = 8 * 2 * width + (0 if request.targets == "attention" else 2 * (width + ffn))
    adapter = layers * request.rank * each
    frames = request.batch * (SECONDS * engine.frame_rate + config.num_codebooks)
    if request.others:
        frames += lora_prior.ROWS * request.batch * (lora_prior.SECONDS * engine.frame_rate + config.num_codebooks)
    one = (_ON_A_GPU if engine.device.startswith("cuda") else _ACTIVATIONS) * width * size
    kept = frames * (one * 2 + layers * width * size) if request.checkpointing else frames * layers * one
    logits = frames * config.num_codebooks * config.vocab_size * 4 * 3
    return float(copied + adapter * 4 * 6 + kept + logits + _MARGIN)


def available(engine: Musicgen) -> float:
    """Bytes that are free on the engine's device."""
    if engine.device.startswith("cuda"):
        return float(torch.cuda.mem_get_info(engine.device)[0])
    import psutil

    return float(psutil.virtual_memory().available)


def check(engine: Musicgen, request: TrainingRequest, precision: str) -> None:
    """Refuse what does not fit, saying what would. Raises SoundlabError."""
    needed, free = estimate(engine, request, precision), available(engine)
    if needed <= free:
        _check_disk(engine, request)
        return
    fits = [
        said
        for said, other in (
            ("--checkpointing", replace(request, checkpointing=True)),
            ("--batch 1", replace(request, batch=1)),
            ("--batch 1 and --checkpointing", replace(request, batch=1, checkpointing=True)),
            (
                "--batch 1, --checkpointing and --rank 4",
                replace(request, batch=1, checkpointing=True, rank=4),
            ),
        )
        if estimate(engine, other, precision) <= free
    ]
    hint = f"{fits[0]} fits" if fits else "nothing that could be changed makes it fit; choose a smaller checkpoint"
    raise SoundlabError(f"this training needs {needed / 1e9:.1f} GB of memory, {free / 1e9:.1f} GB are free", hint)


def _check_disk(engine: Musicgen, request: TrainingRequest) -> None:
    import shutil

    config = engine.model.decoder.config
    width = int(config.hidden_size)
    each = 16 * width + 2 * (width + int(config.ffn_dim))
    state = int(config.num_hidden_layers) * request.rank * each * 4 * 6
    there = Path(request.folder)
    while not there.exists():
        there = there.parent
    free = shutil.disk_usage(there).free
    if free < state:
        raise SoundlabError(
            f"this training needs {state / 1e6:.0f} MB of disk for its state, {free / 1e6:.0f} MB are free in {there}",
            "free some, or choose a smaller --rank",
        )
