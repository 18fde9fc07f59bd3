"""Animals, people at work and small objects in the hand."""

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
    seconds,
    unit_peak,
    unit_rms,
    wander,
)


def _frogs(rng: Rng, n: int, b: Bends) -> Audio:
    out = 0.006 * noise(rng, n, slope=-3)
    for _ in range(max(1, round(b.geometric("density", 1, 3, 9)))):
        f0 = b.geometric("register", 160, 380, 900) * rng.uniform(0.8, 1.25)
        grit = rng.uniform(28, 60)
        for at in beat_times(rng, n, b.geometric("speed", 0.4, 1.0, 2.6) * rng.uniform(0.8, 1.2), jitter=0.1, skip=0.2):
            length = int(rng.uniform(0.12, 0.4) * SAMPLE_RATE)
            pulses = 0.5 + 0.5 * np.sign(np.sin(2 * np.pi * grit * seconds(length)))
            croak = harmonic(f0, length, 1 / np.arange(1, 7)) * lowpass(pulses, 400) * hull(length, 0.02, 0.06)
            place(n, int(at), resonate(croak, f0 * 3, 3) + 0.4 * croak, out, float(rng.uniform(0.3, 1)))
    return out


def _owl(rng: Rng, n: int, b: Bends) -> Audio:
    out = 0.004 * noise(rng, n, slope=-4)
    f0 = b.geometric("register", 210, 340, 560)
    for at in beat_times(rng, n, b.geometric("density", 0.15, 0.35, 0.9), jitter=0.1):
        when = int(at)
        for length_s in rng.choice([0.18, 0.25, 0.5], int(rng.integers(2, 5))):
            length = int(length_s / b.geometric("speed", 0.6, 1, 1.6) * SAMPLE_RATE)
            x = np.linspace(0, 1, length)
            hoot = harmonic(f0 * (1 + 0.06 * np.sin(np.pi * x)), length, [1, 0.18, 0.05]) * np.sin(np.pi * x) ** 0.6
            place(n, when, hoot, out, float(rng.uniform(0.6, 1)))
            when += int(length * 1.35)
    return out


def _wolves(rng: Rng, n: int, b: Bends) -> Audio:
    out = 0.004 * noise(rng, n, slope=-4)
    for at in poisson_times(rng, n, b.geometric("density", 0.15, 0.35, 0.9)) if n else ():
        length = min(n - int(at), int(b.geometric("speed", 4.5, 3, 1.6) * SAMPLE_RATE))
        if length < SAMPLE_RATE // 2:
            continue
        x = np.linspace(0, 1, length)
        f0 = b.geometric("register", 220, 400, 720) * rng.uniform(0.85, 1.2)
        curve = f0 * (0.6 + 0.4 * np.clip(x / 0.2, 0, 1) - 0.25 * np.clip((x - 0.75) / 0.25, 0, 1))
        howl = harmonic(curve * (1 + 0.006 * np.sin(2 * np.pi * 5 * seconds(length))), length, [1, 0.5, 0.2, 0.1])
        place(n, int(at), resonate(howl, f0 * 1.5, 2) * np.sin(np.pi * x) ** 0.5, out, float(rng.uniform(0.4, 1)))
    if np.abs(out).max() < 0.2:
        length = min(n, int(3 * SAMPLE_RATE))
        x = np.linspace(0, 1, length)
        place(n, n // 5, harmonic(400 * (0.7 + 0.3 * np.sin(np.pi * x)), length, [1, 0.4]) * np.sin(np.pi * x), out)
    return out


def _gulls(rng: Rng, n: int, b: Bends) -> Audio:
    out = 0.02 * noise(rng, n, slope=-5)
    for at in poisson_times(rng, n, b.geometric("density", 0.4, 1.0, 3)):
        when, f0 = int(at), b.geometric("register", 900, 1400, 2300) * rng.uniform(0.85, 1.2)
        for _ in range(int(rng.integers(1, 6))):
            length = int(rng.uniform(0.15, 0.4) * SAMPLE_RATE)
            x = np.linspace(0, 1, length)
            cry = np.tanh(1.5 * harmonic(f0 * (1.35 - 0.5 * x), length, [1, 0.7, 0.5, 0.3])) * np.sin(np.pi * x) ** 0.8
            place(n, when, cry, out, float(rng.uniform(0.3, 0.9)))
            when += int(length * rng.uniform(1.1, 1.5))
    return out


def _bees(rng: Rng, n: int, b: Bends) -> Audio:
    out = np.zeros(n)
    for _ in range(max(1, round(b.geometric("density", 1, 6, 16)))):
        f0 = b.geometric("register", 130, 220, 380) * rng.uniform(0.8, 1.25)
        curve = f0 * (1 + 0.12 * (wander(rng, n, 1.5) - 0.5))
        near = wander(rng, n, b.geometric("speed", 0.2, 0.5, 1.6)) ** b.linear("movement", 0.3, 2, 4)
        out += harmonic(curve, n, 1 / np.arange(1, 16) ** 0.7) * near
    return out


def _dog(rng: Rng, n: int, b: Bends) -> Audio:
    out = 0.004 * noise(rng, n, slope=-4)
    f0 = b.geometric("register", 180, 340, 620)
    for at in beat_times(rng, n, b.geometric("density", 0.35, 1.0, 2.6), jitter=0.15, skip=0.2):
        length = int(rng.uniform(0.12, 0.22) * SAMPLE_RATE)
        x = np.linspace(0, 1, length)
        source = harmonic(f0 * (1.3 - 0.5 * x), length, 1 / np.arange(1, 12) ** 0.6) + 0.5 * noise(rng, length)
        bark = (resonate(source, 700, 3) + 0.7 * resonate(source, 1600, 4)) * hull(length, 0.01, 0.08)
        place(n, int(at), unit_peak(bark), out, float(rng.uniform(0.6, 1)))
    return out


def _hooves(rng: Rng, n: int, b: Bends) -> Audio:
    out = 0.004 * noise(rng, n, slope=-4)
    length = int(0.12 * SAMPLE_RATE)
    hz = b.geometric("register", 350, 650, 1200)
    for k, at in enumerate(beat_times(rng, n, b.geometric("speed", 1.6, 3.4, 7.5), jitter=0.05)):
        clop = modes(rng, length, [hz * (1.0, 1.2, 0.9, 1.1)[k % 4], hz * 2.1, 140], [0.05, 0.03, 0.08], [1, 0.4, 0.8])
        place(n, int(at), clop + 0.1 * noise(rng, length) * decay(length, 0.03), out, float(rng.uniform(0.6, 1)))
    return out


def _typing(rng: Rng, n: int, b: Bends) -> Audio:
    out = 0.003 * noise(rng, n, slope=-3)
    length = int(0.08 * SAMPLE_RATE)
    for at in beat_times(
        rng, n, b.geometric("speed", 2.5, 6, 13), jitter=0.25, skip=b.linear("density", 0.6, 0.25, 0.02)
    ):
        hz = b.geometric("register", 900, 1800, 3200) * rng.uniform(0.85, 1.2)
        key = modes(rng, length, [hz, hz * 1.7, 260], [0.03, 0.02, 0.04], [1, 0.7, 0.6])
        place(n, int(at), key + 0.25 * highpass(noise(rng, length), 3000) * decay(length, 0.02), out)
    if rng.random() < 0.4:
        place(n, int(rng.integers(0, n)), modes(rng, n // 4, [2100, 4200], [0.9, 0.5], [1, 0.4]), out, 0.5)
    return out


def _keys(rng: Rng, n: int, b: Bends) -> Audio:
    out = 0.002 * noise(rng, n)
    for at in poisson_times(rng, n, b.geometric("density", 3, 12, 40)):
        length = int(rng.uniform(0.05, 0.3) * SAMPLE_RATE)
        hz = b.geometric("register", 1800, 3600, 6500) * rng.uniform(0.7, 1.5)
        place(
            n,
            int(at),
            modes(rng, length, hz * np.array([1, 1.41, 2.3]), [0.15, 0.1, 0.06], [1, 0.7, 0.4]),
            out,
            float(rng.exponential(0.6)),
        )
    return out


def _paper(rng: Rng, n: int, b: Bends) -> Audio:
    moving = (wander(rng, n, b.geometric("speed", 0.6, 1.6, 4)) > b.linear("density", 0.75, 0.5, 0.2)).astype(float)
    crush = np.zeros(n)
    for at in poisson_times(rng, n, 300):
        length = int(rng.uniform(0.001, 0.006) * SAMPLE_RATE) + 4
        place(n, int(at), rng.standard_normal(length) * np.hanning(length), crush, float(rng.exponential(1)))
    return highpass(crush, 1200) * lowpass(moving, 15) + 0.001 * noise(rng, n)


def _sizzle(rng: Rng, n: int, b: Bends) -> Audio:
    out = 0.2 * bandpass(noise(rng, n), 3000, 12_000) * (0.6 + 0.4 * wander(rng, n, 3))
    for at in poisson_times(rng, n, b.geometric("density", 20, 90, 250)):
        length = int(rng.uniform(0.002, 0.012) * SAMPLE_RATE) + 4
        hz = b.geometric("register", 1500, 3500, 6500) * rng.uniform(0.6, 1.5)
        pop = bandpass(rng.standard_normal(length) * decay(length, 0.01), hz * 0.6, hz * 1.6)
        place(n, int(at), pop, out, float(rng.exponential(2.0)))
    return out


def _applause(rng: Rng, n: int, b: Bends) -> Audio:
    out = np.zeros(n)
    for _ in range(round(b.geometric("density", 3, 14, 40))):
        hz = b.geometric("register", 700, 1200, 2000) * rng.uniform(0.7, 1.5)
        for at in beat_times(rng, n, b.geometric("speed", 2, 3.6, 6) * rng.uniform(0.8, 1.2), jitter=0.12, skip=0.1):
            length = int(0.03 * SAMPLE_RATE)
            clap = bandpass(noise(rng, length) * decay(length, 0.03), hz * 0.6, hz * 2.2)
            place(n, int(at), clap, out, float(rng.uniform(0.2, 1)))
    return out


def _traffic(rng: Rng, n: int, b: Bends) -> Audio:
    out = 0.5 * unit_rms(lowpass(noise(rng, n, slope=-4), 500))
    count = max(1, round(b.geometric("density", 1, 4, 11) * n / (10 * SAMPLE_RATE)))
    t = seconds(n)
    for _ in range(count):
        middle, width = rng.uniform(0, t[-1] + 0.1), b.geometric("speed", 2.5, 1.3, 0.6) * rng.uniform(0.7, 1.4)
        bell = np.exp(-(((t - middle) / width) ** 2))
        tyres = bandpass(noise(rng, n, slope=-2), 300, 3500)
        drop = 1.0 - 0.12 * np.tanh((t - middle) / (0.5 * width))
        motor = harmonic(b.geometric("register", 45, 80, 150) * rng.uniform(0.8, 1.2) * drop, n, 1 / np.arange(1, 9))
        out += bell * (unit_rms(tyres) + b.linear("tonality", 0.1, 0.6, 1.5) * unit_rms(motor)) * rng.uniform(0.5, 1.2)
    return out


FAMILIES = (
    family("frogs", "frogs|croaking frogs|toads in a marsh|a frog pond", "density register speed", _frogs, "events"),
    family("owl", "an owl|a hooting owl|owl calls", "density register speed", _owl, "events"),
    family("wolves", "wolves|howling wolves|a wolf howl|coyotes", "density register speed", _wolves, "events"),
    family("gulls", "seagulls|gulls crying|sea birds", "density register", _gulls, "events"),
    family("bees", "bees|buzzing bees|a swarm of bees|flies buzzing", "density register speed movement", _bees),
    family("dog", "a dog barking|barking dogs|a guard dog", "density register", _dog, "events"),
    family("hooves", "hooves|a horse trotting|horse hooves|a galloping horse", "speed register", _hooves, "events"),
    family("typing", "typing|a typewriter|a keyboard clattering|keystrokes", "speed density register", _typing),
    family("keys", "jingling keys|rattling chains|coins clinking|loose change", "density register", _keys, "events"),
    family("paper", "paper rustling|crumpling paper|a plastic bag|cloth moving", "speed density", _paper),
    family("sizzle", "sizzling|frying oil|something sizzling in a pan|bacon frying", "density register", _sizzle),
    family("applause", "applause|clapping hands|an audience clapping", "density register speed", _applause),
    family("traffic", "traffic|passing cars|a busy road|city traffic", "density speed register tonality", _traffic),
)
