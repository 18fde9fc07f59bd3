"""What an adapter's world measures beyond what its captions are read as, as far as it helps.

A checkpoint that is steered by measure reads from words how a take should measure
as its own corpus taught it; an adapter's world may measure otherwise. Moving what is
read by the whole of that is not always right: an adapter may have learnt it
already, and a decoder asked for what it has rarely heard makes neither. So takes are
made with none of it, half and all, measured, and what came nearest to the clips is kept.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import torch
from torch import Tensor, nn

from soundlab.audio.decode import read_audio
from soundlab.domain.ports import Cancelled as CancelledFlag
from soundlab.domain.ports import GenerationRequest, Progress
from soundlab.engines import axis_condition
from soundlab.engines.lora_data import Material, standard, values
from soundlab.engines.musicgen import Musicgen

_CAPTIONS, SEEDS, SECONDS = 4, (1_000_003, 1_000_033), 4.0
"""Captions that are made, of the clips', and takes of each; seeds that nobody is likely to ask for."""
_SHARES = (0.0, 0.5, 1.0)
_FARTHEST = 2.0
"""Standard deviations that an adapter may move what is read by; beyond them takes get worse, not nearer."""


def keep(engine: Musicgen, folder: Path, material: Material, progress: Progress, cancelled: CancelledFlag) -> None:
    """Write the offset into the adapter's ``folder``, whose weights are there already.

    Cancelling ends the search, not what training has made.
    """
    assert engine.axes is not None
    captions = list(dict.fromkeys(p.caption for p in material.pieces))
    centre = nn.functional.normalize(engine.meanings(captions).mean(0), dim=0)
    read = dict(zip(captions, engine.readings(captions), strict=True))
    wanted = torch.stack([p.measures for p in material.pieces]).nanmean(0)
    beyond = torch.stack([p.measures - read[p.caption] for p in material.pieces]).nanmean(0).nan_to_num()
    beyond = beyond.clamp(-_FARTHEST, _FARTHEST)
    said = captions[:: max(1, len(captions) // _CAPTIONS)][:_CAPTIONS]
    best, least = 0.0, float("inf")
    for turn, share in enumerate(_SHARES):
        if cancelled():
            break
        progress(turn, len(_SHARES), "takes of the adapter, measured")
        axis_condition.save_offset(folder, engine.axes.axes, share * beyond, centre)
        gap = float((wanted - _taken(engine, folder, said)).abs().nanmean())
        if gap < least:
            best, least = share, gap
    axis_condition.save_offset(folder, engine.axes.axes, best * beyond, centre)


def _taken(engine: Musicgen, folder: Path, captions: list[str]) -> Tensor:
    """Mean measures (axes,), standardised, of takes of ``captions`` with the adapter."""
    rows = []
    with tempfile.TemporaryDirectory() as beside:
        outputs = tuple(str(Path(beside) / f"{seed}.wav") for seed in SEEDS)
        for caption in captions:
            engine.generate(GenerationRequest(caption, SEEDS, outputs, SECONDS, "", adapters=((str(folder), 1.0),)))
            rows += [standard(engine, values(*read_audio(Path(path)))) for path in outputs]
    return torch.stack(rows).nanmean(0)
