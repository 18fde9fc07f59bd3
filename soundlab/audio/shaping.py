"""What treatments are made of: filters without delay, short-time spectra, envelopes, time and pitch.

Audio is (channels, samples) float64, its rate in Hz.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from scipy import signal

Audio = npt.NDArray[np.float64]
Treatment = Callable[[Audio, int, float], Audio]
SIZE, HOP = 2048, 512


def shaped(audio: Audio, rate: int, gain_db: Callable[[Audio], Audio]) -> Audio:
    """Filter with a gain in dB by frequency in Hz, without delay (zero phase)."""
    n = audio.shape[1]
    size = 1 << (n + rate // 4).bit_length()
    frequencies = np.fft.rfftfreq(size, 1 / rate)
    spectrum = np.fft.rfft(audio, size, axis=1)
    return np.fft.irfft(spectrum * 10 ** (gain_db(np.maximum(frequencies, 1.0)) / 20), size, axis=1)[:, :n]


def erbs(hertz: npt.NDArray[np.floating]) -> Audio:
    """Place of frequencies on the scale of equivalent rectangular bandwidths (Glasberg & Moore 1990)."""
    return np.asarray(21.4 * np.log10(1 + 0.00437 * hertz), np.float64)


def bell(frequencies: Audio, low: float, high: float) -> Audio:
    """1 between two frequencies, falling off over a third octave to either side."""
    octaves = np.log2(frequencies)
    rise = 1 / (1 + np.exp(-12 * (octaves - np.log2(low))))
    return np.asarray(rise / (1 + np.exp(12 * (octaves - np.log2(high)))))


def looped(audio: Audio, length: int, rate: int) -> Audio:
    """Repeat with cross-fades until ``length`` is filled."""
    fade = min(rate // 4, audio.shape[1] // 4)
    out = audio
    ramp = np.sin(np.linspace(0, np.pi / 2, fade)) ** 2 if fade else np.zeros(0)
    while out.shape[1] < length:
        joint = out[:, -fade:] * (1 - ramp) + audio[:, :fade] * ramp if fade else out[:, :0]
        out = np.concatenate([out[:, : out.shape[1] - fade], joint, audio[:, fade:]], 1)
    return out[:, :length]


def pitched(audio: Audio, rate: int, semitones: float) -> Audio:
    """Move the pitch by semitones at the same speed."""
    from librosa.effects import pitch_shift

    return np.stack([pitch_shift(np.asarray(c, np.float32), sr=rate, n_steps=semitones) for c in audio]).astype(
        np.float64
    )


def followers(audio: Audio, rate: int, fast: float, slow: float) -> tuple[Audio, Audio]:
    """Two envelopes of all channels together, with time constants in seconds."""
    power = (audio**2).mean(0) + 1e-12
    out = []
    for seconds in (fast, slow):
        pole = np.exp(-1 / (seconds * rate))
        out.append(np.sqrt(signal.lfilter([1 - pole], [1, -pole], power)))
    return out[0], out[1]


def stft(audio: Audio) -> npt.NDArray[np.complex128]:
    return np.stack([signal.stft(c, nperseg=SIZE, noverlap=SIZE - HOP)[2] for c in audio])


def istft(spectrum: npt.NDArray[np.complex128], length: int) -> Audio:
    out = np.stack([signal.istft(s, nperseg=SIZE, noverlap=SIZE - HOP)[1] for s in spectrum])
    return np.pad(out, ((0, 0), (0, max(0, length - out.shape[1]))))[:, :length]
