"""Treatment to order: each asked axis is turned until its descriptor has moved far enough, and no further."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from soundlab.audio.descriptors import DESCRIPTORS, RATE, Analysis
from soundlab.audio.loudness import integrated
from soundlab.audio.shaping import Audio, Treatment
from soundlab.audio.treatment import ORDER, TREATMENTS
from soundlab.audio.write import resample
from soundlab.domain.axes import AXES
from soundlab.domain.feedback import Adjustment

AIM = 3.0
"""Just-noticeable differences that full strength asks for; a bare comparative asks for half of it."""
_GRID = (0.12, 0.25, 0.4, 0.6, 0.8, 1.0)
_REFINE = 2
_PEAK = 10 ** (-1 / 20)


@dataclass(frozen=True, slots=True)
class Applied:
    """A treatment that was given: how far it was turned, from 0 to 1, and what the axis measured before and after."""

    axis: str
    direction: int
    amount: float
    before: float | None
    after: float | None

    def as_json(self) -> dict[str, Any]:
        return {
            "axis": self.axis,
            "direction": self.direction,
            "amount": round(self.amount, 3),
            "before": None if self.before is None else round(self.before, 4),
            "after": None if self.after is None else round(self.after, 4),
        }


def able(a: Adjustment) -> bool:
    """Whether a treatment can do what is asked."""
    return a.kind == "axis" and a.axis is not None and (a.axis, a.direction) in TREATMENTS


def measured(audio: Audio, rate: int, axis: str) -> float | None:
    """One descriptor of audio (channels, samples); None where it has none."""
    mono = resample(np.ascontiguousarray(audio.mean(0, keepdims=True), np.float32), rate, RATE)[0]
    value = DESCRIPTORS[axis](Analysis(mono.astype(np.float64)))
    return value if value is not None and np.isfinite(value) else None


def levelled(audio: Audio, rate: int, lufs: float) -> Audio:
    """Bring audio (channels, samples) to a loudness: by gain, and by limiting where gain would clip."""
    now = integrated(audio, rate)
    if now is None:
        return audio
    made = _level(audio, rate, lufs)
    if float(np.abs(made).max()) <= _PEAK:
        return made
    return _sought(audio, rate, 1, "loudness", lufs)[0]


def treat(
    audio: Audio, rate: int, adjustments: Sequence[Adjustment], jnds: Mapping[str, float]
) -> tuple[Audio, list[Applied]]:
    """Treat audio (channels, samples) by those adjustments that can be; return it with what was done.

    Where an axis has a descriptor, the least amount is sought that moves it as
    far as was asked; what has none is turned by the strength. Afterwards axes
    that later treatments have moved back are turned once more. The loudness is
    the parent's unless it was asked to change.
    """
    wishes = sorted((a for a in adjustments if able(a)), key=lambda a: ORDER.index(str(a.axis)))
    start = {str(a.axis): measured(audio, rate, str(a.axis)) for a in wishes if AXES[str(a.axis)].counted}
    level = integrated(audio, rate)
    keep_level = all(a.axis != "loudness" for a in wishes)
    made, amounts = audio, dict.fromkeys((str(a.axis) for a in wishes), 0.0)
    for again in (False, True):
        for a in wishes:
            axis = str(a.axis)
            treatment = TREATMENTS[axis, a.direction][0]
            if not AXES[axis].counted:
                if not again:
                    amounts[axis] = min(1.0, 0.25 + 0.75 * a.strength)
                    made = treatment(made, rate, amounts[axis])
                continue
            before = start[axis]
            if before is None or axis not in jnds:
                if not again:  # nothing to go by: turn it by the strength
                    amounts[axis] = a.strength
                    made = treatment(made, rate, a.strength)
                continue
            goal = before + a.direction * AIM * a.strength * jnds[axis]
            now = measured(made, rate, axis)
            if again and now is not None and (now - before) * a.direction >= jnds[axis]:
                continue
            found, amount = _sought(made, rate, a.direction, axis, goal)
            made, amounts[axis] = found, max(amounts[axis], amount)
        if keep_level:
            made = _level(made, rate, level)
    made = made * min(1.0, _PEAK / max(float(np.abs(made).max()), 1e-9))
    return made, [
        Applied(
            axis,
            a.direction,
            amounts[axis],
            start.get(axis),
            measured(made, rate, axis) if AXES[axis].counted else None,
        )
        for a in wishes
        for axis in (str(a.axis),)
    ]


def _sought(audio: Audio, rate: int, direction: int, axis: str, goal: float) -> tuple[Audio, float]:
    """Turn the axis' treatments until the goal is reached, and no further; else take what comes nearest to it."""
    best: tuple[float, Audio, float] = (-np.inf, audio, 0.0)
    for treatment in TREATMENTS[axis, direction]:
        found = _turned(audio, rate, treatment, direction, axis, goal)
        if found[0] > best[0]:
            best = found
        if best[0] >= 0:
            break
    return best[1], best[2]


def _turned(
    audio: Audio, rate: int, treatment: Treatment, direction: int, axis: str, goal: float
) -> tuple[float, Audio, float]:
    """How far beyond the goal the best amount gets, the audio, and the amount."""

    def tried(amount: float) -> tuple[float, Audio, float]:
        made = treatment(audio, rate, amount)
        value = measured(made, rate, axis)
        return (-np.inf if value is None else (value - goal) * direction), made, amount

    best: tuple[float, Audio, float] = (-np.inf, audio, 0.0)
    low = 0.0
    for amount in _GRID:
        found = tried(amount)
        if found[0] > best[0]:
            best = found
        if found[0] >= 0:
            break
        low = amount
    if best[0] < 0:
        return best
    for _ in range(_REFINE):
        found = tried((low + best[2]) / 2)
        if found[0] >= 0:
            best = found
        else:
            low = found[2]
    return best


def _level(audio: Audio, rate: int, lufs: float | None) -> Audio:
    now = integrated(audio, rate)
    return audio if lufs is None or now is None else audio * 10 ** ((lufs - now) / 20)
