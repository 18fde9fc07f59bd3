"""Treatment to order: each asked axis is turned until its descriptor has moved far enough, and no further."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from soundlab.audio.descriptors import DESCRIPTORS, RATE, Analysis
from soundlab.audio.loudness import integrated
from soundlab.audio.shaping import SIZE, Audio, Treatment
from soundlab.audio.treatment import ORDER, TREATMENTS
from soundlab.audio.write import resample
from soundlab.domain.axes import AXES
from soundlab.domain.feedback import LOUDER, Adjustment
from soundlab.domain.ports import Cancelled as CancelledFlag
from soundlab.domain.ports import Progress, ignore_progress, never
from soundlab.errors import Cancelled

AIM = 6.0
"""Just-noticeable differences that full strength asks for; a bare comparative asks for half of it."""
LEAST: dict[tuple[str, int], float] = {
    ("brightness", 1): 0.6,
    ("brightness", -1): 0.6,
    ("boominess", 1): 0.6,
    ("boominess", -1): 0.4,
    ("register", 1): 0.4,
    ("register", -1): 0.4,
    ("density", 1): 0.6,
    ("density", -1): 0.95,
    ("speed", 1): 0.5,
    ("speed", -1): 0.5,
    ("movement", 1): 0.8,
    ("movement", -1): 0.6,
    ("roughness", 1): 0.7,
    ("roughness", -1): 0.5,
    ("hardness", 1): 0.5,
    ("hardness", -1): 0.4,
    ("tonality", 1): 0.75,
    ("tonality", -1): 0.75,
    ("space", 1): 0.6,
    ("space", -1): 0.4,
    ("distance", 1): 0.5,
    ("distance", -1): 0.5,
    ("energy", 1): 0.4,
    ("energy", -1): 0.75,
}
"""The least amount at a bare comparative, where the descriptor notices sooner than anyone else does.

Set on takes of seven prompts that the direction benchmark does not use, treated by 0.25, 0.5, 0.75 and 1: about where
the second measure of the axis moves noticeably in most of them.
"""
MOST: dict[str, float] = {"register": 0.4, "speed": 0.6}
"""The most amount at a bare comparative: a fifth up or down, and 1.7 times as fast or slow."""
_GRID = (0.12, 0.25, 0.4, 0.6, 0.8, 1.0)
_REFINE = 2
_ROUNDS = 4
_ENOUGH = 1.3
"""Just-noticeable differences by which what was moved back is moved again: no more, or the others are pulled back."""
_SHORTEST = 5 * SIZE
"""Samples that less is filled up to by silence meanwhile: treatments look at spectra over time."""
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
    limited = _sought(audio, rate, 1, "loudness", lufs)[0]
    reached = integrated(limited, rate)
    return limited if reached is None or reached <= lufs else _level(limited, rate, lufs)


def treat(
    audio: Audio,
    rate: int,
    adjustments: Sequence[Adjustment],
    jnds: Mapping[str, float],
    since: Mapping[str, float | None] | None = None,
    *,
    progress: Progress = ignore_progress,
    cancelled: CancelledFlag = never,
) -> tuple[Audio, list[Applied]]:
    """Treat audio (channels, samples) by those adjustments that can be; return it with what was done.

    Where an axis has a descriptor, the least amount is sought that moves it as
    far as was asked; what has none, or one that hears nothing of it, is turned
    by the strength. Of several axes each is moved less, as they pull at each
    other. Afterwards axes that later treatments have moved back are turned again,
    and the round that did most of what was asked is kept. The loudness stays
    unless it was asked to change. Movement counts from what ``since`` measured,
    without it from the audio itself.

    Raises
    ------
    Cancelled
        When ``cancelled`` says so; it is asked before each wish is turned.
    """
    length = audio.shape[1]
    audio = np.pad(audio, ((0, 0), (0, max(0, _SHORTEST - length))))
    wishes = sorted((a for a in adjustments if able(a)), key=lambda a: ORDER.index(str(a.axis)))
    counted = [str(a.axis) for a in wishes if AXES[str(a.axis)].counted]
    start = {axis: measured(audio, rate, axis) if since is None else since.get(axis) for axis in counted}
    marks = {
        axis: before + a.direction * jnds[axis]
        for a in wishes
        if (axis := str(a.axis)) in jnds and (before := start.get(axis)) is not None
    }
    level = integrated(audio, rate) if all(a.axis != "loudness" for a in wishes) else None
    made, amounts = audio, dict.fromkeys((str(a.axis) for a in wishes), 0.0)
    best: tuple[int, Audio, dict[str, float]] = (-1, made, amounts)
    for again in range(_ROUNDS):
        for index, a in enumerate(wishes):
            if cancelled():
                raise Cancelled("treatment was stopped")
            axis = str(a.axis)
            progress(index, len(wishes), f"treating{' again' if again else ''}: {a.text or axis}")
            if axis in marks:
                if again and not _short_of(made, rate, axis, marks[axis], a.direction):
                    continue
                full = LOUDER / jnds[axis] if axis == "loudness" else AIM / len(marks) ** 0.5
                aim = _ENOUGH if again else full * a.strength
                goal = marks[axis] + a.direction * (aim - 1) * jnds[axis]
                made, amount = _turned_to(made, rate, a, goal, marks[axis], first=not again)
                amounts[axis] = max(amounts[axis], amount)
            elif not again:  # nothing to go by: turn it by the strength
                amounts[axis] = min(1.0, 0.25 + 0.75 * a.strength)
                made = TREATMENTS[axis, a.direction][0](made, rate, amounts[axis])
        made = _level(made, rate, level)
        missed = sum(
            _short_of(made, rate, str(a.axis), marks[str(a.axis)], a.direction) for a in wishes if a.axis in marks
        )
        if len(marks) - missed > best[0]:
            best = (len(marks) - missed, made, dict(amounts))
        if not missed:
            break
    _, made, amounts = best
    if level is not None and float(np.abs(made).max()) > _PEAK:  # more lows at one loudness may have higher peaks
        made = levelled(made, rate, level)
    made = made * min(1.0, _PEAK / max(float(np.abs(made).max()), 1e-9))
    return made[:, :length], [
        Applied(
            axis,
            a.direction,
            amounts[axis],
            measured(audio, rate, axis) if AXES[axis].counted else None,
            measured(made, rate, axis) if AXES[axis].counted else None,
        )
        for a in wishes
        for axis in (str(a.axis),)
    ]


def _turned_to(
    audio: Audio, rate: int, wish: Adjustment, goal: float, mark: float, *, first: bool
) -> tuple[Audio, float]:
    """One wish done, and how far it was turned; by its strength where its descriptor hears nothing of it."""
    axis, direction = str(wish.axis), wish.direction
    if axis == "loudness":  # which need not be sought
        return levelled(audio, rate, goal), wish.strength
    least = min(1.0, 2 * wish.strength * LEAST.get((axis, direction), 0.0)) if first else 0.0
    most = min(1.0, 2 * wish.strength * MOST[axis]) if axis in MOST else 1.0
    found, amount = _sought(audio, rate, direction, axis, goal, least, most)
    if first and _short_of(found, rate, axis, mark, direction):
        amount = min(most, 0.5 + 0.5 * wish.strength)
        found = TREATMENTS[axis, direction][0](audio, rate, amount)
    return found, amount


def _short_of(audio: Audio, rate: int, axis: str, mark: float, direction: int) -> bool:
    """Whether audio measures less than a mark, in the asked direction."""
    value = measured(audio, rate, axis)
    return value is None or (value - mark) * direction < 0


def _sought(
    audio: Audio, rate: int, direction: int, axis: str, goal: float, least: float = 0.0, most: float = 1.0
) -> tuple[Audio, float]:
    """Turn the axis' treatments until the goal is reached, and no further; else take what comes nearest to it."""
    best: tuple[float, Audio, float] = (-np.inf, audio, 0.0)
    for treatment in TREATMENTS[axis, direction]:
        found = _turned(audio, rate, treatment, direction, axis, goal, least, most)
        if found[0] > best[0]:
            best = found
        if best[0] >= 0:
            break
    return best[1], best[2]


def _turned(
    audio: Audio, rate: int, treatment: Treatment, direction: int, axis: str, goal: float, least: float, most: float
) -> tuple[float, Audio, float]:
    """How far beyond the goal the best amount gets, the audio, and the amount."""

    def tried(amount: float) -> tuple[float, Audio, float]:
        made = treatment(audio, rate, amount)
        value = measured(made, rate, axis)
        return (-np.inf if value is None else (value - goal) * direction), made, amount

    best: tuple[float, Audio, float] = (-np.inf, audio, 0.0)
    low = least
    steps = [*([least] if least else []), *(step for step in _GRID if least < step < most), most]
    for amount in steps:
        found = tried(amount)
        if found[0] > best[0]:
            best = found
        if found[0] >= 0:
            break
        low = amount
    if best[0] < 0:
        return best
    for _ in range(_REFINE if best[2] > least else 0):
        found = tried((low + best[2]) / 2)
        if found[0] >= 0:
            best = found
        else:
            low = found[2]
    return best


def _level(audio: Audio, rate: int, lufs: float | None) -> Audio:
    now = integrated(audio, rate)
    return audio if lufs is None or now is None else audio * 10 ** ((lufs - now) / 20)
