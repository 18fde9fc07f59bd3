"""Measures of direction: one number for each counted axis.

All take mono float audio, analysed at 32 kHz whatever its rate was, and return
None where the sound does not hold what the measure looks at (silence, no
onsets). Larger is always towards the axis's +1. Units are chosen so that equal
steps are about equally audible: octaves, decibels, logarithms of rates.

Sources: spectral centroid, flatness and flux after Peeters 2004 ("A large set
of audio features"); roughness after Vassilakis 2001 (spectral peak pairs);
loudness after ITU-R BS.1770-4 by pyloudnorm; inter-onset intervals after Dixon 2001
("Automatic extraction of tempo and beat from expressive performances").
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy import signal

from soundlab.audio.decode import read_audio
from soundlab.audio.write import resample

Array = npt.NDArray[np.floating]

RATE = 32_000
_SIZE, _HOP = 2048, 320
_FRAME_RATE = RATE / _HOP
_SILENCE = 1e-5
_LONGEST = 60.0
"""Seconds that are analysed; longer files are measured on their first minute."""


@dataclass
class Analysis:
    """Shared intermediate results of one sound: mono samples at 32 kHz, shape (n,)."""

    audio: Array

    @cached_property
    def power(self) -> Array:
        """Power spectrogram (frames, bins), Hann 64 ms, hop 10 ms."""
        padded = np.pad(self.audio, _SIZE // 2)
        frames = np.lib.stride_tricks.sliding_window_view(padded, _SIZE)[::_HOP]
        return np.abs(np.fft.rfft(frames * np.hanning(_SIZE), axis=1)) ** 2

    @cached_property
    def frequencies(self) -> Array:
        """Centre of each bin in Hz."""
        return np.fft.rfftfreq(_SIZE, 1 / RATE)

    @cached_property
    def bands(self) -> Array:
        """Log power in 40 third-octave-like bands from 50 Hz to 14 kHz (frames, 40), dB."""
        edges = np.geomspace(50, 14_000, 42)
        weights = np.zeros((self.frequencies.size, 40))
        for k in range(40):
            low, mid, high = edges[k : k + 3]
            rise = (self.frequencies - low) / (mid - low)
            fall = (high - self.frequencies) / (high - mid)
            weights[:, k] = np.clip(np.minimum(rise, fall), 0, None)
            if weights[:, k].sum() == 0:
                weights[np.argmin(np.abs(self.frequencies - mid)), k] = 1.0
        loudest = self.power.sum(1).max()
        return 10 * np.log10(self.power @ weights + 1e-8 * loudest + 1e-20)

    @cached_property
    def flux(self) -> Array:
        """Half-wave rectified change of band levels, dB a frame, smoothed over 30 ms (frames,)."""
        rise = np.clip(np.diff(self.bands, axis=0, prepend=self.bands[:1]), 0, None).mean(1)
        return np.convolve(rise, np.ones(3) / 3, "same")

    @cached_property
    def onsets(self) -> npt.NDArray[np.int64]:
        """Frames where the flux peaks clearly above its surroundings, at least 50 ms apart."""
        flux = self.flux
        around = np.convolve(np.pad(flux, 15, mode="edge"), np.ones(31) / 31, "valid")
        spread = np.sqrt(np.convolve(np.pad((flux - around) ** 2, 50, mode="edge"), np.ones(101) / 101, "valid"))
        threshold = around + 1.2 * spread + 0.6
        peak = (flux[1:-1] >= flux[:-2]) & (flux[1:-1] > flux[2:]) & (flux[1:-1] > threshold[1:-1])
        found: list[int] = []
        for frame in np.flatnonzero(peak) + 1:
            if found and frame - found[-1] < 5:
                if flux[frame] > flux[found[-1]]:
                    found[-1] = int(frame)
            else:
                found.append(int(frame))
        return np.array(found, dtype=np.int64)

    @cached_property
    def envelope(self) -> Array:
        """Level in dB every 10 ms (frames,)."""
        n = self.audio.size // _HOP
        blocks = self.audio[: n * _HOP].reshape(n, _HOP)
        return 10 * np.log10((blocks**2).mean(1) + 1e-10)

    @cached_property
    def spectrum(self) -> Array:
        """Mean power spectrum (bins,)."""
        return self.power.mean(0)

    def band_energy(self, low: float, high: float) -> float:
        """Mean power between two frequencies, with a floor 90 dB below the whole."""
        inside = (self.frequencies >= low) & (self.frequencies < high)
        return float(self.spectrum[inside].sum() + 1e-9 * self.spectrum.sum() + 1e-20)


def brightness(a: Analysis) -> float | None:
    """Energy-weighted spectral centroid, octaves above 1 Hz (log2 Hz)."""
    total = a.spectrum.sum()
    return float(np.log2(max((a.spectrum * a.frequencies).sum() / total, 20.0)))


def warmth(a: Analysis) -> float | None:
    """Energy at 200–800 Hz against 2–6 kHz, dB."""
    return float(10 * np.log10(a.band_energy(200, 800) / a.band_energy(2000, 6000)))


def boominess(a: Analysis) -> float | None:
    """Energy below 120 Hz against the whole, dB."""
    return float(10 * np.log10(a.band_energy(20, 120) / a.band_energy(20, 16_000)))


def _periodicity(a: Analysis) -> tuple[Array, Array]:
    """Return f0 in Hz and normalised autocorrelation peak in [0, 1] every 40 ms (autocorrelation, 45–2,000 Hz)."""
    size = 4096
    padded = np.pad(a.audio, size // 2)
    frames = np.lib.stride_tricks.sliding_window_view(padded, size)[:: 4 * _HOP]
    spectrum = np.abs(np.fft.rfft(frames * np.hanning(size), 2 * size, axis=1)) ** 2
    correlation = np.fft.irfft(spectrum, axis=1)[:, :size]
    window = np.fft.irfft(np.abs(np.fft.rfft(np.hanning(size), 2 * size)) ** 2)[:size]
    first, last = RATE // 2000, RATE // 45
    shape = correlation[:, first - 1 : last + 1] / np.maximum(correlation[:, :1], 1e-12)
    shape = shape / (window[first - 1 : last + 1] / window[0])
    part = shape[:, 1:-1]
    peaks = np.where((part >= shape[:, :-2]) & (part > shape[:, 2:]), part, 0.0)
    best = peaks.max(1)
    # the shortest peak that is nearly as good avoids octave errors downwards
    lag = np.argmax(peaks >= np.maximum(0.9 * best, 1e-6)[:, None], axis=1)
    return RATE / (lag + first), np.clip(best, 0, 1)


def register(a: Analysis) -> float | None:
    """Median f0 of clearly periodic frames, else centroid of the harmonic part, log2 Hz.

    The harmonic part is what a median over 170 ms of time leaves (Fitzgerald 2010).
    """
    f0, strength = _periodicity(a)
    levels = 10 * np.log10(a.power.sum(1)[::4][: len(f0)] + 1e-20)
    tonal = (strength[: len(levels)] > 0.7) & (levels > levels.max() - 40)
    if tonal.mean() > 0.25:
        return float(np.median(np.log2(f0[: len(levels)][tonal])))
    frames = a.power[::2]
    if len(frames) < 9:  # shorter than the median
        harmonic = a.spectrum
    else:
        harmonic = np.median(np.lib.stride_tricks.sliding_window_view(frames, 9, axis=0), axis=-1).mean(0)
    return float(np.log2(max((harmonic * a.frequencies).sum() / max(harmonic.sum(), 1e-20), 20.0)))


def density(a: Analysis) -> float | None:
    """Onsets a second, as log2(1 + rate)."""
    return float(np.log2(1 + a.onsets.size / (a.audio.size / RATE)))


def speed(a: Analysis) -> float | None:
    """Onsets a minute by the middle half of the intervals between them, log2; None under four onsets.

    Onsets are peaks of the flux that stand out of what is around them, by 1.5 dB a frame and by a fifth of the
    strongest at least: fewer than density counts, as what is weak sets no pace. An interval counts by the weaker of its
    ends; the mean of the middle half forgets a stroke left out. The strongest lag of the tempogram
    jumps from a pulse to its multiples at the least change; intervals follow every change of pace (Dixon 2001).
    """
    least = max(1.5, 0.2 * float(np.percentile(a.flux, 99)))
    peaks, found = signal.find_peaks(a.flux, prominence=least, distance=6)
    if peaks.size < 4:
        return None
    strength = found["prominences"]
    octaves, weights = np.log2(60 * _FRAME_RATE / np.diff(peaks)), np.minimum(strength[1:], strength[:-1])
    order = np.argsort(octaves)
    ends = np.cumsum(weights[order]) / weights.sum()
    inside = np.minimum(ends, 0.75) - np.maximum(np.append(0.0, ends[:-1]), 0.25)
    return float(np.average(octaves[order], weights=inside.clip(0)))


def movement(a: Analysis) -> float | None:
    """Modulation of the band levels between 0.1 and 4 Hz, dB RMS."""
    levels = a.bands - a.bands.mean(0)
    if levels.shape[0] < _FRAME_RATE:
        return None
    spectrum = np.abs(np.fft.rfft(levels * np.hanning(len(levels))[:, None], axis=0)) ** 2
    rates = np.fft.rfftfreq(len(levels), 1 / _FRAME_RATE)
    inside = spectrum[(rates >= 0.1) & (rates <= 4.0)].sum(0)
    weight = 10 ** (a.bands.mean(0) / 20)
    rms = np.sqrt(2 * inside / (np.sum(np.hanning(len(levels)) ** 2) * len(levels)))
    return float((rms * weight).sum() / weight.sum())


def roughness(a: Analysis) -> float | None:
    """Mean roughness of spectral peak pairs (Vassilakis 2001), log10."""
    frames = a.power[:: max(1, len(a.power) // 60)]
    values = []
    for power in frames:
        amplitude = np.sqrt(power)
        peak = np.flatnonzero((amplitude[1:-1] > amplitude[:-2]) & (amplitude[1:-1] >= amplitude[2:])) + 1
        if peak.size < 2:
            values.append(0.0)
            continue
        peak = peak[np.argsort(amplitude[peak])[-30:]]
        f, m = a.frequencies[peak], amplitude[peak] / max(amplitude[peak].max(), 1e-12)
        f1, f2 = np.minimum.outer(f, f), np.maximum.outer(f, f)
        m1, m2 = np.minimum.outer(m, m), np.maximum.outer(m, m)
        s = 0.24 / (0.0207 * f1 + 18.96)
        gap = s * (f2 - f1)
        r = (m1 * m2) ** 0.1 * 0.5 * (2 * m1 / (m1 + m2)) ** 3.11 * (np.exp(-3.5 * gap) - np.exp(-5.75 * gap))
        values.append(float(np.triu(r, 1).sum()))
    return float(np.log10(np.mean(values) + 1e-4))


def hardness(a: Analysis) -> float | None:
    """Steepest rise at onsets, dB in 10 ms, mean of the upper half of onsets."""
    rises = np.clip(np.diff(a.envelope), 0, None)
    slopes = [float(rises[max(0, o - 4) : o + 3].max()) for o in a.onsets if o - 4 < rises.size and o + 3 > 0]
    slopes = sorted(slopes)[len(slopes) // 2 :]
    return float(np.mean(slopes)) if slopes else None


def tonality(a: Analysis) -> float | None:
    """Negative spectral flatness of 50 Hz–12 kHz, dB, level-weighted, plus 20 × the periodic share."""
    inside = (a.frequencies > 50) & (a.frequencies < 12_000)
    power = a.power[:, inside] + 1e-7 * a.power.max() + 1e-20
    flatness = 10 * (np.log10(power).mean(1) - np.log10(power.mean(1)))
    weight = power.sum(1)
    _, strength = _periodicity(a)
    return float(-(flatness * weight).sum() / weight.sum() + 20 * strength.mean())


_RISE = 3.0
"""dB by which the level must rise for a fall to be over; less is the flutter of a reverberant tail."""


def _falls(a: Analysis) -> list[float]:
    """Slopes in dB/s of the falls of the level by 6 dB or more, each measured over its first four fifths."""
    level = np.convolve(a.envelope, np.ones(5) / 5, "valid")
    slopes: list[float] = []
    peak = low = 0

    def end() -> None:
        drop = float(level[peak] - level[low])
        if drop >= 6:
            reached = peak + int(np.argmax(level[peak : low + 1] <= level[peak] - 0.8 * drop))
            slopes.append(0.8 * drop / (max(1, reached - peak) / _FRAME_RATE))

    for k in range(1, level.size):
        if level[k] < level[low]:
            low = k
        elif level[k] > level[low] + _RISE:
            end()
            peak = low = k
        if level[k] >= level[peak]:
            peak = low = k
    if level.size:
        end()
    return slopes


def space(a: Analysis) -> float | None:
    """Decay time after energy peaks: log2 of seconds for 60 dB, from the falling stretches of the envelope."""
    slopes = _falls(a)
    return float(np.log2(60 / np.median(slopes))) if slopes else None


def distance(a: Analysis) -> float | None:
    """Late against direct energy around onsets, and high-frequency loss, dB summed.

    Direct is the 30 ms at an onset, late 60–260 ms after it; the loss compares
    250 Hz–2 kHz with 4–12 kHz. Sounds without onsets are judged by the loss alone.
    """
    loss = 10 * np.log10(a.band_energy(250, 2000) / a.band_energy(4000, 12_000))
    power = 10 ** (a.envelope / 10)
    ratios = []
    for onset in a.onsets:
        direct, late = power[onset : onset + 3], power[onset + 6 : onset + 26]
        if late.size == 20:
            ratios.append(10 * np.log10(late.mean() / max(direct.mean(), 1e-12) + 1e-6))
    return float(0.5 * loss + (np.median(ratios) if ratios else 0.0))


def energy(a: Analysis) -> float | None:
    """Spectral flux × onset rate, log2; band levels make it independent of loudness."""
    return float(np.log2((a.flux.mean() + 0.01) * (1 + a.onsets.size / (a.audio.size / RATE))))


def loudness(a: Analysis) -> float | None:
    """Integrated loudness, LUFS (ITU-R BS.1770-4)."""
    from soundlab.audio.loudness import integrated

    return integrated(a.audio[None], RATE)


DESCRIPTORS: dict[str, Callable[[Analysis], float | None]] = {
    f.__name__: f
    for f in (
        brightness,
        warmth,
        boominess,
        register,
        density,
        speed,
        movement,
        roughness,
        hardness,
        tonality,
        space,
        distance,
        energy,
        loudness,
    )
}
"""Measure of each counted axis."""


def describe(audio: npt.NDArray[np.float32], rate: int) -> dict[str, float | None]:
    """Measure all axes of audio (channels, samples); silence measures None throughout."""
    mono = resample(np.ascontiguousarray(audio.mean(0, keepdims=True)[:, : round(_LONGEST * rate)]), rate, RATE)[0]
    x = mono.astype(np.float64)
    if x.size < _SIZE or np.sqrt((x**2).mean()) < _SILENCE:
        return dict.fromkeys(DESCRIPTORS)
    analysis = Analysis(x)
    values = {axis: measure(analysis) for axis, measure in DESCRIPTORS.items()}
    return {axis: None if v is None or not np.isfinite(v) else round(v, 4) for axis, v in values.items()}


def mono_of(path: Path, seconds: float | None = None) -> npt.NDArray[np.float64]:
    """Read a file, or its first ``seconds``, as measures hear it: mono at 32 kHz, (n,). Raises UnreadableAudio."""
    audio, rate = read_audio(path, seconds=seconds)
    mono = resample(np.ascontiguousarray(audio.mean(0, keepdims=True)), rate, RATE)[0]
    return np.asarray(mono, np.float64)


def describe_file(path: Path) -> dict[str, float | None]:
    """Measure a file. Raises UnreadableAudio."""
    audio, rate = read_audio(path, seconds=_LONGEST)
    return describe(audio, rate)
