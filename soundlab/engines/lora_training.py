"""Training an adapter: peft LoRA on MusicGen's decoder, through accelerate, resumable to the step.

One process, or several: ``torchrun --nproc_per_node N -m soundlab train NAME`` runs
the same code in each, and the first one writes.
"""

from __future__ import annotations

import copy
import hashlib
import json
import math
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from soundlab.audio.write import atomic_path
from soundlab.domain.ports import Cancelled as CancelledFlag
from soundlab.domain.ports import (
    GenerationRequest,
    Progress,
    TrainingRequest,
    TrainingResult,
    ignore_progress,
    never,
)
from soundlab.engines import axis_condition, lora_prior, memory, sound_condition
from soundlab.engines.lora import ATTENTION, TARGETS, lean
from soundlab.engines.lora_data import Batch, Material, Piece
from soundlab.engines.musicgen import Musicgen
from soundlab.engines.precision import fast_bf16
from soundlab.engines.training import conditional_loss
from soundlab.errors import Cancelled, EngineFailed, SoundlabError, WrongInput

SAVE_EVERY = 20
_STATE = "state.safetensors"
"""Is there while a run is not at its end."""
_HEARD = 12
"""Held-out pieces that are looked at."""
_BETTER = 0.002
"""By how much a held-out loss must fall to count."""
_NARROW = 512
"""Width of decoders that bf16 does not make faster."""
_RATE, _WIDTH = 5e-4, 1024
"""Peak learning rate for decoders of this width; narrower ones want more."""
_PREVIEW_SECONDS = 4.0
_FARTHEST = 2.0
"""Standard deviations that an adapter may move what is read by; beyond them takes get worse, not nearer."""


class Objective(nn.Module):
    """The loss as a module, so that accelerate can wrap it for several processes."""

    def __init__(self, decoder: Any) -> None:
        super().__init__()
        self.decoder = decoder

    def forward(
        self, codes: Tensor, states: Tensor, mask: Tensor, recalled: tuple[Tensor, ...] | None = None
    ) -> tuple[Tensor, Tensor]:
        """Return the mean loss, and what is to be made small: the same, and how much is forgotten.

        Codes (rows, books, frames), text states (rows, tokens, width), mask (rows, tokens);
        ``recalled`` are such of the base's own takes, with its logits.
        """
        loss = conditional_loss(self.decoder, codes, states, mask)
        whole = loss if recalled is None else loss + lora_prior.KEPT * lora_prior.forgetting(self.decoder, *recalled)
        return loss.detach(), whole


@dataclass(slots=True)
class Progressed:
    """Where a run is."""

    losses: list[float] = field(default_factory=list)
    held_out: list[tuple[int, float]] = field(default_factory=list)
    mean: dict[str, Tensor] = field(default_factory=dict)
    """Running mean of the weights."""
    best: dict[str, Tensor] = field(default_factory=dict)
    """The running mean where the held-out loss was least."""
    kept: int = 0

    @property
    def waited(self) -> int:
        """Looks since the best one."""
        return sum(step > self.kept for step, _ in self.held_out)


def train(
    engine: Musicgen, request: TrainingRequest, progress: Progress = ignore_progress, cancelled: CancelledFlag = never
) -> TrainingResult:
    """Fit an adapter and write ``adapter_config.json``, ``adapter_model.safetensors`` and ``losses.json``.

    State is saved every few steps; with ``resume`` the run goes on from there
    with the weights, moments and random draws it would have had. With clips held out,
    the weights kept are those whose loss on them was least, and training ends
    when it no longer falls.

    Raises
    ------
    SoundlabError
        When there is nothing to hear in the clips, the state belongs to other weights or
        settings, or there is too little memory or disk.
    Cancelled
        Between steps; the state is kept.
    """
    if engine.melody:
        raise EngineFailed("Melody checkpoints cannot be fine-tuned yet", "train on musicgen-small, -medium or -large")
    precision = _precision(engine, request.precision)
    memory.check(engine, request, precision)
    folder = Path(request.folder)
    if request.resume and (folder / "adapter_model.safetensors").exists() and not (folder / _STATE).exists():
        raise WrongInput(f"{request.name} is trained to its end", "leave --resume out to train it anew")
    folder.mkdir(parents=True, exist_ok=True)
    cache = Path(request.cache) if request.cache else None
    material = Material(
        engine,
        request.clips,
        cache=cache,
        augment=request.augment,
        progress=progress,
        cancelled=cancelled,
    )
    takes = lora_prior.made(engine, request.others, progress, cancelled, cache)
    started = time.perf_counter()
    with _adapted(engine, request, precision) as decoder:
        prior = None if takes is None else lora_prior.remembered(decoder, *takes)
        run = _Run(engine, decoder, request, precision, material, prior)
        leads = run.leads
        if leads:  # before the first preview, and whatever ends the run
            _keep_offset(engine, folder, material)
            _keep_sounds(engine, folder, request)
        done = run.train(progress, cancelled)
    return TrainingResult(
        steps=len(done.losses),
        losses=tuple(done.losses),
        seconds=time.perf_counter() - started,
        licence=engine.checkpoint.licence,
        segments=len(material.pieces),
        held_out=tuple(done.held_out),
        kept=done.kept or len(done.losses),
        precision=precision,
        leads=leads,
    )


def _keep_offset(engine: Musicgen, folder: Path, material: Material) -> None:
    """Keep with the adapter what its clips measure beyond what their captions are read as."""
    if engine.axes is None:
        return
    captions = list(dict.fromkeys(p.caption for p in material.pieces))
    read = dict(zip(captions, engine.readings(captions), strict=True))
    offset = torch.stack([p.measures - read[p.caption] for p in material.pieces]).nanmean(0).nan_to_num()
    centre = torch.nn.functional.normalize(engine.meanings(captions).mean(0), dim=0)
    axis_condition.save_offset(folder, engine.axes.axes, offset.clamp(-_FARTHEST, _FARTHEST), centre)


def _keep_sounds(engine: Musicgen, folder: Path, request: TrainingRequest) -> None:
    """Keep with the adapter what its clips sound like, of which each take hears one; nothing of an earlier run."""
    own = [clip for clip in request.clips if clip.sound and not clip.held_out]
    if engine.sound_space is None or not own:
        (folder / sound_condition.SOUNDS).unlink(missing_ok=True)
        return
    centre = nn.functional.normalize(engine.meanings([clip.caption for clip in own]).mean(0), dim=0)
    sound_condition.keep(folder, torch.tensor([clip.sound for clip in own]), centre, engine.sound_space)


def _precision(engine: Musicgen, asked: str) -> str:
    """What ``auto`` means here: bf16 on a GPU, and on a CPU for decoders wide enough to gain by it."""
    wide = int(engine.model.decoder.config.hidden_size) > _NARROW
    on_cpu = engine.device == "cpu"
    if asked == "auto":
        return "bf16" if (wide and (not on_cpu or fast_bf16())) else "fp32"
    if asked == "fp16" and on_cpu:
        raise WrongInput("fp16 trains on a GPU only", "choose bf16 or fp32 here")
    return asked


@contextmanager
def _adapted(engine: Musicgen, request: TrainingRequest, precision: str) -> Iterator[Any]:
    """The decoder with an adapter on it: a copy where it is cast or listened to meanwhile, else the engine's own."""
    from peft import LoraConfig, get_peft_model

    torch.manual_seed(request.seed)
    wanted = torch.bfloat16 if precision == "bf16" else None
    cast = wanted is not None and engine.dtype != wanted
    own = not cast and not request.preview_every
    base = engine.model.decoder if own else copy.deepcopy(engine.model.decoder)
    if cast:
        base = base.to(wanted)
    config = LoraConfig(
        r=request.rank,
        lora_alpha=2 * request.rank,
        target_modules=ATTENTION if request.targets == "attention" else TARGETS,
        use_dora=request.dora,
        bias="none",
    )
    decoder: Any = get_peft_model(base, config)
    lean(decoder)
    if request.checkpointing:
        decoder.gradient_checkpointing_enable()
        decoder.enable_input_require_grads()
    decoder.train()
    try:
        yield decoder
    finally:
        bare = decoder.unload()
        if own:
            if request.checkpointing:
                bare.gradient_checkpointing_disable()
            engine.model.decoder = bare.eval()


class _Run:
    """One training run."""

    def __init__(
        self,
        engine: Musicgen,
        decoder: Any,
        request: TrainingRequest,
        precision: str,
        material: Material,
        prior: lora_prior.Remembered | None,
    ) -> None:
        from accelerate import Accelerator
        from accelerate.state import AcceleratorState

        self._engine, self._decoder, self._request, self._material = engine, decoder, request, material
        self._prior = prior
        self._folder = Path(request.folder)
        self._state = self._folder / _STATE
        # else a process could train in one precision only, and on one device; of several processes each has one
        AcceleratorState._reset_state(reset_partial_state="LOCAL_RANK" not in os.environ)
        self._accelerator = Accelerator(
            cpu=engine.device == "cpu",
            mixed_precision="fp16" if precision == "fp16" else "no",
            gradient_accumulation_steps=request.accumulate,
        )
        self._weights = _trainable(decoder)
        width = int(engine.model.decoder.config.hidden_size)
        self._peak = request.rate or _RATE * (_WIDTH / width) ** 1.5
        self._optimiser = _optimiser(request, self._peak, list(self._weights.values()))
        self._objective, self._prepared = self._accelerator.prepare(Objective(decoder), self._optimiser)
        self._dtype = next(p for p in decoder.parameters() if not p.requires_grad).dtype
        self._texts: dict[str, tuple[Tensor, Tensor]] = {}

    @property
    def leads(self) -> bool:
        """Whether this process is the one that writes."""
        return bool(self._accelerator.is_main_process)

    def train(self, progress: Progress, cancelled: CancelledFlag) -> Progressed:
        request = self._request
        done = self._restored() if request.resume and self._state.exists() else Progressed()
        if not done.mean and request.ema:
            done.mean = {k: p.detach().clone() for k, p in self._weights.items()}
        for step in range(len(done.losses), request.steps):
            if cancelled():
                self._save(done)
                raise Cancelled(f"training stopped at step {step} of {request.steps}; go on with --resume")
            done.losses.append(self._step(step))
            self._average(done, step)
            said = f"training, loss {done.losses[-1]:.3f}"
            last = step + 1 == request.steps
            if self._material.held_out and ((step + 1) % request.check_every == 0 or last):
                self._look(done, step + 1)
            if done.held_out:
                said += f", held out {done.held_out[-1][1]:.3f}"
            if self.leads:
                progress(step + 1, request.steps, said)
                if (step + 1) % SAVE_EVERY == 0:
                    self._save(done)
                if request.preview_every and ((step + 1) % request.preview_every == 0 or last):
                    self._preview(done, step + 1)
            if request.patience and done.waited >= request.patience:
                break
        self._finish(done)
        return done

    def _step(self, step: int) -> float:
        """One update; return the mean loss of its batches."""
        request = self._request
        for group in self._optimiser.param_groups:
            group["lr"] = self._peak * _share(request, step)
        losses = []
        for part in range(request.accumulate):
            draw = [request.seed, step, part, self._accelerator.process_index]
            rng = np.random.default_rng(draw)
            batch = self._prepare(self._material.batch(rng, request.batch))
            recalled = None if self._prior is None else self._prior.batch(rng, lora_prior.ROWS * request.batch)
            torch.manual_seed(hash_seed(draw))
            with self._accelerator.accumulate(self._objective):
                loss, whole = self._objective(*batch, recalled)
                self._accelerator.backward(whole)
                if self._accelerator.sync_gradients:
                    self._accelerator.clip_grad_norm_(list(self._weights.values()), 1.0)
                self._prepared.step()
                self._prepared.zero_grad()
            losses.append(loss)
        mean: float = self._accelerator.reduce(torch.stack(losses).mean(), "mean").item()
        return mean

    def _prepare(self, batch: Batch) -> tuple[Tensor, Tensor, Tensor]:
        states, mask = self._read(batch.captions)
        keep = torch.tensor([[not d] for d in batch.dropped], device=states.device)
        states = torch.where(keep[..., None], states, torch.zeros_like(states))
        mask = mask * keep
        if (axes := self._engine.axes) is not None:
            z, told = batch.measures.to(states.device), batch.told.to(states.device)
            with torch.no_grad():
                vector = axes.vector(z.nan_to_num().to(axes.mean.dtype), told).to(states.dtype)
            states, mask = axis_condition.joined(states, mask, vector, told)
        if batch.sounds.numel():
            heard = self._engine.heard(batch.sounds).to(states)[:, None] * batch.heard.to(states)[:, None, None]
            states = torch.cat([states, heard], 1)
            mask = torch.cat([mask, batch.heard.to(mask)[:, None]], 1)
        return batch.codes.to(self._engine.device), states, mask

    def _read(self, captions: list[str]) -> tuple[Tensor, Tensor]:
        """Text states (rows, tokens, width) and mask; each sentence is encoded once."""
        for caption in captions:
            if caption not in self._texts:
                given = self._engine.conditions([(caption, 1.0)], steer=False)
                self._texts[caption] = given.states[1:].clone(), given.mask[1:].clone()
        rows = [self._texts[c] for c in captions]
        longest = max(s.shape[1] for s, _ in rows)
        states = torch.cat([nn.functional.pad(s, (0, 0, 0, longest - s.shape[1])) for s, _ in rows])
        mask = torch.cat([nn.functional.pad(m, (0, longest - m.shape[1])) for _, m in rows])
        return states.to(self._dtype), mask

    def _average(self, done: Progressed, step: int) -> None:
        """Move the running mean; it follows closely at first, so that it does not remember the start."""
        if not self._request.ema:
            return
        decay = min(self._request.ema, (1 + step) / (10 + step))
        with torch.no_grad():
            for name, p in self._weights.items():
                done.mean[name].lerp_(p.detach(), 1 - decay)

    @contextmanager
    def _averaged(self, weights: dict[str, Tensor]) -> Iterator[None]:
        """The decoder with other weights, for a look."""
        if not weights:
            yield
            return
        own = {k: p.detach().clone() for k, p in self._weights.items()}
        try:
            self._set(weights)
            yield
        finally:
            self._set(own)

    def _set(self, weights: dict[str, Tensor]) -> None:
        with torch.no_grad():
            for name, value in weights.items():
                self._weights[name].copy_(value)

    def _look(self, done: Progressed, step: int) -> None:
        """Loss on what is held out, by the running mean of the weights."""
        pieces = self._material.held_out[:: max(1, len(self._material.held_out) // _HEARD)][:_HEARD]
        with self._averaged(done.mean), torch.no_grad():
            self._decoder.eval()
            value = float(np.mean([self._loss(piece) for piece in pieces]))
            self._decoder.train()
        best = min((v for _, v in done.held_out), default=math.inf)
        done.held_out.append((step, value))
        if value < best - _BETTER:
            done.kept = step
            source = done.mean or {k: p.detach() for k, p in self._weights.items()}
            done.best = {k: v.clone() for k, v in source.items()}

    def _loss(self, piece: Piece) -> float:
        states, mask = self._read([piece.caption])
        return float(conditional_loss(self._decoder, piece.codes[None].to(self._engine.device), states, mask))

    def _preview(self, done: Progressed, step: int) -> None:
        """A take of the first caption as the adapter is now, beside the others."""
        with self._averaged(done.mean):
            self._write_adapter(self._folder)
        output = self._folder / f"preview-{step:05}.wav"
        caption = self._material.pieces[0].caption
        self._engine.generate(
            GenerationRequest(caption, (0,), (str(output),), _PREVIEW_SECONDS, "", adapters=((str(self._folder), 1.0),))
        )

    def _finish(self, done: Progressed) -> None:
        self._accelerator.wait_for_everyone()
        if self.leads:
            self._set(done.best or done.mean)
            self._write_adapter(self._folder)
            table = {"losses": done.losses, "held_out": done.held_out, "kept": done.kept}
            (self._folder / "losses.json").write_text(json.dumps(table), encoding="utf-8")
            self._state.unlink(missing_ok=True)
        self._accelerator.wait_for_everyone()

    def _write_adapter(self, folder: Path) -> None:
        self._decoder.save_pretrained(folder)
        (folder / "README.md").unlink(missing_ok=True)  # peft's template says nothing; the card is adapter.json

    def _save(self, done: Progressed) -> None:
        if not self.leads:
            return
        tensors: dict[str, Tensor] = {f"weight.{name}": p for name, p in self._weights.items()}
        tensors |= {f"mean.{name}": p for name, p in done.mean.items()}
        tensors |= {f"best.{name}": p for name, p in done.best.items()}
        for index, entry in self._optimiser.state_dict()["state"].items():
            tensors |= {f"moment.{index}.{key}": torch.as_tensor(value) for key, value in entry.items()}
        meta = {
            "losses": json.dumps(done.losses),
            "held_out": json.dumps(done.held_out),
            "kept": str(done.kept),
            "fingerprint": self._engine.checkpoint.fingerprint,
            "settings": _settings(self._request),
        }
        try:
            with atomic_path(self._state) as beside:
                save_file({k: v.detach().clone().contiguous() for k, v in tensors.items()}, beside, meta)
        except SafetensorError as error:  # which is how a full disk is told of
            raise SoundlabError(
                f"cannot save the training's state: {error}", "free some disk, and go on with --resume"
            ) from error

    def _restored(self) -> Progressed:
        done = Progressed()
        moments: dict[int, dict[str, Tensor]] = {}
        with safe_open(self._state, "pt") as file:
            meta = file.metadata()
            if meta["fingerprint"] != self._engine.checkpoint.fingerprint:
                raise SoundlabError(
                    "the checkpoint has changed since this training began", "start it again without --resume"
                )
            if meta["settings"] != _settings(self._request):
                raise SoundlabError(
                    "this training began with other settings or clips",
                    f"go on with what it began with ({meta['settings']}), or start it again without --resume",
                )
            for name in file.keys():  # noqa: SIM118 - not a mapping
                kind, _, rest = name.partition(".")
                tensor = file.get_tensor(name).to(self._engine.device)
                if kind == "weight":
                    self._weights[rest].data.copy_(tensor)
                elif kind == "mean":
                    done.mean[rest] = tensor
                elif kind == "best":
                    done.best[rest] = tensor
                else:
                    index, _, key = rest.partition(".")
                    moments.setdefault(int(index), {})[key] = tensor
        self._optimiser.load_state_dict({**self._optimiser.state_dict(), "state": moments})
        done.losses = json.loads(meta["losses"])
        done.held_out = [(int(step), float(loss)) for step, loss in json.loads(meta["held_out"])]
        done.kept = int(meta["kept"])
        return done


def hash_seed(parts: list[int]) -> int:
    """One seed of several numbers, the same on every machine."""
    return int(np.random.SeedSequence(parts).generate_state(1, np.uint64)[0] >> 1)


def _settings(request: TrainingRequest) -> str:
    """What must be the same for a run to go on as it began."""
    clips = json.dumps(sorted((c.key or c.path, c.caption, c.held_out, bool(c.sound)) for c in request.clips))
    return (
        f"rank {request.rank}, targets {request.targets}, dora {request.dora}, batch {request.batch}, "
        f"accumulate {request.accumulate}, rate {request.rate or 'auto'}, ema {request.ema:g}, "
        f"precision {request.precision}, optimiser {request.optimiser}, "
        f"augment {'+'.join(sorted(request.augment)) or 'none'}, "
        f"clips {hashlib.sha256(clips.encode()).hexdigest()[:8]}"
    )


def _share(request: TrainingRequest, step: int) -> float:
    """Warm-up over a fifth of the run, 20 steps at most, then half a cosine down to a tenth."""
    warm = min(1.0, (step + 1) / max(1, min(20, request.steps // 5)))
    return warm * (0.1 + 0.9 * 0.5 * (1 + math.cos(math.pi * step / request.steps)))


def _optimiser(request: TrainingRequest, rate: float, weights: list[nn.Parameter]) -> torch.optim.Optimizer:
    if request.optimiser == "adamw":
        return torch.optim.AdamW(weights, lr=rate, weight_decay=0.01)
    try:
        from bitsandbytes.optim import AdamW8bit
    except ImportError as error:
        raise EngineFailed("adamw8bit needs bitsandbytes", "pip install 'soundlab[train8bit]'") from error
    optimiser: torch.optim.Optimizer = AdamW8bit(weights, lr=rate, weight_decay=0.01)
    return optimiser


def _trainable(decoder: Any) -> dict[str, nn.Parameter]:
    return {name: p for name, p in decoder.named_parameters() if p.requires_grad}
