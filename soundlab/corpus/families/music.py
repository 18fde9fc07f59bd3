"""Musical textures: sustained, plucked and struck, in a key."""

from __future__ import annotations

import numpy as np

from soundlab.corpus.bends import Bends
from soundlab.corpus.families.voice import family
from soundlab.corpus.signals import (
    SAMPLE_RATE,
    Audio,
    Rng,
    bandpass,
    beat_times,
    decay,
    harmonic,
    hull,
    lowpass,
    modes,
    noise,
    place,
    pluck,
    resonate,
    seconds,
    unit_rms,
    wander,
)

_MINOR = np.array([0, 2, 3, 5, 7, 8, 10])
_MAJOR = np.array([0, 2, 4, 5, 7, 9, 11])
_SOFT_START = 2.0
"""Seconds: the share of a chord that fades into the next."""


def _scale(rng: Rng, b: Bends) -> np.ndarray:
    """Return seven pitch classes of the score's mode; without one, warm sounds lean to major, cold ones to minor."""
    if b.score:
        return _MINOR if b.score.minor else _MAJOR
    return _MAJOR if rng.random() < 0.45 + 0.4 * b.warmth else _MINOR


def _root(b: Bends, hz: float) -> float:
    """The score's root near ``hz``, or ``hz`` itself without a score."""
    return b.score.near(hz) if b.score else hz


def _beat(b: Bends, rate: float) -> float:
    """Notes a second: the subdivision of the score's tempo nearest to ``rate``, else ``rate`` bent by speed."""
    if not b.score:
        return rate * b.geometric("speed", 0.5, 1, 2.2)
    pulse = b.score.bpm / 60
    return float(pulse * 2.0 ** round(np.log2(rate / (95 / 60))))


def _hz(root: float, scale: np.ndarray, degree: int) -> float:
    octave, step = divmod(degree, 7)
    return float(root * 2.0 ** (octave + scale[step] / 12))


def _chords(rng: Rng, n: int, b: Bends, root: float) -> list[tuple[int, int, list[float]]]:
    """Return (start, length, frequencies) of overlapping triads."""
    scale = _scale(rng, b)
    root = _root(b, root)
    each = int(n / max(1, round(b.geometric("speed", 1, 2, 5))))
    out = []
    moves = b.linear("movement", 0.0, 0.7, 1.0)
    degree = 0
    for start in range(0, n - each // 4, each):
        if start and rng.random() < moves:
            degree = int(rng.choice([0, 3, 4, 5, 2]))
        notes = [_hz(root, scale, degree + k) for k in (0, 2, 4, 7)]
        if b.tonality < -0.4:
            notes = [f * rng.uniform(0.97, 1.03) for f in notes]
        out.append((start, min(n - start, each + int(_SOFT_START * SAMPLE_RATE)), notes))
    return out


def _sustained(rng: Rng, n: int, b: Bends, root: float, tone) -> Audio:  # type: ignore[no-untyped-def]
    out = np.zeros(n)
    for start, length, notes in _chords(rng, n, b, root):
        chord = np.zeros(length)
        for f in notes:
            chord += tone(f, length)
        place(n, start, chord * hull(length, _SOFT_START * 0.7, _SOFT_START), out)
    return out


def _pad(rng: Rng, n: int, b: Bends) -> Audio:
    def tone(f: float, length: int) -> Audio:
        partials = 1 / np.arange(1, 11) ** 1.3
        pair = harmonic(f * 1.003, length, partials) + harmonic(f * 0.997, length, partials)
        return pair * (0.7 + 0.3 * wander(rng, length, 0.5))

    out = _sustained(rng, n, b, b.geometric("register", 55, 110, 240), tone)
    return unit_rms(out) + b.linear("tonality", 0.5, 0.08, 0.0) * unit_rms(bandpass(noise(rng, n), 400, 4000))


def _strings(rng: Rng, n: int, b: Bends) -> Audio:
    def tone(f: float, length: int) -> Audio:
        out = np.zeros(length)
        for _ in range(3):
            vibrato = 1 + 0.004 * np.sin(2 * np.pi * rng.uniform(4.6, 6.2) * seconds(length) + rng.random() * 6)
            curve = f * rng.uniform(0.996, 1.004) * vibrato
            out += harmonic(curve, length, 1 / np.arange(1, 15))
        bow = 1 - 0.25 * wander(rng, length, 7)
        return np.asarray((resonate(out, 550, 1.2) + 0.5 * resonate(out, 2300, 2) + 0.3 * out) * bow)

    out = _sustained(rng, n, b, b.geometric("register", 65, 130, 300), tone)
    return unit_rms(out) + 0.03 * unit_rms(bandpass(noise(rng, n), 2000, 7000))


def _choir(rng: Rng, n: int, b: Bends) -> Audio:
    def tone(f: float, length: int) -> Audio:
        source = np.zeros(length)
        for _ in range(3):
            curve = f * (1 + 0.006 * np.sin(2 * np.pi * rng.uniform(4.5, 6) * seconds(length) + rng.random() * 6))
            source += harmonic(curve * rng.uniform(0.995, 1.005), length, 1 / np.arange(1, 13) ** 0.8)
        vowel = ((700, 1150), (450, 850), (350, 2000))[int(rng.integers(0, 3))]
        return np.asarray(
            resonate(source, vowel[0], 5) + 0.6 * resonate(source, vowel[1], 7) + 0.15 * resonate(source, 2800, 8)
        )

    out = _sustained(rng, n, b, b.geometric("register", 82, 147, 294), tone)
    return unit_rms(out) + 0.04 * unit_rms(bandpass(noise(rng, n), 1000, 6000)) * wander(rng, n, 1)


def _organ(rng: Rng, n: int, b: Bends) -> Audio:
    stops = np.zeros(12)
    stops[[0, 1, 2, 3, 5, 7]] = rng.uniform(0.2, 1, 6)

    def tone(f: float, length: int) -> Audio:
        return harmonic(f, length, stops) + 0.5 * harmonic(f / 2, length, [1])

    out = _sustained(rng, n, b, b.geometric("register", 65, 131, 262), tone)
    return out * (1 + 0.08 * np.sin(2 * np.pi * 5.5 * seconds(n)))


def _melody(rng: Rng, n: int, b: Bends, root: float, rate: float, note, *, chord: float = 0.2) -> Audio:  # type: ignore[no-untyped-def]
    """Lay ``note(f0, samples left)`` along a random walk in a key, ``rate`` a second."""
    out = np.zeros(n)
    scale = _scale(rng, b)
    root = _root(b, root)
    degree = int(rng.integers(0, 7))
    beats = beat_times(rng, n, _beat(b, rate), jitter=0.01, skip=b.linear("density", 0.65, 0.3, 0.02))
    for at in beats:
        degree = int(np.clip(degree + rng.integers(-3, 4), -5, 13))
        voices = [degree] + ([degree - 5, degree + 2] if rng.random() < chord else [])
        for d in voices:
            tone = note(_hz(root, scale, d), n - int(at))
            place(n, int(at), tone, out, float(rng.uniform(0.5, 1.0)) * b.geometric("energy", 0.8, 1, 1.2))
    return out


def _piano(rng: Rng, n: int, b: Bends) -> Audio:
    hardness = b.geometric("energy", 1.9, 1.4, 0.9)

    def note(f: float, left: int) -> Audio:
        length = min(left, int(3.5 * SAMPLE_RATE))
        k = np.arange(1, 14)
        stretch = k * np.sqrt(1 + 0.0004 * k**2)
        out = np.zeros(length)
        for detune in (0.9995, 1.0006):
            out += modes(rng, length, f * detune * stretch, 4.5 * (200 / f) ** 0.3 / k**0.6, 1 / k**hardness)
        hammer = lowpass(noise(rng, length), 1800) * decay(length, 0.035)
        return out + 0.12 * hammer

    return _melody(rng, n, b, b.geometric("register", 98, 220, 494), 1.8, note) + 0.0008 * noise(rng, n)


def _plucked(rng: Rng, n: int, b: Bends) -> Audio:
    def note(f: float, left: int) -> Audio:
        length = min(left, int(2.5 * SAMPLE_RATE))
        return pluck(rng, length, f, damping=0.003, brightness=b.geometric("energy", 0.15, 0.4, 0.9))

    return _melody(rng, n, b, b.geometric("register", 82, 165, 392), 2.6, note) + 0.0008 * noise(rng, n)


def _music_box(rng: Rng, n: int, b: Bends) -> Audio:
    def note(f: float, left: int) -> Audio:
        length = min(left, int(1.8 * SAMPLE_RATE))
        return modes(rng, length, f * np.array([1, 2.76, 5.4, 6.27]), [1.6, 0.7, 0.3, 0.2], [1, 0.35, 0.15, 0.1])

    return _melody(rng, n, b, b.geometric("register", 523, 880, 1568), 3.2, note, chord=0.1) + 0.001 * noise(rng, n)


def _marimba(rng: Rng, n: int, b: Bends) -> Audio:
    def note(f: float, left: int) -> Audio:
        length = min(left, int(0.9 * SAMPLE_RATE))
        return modes(rng, length, f * np.array([1, 3.93, 9.2]), [0.6, 0.2, 0.1], [1, 0.3, 0.1])

    return _melody(rng, n, b, b.geometric("register", 131, 262, 523), 3.4, note) + 0.0008 * noise(rng, n)


def _flute(rng: Rng, n: int, b: Bends) -> Audio:
    def note(f: float, left: int) -> Audio:
        length = min(left, int(rng.uniform(0.5, 1.4) * SAMPLE_RATE))
        vibrato = 1 + 0.006 * np.sin(2 * np.pi * 5.2 * seconds(length)) * np.linspace(0, 1, length)
        tone = harmonic(f * vibrato, length, [1, 0.35, 0.12, 0.05])
        wind = bandpass(noise(rng, length), f * 0.8, f * 5)
        shape = hull(length, 0.08, 0.2)
        return (tone + b.linear("tonality", 0.8, 0.2, 0.05) * unit_rms(wind)) * shape

    return _melody(rng, n, b, b.geometric("register", 262, 440, 880), 1.1, note, chord=0.0) + 0.001 * noise(rng, n)


def _bass_pulse(rng: Rng, n: int, b: Bends) -> Audio:
    out = np.zeros(n)
    root = _root(b, b.geometric("register", 33, 46, 73))
    rate = _beat(b, 2.6)
    length = int(min(0.9, 0.85 / rate) * SAMPLE_RATE)
    for k, at in enumerate(beat_times(rng, n, rate)):
        f = root * (1.189 if (k // 8) % 2 and b.movement > -0.3 else 1.0)
        tone = harmonic(f, length, 1 / np.arange(1, 12) ** 1.1) * hull(length, 0.008, 0.12) * decay(length, 1.2)
        place(n, int(at), lowpass(tone, b.geometric("energy", 250, 600, 2400)), out, 1.0 if k % 4 == 0 else 0.75)
    return out + 0.001 * noise(rng, n)


def _synth(rng: Rng, n: int, b: Bends) -> Audio:
    def note(f: float, left: int) -> Audio:
        length = min(left, int(0.35 * SAMPLE_RATE))
        saw = harmonic(f, length, 1 / np.arange(1, 20))
        return lowpass(saw, b.geometric("energy", 900, 2200, 6500)) * hull(length, 0.005, 0.1) * decay(length, 0.6)

    return _melody(rng, n, b, b.geometric("register", 110, 220, 440), 6.0, note, chord=0.0) + 0.001 * noise(rng, n)


_HELD = "register speed movement tonality score"
_PLAYED = "register speed density energy score"

FAMILIES = (
    family("pad", "a synth pad|a soft pad|an ambient pad|sustained synth chords", _HELD, _pad),
    family("strings", "strings|a string section|bowed strings|violins and cellos holding chords", _HELD, _strings),
    family("choir", "a choir|choral voices|a wordless choir|people singing long vowels", _HELD, _choir),
    family("organ", "an organ|a church organ|a pipe organ holding chords", _HELD, _organ),
    family("piano", "piano|a piano melody|soft piano notes|someone playing the piano", _PLAYED, _piano, "events"),
    family("plucked", "plucked strings|an acoustic guitar|a harp|guitar notes", _PLAYED, _plucked, "events"),
    family("music_box", "a music box|a toy music box|a celesta|glockenspiel notes", _PLAYED, _music_box, "events"),
    family("marimba", "a marimba|a xylophone|wooden mallets playing", _PLAYED, _marimba, "events"),
    family(
        "flute",
        "a flute|a flute melody|a breathy flute|a wooden pipe playing",
        "register speed density tonality score",
        _flute,
        "events",
    ),
    family(
        "bass_pulse",
        "a bass pulse|a pulsing bass|a throbbing bass note|a synth bass ostinato",
        "register speed movement energy score",
        _bass_pulse,
    ),
    family("synth", "a synth arpeggio|an arpeggiated synthesizer|sequenced synth notes", _PLAYED, _synth, "events"),
)
