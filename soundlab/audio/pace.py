"""The pace of a sound: changed without its pitch, attack by attack.

Audio is (channels, samples) float64, its rate in Hz.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import signal

from soundlab.audio.shaping import SIZE, Audio, followers, istft, looped, stft

_STEEP = 1.6
"""Ratio of a fast to a slow envelope from which something is struck."""
_BEFORE, _AFTER = 0.008, 0.1
"""Seconds around an attack that keep their own pace, where the next one leaves room."""
_ECHO = 0.07
"""Seconds before an attack in which a phase vocoder lets it be heard already."""


def stretched(audio: Audio, rate: int, factor: float) -> Audio:
    """Change the speed by ``factor`` at the same pitch; looped, or cut, to the length it had.

    What is held goes through a phase vocoder, what is struck is laid anew in short grains (Driedger,
    Müller & Ewert 2014, "Improving time-scale modification of music signals using harmonic-percussive
    separation"). Around attacks the grains follow each other as they did, and the level before them
    is that of the source, so that attacks stay as they were. Under 2,048 samples nothing is changed.
    """
    from librosa.decompose import hpss
    from librosa.effects import time_stretch

    n = audio.shape[1]
    if n < SIZE:
        return audio
    length = round(n / factor)
    spectrum = stft(audio)
    _, share = hpss(np.abs(spectrum).mean(0), mask=True)
    struck = istft(spectrum * share, n)
    held = np.stack([time_stretch(c, rate=factor) for c in (audio - struck).astype(np.float32)])
    held = np.pad(held, ((0, 0), (0, max(0, length - held.shape[1]))))[:, :length]
    attacks = _attacks(struck, rate)
    places = np.interp(np.arange(length, dtype=np.float64), *_sources(attacks, n, rate, factor))
    made = held + _regrained(struck, places, round(0.01 * rate / factor))
    return looped(made * _echoless(made, audio, places, [a / factor for a in attacks], rate), n, rate)


def _attacks(audio: Audio, rate: int) -> list[int]:
    """Samples where the rise of something struck begins, at least 60 ms apart, down to 45 dB under the loudest."""
    quick, slow = followers(audio, rate, 0.003, 0.12)
    rise = quick / slow
    peaks, _ = signal.find_peaks(rise, height=_STEEP, distance=round(0.06 * rate))
    back = round(0.03 * rate)
    return [
        int(p) - int(np.argmax(rise[max(0, p - back) : p + 1][::-1] < 1.05))
        for p in peaks
        if quick[p] > quick.max() * 10 ** (-45 / 20)
    ]


def _sources(attacks: list[int], n: int, rate: int, factor: float) -> tuple[list[float], list[float]]:
    """Places in what is made, and in its source of ``n`` samples, between which to interpolate; both rise."""
    made, source = [0.0], [0.0]
    before = _BEFORE * rate

    def add(at: float, of: float) -> None:
        if at > made[-1] and of > source[-1]:
            made.append(at)
            source.append(of)

    for attack, following in zip(attacks, [*attacks[1:], n], strict=True):
        after = min(_AFTER * rate, 0.8 * (following - attack) / max(factor, 1.0) - before)
        add(attack / factor - before, attack - before)
        if after > 0:
            add(attack / factor + after, attack + after)
    add(n / factor, n)
    return made, source


def _regrained(audio: Audio, places: Audio, hop: int) -> Audio:
    """Overlap-add grains of two ``hop`` so that each sample comes from about its place in the source."""
    length = places.size
    count = length // hop + 2
    padded = np.pad(audio, ((0, 0), (2 * hop, 2 * hop)))
    middles = places[np.minimum(np.arange(count) * hop, length - 1)]
    starts: npt.NDArray[np.int64] = np.round(middles).astype(np.int64) + hop
    grains = padded[:, starts[:, None] + np.arange(2 * hop)] * np.hanning(2 * hop + 1)[:-1]
    out = np.zeros((len(audio), count + 1, hop))
    out[:, :-1] += grains[..., :hop]
    out[:, 1:] += grains[..., hop:]
    return out.reshape(len(audio), -1)[:, hop : hop + length]


def _echoless(made: Audio, source: Audio, places: Audio, attacks: list[float], rate: int) -> Audio:
    """Gain (samples,) that lets nothing before an attack be louder than before its source."""
    width = round(0.004 * rate)
    window = np.hanning(width + 2)[1:-1] / ((width + 1) / 2)

    def level(audio: Audio) -> Audio:
        return np.sqrt(np.maximum(signal.fftconvolve((audio**2).mean(0), window, "same"), 1e-12))

    gain = np.minimum(1.0, level(source)[np.round(places).astype(np.int64).clip(0, source.shape[1] - 1)] / level(made))
    out = np.ones(made.shape[1])
    for attack in attacks:
        span = slice(max(0, round(attack - _ECHO * rate)), max(0, round(attack + 0.002 * rate)))
        out[span] = gain[span]
    return out
