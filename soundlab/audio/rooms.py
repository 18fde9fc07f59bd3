"""Rooms and distance: generated reverberation, and taking it away."""

from __future__ import annotations

import numpy as np
from scipy import signal

from soundlab.audio.shaping import HOP, Audio, bell, istft, shaped, stft


def room(audio: Audio, rate: int, seconds: float, wet: float, *, dark: float = 0.5) -> Audio:
    """Convolve with a generated room: noise that decays by 60 dB in ``seconds``, highs sooner; ``wet`` from 0 to 1."""
    rng = np.random.default_rng(7)
    n = audio.shape[1]
    length = round(min(seconds * 1.2, 8.0) * rate)
    t = np.arange(length) / rate
    out = np.zeros_like(audio)
    for k, channel in enumerate(audio):
        noise = rng.standard_normal(length)
        low = signal.sosfiltfilt(signal.butter(2, min(2500, rate * 0.45), "low", fs=rate, output="sos"), noise)
        tail = low * 10 ** (-3 * t / seconds) + (noise - low) * 10 ** (-3 * t / (seconds * (1 - 0.6 * dark)))
        tail *= 1 - np.exp(-t / 0.012)
        tail /= np.sqrt((tail**2).sum()) + 1e-12
        out[k] = signal.fftconvolve(channel, tail)[:n]
    level = np.sqrt((audio**2).mean() / max((out**2).mean(), 1e-12))
    return (1 - wet) * audio + wet * level * out


def drier(audio: Audio, rate: int, amount: float) -> Audio:
    """Let what decays decay sooner, band by band: below what it fell from in the last second."""
    spectrum = stft(audio)
    level = np.abs(spectrum).mean(0) + 1e-9
    pole = np.exp(-HOP / (0.6 * rate))
    held = level.copy()
    for k in range(1, held.shape[1]):
        held[:, k] = np.maximum(level[:, k], pole * held[:, k - 1])
    return istft(spectrum * np.clip(level / held, 1e-3, 1) ** (8.0 * amount), audio.shape[1])


def distance(audio: Audio, rate: int, amount: float) -> Audio:
    """Further: air takes the highs, the room takes over. Closer: the reverse."""
    if amount < 0:
        near = drier(audio, rate, -0.6 * amount)
        return shaped(near, rate, lambda f: -22 * amount * bell(f, 3500, 14_000) - 3 * amount * bell(f, 80, 250))
    far = shaped(audio, rate, lambda f: -amount * np.clip(9 * np.log2(f / 900), 0, 42) - 6 * amount * bell(f, 20, 120))
    return room(far, rate, 1.2 + 1.8 * amount, 0.85 * amount, dark=0.9)


def space(audio: Audio, rate: int, amount: float) -> Audio:
    """Larger: a generated room of up to seven seconds. Drier: what decays decays sooner."""
    return (
        room(audio, rate, 0.8 + 6.2 * amount, min(1.0, 0.35 + 0.6 * amount))
        if amount > 0
        else drier(audio, rate, -amount)
    )
