"""Signal primitives the sound families are built from.

Everything is mono ``float64`` at :data:`SAMPLE_RATE`, takes a
``numpy.random.Generator`` where chance is involved, and is deterministic for a
given generator state.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from scipy import signal

SAMPLE_RATE = 32_000
"""Hz. The rate of MusicGen's codec, so nothing is resampled on the way to training."""

Audio = npt.NDArray[np.floating]
Rng = np.random.Generator


def seconds(n: int) -> Audio:
    """Return the time axis of ``n`` samples in seconds, shape (n,)."""
    return np.arange(n, dtype=np.float64) / SAMPLE_RATE


def noise(rng: Rng, n: int, *, slope: float = 0.0) -> Audio:
    """Return Gaussian noise of unit RMS, shape (n,), tilted by ``slope`` dB per octave.

    0 is white, -3 pink, -6 brown. Shaped in the frequency domain with a floor
    at 20 Hz so that steep slopes do not collapse into a DC wander.
    """
    white = rng.standard_normal(n)
    if slope == 0.0:
        return white
    spectrum = np.fft.rfft(white)
    octave = np.log2(np.maximum(np.fft.rfftfreq(n, 1 / SAMPLE_RATE), 20.0) / 20.0)
    spectrum *= 10.0 ** (slope * octave / 20.0)
    spectrum[0] = 0.0
    return unit_rms(np.fft.irfft(spectrum, n))


def unit_rms(x: Audio) -> Audio:
    """Scale to an RMS of one; silence stays silence."""
    rms = float(np.sqrt(np.mean(x * x))) if x.size else 0.0
    return x / rms if rms > 1e-9 else x


def unit_peak(x: Audio) -> Audio:
    """Scale to a peak of one; silence stays silence."""
    peak = float(np.max(np.abs(x))) if x.size else 0.0
    return x / peak if peak > 1e-9 else x


def lowpass(x: Audio, hz: float, *, order: int = 2) -> Audio:
    """Butterworth low-pass at ``hz`` (clipped to the representable range)."""
    sos = signal.butter(order, _norm(hz), btype="low", output="sos")
    return np.asarray(signal.sosfilt(sos, x))


def highpass(x: Audio, hz: float, *, order: int = 2) -> Audio:
    """Butterworth high-pass at ``hz``."""
    sos = signal.butter(order, _norm(hz), btype="high", output="sos")
    return np.asarray(signal.sosfilt(sos, x))


def bandpass(x: Audio, low: float, high: float, *, order: int = 2) -> Audio:
    """Butterworth band-pass between ``low`` and ``high`` Hz."""
    low_n, high_n = _norm(low), _norm(high)
    sos = signal.butter(order, [low_n, max(high_n, low_n * 1.05)], btype="band", output="sos")
    return np.asarray(signal.sosfilt(sos, x))


def resonate(x: Audio, hz: float, q: float) -> Audio:
    """Two-pole resonator at ``hz`` with quality ``q`` and unit gain at the peak."""
    b, a = signal.iirpeak(_norm(hz), q)
    return np.asarray(signal.lfilter(b, a, x))


def _norm(hz: float) -> float:
    return float(np.clip(hz / (SAMPLE_RATE / 2), 1e-4, 0.98))


def wander(rng: Rng, n: int, hz: float, *, low: float = 0.0, high: float = 1.0) -> Audio:
    """Return a smooth random curve in [low, high] that turns about ``hz`` times a second."""
    points = max(4, int(np.ceil(n / SAMPLE_RATE * hz)) + 3)
    knots = rng.random(points)
    where = np.linspace(0.0, points - 1.0, n) + 0.0
    left = np.clip(where.astype(np.int64), 0, points - 2)
    blend = where - left
    blend = blend * blend * (3.0 - 2.0 * blend)
    curve = knots[left] * (1.0 - blend) + knots[left + 1] * blend
    return low + (high - low) * curve


def poisson_times(rng: Rng, n: int, rate: float) -> npt.NDArray[np.int64]:
    """Return sorted sample positions of a Poisson process of ``rate`` events a second."""
    count = int(rng.poisson(max(rate, 0.0) * n / SAMPLE_RATE))
    return np.sort(rng.integers(0, n, size=count))


def beat_times(rng: Rng, n: int, rate: float, *, jitter: float = 0.0, skip: float = 0.0) -> npt.NDArray[np.int64]:
    """Return sample positions of a pulse of ``rate`` a second.

    ``jitter`` is the standard deviation as a part of the period; ``skip`` the
    chance that a beat is left out.
    """
    period = SAMPLE_RATE / rate
    start = rng.random() * period * 0.5
    beats = start + period * np.arange(int(max(n - start, 0) / period) + 1)
    beats = beats + rng.standard_normal(beats.size) * jitter * period
    kept = beats[rng.random(beats.size) >= skip]
    whole = kept.astype(np.int64)
    return np.sort(whole[(whole >= 0) & (whole < n)])


def place(n: int, at: int, grain: Audio, out: Audio, gain: float = 1.0) -> None:
    """Add ``grain`` into ``out`` (length ``n``) from sample ``at``, cut at the end."""
    stop = min(n, at + grain.size)
    if stop > at >= 0:
        out[at:stop] += gain * grain[: stop - at]


def decay(n: int, t60: float) -> Audio:
    """Exponential decay that has fallen 60 dB after ``t60`` seconds."""
    return np.asarray(np.exp(-6.908 / max(t60, 1e-3) * seconds(n)))


def hull(n: int, attack: float, release: float) -> Audio:
    """Flat envelope with raised-cosine attack and release in seconds."""
    shape = np.ones(n)
    for length, end in ((attack, False), (release, True)):
        k = min(n, int(length * SAMPLE_RATE))
        if k > 1:
            ramp = 0.5 - 0.5 * np.cos(np.pi * np.arange(k) / k)
            if end:
                shape[n - k :] *= ramp[::-1]
            else:
                shape[:k] *= ramp
    return shape


def modes(
    rng: Rng,
    n: int,
    frequencies: Sequence[float] | Audio,
    t60s: Sequence[float] | Audio,
    gains: Sequence[float] | Audio,
) -> Audio:
    """Sum of damped sinusoids: the modal model of struck bodies, shape (n,)."""
    t = seconds(n)
    out = np.zeros(n)
    for f, t60, g in zip(frequencies, t60s, gains, strict=True):
        if 20.0 < f < SAMPLE_RATE * 0.47:
            length = min(n, int(t60 * 1.3 * SAMPLE_RATE) + 1)
            phase = rng.random() * 2 * np.pi
            wave = np.sin(2 * np.pi * f * t[:length] + phase) * decay(length, t60)
            out[:length] += g * wave
    attack = min(n, 24)
    out[:attack] *= np.linspace(0.0, 1.0, attack)
    return out


def harmonic(f0: Audio | float, n: int, partials: Sequence[float] | Audio) -> Audio:
    """Additive tone: partial ``k`` of ``partials`` at (k+1)·f0; f0 in Hz, scalar or (n,).

    Partials above 15 kHz are faded out so that gliding tones do not alias.
    """
    curve = np.broadcast_to(np.asarray(f0, dtype=np.float64), (n,))
    phase = 2 * np.pi * np.cumsum(curve) / SAMPLE_RATE
    out = np.zeros(n)
    top = float(np.max(curve))
    for k, gain in enumerate(partials, start=1):
        if gain and k * top < 15_000:
            out += gain * np.sin(k * phase)
    return out


def pluck(rng: Rng, n: int, f0: float, *, damping: float, brightness: float) -> Audio:
    """Karplus–Strong string (Karplus & Strong 1983): ``damping`` in (0, 1), shape (n,).

    ``brightness`` in (0, 1] opens the low-pass of the excitation.
    """
    period = max(2, round(SAMPLE_RATE / f0 - 0.5))
    burst: Audio = np.zeros(n)
    length = min(n, period)
    burst[:length] = rng.uniform(-1, 1, length)
    burst = lowpass(burst, 800 + 11_000 * brightness)
    feedback = np.zeros(period + 2)
    feedback[0] = 1.0
    loss = 1.0 - damping
    feedback[period] = -0.5 * loss
    feedback[period + 1] = -0.5 * loss
    return np.asarray(signal.lfilter([1.0], feedback, burst))


def convolve(x: Audio, response: Audio) -> Audio:
    """Linear convolution cut to the length of ``x``."""
    return np.asarray(signal.fftconvolve(x, response)[: x.size])


def sweep_filter(x: Audio, cutoff: Audio, *, width: float = 0.6) -> Audio:
    """Band emphasis that follows ``cutoff`` (n,) in Hz: a Gaussian of ``width`` octaves.

    Done on short-time spectra, so it can move as fast as 30 ms.
    """
    size, hop = 1024, 256
    _, _, z = signal.stft(x, SAMPLE_RATE, nperseg=size, noverlap=size - hop)
    freqs = np.fft.rfftfreq(size, 1 / SAMPLE_RATE)
    frames = np.minimum(np.arange(z.shape[1]) * hop, x.size - 1)
    centre = np.log2(np.maximum(cutoff[frames], 20.0))
    octave = np.log2(np.maximum(freqs, 20.0))
    gain = np.exp(-0.5 * ((octave[:, None] - centre[None, :]) / width) ** 2)
    _, y = signal.istft(z * gain, SAMPLE_RATE, nperseg=size, noverlap=size - hop)
    out = np.zeros(x.size)
    out[: min(x.size, y.size)] = y[: x.size]
    return out


def freeze_cloud(rng: Rng, x: Audio, n: int, *, grain: float, rate: float, pitch: float) -> Audio:
    """Granular resynthesis of ``x``: ``rate`` grains a second of ``grain`` seconds each.

    ``pitch`` is the spread of grain transposition in octaves.
    """
    length = max(64, int(grain * SAMPLE_RATE))
    window = np.hanning(length)
    out: Audio = np.zeros(n)
    for at in poisson_times(rng, n, rate):
        ratio = 2.0 ** (rng.uniform(-pitch, pitch))
        span = int(length * ratio) + 2
        if x.size <= span:
            continue
        start = int(rng.integers(0, x.size - span))
        source = np.interp(np.arange(length) * ratio, np.arange(span), x[start : start + span])
        place(n, int(at), source * window, out, float(rng.uniform(0.3, 1.0)))
    return out
