"""Is feedback obeyed? Every counted axis both ways, by each means alone and by all, judged by a second measure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np

from soundlab.audio.descriptors import mono_of
from soundlab.audio.judges import judge_all, rhythm_likeness
from soundlab.domain.axes import AXES, COUNTED
from soundlab.domain.brief import Brief
from soundlab.domain.feedback import Adjustment
from soundlab.domain.take import Take
from soundlab.services.generating import GenerationService
from soundlab.services.steering import SteeringService
from soundlab.storage.vectors import VectorStore, unit_mean

CANDIDATES = 4
"""Takes that are made for each one kept, in every row alike."""
ROWS = ("again", "words", "guidance", "ranking", "all", "treatment", "finished")
"""A new seed, which is chance; the words appended to the prompt; the answering brief's first take; the parent's
brief, best of four; the answering brief, best of four; treatment alone; what feedback does by itself, the answering
brief, best of four for one to be finished, and what it missed treated, or treatment alone of level and space."""
PROMPTS = (
    "rain",
    "a low drone",
    "church bells",
    "machinery",
    "a piano",
    "a crackling fire",
    "footsteps",
    "a synth pad",
)
_SEEDS = 4
_Z = 1.96


@dataclass(slots=True)
class Row:
    """What one means did."""

    name: str
    moved: list[bool] = field(default_factory=list)
    obeyed: list[tuple[str, bool]] = field(default_factory=list)
    collateral: list[float] = field(default_factory=list)
    """Other axes that moved noticeably, as a share."""
    likeness: list[float] = field(default_factory=list)
    """Cosine of CLAP embeddings to the parent."""
    kinship: list[float] = field(default_factory=list)
    """Share of the parent's siblings, other takes of its prompt, that are less like the answer than the parent is.

    What was asked takes an answer away from all of them alike, so that half is chance, however far it moved.
    """
    rhythm: list[float] = field(default_factory=list)

    @property
    def share(self) -> float:
        return sum(ok for _, ok in self.obeyed) / max(len(self.obeyed), 1)

    def as_json(self) -> dict[str, Any]:
        low, high = wilson(sum(ok for _, ok in self.obeyed), len(self.obeyed))
        by_axis = {a: [ok for axis, ok in self.obeyed if axis == a] for a in COUNTED}
        return {
            "means": self.name,
            "n": len(self.obeyed),
            "moved": round(float(np.mean(self.moved)), 4) if self.moved else None,
            "obeyed": round(self.share, 4),
            "interval": [round(low, 4), round(high, 4)],
            "collateral": round(float(np.mean(self.collateral)), 4) if self.collateral else None,
            "likeness": round(float(np.mean(self.likeness)), 4) if self.likeness else None,
            "kinship": round(float(np.mean(self.kinship)), 4) if self.kinship else None,
            "rhythm": round(float(np.mean(self.rhythm)), 4) if self.rhythm else None,
            "axes": {a: round(float(np.mean(v)), 3) for a, v in by_axis.items() if v},
        }


def wilson(hits: int, n: int) -> tuple[float, float]:
    """The 95 % interval of a share (Wilson 1927)."""
    if not n:
        return 0.0, 1.0
    p = hits / n
    middle = (p + _Z**2 / (2 * n)) / (1 + _Z**2 / n)
    half = _Z * np.sqrt(p * (1 - p) / n + _Z**2 / (4 * n**2)) / (1 + _Z**2 / n)
    return float(middle - half), float(middle + half)


def noticeable(groups: Sequence[Sequence[float | None]]) -> float:
    """The 75th percentile of the differences within groups, of sounds asked for alike; infinite without any."""
    gaps: list[float] = []
    for group in groups:
        gaps += [abs(a - b) for a, b in combinations([v for v in group if v is not None], 2)]
    return float(np.percentile(gaps, 75)) if gaps else float("inf")


def odds_ratio(one: float, other: float) -> float:
    """Odds of one share against another's."""
    return (one / max(1 - one, 1e-9)) / max(other / max(1 - other, 1e-9), 1e-9)


@dataclass(slots=True)
class Proof:
    """Runs the benchmark on one project's services; its takes stay in that project."""

    generation: GenerationService
    steering: SteeringService
    vectors: VectorStore
    model: str
    sampling: dict[str, Any]
    checkpoint: str = "sketch"
    _heard: dict[str, tuple[dict[str, float | None], np.ndarray]] = field(default_factory=dict)

    def run(
        self, parents: int, seconds: float, tell: Callable[[str], None], axes: Sequence[str] = COUNTED
    ) -> list[Row]:
        """Return a row for each means, over ``parents`` takes, each axis and both ways.

        What is noticeable to the judge is, as for the descriptors, the 75th
        percentile of its differences between takes of one prompt.
        """
        families = [
            self._made(prompt, _SEEDS, 100 * k, seconds) for k, prompt in enumerate(PROMPTS[: max(1, min(parents, 8))])
        ]
        jnds = self._noticeable(families)
        chosen = []
        for k in range(parents):
            family = families[k % len(families)]
            parent = family[(k // len(families)) % _SEEDS]
            chosen.append((parent, [t for t in family if t is not parent]))
        rows = {name: Row(name) for name in ROWS}
        for axis in axes:
            for parent, siblings in chosen:
                for direction in (1, -1):
                    for name, child in self._answers(parent, axis, direction):
                        self._judge(rows[name], parent, child, axis, direction, jnds)
                        self._recognise(rows[name], parent, siblings, child)
            said = []
            for name, row in rows.items():
                hits = [float(ok) for a, ok in row.obeyed if a == axis]
                said.append(f"{name} {np.mean(hits):.0%}" if hits else f"{name} none")
            tell(f"direction: {axis}: {', '.join(said)}")
        return list(rows.values())

    def _made(self, prompt: str, n: int, seed: int, seconds: float) -> list[Take]:
        brief = Brief(prompt, seconds=seconds, checkpoint=self.checkpoint, **self.sampling)
        return self.generation.generate(brief, n, seed)

    def _answers(self, parent: Take, axis: str, direction: int) -> list[tuple[str, Take]]:
        words = AXES[axis].pole(direction)
        adjustments = self.steering.understanding.parse(words)
        rows = [a.as_json() for a in adjustments]
        plain = Brief(
            parent.prompt,
            seconds=parent.duration,
            checkpoint=self.checkpoint,
            parent=parent.id,
            stressed=False,  # the words, and nothing that is made of them
            **self.sampling,
        )
        answer = self.steering.brief(parent, adjustments)
        finished = answer if answer.anchor else self.steering.brief(parent, adjustments, finished=True)

        def best(candidates: list[Take]) -> list[str]:
            return self.steering.ranking.ranked(parent, candidates, adjustments)[:1]

        def best_to_finish(candidates: list[Take]) -> list[str]:
            return self.steering.ranking.ranked(parent, candidates, adjustments, finish=True)[:1]

        def best_twice(candidates: list[Take]) -> list[str]:
            return [*best(candidates), *best_to_finish(candidates)]

        made = self.generation.generate
        if finished is answer:
            every, closest = made(answer, CANDIDATES, parent.seed, adjustments=rows, select=best_twice)
        else:
            (every,) = made(answer, CANDIDATES, parent.seed, adjustments=rows, select=best)
            (closest,) = made(finished, CANDIDATES, parent.seed, adjustments=rows, select=best_to_finish)
        return [
            ("again", made(plain, 1, parent.seed + 5000)[0]),
            ("words", made(plain.with_(prompt=f"{parent.prompt}, {words}"), 1, parent.seed)[0]),
            ("guidance", made(answer, 1, parent.seed, adjustments=rows)[0]),
            ("ranking", made(plain, CANDIDATES, parent.seed + 6000, adjustments=rows, select=best)[0]),
            ("all", every),
            ("treatment", self.steering.treat(parent.id, words)),
            ("finished", self._by_itself(parent, closest, adjustments)),
        ]

    def _by_itself(self, parent: Take, closest: Take, adjustments: Sequence[Adjustment]) -> Take:
        """What feedback gives by itself: the parent treated where it is to stay itself, else the closest, finished."""
        if self.steering.treats(adjustments):
            return self.steering.treat(parent.id, "", adjustments)
        return self.steering.finished(parent, closest, adjustments, adjustments)

    def _listen(self, take: Take) -> tuple[dict[str, float | None], np.ndarray]:
        if take.id not in self._heard:
            mono = mono_of(Path(take.path))
            self._heard[take.id] = (judge_all(mono), mono)
        return self._heard[take.id]

    def _noticeable(self, families: Sequence[Sequence[Take]]) -> dict[str, float]:
        heard = [[self._listen(t)[0] for t in takes] for takes in families]
        return {axis: noticeable([[values[axis] for values in takes] for takes in heard]) for axis in COUNTED}

    def _judge(self, row: Row, parent: Take, child: Take, axis: str, direction: int, jnds: dict[str, float]) -> None:
        (before, old), (after, new) = self._listen(parent), self._listen(child)
        self._heard.pop(child.id, None)
        was, now = before[axis], after[axis]
        if was is not None and now is not None:
            row.moved.append((now - was) * direction > 0)
            row.obeyed.append((axis, (now - was) * direction >= jnds[axis]))
        others = [
            abs(b - a) > jnds[other]
            for other in COUNTED
            if other != axis and (a := before[other]) is not None and (b := after[other]) is not None
        ]
        row.collateral.append(float(np.mean(others)) if others else 0.0)
        row.rhythm.append(rhythm_likeness(old, new))

    def _recognise(self, row: Row, parent: Take, siblings: Sequence[Take], child: Take) -> None:
        """How like an answer is its parent, and to how many takes of the same prompt it is less like."""
        held = [self.vectors.get(self.model, t.id) for t in (child, parent, *siblings)]
        if held[0] is None or held[1] is None:
            return
        own = unit_mean(held[0])
        likeness, *others = [float(own @ unit_mean(v)) for v in held[1:] if v is not None]
        row.likeness.append(likeness)
        if others:
            row.kinship.append(float(np.mean([other < likeness for other in others])))
