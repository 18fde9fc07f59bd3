"""Struck and scraped bodies: metal, bells, glass, wood, drums, doors."""

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
    highpass,
    hull,
    lowpass,
    modes,
    noise,
    place,
    poisson_times,
    resonate,
    unit_peak,
    unit_rms,
    wander,
)

_BAR = np.array([1.0, 2.756, 5.404, 8.933, 13.34])
_PLATE = np.array([1.0, 1.41, 1.93, 2.37, 2.91, 3.58, 4.31, 5.22, 6.4, 7.7])
# Minor-third church bell: hum, prime, tierce, quint, nominal and above (Rossing 2000).
_BELL = np.array([0.5, 1.0, 1.183, 1.506, 2.0, 2.514, 2.662, 3.011, 4.166])
_GONG = np.array([1.0, 1.37, 1.62, 1.98, 2.44, 2.81, 3.29, 3.94, 4.7, 5.6])


def _strikes(rng: Rng, n: int, b: Bends, middle: float) -> np.ndarray:
    rate = b.geometric("density", middle / 3, middle, middle * 4) * b.geometric("speed", 0.5, 1, 2.2)
    times = beat_times(rng, n, rate, jitter=0.04 if abs(b.speed) > 0.3 else 0.15)
    return times if times.size else np.array([int(rng.integers(0, max(1, n // 4)))])


def _metal_hits(rng: Rng, n: int, b: Bends) -> Audio:
    out = 0.002 * noise(rng, n, slope=-3)
    for at in _strikes(rng, n, b, 0.9):
        f0 = b.geometric("register", 110, 300, 900) * 2.0 ** rng.uniform(-0.4, 0.4)
        ratios = _PLATE * rng.uniform(0.97, 1.03, _PLATE.size)
        length = min(n - int(at), int(2.5 * SAMPLE_RATE))
        hit = modes(
            rng, length, f0 * ratios, rng.uniform(0.4, 2.0, ratios.size) / ratios**0.4, rng.uniform(0.3, 1, ratios.size)
        )
        knock = highpass(noise(rng, length), 1800) * decay(length, 0.05)
        place(
            n,
            int(at),
            unit_peak(hit) + 0.25 * b.geometric("energy", 0.4, 1, 2) * knock,
            out,
            float(rng.uniform(0.5, 1)),
        )
    return out


def _metal_scrape(rng: Rng, n: int, b: Bends) -> Audio:
    rub = noise(rng, n) * wander(rng, n, 40) ** 2
    stroke = wander(rng, n, b.geometric("speed", 0.3, 0.8, 2.5)) ** 2
    out = np.zeros(n)
    f0 = b.geometric("register", 260, 600, 1500)
    for ratio in _PLATE[:8]:
        hz = f0 * ratio * rng.uniform(0.95, 1.05)
        out += unit_rms(resonate(rub, hz, 60)) * (0.3 + wander(rng, n, 1.5)) / ratio**0.4
    return out * stroke * b.geometric("energy", 0.8, 1, 1.4) + 0.05 * highpass(rub, 3000) * stroke


def _bells(rng: Rng, n: int, b: Bends) -> Audio:
    out = 0.0015 * noise(rng, n, slope=-3)
    root = b.geometric("register", 190, 440, 1000)
    tuning = root * 2.0 ** (np.array([0, 2, 4, 7, 9]) / 12)
    for at in _strikes(rng, n, b, 0.7):
        length = n - int(at)
        t60 = b.geometric("energy", 5, 4, 3) / _BELL**0.6
        bell = modes(
            rng,
            length,
            float(rng.choice(tuning)) * _BELL,
            t60,
            np.array([0.5, 0.9, 0.8, 0.4, 1, 0.4, 0.35, 0.3, 0.2]) * rng.uniform(0.6, 1, 9),
        )
        place(n, int(at), bell, out, float(rng.uniform(0.5, 1.0)))
    return out


def _chimes(rng: Rng, n: int, b: Bends) -> Audio:
    out = 0.002 * noise(rng, n, slope=-2)
    tuning = b.geometric("register", 700, 1250, 2300) * 2.0 ** (np.array([0, 2, 4, 7, 9, 12]) / 12)
    for at in poisson_times(rng, n, b.geometric("density", 0.8, 3, 10)):
        length = min(n - int(at), int(2.2 * SAMPLE_RATE))
        tube = modes(rng, length, float(rng.choice(tuning)) * _BAR, 2.0 / _BAR**0.5, 1 / _BAR)
        place(n, int(at), tube, out, float(rng.uniform(0.2, 1.0)))
    return out


def _gong(rng: Rng, n: int, b: Bends) -> Audio:
    out = 0.002 * noise(rng, n, slope=-4)
    for at in _strikes(rng, n, b, 0.22):
        length = n - int(at)
        f0 = b.geometric("register", 55, 95, 190) * rng.uniform(0.9, 1.1)
        body = modes(rng, length, f0 * _GONG, 8.0 / _GONG**0.5, 1 / _GONG**0.5)
        bloom = np.zeros(length)
        for ratio in rng.uniform(4, 16, 12):
            bloom += modes(rng, length, [f0 * ratio], [rng.uniform(1.5, 4)], [0.12])
        rise = 1 - decay(length, 1.2)
        place(n, int(at), body + bloom * rise * b.geometric("energy", 0.5, 1, 2.2), out)
    return out


def _glass(rng: Rng, n: int, b: Bends) -> Audio:
    out = 0.001 * noise(rng, n)
    shatter = rng.random() < 0.5
    for at in _strikes(rng, n, b, 0.45 if shatter else 1.2):
        shards = int(rng.integers(25, 70)) if shatter else 1
        for _ in range(shards):
            f0 = b.geometric("register", 1500, 2600, 4500) * 2.0 ** rng.uniform(-0.8, 0.8)
            when = int(at + (rng.exponential(0.16) * SAMPLE_RATE if shatter else 0))
            length = int((0.12 if shatter else 1.0) * SAMPLE_RATE)
            ping = modes(rng, length, f0 * np.array([1, 2.32, 4.25]), [0.7, 0.5, 0.3], [1, 0.5, 0.25])
            place(n, when, ping, out, float(rng.exponential(0.3 if shatter else 0.8)))
        if shatter:
            burst = highpass(noise(rng, 6400), 3000) * decay(6400, 0.15)
            place(n, int(at), burst, out, 0.9)
    return out


def _wood(rng: Rng, n: int, b: Bends) -> Audio:
    out = 0.002 * noise(rng, n, slope=-4)
    for at in _strikes(rng, n, b, 1.6):
        f0 = b.geometric("register", 130, 280, 700) * 2.0 ** rng.uniform(-0.3, 0.3)
        length = int(0.35 * SAMPLE_RATE)
        ratios = np.array([1, 1.72, 2.6, 3.9])
        place(n, int(at), modes(rng, length, f0 * ratios, 0.16 / ratios, 1 / ratios), out, float(rng.uniform(0.5, 1)))
    return out


def _creak(rng: Rng, n: int, b: Bends) -> Audio:
    out = np.zeros(n)
    for at in _strikes(rng, n, b, 0.5):
        length = int(rng.uniform(0.6, 1.6) * SAMPLE_RATE)
        rate = b.geometric("speed", 25, 55, 120) * (0.6 + wander(rng, length, 3))
        phase = np.cumsum(rate) / SAMPLE_RATE
        stick = np.diff(np.floor(phase), prepend=0.0) * rng.uniform(0.5, 1.0, length)
        f0 = b.geometric("register", 280, 560, 1200)
        tone = sum(resonate(stick, f0 * r * rng.uniform(0.95, 1.05), 14) for r in (1, 1.9, 3.1))
        place(n, int(at), unit_peak(np.asarray(tone)) * hull(length, 0.15, 0.3), out, float(rng.uniform(0.5, 1)))
    return out + 0.001 * noise(rng, n, slope=-3)


def _door(rng: Rng, n: int, b: Bends) -> Audio:
    out = 0.002 * noise(rng, n, slope=-4)
    metal = rng.random() < 0.5
    for at in _strikes(rng, n, b, 0.35):
        length = int(1.2 * SAMPLE_RATE)
        slam = modes(rng, length, [62, 97, 148, 230, 410], [0.4, 0.35, 0.25, 0.2, 0.12], [1, 0.9, 0.7, 0.5, 0.4])
        burst = lowpass(noise(rng, length), 2500) * decay(length, 0.1)
        place(n, int(at), slam + 0.5 * burst, out, b.geometric("energy", 0.5, 1, 1.6))
        latch = modes(rng, 3000, [1400, 2300, 3700], [0.05, 0.04, 0.03], [1, 0.7, 0.5])
        place(n, int(at + 0.06 * SAMPLE_RATE), latch, out, 0.4)
        if metal:
            f0 = b.geometric("register", 140, 230, 420)
            ring = modes(rng, length, f0 * _PLATE, 1.1 / _PLATE**0.5, 1 / _PLATE**0.3)
            place(n, int(at), ring, out, 0.45)
    return out


def _percussion(rng: Rng, n: int, b: Bends) -> Audio:
    out = 0.001 * noise(rng, n)
    tempo = b.geometric("speed", 70, 105, 165) / 60
    step = SAMPLE_RATE / tempo / 4
    fill = b.linear("density", 0.05, 0.2, 0.5)
    pattern = rng.random((3, 16)) < np.array([[fill * 0.6], [fill * 0.4], [fill * 1.2]])
    pattern[0, [0, 8]] = pattern[1, [4, 12]] = True  # a groove: kick on one and three, snare on two and four
    pattern[2, :: (4 if b.density < -0.4 else 2)] = True
    low = b.geometric("register", 45, 62, 100)
    for k in range(int(n / step) + 1):
        at = int(k * step)
        if pattern[0, k % 16]:
            length = int(0.35 * SAMPLE_RATE)
            place(n, at, harmonic(low * (1 + 2.5 * decay(length, 0.08)), length, [1, 0.2]) * decay(length, 0.32), out)
        if pattern[1, k % 16]:
            length = int(0.22 * SAMPLE_RATE)
            snare = bandpass(noise(rng, length), 900, 7000) * decay(length, 0.2) * 0.5
            place(n, at, snare + modes(rng, length, [185, 330], [0.12, 0.08], [0.5, 0.3]), out)
        if pattern[2, k % 16]:
            length = int(0.06 * SAMPLE_RATE)
            place(n, at, highpass(noise(rng, length), 6000) * decay(length, 0.05), out, 0.25)
    return out * b.geometric("energy", 0.8, 1, 1.2)


def _hand_drum(rng: Rng, n: int, b: Bends) -> Audio:
    out = 0.001 * noise(rng, n)
    for at in beat_times(
        rng, n, b.geometric("speed", 1.5, 3.6, 7), jitter=0.02, skip=b.linear("density", 0.6, 0.3, 0.05)
    ):
        f0 = b.geometric("register", 70, 120, 230) * float(rng.choice([1, 1, 1.5, 2.2]))
        length = int(0.45 * SAMPLE_RATE)
        ratios = np.array([1, 1.59, 2.14, 2.65, 3.16])
        skin = modes(rng, length, f0 * ratios, 0.4 / ratios, 1 / ratios)
        slap = bandpass(noise(rng, length), 1200, 5000) * decay(length, 0.04)
        place(n, int(at), skin + 0.3 * slap, out, float(rng.uniform(0.35, 1)))
    return out


FAMILIES = (
    family(
        "metal_hits",
        "metal hits|struck metal|metal clangs|banging on a steel plate|anvil strikes",
        "density speed register energy",
        _metal_hits,
        "events",
    ),
    family(
        "metal_scrape",
        "metal scraping|scraped metal|a metallic groan|grinding steel|rusty metal dragging",
        "speed register energy",
        _metal_scrape,
    ),
    family(
        "bells",
        "bells|church bells|tolling bells|a ringing bell|bell strikes",
        "density speed register energy",
        _bells,
        "events",
    ),
    family(
        "chimes",
        "wind chimes|tubular chimes|tinkling chimes|small hanging chimes",
        "density register",
        _chimes,
        "events",
    ),
    family("gong", "a gong|a temple gong|a struck gong|a tam-tam", "density speed register energy", _gong, "events"),
    family(
        "glass",
        "glass|breaking glass|clinking glasses|shattering glass|glass shards",
        "density speed register",
        _glass,
        "events",
    ),
    family(
        "wood",
        "wood knocks|knocking on wood|wooden blocks|a wooden box being hit",
        "density speed register",
        _wood,
        "events",
    ),
    family(
        "creak",
        "creaking wood|a creaking floorboard|a squeaky hinge|old timber creaking",
        "density speed register",
        _creak,
        "events",
    ),
    family(
        "door",
        "a door slam|a slamming door|a heavy door closing|a door being shut",
        "density speed register energy",
        _door,
        "events",
    ),
    family(
        "percussion",
        "a drum beat|drums|a drum loop|a groove on a drum kit",
        "speed density register energy",
        _percussion,
        "events",
    ),
    family(
        "hand_drum",
        "hand drums|a frame drum|tabla-like drumming|tribal drums",
        "speed density register",
        _hand_drum,
        "events",
    ),
)
