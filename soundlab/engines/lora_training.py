"""Training an adapter: peft LoRA on MusicGen's decoder, resumable to the step."""

from __future__ import annotations

import json
import math
import os
import time
from pathlib import Path
from typing import Any

import numpy as np
import soxr
import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor

from soundlab.audio.decode import read_audio
from soundlab.domain.ports import Cancelled as CancelledFlag
from soundlab.domain.ports import Progress, TrainingRequest, TrainingResult, ignore_progress, never
from soundlab.engines.lora import TARGETS
from soundlab.engines.musicgen import Musicgen
from soundlab.engines.training import conditional_loss
from soundlab.errors import Cancelled, EngineFailed, SoundlabError

SEGMENT_SECONDS = 10.0
TEXT_DROP = 0.15
SAVE_EVERY = 20
BATCH = 4


class Segments:
    """Training material: codes of up to 10 s with a caption, encoded once."""

    def __init__(self, engine: Musicgen, clips: tuple[tuple[str, str], ...]) -> None:
        self.codes: list[Tensor] = []
        self.captions: list[str] = []
        for path, caption in clips:
            audio, rate = read_audio(Path(path))
            resampled = soxr.resample(audio.T, rate, engine.sample_rate).T.astype(np.float32)
            step = round(SEGMENT_SECONDS * engine.sample_rate)
            for start in range(0, resampled.shape[1], step):
                piece = resampled[:, start : start + step]
                loud = float(np.sqrt(np.mean(piece * piece)))
                if piece.shape[1] < engine.sample_rate // 4 or loud < 1e-4:
                    continue
                self.codes.append(engine.encode_audio(piece))
                self.captions.append(caption)
        if not self.codes:
            raise SoundlabError(
                "the clips hold only silence or fragments under 0.25 s", "approve clips with sound in them"
            )

    def batch(self, rng: np.random.Generator) -> tuple[Tensor, list[str], list[bool]]:
        """Return codes (n, books, frames) cut to one length, captions, and which drop their text."""
        first = int(rng.integers(len(self.codes)))
        frames = self.codes[first].shape[-1]
        alike = [i for i, c in enumerate(self.codes) if c.shape[-1] >= frames]
        rows = (
            [first, *rng.choice(alike, min(BATCH, len(alike)) - 1, replace=False).tolist()]
            if len(alike) > 1
            else [first]
        )
        cut = []
        for row in rows:
            start = int(rng.integers(0, self.codes[row].shape[-1] - frames + 1))
            cut.append(self.codes[row][:, start : start + frames])
        dropped = (rng.random(len(rows)) < TEXT_DROP).tolist()
        return torch.stack(cut), [self.captions[r] for r in rows], dropped


def train(
    engine: Musicgen, request: TrainingRequest, progress: Progress = ignore_progress, cancelled: CancelledFlag = never
) -> TrainingResult:
    """Fit an adapter and write ``adapter_config.json``, ``adapter_model.safetensors`` and ``losses.json``.

    State is saved every few steps; with ``resume`` the run goes on from there
    with the weights, moments and random draws it would have had.

    Raises
    ------
    SoundlabError
        When there is nothing to hear in the clips, or the state belongs to other weights.
    Cancelled
        Between steps; the state is kept.
    """
    from peft import LoraConfig, get_peft_model

    if engine.melody:
        raise EngineFailed("Melody checkpoints cannot be fine-tuned yet", "train on musicgen-small, -medium or -large")
    folder = Path(request.folder)
    folder.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(request.seed)
    segments = Segments(engine, request.clips)
    config = LoraConfig(r=request.rank, lora_alpha=2 * request.rank, target_modules=TARGETS, bias="none")
    decoder: Any = get_peft_model(engine.model.decoder, config)
    weights = [p for p in decoder.parameters() if p.requires_grad]
    optimiser = torch.optim.AdamW(weights, lr=request.rate, weight_decay=0.01)
    state = folder / "state.safetensors"
    losses: list[float] = []
    if request.resume and state.exists():
        losses = _restore(state, decoder, optimiser, engine.checkpoint.fingerprint)
    started = time.perf_counter()
    decoder.train()
    try:
        for step in range(len(losses), request.steps):
            if cancelled():
                raise Cancelled(f"training stopped at step {step} of {request.steps}; go on with --resume")
            rng = np.random.default_rng([request.seed, step])
            torch.manual_seed(request.seed * 1_000_003 + step)
            for group in optimiser.param_groups:
                warm = min(1.0, (step + 1) / max(1, min(20, request.steps // 5)))
                group["lr"] = request.rate * warm * (0.1 + 0.9 * 0.5 * (1 + math.cos(math.pi * step / request.steps)))
            codes, captions, dropped = segments.batch(rng)
            conditions = engine.conditions([(caption, 1.0) for caption in captions], steer=False)
            keep = torch.tensor([[not d] for d in dropped])
            states = torch.where(
                keep[..., None], conditions.states[1:], torch.zeros_like(conditions.states[1:])
            ).clone()
            mask = (conditions.mask[1:] * keep).clone()
            loss = conditional_loss(decoder, codes.clone(), states, mask)
            optimiser.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(weights, 1.0)
            optimiser.step()
            losses.append(loss.item())
            progress(step + 1, request.steps, f"training, loss {losses[-1]:.3f}")
            if (step + 1) % SAVE_EVERY == 0:
                _save(state, decoder, optimiser, losses, engine.checkpoint.fingerprint)
        _save(state, decoder, optimiser, losses, engine.checkpoint.fingerprint)
        decoder.save_pretrained(folder)
        (folder / "README.md").unlink(missing_ok=True)  # peft's template says nothing; the card is adapter.json
        (folder / "losses.json").write_text(json.dumps(losses), encoding="utf-8")
        state.unlink()
    finally:
        engine.model.decoder = decoder.unload()
        engine.model.decoder.eval()
    return TrainingResult(
        steps=len(losses),
        losses=tuple(losses),
        seconds=time.perf_counter() - started,
        licence=engine.checkpoint.licence,
        segments=len(segments.codes),
    )


def _trainable(decoder: Any) -> dict[str, Tensor]:
    return {name: p for name, p in decoder.named_parameters() if p.requires_grad}


def _save(path: Path, decoder: Any, optimiser: torch.optim.Optimizer, losses: list[float], fingerprint: str) -> None:
    tensors = {f"weight.{name}": p for name, p in _trainable(decoder).items()}
    for index, entry in optimiser.state_dict()["state"].items():
        tensors |= {f"moment.{index}.{key}": torch.as_tensor(value) for key, value in entry.items()}
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    meta = {"losses": json.dumps(losses), "fingerprint": fingerprint}
    save_file({k: v.detach().clone().contiguous() for k, v in tensors.items()}, beside, meta)
    beside.replace(path)


def _restore(path: Path, decoder: Any, optimiser: torch.optim.Optimizer, fingerprint: str) -> list[float]:
    moments: dict[int, dict[str, Tensor]] = {}
    weights = _trainable(decoder)
    with safe_open(path, "pt") as file:
        meta = file.metadata()
        if meta["fingerprint"] != fingerprint:
            raise SoundlabError(
                "the checkpoint has changed since this training began", "start it again without --resume"
            )
        for name in file.keys():  # noqa: SIM118 - not a mapping
            kind, _, rest = name.partition(".")
            if kind == "weight":
                if rest not in weights or list(weights[rest].shape) != list(file.get_slice(name).get_shape()):
                    raise SoundlabError("the saved state has another rank", "use the rank it began with")
                weights[rest].data.copy_(file.get_tensor(name))
            else:
                index, _, key = rest.partition(".")
                moments.setdefault(int(index), {})[key] = file.get_tensor(name)
    optimiser.load_state_dict({**optimiser.state_dict(), "state": moments})
    losses: list[float] = json.loads(meta["losses"])
    return losses
