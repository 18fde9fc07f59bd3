"""What happens to a sound over the length of a clip: it fades, builds, stops, comes nearer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from soundlab.corpus.signals import SAMPLE_RATE, Audio, Rng, convolve, lowpass, sweep_filter, unit_rms
from soundlab.corpus.space import room


@dataclass(frozen=True, slots=True)
class Arc:
    """A development with the phrases people use for it."""

    phrases: tuple[str, ...]
    shape: Callable[[Rng, Audio], Audio]


def _line(x: Audio) -> Audio:
    return np.linspace(0.0, 1.0, x.size)


def _fade_in(rng: Rng, x: Audio) -> Audio:
    return x * np.clip(_line(x) / rng.uniform(0.5, 0.95), 0, 1) ** rng.uniform(1.0, 2.2)


def _fade_out(rng: Rng, x: Audio) -> Audio:
    return x * np.clip((1 - _line(x)) / rng.uniform(0.5, 0.95), 0, 1) ** rng.uniform(1.0, 2.2)


def _build(rng: Rng, x: Audio) -> Audio:
    t = _line(x)
    opened = sweep_filter(x, 300 * 2.0 ** (5 * t), width=1.6)
    return (0.25 * x + unit_rms(opened)) * (0.12 + 0.88 * t ** rng.uniform(1.2, 2.2))


def _swell(rng: Rng, x: Audio) -> Audio:
    middle = rng.uniform(0.35, 0.65)
    return x * (0.08 + np.exp(-(((_line(x) - middle) / 0.22) ** 2)))


def _stop(rng: Rng, x: Audio) -> Audio:
    at = int(rng.uniform(0.45, 0.8) * x.size)
    out = x.copy()
    out[at:] *= np.exp(-np.arange(x.size - at) / (0.02 * SAMPLE_RATE))
    return out


def _late(rng: Rng, x: Audio) -> Audio:
    at = int(rng.uniform(0.2, 0.5) * x.size)
    out = np.zeros_like(x)
    out[at:] = x[: x.size - at]
    ramp = min(x.size - at, int(0.05 * SAMPLE_RATE))
    out[at : at + ramp] *= np.linspace(0, 1, ramp)
    return out


def _nearer(rng: Rng, x: Audio) -> Audio:
    t = _line(x)
    far = lowpass(0.3 * x + unit_rms(convolve(x, room(rng, 2.2, brightness=0.2))), 1800)
    return unit_rms(far) * (1 - t) * 0.5 + unit_rms(x) * t**1.5


def _further(rng: Rng, x: Audio) -> Audio:
    t = 1 - _line(x)
    far = lowpass(0.3 * x + unit_rms(convolve(x, room(rng, 2.2, brightness=0.2))), 1800)
    return unit_rms(far) * (1 - t) * 0.5 + unit_rms(x) * t**1.5


def _opening(rng: Rng, x: Audio) -> Audio:
    t = _line(x)
    return unit_rms(lowpass(x, 300)) * (1 - t) + unit_rms(x) * t


def _closing(rng: Rng, x: Audio) -> Audio:
    t = 1 - _line(x)
    return unit_rms(lowpass(x, 300)) * (1 - t) + unit_rms(x) * t


def _pulsing(rng: Rng, x: Audio) -> Audio:
    t = np.arange(x.size) / SAMPLE_RATE
    return x * (0.12 + (0.5 + 0.5 * np.sin(2 * np.pi * rng.uniform(0.4, 2.0) * t)) ** 2)


ARCS: dict[str, Arc] = {
    "fade_in": Arc(("slowly fading in", "rising from silence", "emerging slowly"), _fade_in),
    "fade_out": Arc(("fading away", "dying out", "slowly fading to silence"), _fade_out),
    "build": Arc(("building up", "growing in intensity", "a slow build"), _build),
    "swell": Arc(("swelling and receding", "rising and falling once"), _swell),
    "stop": Arc(("then sudden silence", "cut off abruptly", "that stops dead"), _stop),
    "late": Arc(("after a silence", "starting after a pause", "out of nothing"), _late),
    "nearer": Arc(("coming closer", "approaching", "drawing near"), _nearer),
    "further": Arc(("moving away", "receding into the distance", "leaving"), _further),
    "opening": Arc(("slowly getting brighter", "with a filter opening"), _opening),
    "closing": Arc(("slowly getting darker", "with a filter closing"), _closing),
    "pulsing": Arc(("pulsing", "throbbing slowly", "with a slow tremolo"), _pulsing),
}
"""Every arc by name."""
