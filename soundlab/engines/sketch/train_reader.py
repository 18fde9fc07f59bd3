"""Teach the sketch's reader that an adjective asks for a difference that can be heard.

``python -m soundlab.engines.sketch.train_reader --checkpoint presets/checkpoints/sketch``
goes on from the reader that learnt along with the decoder. That one says how
clips measured whose captions had those words: the mean of much that only leans
that way, and between what the noun makes likely anyway. Who writes "bright
rain" wants it brighter than rain is. So here the same sentence forms are read
as what the noun implies without its adjectives, moved by a step for each axis
that the words name ("slightly", plain, "very"); everything that is not named,
and whole captions of scenes, stay as they were read before. Only text is
needed: no sound is looked at, and no held-out word used.
"""

from __future__ import annotations

import argparse
import copy
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from soundlab.corpus import captions, scene
from soundlab.corpus.families import FAMILIES
from soundlab.corpus.signals import Rng
from soundlab.engines.axis_condition import AxisCondition, load
from soundlab.engines.sketch.text import FrozenText

STEP = 2.0
"""Standard deviations that an adjective with its strongest adverb moves an axis."""
_LIMIT = 2.8
"""Values are not moved further out than the decoder has seen."""
_STRENGTHS = (0.45, 0.7, 0.95)
_BATCH = 96
_WORDS = {
    axis: (more + captions.KINDRED[axis][0], less + captions.KINDRED[axis][1])
    for axis, (more, less) in captions.ADJECTIVES.items()
}


def sentence(rng: Rng, axes: tuple[str, ...]) -> tuple[str, str, dict[str, float]]:
    """A noun with one to three adjectives or phrases, the noun alone, and how far each named axis is moved."""
    family = FAMILIES[str(rng.choice(sorted(FAMILIES)))]
    noun = family.nouns[int(rng.integers(len(family.nouns)))]
    chosen = rng.choice(len(axes), int(rng.choice([1, 2, 3], p=[0.6, 0.3, 0.1])), replace=False)
    values = {axes[i]: float(rng.choice([-1.0, 1.0]) * rng.choice(_STRENGTHS)) for i in chosen}
    said = captions.describe(rng, [noun], values, (), limit=len(values), words=_WORDS)
    return said, noun, {a: STEP * v for a, v in values.items()}


def goals(
    condition: AxisCondition, text: FrozenText, rng: Rng, count: int
) -> tuple[tuple[Tensor, Tensor], tuple[Tensor, Tensor]]:
    """Text states and mask of ``count`` sentences and as many captions, and what is to be read from them."""
    said = [sentence(rng, condition.axes) for _ in range(count)]
    whole = [scene.draw(int(rng.integers(2**30))).caption for _ in range(count)]
    states, mask = text.states([s for s, _, _ in said] + whole)
    with torch.no_grad():
        mean, log_deviation = condition.reader(states, mask)
        plain = condition.reader(*text.states([noun for _, noun, _ in said]))[0]
    for row, (_, _, moves) in enumerate(said):
        for axis, move in moves.items():
            index = condition.axes.index(axis)
            mean[row, index] = (plain[row, index] + move).clamp(-_LIMIT, _LIMIT)
    return (states, mask), (mean, log_deviation)


def main() -> None:
    """Train and write the checkpoint's ``axis_condition.safetensors``."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--checkpoint", type=Path, required=True, help="folder with musicgen/ and text/")
    parser.add_argument("--from", dest="source", type=Path, help="musicgen folder whose reader is gone on from")
    parser.add_argument("--steps", type=int, default=1500)
    parser.add_argument("--rate", type=float, default=1e-3)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    torch.manual_seed(args.seed)
    folder = args.checkpoint / "musicgen"
    before = load(args.source or folder, torch.float32, "cpu")
    if before is None:
        raise SystemExit(f"{folder} is not steered by measure")
    text = FrozenText(args.checkpoint / "text")
    after = copy.deepcopy(before)
    optimiser = torch.optim.AdamW(after.reader.parameters(), lr=args.rate, weight_decay=0.01)
    rng = np.random.default_rng(args.seed)
    seen: list[float] = []
    for step in range(args.steps):
        for group in optimiser.param_groups:
            group["lr"] = args.rate * 0.5 * (1 + np.cos(np.pi * step / args.steps))
        given, (mean, log_deviation) = goals(before, text, rng, _BATCH // 2)
        read, read_log = after.reader(*given)
        loss = (read - mean).square().mean() + 0.2 * (read_log - log_deviation).square().mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        seen.append(loss.item())
        if (step + 1) % 100 == 0:
            print(f"step {step + 1} loss {np.mean(seen[-100:]):.3f}", flush=True)
    after.save(folder)


if __name__ == "__main__":
    main()
