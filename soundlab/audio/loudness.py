"""Loudness and peaks after ITU-R BS.1770-4 and EBU R 128."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Samples = npt.NDArray[np.floating]


def integrated(audio: Samples, rate: int) -> float | None:
    """Integrated loudness in LUFS of (channels, samples); None for silence.

    Clips shorter than one 400 ms block are measured without gating, by repeating them.
    """
    import warnings

    import pyloudnorm

    x = np.asarray(audio, np.float64).T
    if not x.size:
        return None
    block = int(0.4 * rate) + 1
    if len(x) < block:
        x = np.tile(x, (-(-block // len(x)), 1))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        value = float(pyloudnorm.Meter(rate).integrated_loudness(x))
    return value if np.isfinite(value) else None


def true_peak(audio: Samples, rate: int) -> float:
    """True peak in dBTP of (channels, samples), by four-fold oversampling; -inf for silence."""
    import soxr

    x = np.asarray(audio, np.float64).T
    up = soxr.resample(x, rate, 4 * rate, quality="HQ") if len(x) else x
    peak = max(float(np.abs(up).max(initial=0.0)), float(np.abs(x).max(initial=0.0)))
    return 20 * float(np.log10(peak)) if peak > 0 else -float("inf")


CEILING = -1.0
"""True peak in dBTP that levelling leaves."""


def gain_for(audio: Samples, rate: int, lufs: float, ceiling: float = CEILING) -> float:
    """Linear gain that brings audio to ``lufs`` without a true peak above ``ceiling`` dBTP; 1 for silence."""
    measured = integrated(audio, rate)
    if measured is None:
        return 1.0
    wanted = min(lufs - measured, ceiling - true_peak(audio, rate))
    return float(10 ** (wanted / 20))
