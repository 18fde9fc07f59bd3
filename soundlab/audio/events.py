"""Events in time: more or fewer of them, sharper or rounder, faster or slower."""

from __future__ import annotations

import numpy as np
from scipy import signal

from soundlab.audio.shaping import HOP, Audio, followers, istft, stft


def transients(audio: Audio, rate: int, amount: float) -> Audio:
    """Sharpen onsets (positive) or round them off, by the ratio of a fast to a slow envelope."""
    quick, slow = followers(audio, rate, 0.002, 0.06)
    ratio = np.clip(quick / slow, 0.25, 6.0)
    made = audio * ratio ** (1.6 * amount)
    if amount < 0:  # and let what still rises at once rise over some hundredths of a second
        smooth = max(1, round(-amount * 0.03 * rate))
        kernel = np.hanning(2 * smooth + 1)[smooth:] if smooth > 1 else np.ones(1)
        level = np.sqrt(signal.fftconvolve((made**2).mean(0) + 1e-12, kernel / kernel.sum())[: made.shape[1]])
        now = np.sqrt(signal.fftconvolve((made**2).mean(0) + 1e-12, np.ones(64) / 64, "same").clip(1e-12))
        made = made * np.clip(level / now, 0.1, 1.5) ** -amount
    return made


def density(audio: Audio, rate: int, amount: float) -> Audio:
    """Busier: copies of the sound, each from elsewhere in it. Sparser: whole events fall silent."""
    n = audio.shape[1]
    if amount > 0:
        rng = np.random.default_rng(11)
        out = audio.copy()
        for _ in range(round(1 + 5 * amount)):
            out += min(1.0, 0.6 + amount) * np.roll(audio, int(rng.integers(n // 8, n)), axis=1)
        return out * np.sqrt((audio**2).mean() / max((out**2).mean(), 1e-12))
    quick, slow = followers(audio, rate, 0.004, 0.15)
    rise = quick / slow
    step = round(0.09 * rate)
    rng = np.random.default_rng(11)
    gain = np.ones(n)
    edges = [0]
    for start in range(0, n, step):
        place = start + int(np.argmax(rise[start : start + step]))
        if place - edges[-1] >= step // 2 and rise[place] > 1.15:
            edges.append(place)
    edges.append(n)
    silent = rng.random(len(edges)) < -0.92 * amount
    early = round(0.004 * rate)
    for k in range(len(edges) - 1):
        if silent[k]:
            gain[max(0, edges[k] - early) : max(0, edges[k + 1] - early)] = 0.003
    kernel = np.hanning(round(0.012 * rate) | 1)
    return audio * signal.fftconvolve(gain, kernel / kernel.sum(), "same")


def energy(audio: Audio, rate: int, amount: float) -> Audio:
    """More intense: busier, driven, with sharper onsets. Calmer: fewer onsets, all of them rounded."""
    if amount > 0:
        denser = density(audio, rate, 0.8 * amount)
        return transients(denser, rate, 0.7 * amount)
    return transients(density(audio, rate, 0.7 * amount), rate, amount)


def blur(audio: Audio, rate: int, amount: float) -> Audio:
    """Let each band's level change slowly: over up to a second."""
    spectrum = stft(audio)
    level = np.abs(spectrum) + 1e-9
    width = 1 + 2 * round(0.5 * amount * rate / HOP)
    kernel = np.hanning(width + 2)[1:-1]
    padded = np.pad(
        level, ((0, 0), (0, 0), (width // 2, width // 2)), mode="reflect" if level.shape[2] > width else "edge"
    )
    slow = signal.fftconvolve(padded, (kernel / kernel.sum())[None, None], "valid").clip(1e-9)
    return istft(spectrum * (slow / level) ** min(1.0, 2 * amount), audio.shape[1])


def eventful(audio: Audio, rate: int, amount: float) -> Audio:
    """Strike the sound again and again: irregular gates with sharp beginnings, up to twelve a second."""
    rng = np.random.default_rng(5)
    n = audio.shape[1]
    gain = np.full(n, 1 - 0.85 * min(1.0, 2 * amount))
    at = 0.0
    while (start := round(at * rate)) < n:
        length = min(n - start, round(0.12 * rate))
        decay = np.exp(-np.arange(length) / (0.035 * rate))
        attack = np.minimum(1, np.arange(length) / (0.002 * rate))
        gain[start : start + length] = np.maximum(gain[start : start + length], attack * decay)
        at += float(rng.uniform(0.5, 1.5)) / (2 + 10 * amount)
    return audio * gain
