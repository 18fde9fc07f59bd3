"""The finishing chain: room, distance, tilt, drive and the qualities without a physical axis."""

from __future__ import annotations

from collections.abc import Callable
from itertools import accumulate

import numpy as np
from scipy import signal

from soundlab.corpus.bends import Bends
from soundlab.corpus.signals import (
    SAMPLE_RATE,
    Audio,
    Rng,
    bandpass,
    convolve,
    decay,
    highpass,
    lowpass,
    noise,
    seconds,
    sweep_filter,
    unit_rms,
    wander,
)


def room(rng: Rng, t60: float, *, brightness: float = 0.5) -> Audio:
    """Return the late response of a room: noise with a frequency-dependent decay.

    High bands die sooner, by ``brightness`` in [0, 1]; unit energy.
    """
    n = int(min(t60 * 1.1, 5.0) * SAMPLE_RATE) + 64
    out = np.zeros(n)
    for low, high, part in ((40, 400, 1.0), (400, 2000, 0.85), (2000, 12000, 0.25 + 0.5 * brightness)):
        out += bandpass(noise(rng, n), low, high) * decay(n, t60 * part)
    delay = int(min(0.02, 0.004 + t60 * 0.006) * SAMPLE_RATE)
    out = np.concatenate([np.zeros(delay), out])
    return out / (float(np.sqrt(np.sum(out * out))) + 1e-9)


def tilt(x: Audio, decibels: float, *, pivot: float = 900.0) -> Audio:
    """Tilt the spectrum by ``decibels`` per octave around ``pivot`` Hz, ±4 octaves."""
    spectrum = np.fft.rfft(x)
    freqs = np.maximum(np.fft.rfftfreq(x.size, 1 / SAMPLE_RATE), 20.0)
    octaves = np.clip(np.log2(freqs / pivot), -4, 4)
    return np.asarray(np.fft.irfft(spectrum * 10 ** (decibels * octaves / 20), x.size))


def peaking(x: Audio, low: float, high: float, decibels: float) -> Audio:
    """Raise the band ``low``–``high`` Hz by ``decibels``, with soft edges."""
    spectrum = np.fft.rfft(x)
    freqs = np.maximum(np.fft.rfftfreq(x.size, 1 / SAMPLE_RATE), 20.0)
    centre, half = 0.5 * np.log2(low * high), 0.5 * np.log2(high / low)
    bump = 1 / (1 + ((np.log2(freqs) - centre) / half) ** 6)
    return np.asarray(np.fft.irfft(spectrum * 10 ** (decibels * bump / 20), x.size))


def colour(rng: Rng, x: Audio) -> Audio:
    """Give a source a character of its own: two or three soft peaks and dips of up to 5 dB, drawn anew each time."""
    for _ in range(int(rng.integers(2, 4))):
        centre = float(np.exp(rng.uniform(np.log(120), np.log(7000))))
        half = 2.0 ** rng.uniform(0.25, 0.8)
        x = peaking(x, centre / half, centre * half, float(rng.uniform(-5, 5)))
    return x


def shelf(x: Audio, hz: float, decibels: float) -> Audio:
    """Raise what lies below ``hz`` by ``decibels``, with an edge of half an octave."""
    spectrum = np.fft.rfft(x)
    freqs = np.maximum(np.fft.rfftfreq(x.size, 1 / SAMPLE_RATE), 20.0)
    inside = 1 / (1 + (freqs / hz) ** 4)
    return np.asarray(np.fft.irfft(spectrum * 10 ** (decibels * inside / 20), x.size))


def _level(x: Audio, milliseconds: float) -> Audio:
    """One-pole follower of the magnitude."""
    pole = np.exp(-1000.0 / (milliseconds * SAMPLE_RATE))
    return np.asarray(signal.lfilter([1 - pole], [1, -pole], np.abs(x))) + 1e-4


def attack(x: Audio, amount: float) -> Audio:
    """Sharpen (``amount`` > 0) or soften onsets: gain follows fast against slow level, within ±12 dB."""
    x = unit_rms(x)
    ratio: Audio = _level(x, 2.0) / _level(x, 60.0)
    if amount < 0:  # what is soft has lost its edge in time, too
        ratio = np.maximum(ratio, 1.0)
    gain = np.clip(ratio ** (1.3 * amount), 0.25, 4.0)
    out = x * gain
    if amount < 0:
        out = lowpass(out, 9000 * (1 + 0.7 * amount), order=1)
    return unit_rms(out)


def dampen(x: Audio, amount: float) -> Audio:
    """Shorten what rings: gain falls with the level below a held peak (a downward expander)."""
    level = _level(x, 12.0)
    step = SAMPLE_RATE // 100
    blocks = level[: level.size // step * step].reshape(-1, step).max(1)
    held = np.array(list(accumulate(blocks, lambda peak, now: max(now, peak * 0.985))))
    peak = np.interp(np.arange(x.size), np.arange(held.size) * step, held) if held.size else level
    return unit_rms(x * np.clip(level / np.maximum(peak, 1e-4), 0.003, 1.0) ** (0.9 * amount))


def _boom(rng: Rng, x: Audio, amount: float) -> Audio:
    """Add weight below 120 Hz, its own and a rumble that follows the level; or take it away."""
    if amount < 0:
        return shelf(x, 150, 26.0 * amount)
    rumble = bandpass(noise(rng, x.size, slope=-3), 35, 110) * np.sqrt(_level(x, 80.0))
    return shelf(x, 120, 12.0 * amount) + 0.55 * amount * unit_rms(rumble)


def move(rng: Rng, x: Audio, amount: float) -> Audio:
    """Make level and colour wander (``amount`` > 0), or hold the level still."""
    if amount < 0:
        slow = _level(x, 350.0)
        return unit_rms(x * np.clip(np.mean(slow) / slow, 0.2, 5.0) ** (0.8 * -amount))
    sway = wander(rng, x.size, float(rng.uniform(0.25, 1.2)))
    opened = sweep_filter(x, 250 * 2.0 ** (5.5 * wander(rng, x.size, float(rng.uniform(0.2, 0.9)))), width=1.2)
    mixed = (1 - 0.7 * amount) * x + amount * unit_rms(opened)
    return unit_rms(mixed * (1 - 0.85 * amount + 0.85 * amount * sway**1.5))


def pitch(rng: Rng, x: Audio, amount: float) -> Audio:
    """Let a chord of resonators sing along (``amount`` > 0), or cover the sound with its own hiss."""
    if amount < 0:
        hiss = noise(rng, x.size, slope=-2) * np.sqrt(_level(x, 25.0))
        return (1 + 0.5 * amount) * x + 0.9 * -amount * unit_rms(hiss)
    root = float(np.exp(rng.uniform(np.log(90), np.log(420))))
    sung = np.zeros(x.size)
    for k, ratio in enumerate((1.0, 1.5, 2.0, 3.0, 4.0)):
        b, a = signal.iirpeak(min(root * ratio, 9000.0) / (SAMPLE_RATE / 2), 70)
        sung += unit_rms(np.asarray(signal.lfilter(b, a, x))) / (1 + 0.4 * k)
    return (1 - 0.6 * amount) * x + 1.1 * amount * unit_rms(sung)


def finish(rng: Rng, x: Audio, bends: Bends, able: frozenset[str] = frozenset()) -> Audio:
    """Apply what the bends ask beyond synthesis, in the order of a signal path.

    ``able`` names the axes that the family has already answered to by itself:
    tonality is left to it then, and movement mostly.
    """
    x = unit_rms(x)
    if abs(bends.tonality) > 0.05 and "tonality" not in able:
        x = unit_rms(pitch(rng, x, bends.tonality))
    if abs(bends.movement) > 0.05:
        x = move(rng, x, bends.movement * (0.6 if "movement" in able else 1.0))
    if bends.roughness > 0.05:
        drive = 1.0 + 7.0 * bends.roughness
        x = unit_rms(np.tanh(drive * x) + 0.25 * bends.roughness * np.abs(x))
    elif bends.roughness < -0.05:
        x = unit_rms(lowpass(x, 14_000 * (1 + 0.5 * bends.roughness)))
    if abs(edge := bends.hardness + 0.5 * bends.energy) > 0.05:
        x = attack(x, float(np.clip(edge, -1, 1)))
    if bends.space < -0.3:
        x = dampen(x, -bends.space)
    if abs(bends.boominess) > 0.05:
        x = unit_rms(_boom(rng, unit_rms(x), bends.boominess))
    if bends.warmth:
        x = peaking(x, 200, 800, 8.0 * bends.warmth)
        x = peaking(x, 2000, 6000, -7.0 * bends.warmth)
    if bends.brightness:
        x = tilt(x, 3.2 * bends.brightness)
    if bends.distance > 0.05:
        far = bends.distance
        x = lowpass(x, 12_000 * (0.06**far), order=1)
        wet = convolve(x, room(rng, 0.8 + 1.6 * far, brightness=0.2))
        x = (1 - 0.85 * far) * unit_rms(x) + far * unit_rms(wet)
    elif bends.distance < -0.05:
        x = peaking(x, 90, 300, -4.0 * bends.distance) + 0.12 * -bends.distance * highpass(x, 5000)
    if bends.space > 0.05:
        wet = convolve(x, room(rng, 0.6 + 4.0 * bends.space, brightness=0.7))
        x = unit_rms(x) + (0.25 + 1.1 * bends.space) * unit_rms(wet)
    return unit_rms(x)


def _metallic(rng: Rng, x: Audio) -> Audio:
    out = 0.3 * x
    base = rng.uniform(180, 420)
    for ratio in (1.0, 1.41, 1.93, 2.76, 3.58, 5.4, 7.1):
        b, a = signal.iirpeak(min(base * ratio, 14_000) / (SAMPLE_RATE / 2), 55)
        out = out + 0.5 * unit_rms(np.asarray(signal.lfilter(b, a, x)))
    return out


def _organic(rng: Rng, x: Audio) -> Audio:
    n = x.size
    sway = np.cumsum(1 + 0.035 * (wander(rng, n, 2.5) - 0.5))
    out = np.interp(np.clip(sway - sway[0], 0, n - 1), np.arange(n), x)
    return lowpass(out, 5200) * (0.55 + 0.9 * wander(rng, n, 3.5))


def _underwater(rng: Rng, x: Audio) -> Audio:
    n = x.size
    muffled = lowpass(x, 420, order=4)
    sway = 0.004 * SAMPLE_RATE * np.sin(2 * np.pi * 0.7 * seconds(n) + rng.random() * 6)
    blurred = np.interp(np.clip(np.arange(n) - sway - 200, 0, n - 1), np.arange(n), muffled)
    bubbles = bandpass(noise(rng, n), 180, 600) * wander(rng, n, 9) ** 6
    return unit_rms(blurred + 0.5 * convolve(blurred, room(rng, 1.2, brightness=0.0))) + 0.25 * bubbles


def _intimate(rng: Rng, x: Audio) -> Audio:
    return peaking(lowpass(x, 7500), 120, 350, 6.0)


def _dreamlike(rng: Rng, x: Audio) -> Audio:
    wet = convolve(x, room(rng, 4.5, brightness=0.5))
    n = x.size
    chorus = np.zeros(n)
    for _ in range(2):
        sway = (0.012 + 0.004 * np.sin(2 * np.pi * rng.uniform(0.2, 0.5) * seconds(n))) * SAMPLE_RATE
        chorus += np.interp(np.clip(np.arange(n) - sway, 0, n - 1), np.arange(n), wet)
    return lowpass(unit_rms(wet) + unit_rms(chorus) + 0.15 * unit_rms(x), 6000)


def _supernatural(rng: Rng, x: Audio) -> Audio:
    n = x.size
    shifted = np.real(signal.hilbert(x) * np.exp(2j * np.pi * rng.uniform(60, 220) * seconds(n)))
    ghost = convolve(shifted[::-1], room(rng, 3.0, brightness=0.8))[::-1]
    return unit_rms(ghost) * (0.6 + 0.5 * wander(rng, n, 0.6)) + 0.35 * unit_rms(x)


def _claustrophobic(rng: Rng, x: Audio) -> Audio:
    boxed = bandpass(x, 140, 2600)
    for _ in range(4):
        delay = int(rng.uniform(0.0015, 0.006) * SAMPLE_RATE)
        boxed = boxed + 0.55 * np.concatenate([np.zeros(delay), boxed[:-delay]])
    pressure = lowpass(noise(rng, x.size, slope=-6), 90)
    return unit_rms(boxed) + 0.4 * unit_rms(pressure)


def _tense(rng: Rng, x: Audio) -> Audio:
    n = x.size
    root = rng.uniform(480, 900)
    cluster = np.zeros(n)
    for ratio in (1.0, 1.058, 1.123, 1.47):
        cluster += np.sin(2 * np.pi * root * ratio * seconds(n) + rng.random() * 6)
    tremble = 0.5 + 0.5 * np.sin(2 * np.pi * rng.uniform(6, 10) * seconds(n))
    rising = np.linspace(0.3, 1.0, n)
    return unit_rms(x) + 0.45 * unit_rms(cluster) * tremble * rising


QUALITIES: dict[str, Callable[[Rng, Audio], Audio]] = {
    "metallic": _metallic,
    "organic": _organic,
    "underwater": _underwater,
    "intimate": _intimate,
    "dreamlike": _dreamlike,
    "supernatural": _supernatural,
    "claustrophobic": _claustrophobic,
    "tension": _tense,
}
"""Treatments that give a word of direction something to be heard as."""
