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


_STRUCK = 2.0
"""Steepness above which beginnings are blows, which are not to be softened by slowing down."""


def _edges(audio: Audio, rate: int) -> tuple[list[int], list[float]]:
    """Where something begins, in samples, and how steeply: a fast over a slow envelope, one at most in 90 ms."""
    quick, slow = followers(audio, rate, 0.004, 0.15)
    rise = quick / slow
    step = round(0.09 * rate)
    places, strengths = [0], [float(rise[:step].max())]
    for start in range(0, audio.shape[1], step):
        place = start + int(np.argmax(rise[start : start + step]))
        if place - places[-1] >= step // 2 and rise[place] > 1.15:
            places.append(place)
            strengths.append(float(rise[place]))
    return places, strengths


def thinned(audio: Audio, rate: int, amount: float) -> Audio:
    """Keep the strongest events, down to few; between them the sound falls away.

    What has no steep beginning comes back slowly and held back, so that nothing new is struck.
    """
    n = audio.shape[1]
    places, strengths = _edges(audio, rate)
    count = max(1, round(len(places) * (1 - 0.95 * amount) ** 1.5))
    kept = set(np.argsort(strengths)[::-1][:count].tolist())
    steep = 1.6 * float(np.median(strengths))
    floor = 10 ** (-60 * min(1.0, 2 * amount) / 20)
    struck_gain, bed_gain = np.zeros(n), np.full(n, floor)
    release = round(0.08 * rate)
    for k, (place, end) in enumerate(zip(places, [*places[1:], n], strict=True)):
        if k not in kept:
            continue
        is_steep = strengths[k] > steep
        gain = struck_gain if is_steep else bed_gain
        attack = round((0.004 if is_steep else 0.25) * rate)
        start = max(0, place - attack)
        last = min(end, place + round(1.2 * rate))
        shape = np.ones(max(last - start, attack) + release)
        shape[:attack] = np.sin(np.linspace(0, np.pi / 2, attack)) ** 2
        shape[-release:] = np.cos(np.linspace(0, np.pi / 2, release)) ** 2
        shape = shape[: n - start]
        gain[start : start + shape.size] = np.maximum(gain[start : start + shape.size], shape)
    bed = restrained(audio, rate, min(1.0, 1.5 * amount))
    return audio * struck_gain + bed * np.minimum(bed_gain, 1 - struck_gain)


def struck(audio: Audio, rate: int, amount: float) -> Audio:
    """Strike the sound again: its own steepest beginnings, scattered, up to sixteen a second; the rest steps back."""
    rng = np.random.default_rng(5)
    n = audio.shape[1]
    places, strengths = _edges(audio, rate)
    order = np.argsort(strengths)[::-1][:12]
    length = min(n, round(0.14 * rate))
    shape = np.exp(-np.arange(length) / (0.04 * rate)) * np.minimum(1, np.arange(length) / (0.002 * rate))
    loud = float(np.sqrt(np.percentile((audio**2).mean(0), 95)))
    grains = []
    for k in order:
        grain = audio[:, places[k] : places[k] + length]
        grain = np.pad(grain, ((0, 0), (0, length - grain.shape[1]))) * shape
        level = float(np.sqrt((grain**2).mean() / max((shape**2).mean(), 1e-12)))
        if level > 1e-6:
            grains.append(grain * 1.5 * loud / level)
    out = audio * (1 - 0.9 * min(1.0, 1.5 * amount))
    pace = 1.5 + 14.5 * amount
    at = float(rng.uniform(0, 1 / pace))
    while grains and (start := round(at * rate)) < n:
        grain = grains[int(rng.integers(len(grains)))]
        fits = min(length, n - start)
        out[:, start : start + fits] += float(rng.uniform(0.7, 1.2)) * grain[:, :fits]
        at += float(rng.uniform(0.75, 1.25)) / pace
    return out


def restrained(audio: Audio, rate: int, amount: float) -> Audio:
    """Let no band rise by more than some decibels a second, from 250 down to 6: what is struck does not stand out."""
    spectrum = stft(audio)
    power = (np.abs(spectrum) ** 2).mean(0)
    bins = power.shape[0]
    edges = np.unique(np.r_[0, np.geomspace(3, bins, 30).round().astype(int)])
    level = 10 * np.log10(np.add.reduceat(power, edges[:-1], axis=0) + 1e-14)
    step = 250 * (6 / 250) ** amount * HOP / rate
    held = level.copy()
    for k in range(1, held.shape[1]):
        held[:, k] = np.minimum(level[:, k], held[:, k - 1] + step)
    middles = (edges[:-1] + edges[1:]) / 2
    difference = (held - level) * min(1.0, 3 * amount)
    gain = np.stack([np.interp(np.arange(bins), middles, column) for column in difference.T], 1)
    return istft(spectrum * 10 ** (gain / 20), audio.shape[1])


def pulsed(audio: Audio, rate: int, amount: float) -> Audio:
    """Faster: a pulse of seven to nine a second. Slower: swells of more than a second, and nothing quick in them."""
    t = np.arange(audio.shape[1]) / rate
    if amount > 0:
        beat = 0.5 + 0.5 * np.cos(2 * np.pi * (7 + 2 * amount) * t)
        return audio * 10 ** (-26 * amount * beat / 20)
    _, strengths = _edges(audio, rate)
    slow = audio if float(np.percentile(strengths, 75)) > _STRUCK else restrained(audio, rate, -amount)
    beat = 0.5 + 0.5 * np.cos(2 * np.pi * (0.9 + 0.3 * amount) * t + 1.0)
    return slow * 10 ** (60 * amount * beat / 20)


def density(audio: Audio, rate: int, amount: float) -> Audio:
    """Busier: its events are struck again. Sparser: whole events fall silent."""
    return struck(audio, rate, amount) if amount > 0 else thinned(audio, rate, -amount)


def hardness(audio: Audio, rate: int, amount: float) -> Audio:
    """Sharper onsets, or onsets that are rounded and held back."""
    made = transients(audio, rate, amount)
    return made if amount > 0 else restrained(made, rate, -0.6 * amount)


def energy(audio: Audio, rate: int, amount: float) -> Audio:
    """More intense: struck again, with sharper onsets. Calmer: fewer onsets, held back."""
    if amount > 0:
        return transients(struck(audio, rate, 0.8 * amount), rate, 0.5 * amount)
    return restrained(thinned(audio, rate, -0.7 * amount), rate, -amount)


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
    """Strike the sound again and again: irregular gates with sharp beginnings, up to sixteen a second."""
    rng = np.random.default_rng(5)
    n = audio.shape[1]
    gain = np.full(n, 1 - 0.85 * min(1.0, 2 * amount))
    at = 0.0
    while (start := round(at * rate)) < n:
        length = min(n - start, round(0.12 * rate))
        decay = np.exp(-np.arange(length) / (0.035 * rate))
        attack = np.minimum(1, np.arange(length) / (0.002 * rate))
        gain[start : start + length] = np.maximum(gain[start : start + length], attack * decay)
        at += float(rng.uniform(0.75, 1.25)) / (2 + 14 * amount)
    return audio * gain
