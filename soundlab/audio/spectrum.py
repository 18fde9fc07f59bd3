"""Spectrograms for drawing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from soundlab.audio.decode import probe, read_audio
from soundlab.errors import UnreadableAudio

LOWEST, HIGHEST = 40.0, 16_000.0
"""Hz."""
_WINDOW, _LONGEST = 2048, 0.25
_RANGE = 70.0


def spectrogram(path: Path, columns: int, bands: int) -> npt.NDArray[np.float32]:
    """Return levels (bands, columns) from 0 to 1, the lowest band first.

    Bands are evenly spaced in log frequency; a column is the mean power of up to a
    quarter second at its middle, so hours cost no more than seconds. 1 is the
    loudest level of the file, 0 is 70 dB below. Raises UnreadableAudio.
    """
    info = probe(path)
    span = info.seconds / columns
    levels = np.zeros((bands, columns))
    nyquist = info.sample_rate / 2
    edges = np.geomspace(LOWEST, min(HIGHEST, nyquist), bands + 1)
    size = max(64, min(_WINDOW, info.frames))
    bins = np.fft.rfftfreq(size, 1 / info.sample_rate)
    first = np.searchsorted(bins, edges[:-1])
    last = np.maximum(np.searchsorted(bins, edges[1:]), first + 1)
    window = np.hanning(size)
    whole = read_audio(path)[0].mean(0) if info.seconds <= 30 else None
    length = round(max(size / info.sample_rate, min(span, _LONGEST)) * info.sample_rate)
    lasts = length / info.sample_rate
    for column in range(columns):
        at = max(
            0.0, min((column + 0.5) * span - length / info.sample_rate / 2, info.seconds - length / info.sample_rate)
        )
        if whole is not None:
            begin = round(at * info.sample_rate)
            mono = whole[begin : begin + length]
        else:
            try:
                mono = read_audio(path, start=at, seconds=lasts)[0].mean(0)
            except UnreadableAudio:  # a file that breaks off is drawn as far as it goes
                break
        padded = np.pad(mono, (0, max(0, size - mono.size)))
        frames = np.lib.stride_tricks.sliding_window_view(padded, size)[:: size // 2]
        power = (np.abs(np.fft.rfft(frames * window, axis=1)) ** 2).mean(0)
        sums = np.concatenate([[0.0], np.cumsum(power)])
        levels[:, column] = (sums[np.minimum(last, power.size)] - sums[np.minimum(first, power.size - 1)]) / (
            last - first
        )
    top = levels.max()
    if top <= 0:
        return np.zeros((bands, columns), np.float32)
    decibels = 10 * np.log10(np.maximum(levels / top, 1e-12))
    return np.asarray(np.clip(1 + decibels / _RANGE, 0, 1), np.float32)
