"""A second measure of each counted axis, for judging what was chosen by the first.

Ranking and treatment go by :mod:`soundlab.audio.descriptors`; who is judged by
the measure that was optimised looks better than it is. These follow the same
idea by another way, and nothing in generation, ranking or treatment sees them
(treatment's least amounts were set with them once, on takes that are not judged).
Mono samples at 32 kHz; more of the axis gives a higher value; None where
nothing can be said.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from scipy import signal

from soundlab.audio.descriptors import RATE

Samples = npt.NDArray[np.float64]
_SIZE, _HOP = 1024, 256


def _power(x: Samples) -> Samples:
    """Power spectrogram (bins, frames) with other windows than the descriptors'."""
    return np.asarray(np.abs(signal.stft(x, RATE, "blackman", _SIZE, _SIZE - _HOP)[2]) ** 2)


def _bins() -> Samples:
    return np.asarray(np.fft.rfftfreq(_SIZE, 1 / RATE), np.float64)


def _bands(power: Samples) -> Samples:
    """Power in 24 bands, evenly spaced in log frequency from 80 Hz to 12 kHz (bands, frames)."""
    edges = np.searchsorted(_bins(), np.geomspace(80, 12_000, 25))
    return np.array([power[a : max(b, a + 1)].sum(0) for a, b in pairwise(edges)])


def _a_weights() -> Samples:
    """A-weighting of each bin, linear (IEC 61672)."""
    f = np.maximum(_bins(), 10)
    above = (12194**2 * f**4) / (f**2 + 20.6**2)
    return np.asarray(above / (np.sqrt((f**2 + 107.7**2) * (f**2 + 737.9**2)) * (f**2 + 12194**2)))


def _rolloff(x: Samples) -> float | None:
    """Frequency below which 85 % of the energy lies, median of frames by level, log2 Hz (Tzanetakis & Cook 2002)."""
    power = _power(x)
    loud = power.sum(0) > 0.01 * power.sum(0).max()
    shares = np.cumsum(power[:, loud], 0) / power[:, loud].sum(0)
    return float(np.log2(np.median(_bins()[np.argmax(shares >= 0.85, 0)]) + 20))


def _warm(x: Samples) -> float | None:
    """Slope of the long-term spectrum in log frequency between 150 Hz and 7 kHz, dB an octave, downwards."""
    power, bins = _power(x).mean(1), _bins()
    inside = (bins > 150) & (bins < 7000)
    return float(
        -np.polyfit(np.log2(bins[inside]), 10 * np.log10(power[inside] + 1e-15), 1, w=1 / np.sqrt(bins[inside]))[0]
    )


def _boomy(x: Samples) -> float | None:
    """Level with little weighting of lows against A-weighted level, dB (IEC 61672)."""
    a, power = _a_weights(), _power(x).mean(1)
    return float(10 * np.log10(power.sum() / max((power * a**2).sum(), 1e-20)))


def _registered(x: Samples) -> float | None:
    """Median of the strongest partial's frequency over frames that stand out of their surroundings, log2 Hz."""
    power, bins = _power(x), _bins()
    start = int(np.searchsorted(bins, 60))
    strongest = power[start:].argmax(0) + start
    loud = power.sum(0) > 0.01 * power.sum(0).max()
    return float(np.log2(np.median(bins[strongest[loud]]) + 20))


def _onset_envelope(x: Samples) -> Samples:
    """Positive change of the log level of 24 bands, summed (frames at 125 Hz)."""
    power = _power(x)
    levels = 10 * np.log10(_bands(power) + 1e-9 * power.sum(0).max() + 1e-20)
    return np.asarray(np.clip(np.diff(levels, axis=1), 0, 12).sum(0))


def _busy(x: Samples) -> float | None:
    """Peaks of the onset envelope a second that rise half above its median, log2(1 + rate)."""
    envelope = _onset_envelope(x)
    peaks, _ = signal.find_peaks(envelope, height=1.5 * np.median(envelope) + 12, distance=6, prominence=10)
    return float(np.log2(1 + len(peaks) / (x.size / RATE)))


def _fast(x: Samples) -> float | None:
    """Centroid of the onset envelope's modulation spectrum between 0.4 and 12 Hz, log2 Hz."""
    envelope = _onset_envelope(x)
    if envelope.size < 3 * 125:
        return None
    spectrum = np.abs(np.fft.rfft((envelope - envelope.mean()) * np.hanning(envelope.size))) ** 2
    rates = np.fft.rfftfreq(envelope.size, _HOP / RATE)
    inside = (rates > 0.4) & (rates < 12)
    return float(np.log2((spectrum[inside] * rates[inside]).sum() / spectrum[inside].sum()))


def _moving(x: Samples) -> float | None:
    """How far apart half-second averages of the log spectrum lie, dB RMS over bands."""
    power = _power(x)
    span = round(0.5 * RATE / _HOP)
    count = power.shape[1] // span
    if count < 3:
        return None
    bands = _bands(power[:, : count * span])
    levels = 10 * np.log10(bands.reshape(len(bands), count, span).mean(2) + 1e-7 * bands.max())
    return float(np.sqrt(((levels - levels.mean(1, keepdims=True)) ** 2).mean()))


def _rough(x: Samples) -> float | None:
    """Depth of envelope modulation at 30–150 Hz in bands from 200 Hz to 8 kHz, dB (after Daniel & Weber 1997)."""
    depths = []
    for low, high in ((200, 500), (500, 1200), (1200, 3000), (3000, 8000)):
        band = signal.sosfilt(signal.butter(4, (low, high), "band", fs=RATE, output="sos"), x)
        envelope = np.abs(signal.hilbert(band))
        fast = signal.sosfilt(signal.butter(2, (30, 150), "band", fs=RATE, output="sos"), envelope)
        depths.append((np.sqrt((fast**2).mean()) / max(envelope.mean(), 1e-9), (band**2).mean()))
    weights = np.array([w for _, w in depths]) + 1e-15
    return float(20 * np.log10(np.average([d for d, _ in depths], weights=weights) + 1e-6))


def _hard(x: Samples) -> float | None:
    """Highest twentieth of the rise of the level in 4 ms, dB, where the sound is loud enough to be heard."""
    step = RATE // 250
    n = x.size // step
    level = 10 * np.log10((x[: n * step].reshape(n, step) ** 2).mean(1) + 1e-10)
    rises = np.diff(level)[level[1:] > level.max() - 30]
    return float(np.percentile(rises, 95)) if rises.size > 20 else None


def _pitched(x: Samples) -> float | None:
    """Crest of the spectrum in frames, mean by level, dB: partials stand out, noise does not."""
    power = _power(x)[8:400]
    weight = power.sum(0)
    crest = 10 * np.log10(np.maximum(power.max(0), 1e-20) / np.maximum(power.mean(0), 1e-20))
    return float((crest * weight).sum() / max(weight.sum(), 1e-20))


def _spacious(x: Samples) -> float | None:
    """Median time in which bands fall by 10 dB after their peaks, log2 s."""
    times = []
    for low, high in ((300, 1000), (1000, 3000), (3000, 8000)):
        band = signal.sosfilt(signal.butter(2, (low, high), "band", fs=RATE, output="sos"), x)
        n = band.size // 256
        level = 10 * np.log10((band[: n * 256].reshape(n, 256) ** 2).mean(1) + 1e-12)
        peaks, _ = signal.find_peaks(level, prominence=8, distance=10)
        for peak in peaks:
            below = np.flatnonzero(level[peak:] < level[peak] - 10)
            if below.size:
                times.append(below[0] * 256 / RATE)
    return float(np.log2(np.median(times) + 0.002)) if len(times) >= 3 else None


def _far(x: Samples) -> float | None:
    """Flatness of the level in time less the share of highs: air and rooms smooth and dull what is far, dB."""
    power, bins = _power(x), _bins()
    frames = power.sum(0) + 1e-15
    flat = 10 * (np.log10(frames).mean() - np.log10(frames.mean()))
    highs = 10 * np.log10(power[bins > 3000].sum() / power.sum() + 1e-9)
    return float(0.5 * flat - 0.5 * highs)


def _intense(x: Samples) -> float | None:
    """Mean of the onset envelope, log2: how much rises, at any loudness."""
    return float(np.log2(_onset_envelope(x).mean() + 1e-3))


def _loud(x: Samples) -> float | None:
    """A-weighted level that is exceeded a tenth of the time, dB."""
    a = _a_weights()
    return float(10 * np.log10(np.percentile((_power(x) * a[:, None] ** 2).sum(0), 90) + 1e-15))


JUDGES: dict[str, Callable[[Samples], float | None]] = {
    "brightness": _rolloff,
    "warmth": _warm,
    "boominess": _boomy,
    "register": _registered,
    "density": _busy,
    "speed": _fast,
    "movement": _moving,
    "roughness": _rough,
    "hardness": _hard,
    "tonality": _pitched,
    "space": _spacious,
    "distance": _far,
    "energy": _intense,
    "loudness": _loud,
}
"""The second measure of each counted axis."""


def judge_all(x: Samples) -> dict[str, float | None]:
    """All second measures of mono samples at 32 kHz; silence has none."""
    if x.size < 4 * _SIZE or float(np.sqrt((x**2).mean())) < 1e-5:
        return dict.fromkeys(JUDGES)
    values = {axis: measure(x) for axis, measure in JUDGES.items()}
    return {axis: v if v is not None and np.isfinite(v) else None for axis, v in values.items()}


def rhythm_likeness(a: Samples, b: Samples) -> float:
    """Correlation of two onset envelopes at the best lag within half a second, from -1 to 1."""
    x, y = (_onset_envelope(v) for v in (a, b))
    n = min(x.size, y.size)
    x, y = x[:n] - x[:n].mean(), y[:n] - y[:n].mean()
    scale = float(np.sqrt((x**2).sum() * (y**2).sum()))
    if scale <= 0:
        return 0.0
    correlation = signal.correlate(x, y, "full") / scale
    middle = n - 1
    return float(correlation[max(0, middle - 62) : middle + 63].max())
