"""What an adapter must not forget: how its base answers other words.

Beside the clips, an adapter is trained to predict as its base does on takes of
its base's own (prior preservation: Ruiz et al. 2023, "DreamBooth"), here with the
base's whole distribution for a target and not one sample of it (Hinton et al. 2015).
"""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from soundlab.audio.decode import read_audio
from soundlab.domain.ports import Cancelled as CancelledFlag
from soundlab.domain.ports import GenerationRequest, Progress
from soundlab.engines.lora_data import cached
from soundlab.engines.musicgen import Musicgen
from soundlab.engines.training import IGNORE, predictions
from soundlab.errors import Cancelled

SECONDS = 1.5
ROWS = 2
"""Such takes for each row of a batch."""
KEPT = 1.0
"""What a nat of what is forgotten weighs beside a nat of what is learnt."""


@dataclass(frozen=True, slots=True)
class Remembered:
    """Takes of the base under every condition that generating them has.

    Attributes
    ----------
    codes
        (rows, books, frames).
    states, mask
        (rows, tokens, width) and (rows, tokens).
    logits
        The base's, (rows, books, steps, vocabulary), in half precision.
    """

    codes: Tensor
    states: Tensor
    mask: Tensor
    logits: Tensor

    def batch(self, rng: np.random.Generator, rows: int) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Some rows: codes, states, mask and logits."""
        chosen = torch.from_numpy(rng.choice(len(self.codes), min(rows, len(self.codes)), replace=False))
        return self.codes[chosen], self.states[chosen], self.mask[chosen], self.logits[chosen]


def made(
    engine: Musicgen,
    prompts: Sequence[str],
    progress: Progress,
    cancelled: CancelledFlag,
    cache: Path | None = None,
) -> tuple[Tensor, Tensor, Tensor] | None:
    """A take of each prompt by the base: codes, states and mask as :class:`Remembered` has them; None without prompts.

    The codes are kept in ``cache``, if there is one. Raises Cancelled between takes.
    """
    if not prompts:
        return None
    codes, states, masks = [], [], []
    for index, prompt in enumerate(prompts):
        if cancelled():
            raise Cancelled("training stopped before its first step")
        progress(index, len(prompts), "takes of the base, to be remembered")
        given = engine.conditions([(prompt, 1.0)])
        # Not the empty condition: what has no words may become what the clips are.
        codes += [_taken(engine, prompt, index, cache)] * (len(given.states) - 1)
        states += list(given.states[1:])
        masks += list(given.mask[1:])
    longest = max(s.shape[0] for s in states)
    return (
        torch.stack(codes),
        torch.stack([nn.functional.pad(s, (0, 0, 0, longest - s.shape[0])) for s in states]),
        torch.stack([nn.functional.pad(m, (0, longest - m.shape[0])) for m in masks]),
    )


def _taken(engine: Musicgen, prompt: str, seed: int, cache: Path | None) -> Tensor:
    """Codes (books, frames) of a take, from the cache where they are in it."""
    name = hashlib.sha256(json.dumps([prompt, seed, SECONDS]).encode()).hexdigest()[:32]
    path = None if cache is None else cache / engine.checkpoint.fingerprint / f"base-{name}.safetensors"

    def make() -> dict[str, Tensor]:
        with tempfile.TemporaryDirectory() as folder:
            sound = Path(folder) / "take.wav"
            engine.generate(GenerationRequest(prompt, (seed,), (str(sound),), SECONDS, ""))
            return {"codes": engine.encode_audio(read_audio(sound)[0])}

    return cached(path, make)["codes"].to(engine.device)


def remembered(decoder: Any, codes: Tensor, states: Tensor, mask: Tensor) -> Remembered:
    """What ``decoder``, which must not have learnt anything yet, predicts on takes."""
    states = states.to(next(decoder.parameters()).dtype)
    decoder.eval()
    with torch.no_grad():
        logits = [
            predictions(decoder, codes[i : i + 1], states[i : i + 1], mask[i : i + 1])[0].half().cpu()
            for i in range(len(codes))
        ]
    decoder.train()
    return Remembered(codes, states, mask, torch.stack(logits))


def forgetting(decoder: Any, codes: Tensor, states: Tensor, mask: Tensor, wanted: Tensor) -> Tensor:
    """Kullback-Leibler divergence from the base's predictions to these, mean over codes, nats."""
    logits, targets = predictions(decoder, codes, states, mask)
    valid = targets.flatten() != IGNORE
    base = torch.log_softmax(wanted.to(logits.device).float().flatten(0, -2)[valid], -1)
    own = torch.log_softmax(logits.float().flatten(0, -2)[valid], -1)
    return nn.functional.kl_div(own, base, log_target=True, reduction="batchmean")
