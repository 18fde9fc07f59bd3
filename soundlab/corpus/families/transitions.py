"""Shapes that lead from one moment to the next."""

from __future__ import annotations

import numpy as np

from soundlab.corpus.bends import Bends
from soundlab.corpus.families.voice import family
from soundlab.corpus.signals import (
    SAMPLE_RATE,
    Audio,
    Rng,
    decay,
    freeze_cloud,
    harmonic,
    hull,
    lowpass,
    modes,
    noise,
    place,
    pluck,
    seconds,
    sweep_filter,
    unit_peak,
    unit_rms,
    wander,
)


def _riser(rng: Rng, n: int, b: Bends) -> Audio:
    x = np.linspace(0, 1, n)
    peak = rng.uniform(0.8, 0.98)
    climb = np.clip(x / peak, 0, 1)
    curve = b.geometric("register", 90, 180, 400) * 2.0 ** (climb * b.geometric("energy", 2, 3.2, 4.5))
    hiss = sweep_filter(noise(rng, n), curve * 4, width=0.7)
    tone = harmonic(curve, n, [1, 0.5, 0.3, 0.2])
    flutter = 1 + 0.5 * np.sin(2 * np.pi * np.cumsum(2 + 14 * climb) / SAMPLE_RATE)
    level = climb**2 * (x <= peak) + (x > peak) * np.exp(-(x - peak) * 25)
    return (unit_rms(hiss) + b.linear("tonality", 0, 0.7, 1.8) * unit_rms(tone)) * level * flutter


def _whoosh(rng: Rng, n: int, b: Bends) -> Audio:
    out = 0.001 * noise(rng, n, slope=-2)
    count = max(1, round(b.geometric("density", 1, 3, 7) * n / (10 * SAMPLE_RATE)))
    for at in np.sort(rng.integers(0, max(1, int(n * 0.85)), count)):
        length = min(n, int(b.geometric("speed", 2.6, 1.2, 0.45) * SAMPLE_RATE))
        x = np.linspace(0, 1, length)
        bell = np.exp(-(((x - 0.45) / 0.2) ** 2))
        hz = b.geometric("register", 250, 600, 1500) * 2.0 ** (1.6 * bell)
        place(n, int(at), unit_peak(sweep_filter(noise(rng, length), hz, width=0.8)) * bell, out)
    return out


def _boom(rng: Rng, n: int, b: Bends) -> Audio:
    out = 0.002 * noise(rng, n, slope=-6)
    count = max(1, round(b.geometric("density", 1, 2, 5) * n / (10 * SAMPLE_RATE)))
    for k in range(count):
        at = int((k + rng.uniform(0.02, 0.4)) * n / count)
        length = n - at
        f0 = b.geometric("register", 28, 42, 70)
        sub = harmonic(f0 * (1 + 1.8 * decay(length, 0.25)), length, [1, 0.4, 0.15]) * decay(length, 2.6)
        blast = lowpass(noise(rng, length, slope=-4), 1800) * decay(length, 1.1)
        place(n, at, np.tanh(2 * sub) + b.geometric("energy", 0.1, 0.4, 1.2) * unit_peak(blast), out)
    return out


def _reverse_swell(rng: Rng, n: int, b: Bends) -> Audio:
    out = 0.001 * noise(rng, n)
    count = max(1, round(b.geometric("density", 1, 2, 5) * n / (10 * SAMPLE_RATE)))
    for k in range(count):
        length = min(n, int(b.geometric("speed", 5, 3, 1.2) * SAMPLE_RATE))
        f0 = b.geometric("register", 110, 240, 600)
        k_ = np.arange(1, 10)
        tail = modes(rng, length, f0 * k_ * rng.uniform(0.99, 1.02, 9), 3.0 / k_**0.3, 1 / k_)
        tail += 0.3 * lowpass(noise(rng, length), 5000) * decay(length, 2.5)
        at = int(k * n / count + rng.uniform(0, 0.2) * n / count)
        place(n, at, (tail * hull(length, 0.002, 0.05))[::-1], out)
    return out


def _granular(rng: Rng, n: int, b: Bends) -> Audio:
    source = np.zeros(SAMPLE_RATE * 2)
    for _ in range(6):
        note = pluck(
            rng,
            SAMPLE_RATE,
            b.geometric("register", 120, 300, 800) * float(rng.choice([1, 1.2, 1.5, 2, 3])),
            damping=0.004,
            brightness=0.6,
        )
        place(source.size, int(rng.integers(0, SAMPLE_RATE)), note, source)
    cloud = freeze_cloud(
        rng,
        source,
        n,
        grain=b.geometric("speed", 0.16, 0.07, 0.025),
        rate=b.geometric("density", 12, 45, 160),
        pitch=b.linear("tonality", 1.2, 0.5, 0.02),
    )
    return cloud * (1 - b.linear("movement", 0, 0.5, 1) * wander(rng, n, 0.6))


def _glitch(rng: Rng, n: int, b: Bends) -> Audio:
    out = 0.001 * noise(rng, n)
    at = 0
    while at < n:
        length = int(rng.choice([0.02, 0.04, 0.08, 0.16]) / b.geometric("speed", 0.5, 1, 2) * SAMPLE_RATE)
        if rng.random() < b.linear("density", 0.15, 0.4, 0.85):
            kind = int(rng.integers(0, 3))
            t = seconds(length)
            hz = b.geometric("register", 200, 700, 2400) * 2.0 ** rng.uniform(-1.5, 1.5)
            grain = (
                np.sign(np.sin(2 * np.pi * hz * t)) * 0.4,
                np.repeat(rng.standard_normal(length // 16 + 1), 16)[:length] * 0.5,
                np.sin(2 * np.pi * hz * t * (1 + 4 * t / max(t[-1], 1e-6))) * 0.8,
            )[kind]
            place(n, at, grain * hull(length, 0.001, 0.002), out, float(rng.uniform(0.3, 1)))
        at += length
    return out


FAMILIES = (
    family("riser", "a riser|a rising sweep|a tension riser|a build-up", "register energy tonality", _riser, "arc"),
    family("whoosh", "a whoosh|whooshes|a fast pass-by|swishes of air", "density speed register", _whoosh, "events"),
    family(
        "boom",
        "a boom|a deep impact|a cinematic hit|an explosion|a sub drop",
        "density register energy",
        _boom,
        "events",
    ),
    family(
        "reverse_swell",
        "a reverse swell|a reversed sound|a backwards swell|a sucking reverse",
        "density speed register",
        _reverse_swell,
        "events",
    ),
    family(
        "granular",
        "a granular cloud|a cloud of grains|granular texture|scattered grains of sound",
        "register speed density tonality movement",
        _granular,
    ),
    family(
        "glitch",
        "digital glitches|glitching electronics|broken data|stuttering digital noise",
        "speed density register",
        _glitch,
        "events",
    ),
)
