"""A second measure of each counted axis, for judging what was chosen by the first.

Ranking and treatment go by :mod:`soundlab.audio.descriptors`; who is judged by
the measure that was optimised looks better than it is. These follow the same
idea by another way, and nothing in generation, ranking or treatment sees them
(treatment's least amounts were set with earlier ones once, on takes that are not judged).
They were chosen by what they hear of corpus clips whose place on the axis is known (benchmarks/judges.py).
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
from soundlab.audio.shaping import erbs

Samples = npt.NDArray[np.float64]
_SIZE, _HOP = 1024, 256


def _power(x: Samples) -> Samples:
    """Power spectrogram (bins, frames) with other windows than the descriptors'."""
    x = np.pad(x, (0, max(0, _SIZE - x.size)))
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


def _sharp(x: Samples) -> float | None:
    """Sharpness, acum: specific loudness by its place on the Bark scale, what is above 15.8 Bark more (DIN 45692).

    Specific loudness is power in half a Bark to 0.23 (Zwicker 1958); the scale is Traunmüller's of 1990.
    """
    edges = np.arange(0.5, 24.5, 0.5)
    power, bins = _power(x).mean(1), _bins()
    found = np.searchsorted(26.81 * bins / (1960 + bins) - 0.53, edges)
    bands = np.array([power[a:b].sum() for a, b in pairwise(found)])
    middle = (edges[1:] + edges[:-1]) / 2
    loudness = (bands / max(bands.max(), 1e-20) + 1e-7) ** 0.23 - 1e-7**0.23
    weights = np.where(middle < 15.8, 1.0, 0.15 * np.exp(0.42 * (middle - 15.8)) + 0.85)
    return float(0.11 * (loudness * weights * middle).sum() / loudness.sum())


def _warm(x: Samples) -> float | None:
    """Slope of the long-term spectrum in log frequency between 150 Hz and 7 kHz, dB an octave, downwards."""
    power, bins = _power(x).mean(1), _bins()
    inside = (bins > 150) & (bins < 7000)
    return float(
        -np.polyfit(np.log2(bins[inside]), 10 * np.log10(power[inside] + 1e-15), 1, w=1 / np.sqrt(bins[inside]))[0]
    )


def _boomy(x: Samples) -> float | None:
    """Share of loudness below 5 ERB (160 Hz), dB; specific loudness is power to a quarter (after Zwicker 1958)."""
    power = np.abs(np.fft.rfft(x)) ** 2
    places = erbs(np.fft.rfftfreq(x.size, 1 / RATE))
    edges = np.searchsorted(places, np.arange(1, 35))
    levels = np.array([power[a:b].sum() for a, b in pairwise(edges)])
    loudness = (levels / max(levels.max(), 1e-20) + 1e-5) ** 0.25 - 1e-5**0.25
    return float(10 * np.log10(loudness[:4].sum() / loudness.sum() + 0.01))


def _registered(x: Samples) -> float | None:
    """Mean place of the peaks of the spectrum above 60 Hz, weighted by loudness (power to a quarter), ERB."""
    power, bins = _power(x), _bins()
    power = power[:, power.sum(0) > 0.01 * power.sum(0).max()]
    middle = power[1:-1]
    peaks = (middle > power[:-2]) & (middle >= power[2:]) & (middle > 4 * np.median(power, 0))
    peaks &= bins[1:-1, None] > 60
    weights = (peaks * middle**0.25).sum(1)
    return float((weights * erbs(bins[1:-1])).sum() / weights.sum()) if weights.any() else None


def _onset_envelope(x: Samples) -> Samples:
    """Positive change of the log level of 24 bands, summed (frames at 125 Hz)."""
    power = _power(x)
    levels = 10 * np.log10(_bands(power) + 1e-9 * power.sum(0).max() + 1e-20)
    return np.asarray(np.clip(np.diff(levels, axis=1), 0, 12).sum(0))


def _ears(x: Samples, rate: int, lowest: float = 100.0, width: float = 1.8) -> Samples:
    """Envelopes of 20 bands, evenly spaced in ERB up to 9 kHz (Glasberg & Moore 1990), ``width`` ERB wide.

    Shape (20, samples at ``rate``, which divides 32 kHz).
    """
    step, n = RATE // rate, x.size
    spectrum, places = np.fft.fft(x)[: n // 2 + 1], erbs(np.arange(n // 2 + 1) * RATE / n)
    out = []
    for middle in np.linspace(erbs(np.array(lowest)), erbs(np.array(9000.0)), 20):
        inside = np.abs(places - middle) < width / 2
        band = np.zeros(n, np.complex128)
        band[: n // 2 + 1][inside] = 2 * spectrum[inside] * np.cos(np.pi * (places[inside] - middle) / width)
        level = np.abs(np.fft.ifft(band))
        out.append(np.sqrt((level[: n // step * step].reshape(-1, step) ** 2).mean(1)))
    return np.array(out)


def _novelty(x: Samples) -> Samples:
    """Rise of the compressed envelopes over 16 ms, mean of bands (frames at 125 Hz)."""
    envelopes = _ears(x, 125)
    levels = np.log(1 + 100 * envelopes / max(float(np.percentile(envelopes.max(0), 95)), 1e-9))
    return np.asarray(np.clip(levels[:, 2:] - levels[:, :-2], 0, None).mean(0))


def _busy(x: Samples) -> float | None:
    """Peaks of novelty a second beyond its running median and four times its spread (Bello 2005), log2(1 + rate)."""
    novelty = _novelty(x)
    if novelty.size < 63:
        return None
    usual = signal.medfilt(novelty, 63)
    stray = signal.medfilt(np.abs(novelty - usual), 63)
    peaks, _ = signal.find_peaks(novelty, distance=5, prominence=0.02)
    struck = novelty[peaks] > usual[peaks] + 4 * stray[peaks] + 0.02
    return float(np.log2(1 + np.count_nonzero(struck) / (x.size / RATE)))


def _fast(x: Samples) -> float | None:
    """Rate of the peaks of loudness, log2 Hz: mean of the intervals between them, each by the weaker of its ends.

    Loudness is the sum of the bands' envelopes to 0.46, within 50 ms; a peak stands out of what is around it by a
    fifth of the loudest. None under four peaks.
    """
    rate = 200
    loudness = (_ears(x, rate) ** 0.46).sum(0)
    smooth = np.hanning(12)[1:-1]
    loudness = np.convolve(loudness, smooth / smooth.sum(), "same")
    peaks, told = signal.find_peaks(loudness, prominence=0.2 * np.percentile(loudness, 98), distance=16)
    if peaks.size < 4:
        return None
    heights = told["prominences"]
    return float(-np.average(np.log2(np.diff(peaks) / rate), weights=np.minimum(heights[1:], heights[:-1])))


def _moving(x: Samples) -> float | None:
    """How far apart averages of a second lie, dB RMS over bands by their loudness."""
    envelopes = _ears(x, 125)
    count = envelopes.shape[1] // 125
    if count < 3:
        return None
    power = (envelopes[:, : count * 125] ** 2).reshape(len(envelopes), count, 125).mean(2)
    levels = 10 * np.log10(power + 1e-4 * power.max() + 1e-20)
    spread = ((levels - levels.mean(1, keepdims=True)) ** 2).mean(1)
    return float(np.sqrt(np.average(spread, weights=np.sqrt(power.mean(1)) + 1e-12)))


def _rough(x: Samples) -> float | None:
    """Swing of bands between about 50 and 450 Hz against their level within 100 ms, log2.

    Roughness is heard of envelopes that swing faster than can be followed (Fastl & Zwicker 2007, chapter 11).
    Bands are wide enough for both sides of such a swing; each counts by its level to a fifth.
    """
    rate = 1000
    envelopes = _ears(x, rate, 150.0, 3.6)
    count = envelopes.shape[1]
    rates = np.fft.rfftfreq(count, 1 / rate)
    weights = np.exp(-0.5 * (np.log2(np.maximum(rates, 1e-3) / 150) / 0.8) ** 2)
    swings = np.fft.irfft(np.fft.rfft(envelopes, axis=1) * weights, count, axis=1)
    smooth = np.hanning(102)[None, 1:-1]
    level = signal.fftconvolve(envelopes, smooth / smooth.sum(), "same").clip(0) + 1e-9
    depth = np.minimum(1.0, np.sqrt(2) * np.abs(swings) / (level + 0.003 * level.max()))
    counts = level**0.2
    return float(np.log2((counts * depth**2).sum() / counts.sum() + 1e-5))


def _hard(x: Samples) -> float | None:
    """How suddenly it becomes loud: the highest hundredth of a fast over a slow envelope (2 and 50 ms), dB."""
    power = x**2 + 1e-12 * float((x**2).max()) + 1e-20
    poles = [np.exp(-1 / (seconds * RATE)) for seconds in (0.002, 0.05)]
    fast, slow = (signal.lfilter([1 - pole], [1, -pole], power) for pole in poles)
    loud = fast > 1e-4 * fast.max()
    return float(np.percentile(10 * np.log10(fast[loud] / slow[loud]), 99)) if loud.any() else None


def _pitched(x: Samples) -> float | None:
    """Energy of frames' loudest fiftieth against the rest, mean by level, dB: partials stand out, noise does not."""
    power = np.abs(signal.stft(x, RATE, "blackman", 2 * _SIZE, 3 * _SIZE // 2)[2][3:769]) ** 2  # 47 Hz to 12 kHz
    total = power.sum(0)
    loudest = np.sort(power, 0)[-(len(power) // 50) :].sum(0)
    ratio = 10 * np.log10((loudest + 1e-20) / (total - loudest + 1e-3 * total + 1e-20))
    return float((ratio * total).sum() / max(total.sum(), 1e-20))


def _spacious(x: Samples) -> float | None:
    """How slowly bands fall where they fall fastest, log2 of seconds for 60 dB: no faster than a room lets them.

    The tenth of falls over 200 ms that are steepest, of what is within 35 dB of a band's loudest
    (Wen, Habets & Naylor 2008, "Blind estimation of reverberation time based on the distribution of signal decay
    rates"); bands by the root of their level.
    """
    rate, apart = 125, 25
    envelopes = _ears(x, rate, 200.0)
    levels = 20 * np.log10(envelopes + 1e-4 * envelopes.max() + 1e-12)
    slopes = (levels[:, apart:] - levels[:, :-apart]) * (rate / apart)
    heard = levels[:, :-apart] > levels.max(1, keepdims=True) - 35
    times, weights = [], []
    for band, there, level in zip(slopes, heard, envelopes.mean(1), strict=True):
        falls = band[there & (band < 0)]
        if falls.size > 10:
            times.append(np.log2(60 / max(1e-3, -np.percentile(falls, 10))))
            weights.append(np.sqrt(level))
    return float(np.average(times, weights=weights)) if times else None


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
    "brightness": _sharp,
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
