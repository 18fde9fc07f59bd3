"""Teach a trained checkpoint one axis anew, and leave everything else as it is.

``python -m soundlab.engines.sketch.train_axis speed --checkpoint presets/checkpoints/sketch``
is for when an axis gets another measure. A decoder that goes on training forgets
some of how things sound; here none of it moves. Two small parts learn: the axis'
own vectors, by the decoder's loss on clips that have the measure, and the rows of
the reader that belong to the axis, first on captions of these clips and then on
sentences of :mod:`soundlab.engines.sketch.train_reader`. Its scale and usual
range are taken from the clips. Only ``axis_condition.safetensors`` is written.
``--scale-only`` takes these alone, for another measure of the same thing: what was
far out on it stays as far out.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file
from torch import Tensor

from soundlab.config import cache_folder
from soundlab.engines import registry, sound_condition
from soundlab.engines.axis_condition import GAIN, AxisCondition
from soundlab.engines.musicgen import Musicgen
from soundlab.engines.sketch.shards import measured, shard_paths
from soundlab.engines.sketch.text import FrozenText
from soundlab.engines.sketch.train_decoder import Conditioned, Encoded
from soundlab.engines.sketch.train_reader import Read, apart

TOLD = 0.9
"""Share of clips that are told their measure."""
FORGETTING = 0.5
"""Share of clips whose past is hidden, so that they are predicted from what is told."""
_AVERAGED = 0.98
"""What a step leaves of the average of the vectors before it."""


def conditioned(engine: Musicgen) -> Conditioned:
    """A loaded checkpoint's decoder with its projections, as it was trained; nothing in it learns."""
    assert engine.axes is not None
    sound = load_file(engine.checkpoint.folder / sound_condition.FILE)
    sound_width = sound["weight"].shape[1]
    model = Conditioned(engine.model.decoder.config, engine.model.text_encoder.config.hidden_size, sound_width)
    model.decoder, model.enc_to_dec_proj = engine.model.decoder, engine.model.enc_to_dec_proj
    model.sound_proj.load_state_dict({k: v.float() for k, v in sound.items()})
    model.axis_condition = engine.axes
    return model.requires_grad_(False).eval()


def rescale(condition: AxisCondition, axis: int, measured: Tensor) -> None:
    """Take one axis' mean, deviation and usual range from measures (clips, axes); others keep theirs."""
    alone = torch.full_like(measured, torch.nan)
    alone[:, axis] = measured[:, axis]
    condition.learn_scales(alone)


def only(parameter: Tensor, row: int) -> Tensor:
    """Let one row of a parameter learn."""
    keep = torch.zeros(parameter.shape[0], *[1] * (parameter.ndim - 1))
    keep[row] = 1
    parameter.requires_grad_(True).register_hook(lambda gradient: gradient * keep)
    return parameter


def teach_vector(
    model: Conditioned, axis: int, data: Encoded, *, minutes: float, batch: int, rate: float, seed: int
) -> None:
    """Learn the axis' vectors from clips that have its measure, for so many minutes; their average is kept.

    Only clips of some kind have it: of pace, those with a pulse. So part of what is learnt is that kind and
    no value. That part, the mean over clips, is put back to what it was: it is common to all values.
    """
    condition = model.axis_condition
    entries = only(condition.vector.entries, axis)
    optimiser = torch.optim.AdamW([entries], lr=rate, betas=(0.9, 0.95), weight_decay=0.0)
    having = data.measured[:, axis].isfinite().nonzero()[:, 0]
    rng = np.random.default_rng(seed)
    average = entries.detach().clone()
    usual = _usual(condition, axis, data.measured)
    begun, step, seen = time.monotonic(), 0, []
    while (done := (time.monotonic() - begun) / (60 * minutes)) < 1:
        for group in optimiser.param_groups:
            group["lr"] = rate * min(1.0, (step + 1) / 50) * (0.03 + 0.97 * 0.5 * (1 + np.cos(np.pi * done)))
        rows = having[torch.from_numpy(rng.integers(0, len(having), batch))]
        *given, known, forgotten = data.batch(rows, condition, 250, FORGETTING, rng)
        known = known.clone()
        known[:, axis] = torch.from_numpy((rng.random(batch) < TOLD).astype(np.float32))
        with torch.autocast("cpu", torch.bfloat16):
            loss = model(*given, known, forgotten)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        average.lerp_(entries.detach(), 1 - min(_AVERAGED, step / (step + 10)))
        seen.append(loss.item())
        step += 1
        if step % 50 == 0:
            print(f"vector: step {step} loss {np.mean(seen[-50:]):.3f}", flush=True)
    with torch.no_grad():
        entries.copy_(average)
        entries[axis] += usual - _usual(condition, axis, data.measured)


@torch.no_grad()
def _usual(condition: AxisCondition, axis: int, measured: Tensor) -> Tensor:
    """Mean of an axis' entries (width,), as clips whose measures (clips, axes) have it fall between them."""
    z = condition.standard(measured)
    z = z[z[:, axis].isfinite()]
    known = torch.zeros_like(z)
    known[:, axis] = 1
    return condition.vector(torch.where(z.isfinite(), z, 0.0), known).mean(0) / GAIN


def teach_reader(
    condition: AxisCondition,
    axis: int,
    batch: Callable[[], tuple[tuple[Tensor, Tensor], tuple[Tensor, ...]]],
    *,
    steps: int,
    rate: float,
    what: str,
) -> None:
    """Learn the reader's rows of one axis.

    ``batch`` gives text states and mask, and what is to be read of all axes (n, axes):
    means, log deviations and how much they count, or measures alone, NaN where there are none.
    """
    reader = condition.reader
    learnt = [only(p, axis) for p in (reader.attend.weight, reader.attend.bias, reader.weight, reader.bias)]
    optimiser = torch.optim.AdamW(learnt, lr=rate, weight_decay=0.0)
    seen = []
    for step in range(steps):
        for group in optimiser.param_groups:
            group["lr"] = rate * 0.5 * (1 + np.cos(np.pi * step / steps))
        given, goal = batch()
        found, found_log = (column[:, axis] for column in reader(*given))
        mean, *rest = (column[:, axis] for column in goal)
        if rest:
            loss = apart(found, found_log, mean, *rest)
        else:
            known = mean.isfinite()
            gap = (torch.where(known, mean, 0.0) - found) * torch.exp(-found_log)
            loss = ((0.5 * gap.square() + found_log) * known).sum() / known.sum().clamp(min=1)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        seen.append(loss.item())
        if (step + 1) % 250 == 0:
            print(f"{what}: step {step + 1} loss {np.mean(seen[-250:]):.3f}", flush=True)


def main() -> None:
    """Teach and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("axis")
    parser.add_argument("--checkpoint", type=Path, required=True, help="folder with musicgen/ and text/")
    parser.add_argument("--shards", type=Path, default=cache_folder() / "shards")
    parser.add_argument("--minutes", type=float, default=12, help="for the vectors")
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--rate", type=float, default=1e-3)
    parser.add_argument("--held-out", type=int, default=200, help="first clips, never trained on")
    parser.add_argument("--captions", type=int, default=1500, help="steps of the reader on captions")
    parser.add_argument("--sentences", type=int, default=12_000, help="of adjectives and nouns, for the reader")
    parser.add_argument("--steps", type=int, default=3000, help="of the reader on those sentences")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--scale-only", action="store_true", help="learn nothing, but take scale and range anew")
    args = parser.parse_args()
    torch.manual_seed(args.seed)
    folder = args.checkpoint / "musicgen"
    engine = Musicgen(registry.musicgen(str(folder)))
    if engine.axes is None or args.axis not in engine.axes.axes:
        raise SystemExit(f"{folder} is not steered by {args.axis!r}")
    condition, axis = engine.axes, engine.axes.axes.index(args.axis)
    if args.scale_only:
        rescale(condition, axis, torch.cat([measured(path) for path in shard_paths(args.shards)])[args.held_out :])
        condition.save(folder)
        return
    text = FrozenText(args.checkpoint / "text")
    data = Encoded([args.shards], engine.model.audio_encoder, text, torch.device("cpu"))
    data.refresh(len(list(args.shards.glob("*.npz"))))
    data.measured[: args.held_out] = torch.nan
    rescale(condition, axis, data.measured)
    print(f"{len(data)} clips, {int(data.measured[:, axis].isfinite().sum())} with a measure", flush=True)
    teach_vector(
        conditioned(engine), axis, data, minutes=args.minutes, batch=args.batch, rate=args.rate, seed=args.seed
    )
    rng = np.random.default_rng(args.seed)

    def told() -> tuple[tuple[Tensor, Tensor], tuple[Tensor]]:
        rows = data.rows(96, rng, held_out=args.held_out)
        return data.told(rows, rng), (condition.standard(data.measured[rows]),)

    teach_reader(condition, axis, told, steps=args.captions, rate=3e-3, what="captions")
    read = Read(condition, text, rng, args.sentences, about=args.axis)
    teach_reader(condition, axis, lambda: read.batch(rng, 96), steps=args.steps, rate=3e-3, what="sentences")
    condition.save(folder)


if __name__ == "__main__":
    main()
