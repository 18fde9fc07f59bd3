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
from torch import Tensor, nn

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
_NAMED = 6.0
"""How much more an axis counts that a sentence names: most errors would hide among those that stay as they were."""
_WORDS = {
    axis: (more + captions.KINDRED[axis][0], less + captions.KINDRED[axis][1])
    for axis, (more, less) in captions.ADJECTIVES.items()
}


def sentence(rng: Rng, axes: tuple[str, ...], about: str = "") -> tuple[str, str, dict[str, float]]:
    """A noun with one to three adjectives or phrases, the noun alone, and how far each named axis is moved.

    One of them is ``about`` an axis, where it is given.
    """
    family = FAMILIES[str(rng.choice(sorted(FAMILIES)))]
    noun = family.nouns[int(rng.integers(len(family.nouns)))]
    chosen = rng.choice(len(axes), int(rng.choice([1, 2, 3], p=[0.6, 0.3, 0.1])), replace=False)
    if about and axes.index(about) not in chosen:
        chosen[0] = axes.index(about)
    values = {axes[i]: float(rng.choice([-1.0, 1.0]) * rng.choice(_STRENGTHS)) for i in chosen}
    said = captions.describe(rng, [noun], values, (), limit=len(values), words=_WORDS)
    return said, noun, {a: STEP * v for a, v in values.items()}


class Read:
    """Sentences as the text encoder has them, encoded once, with what is to be read from each."""

    def __init__(self, condition: AxisCondition, text: FrozenText, rng: Rng, count: int, about: str = "") -> None:
        """Encode ``count`` sentences of adjectives and nouns, and as many captions of scenes.

        Half of the sentences say something ``about`` one axis, where it is given.
        """
        said = [sentence(rng, condition.axes, about if k % 2 else "") for k in range(count)]
        whole = [scene.draw(int(rng.integers(2**30))).caption for _ in range(count)]
        nouns = sorted({noun for _, noun, _ in said})
        plain = dict(zip(nouns, (self._goal(condition, s)[0] for s in _encoded(text, nouns)), strict=True))
        self._states = _encoded(text, [s for s, _, _ in said] + whole)
        self._goals = [self._goal(condition, s) for s in self._states]
        self._weights = [torch.ones_like(mean) for mean, _ in self._goals]
        for (mean, _), weight, (_, noun, moves) in zip(self._goals, self._weights, said, strict=False):
            for axis, move in moves.items():
                index = condition.axes.index(axis)
                mean[index] = (plain[noun][index] + move).clamp(-_LIMIT, _LIMIT)
                weight[index] = _NAMED

    @staticmethod
    @torch.no_grad()
    def _goal(condition: AxisCondition, states: Tensor) -> tuple[Tensor, Tensor]:
        mean, log_deviation = condition.reader(states.float()[None], torch.ones(1, len(states)))
        return mean[0], log_deviation[0]

    def batch(self, rng: Rng, rows: int) -> tuple[tuple[Tensor, Tensor], tuple[Tensor, Tensor, Tensor]]:
        """Text states and mask of some of them; means and log deviations to be read, and how much they count."""
        chosen = rng.choice(len(self._states), rows, replace=False)
        states = [self._states[i].float() for i in chosen]
        mask = nn.utils.rnn.pad_sequence([torch.ones(len(s)) for s in states], batch_first=True)
        mean, log_deviation = (torch.stack(column) for column in zip(*(self._goals[i] for i in chosen), strict=True))
        counts = torch.stack([self._weights[i] for i in chosen])
        return (nn.utils.rnn.pad_sequence(states, batch_first=True), mask), (mean, log_deviation, counts)


def apart(found: Tensor, found_log: Tensor, mean: Tensor, log_deviation: Tensor, counts: Tensor) -> Tensor:
    """How far what is read, means and log deviations, is from what is to be read; means by how much they count."""
    return (counts * (found - mean).square()).mean() + 0.2 * (found_log - log_deviation).square().mean()


def _encoded(text: FrozenText, sentences: list[str], at_once: int = 128) -> list[Tensor]:
    """States (tokens, width) of each sentence, in half precision; those of like length are encoded together."""
    out: list[Tensor] = [torch.zeros(0)] * len(sentences)
    order = sorted(range(len(sentences)), key=lambda i: len(sentences[i]))
    for at in range(0, len(order), at_once):
        rows = order[at : at + at_once]
        hidden, mask = text.states([sentences[i] for i in rows])
        for i, states, real in zip(rows, hidden, mask, strict=True):
            out[i] = states[real.bool()].half()
    return out


def main() -> None:
    """Train and write the checkpoint's ``axis_condition.safetensors``."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--checkpoint", type=Path, required=True, help="folder with musicgen/ and text/")
    parser.add_argument("--from", dest="source", type=Path, help="musicgen folder whose reader is gone on from")
    parser.add_argument("--sentences", type=int, default=12_000, help="and as many captions of scenes")
    parser.add_argument("--steps", type=int, default=5000)
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
    read = Read(before, text, rng, args.sentences)
    seen: list[float] = []
    for step in range(args.steps):
        for group in optimiser.param_groups:
            group["lr"] = args.rate * 0.5 * (1 + np.cos(np.pi * step / args.steps))
        given, goal = read.batch(rng, _BATCH)
        found, found_log = after.reader(*given)
        loss = apart(found, found_log, *goal)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        seen.append(loss.item())
        if (step + 1) % 250 == 0:
            print(f"step {step + 1} loss {np.mean(seen[-250:]):.3f}", flush=True)
    after.save(folder)


if __name__ == "__main__":
    main()
