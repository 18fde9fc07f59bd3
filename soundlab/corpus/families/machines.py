"""Engines, machinery, drones and clockwork."""

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
    lowpass,
    modes,
    noise,
    place,
    resonate,
    seconds,
    unit_peak,
    unit_rms,
    wander,
)


def _engine(rng: Rng, n: int, b: Bends) -> Audio:
    base = b.geometric("register", 24, 42, 85) * b.geometric("speed", 0.75, 1.0, 1.5)
    rpm = base * (1 + b.linear("movement", 0.01, 0.06, 0.5) * (wander(rng, n, 0.5) - 0.5))
    phase = np.cumsum(rpm) / SAMPLE_RATE
    firing = np.exp(-9 * (phase % 1.0)) * (1 + 0.3 * (np.floor(phase) % 2))
    knock = firing * (0.6 + 0.4 * noise(rng, n, slope=-2))
    body = resonate(knock, rng.uniform(90, 160), 3) + 0.6 * resonate(knock, rng.uniform(250, 480), 4)
    rasp = bandpass(noise(rng, n) * firing, 700, 4500)
    return unit_rms(body) + b.geometric("energy", 0.1, 0.25, 0.7) * unit_rms(rasp)


def _machinery(rng: Rng, n: int, b: Bends) -> Audio:
    out = 0.12 * unit_rms(lowpass(noise(rng, n, slope=-4), 900))
    out += 0.1 * harmonic(rng.uniform(45, 70), n, 1 / np.arange(1, 8))
    rate = b.geometric("speed", 0.8, 2.2, 6.5)
    for voice in range(round(b.geometric("density", 1, 3, 6))):
        hz = b.geometric("register", 150, 420, 1200) * 2.0 ** rng.uniform(-1, 1)
        length = int(0.3 * SAMPLE_RATE)
        ratios = np.array([1.0, 1.52, 2.37, 3.61, 5.1])
        clank = modes(rng, length, hz * ratios, 0.25 / ratios, 1 / ratios)
        hiss = highpass(noise(rng, length), 2500) * decay(length, 0.12)
        hit = clank if voice % 2 == 0 else unit_peak(hiss) * 0.5
        for at in beat_times(rng, n, rate * float(rng.choice([0.5, 1, 1, 2])), jitter=0.01):
            place(n, int(at), hit, out, float(rng.uniform(0.35, 0.6)) * b.geometric("energy", 0.6, 1, 1.6))
    return out


def _drone(rng: Rng, n: int, b: Bends) -> Audio:
    f0 = b.geometric("register", 38, 75, 170) * 2.0 ** rng.uniform(-0.25, 0.25)
    out = np.zeros(n)
    drift = b.linear("movement", 0.0, 0.3, 1.0)
    for ratio in (1.0, 1.0 + rng.uniform(0.002, 0.01), 1.5, 2.0 + rng.uniform(-0.01, 0.01), 3.0):
        partials = 1.0 / np.arange(1, 13) ** rng.uniform(1.1, 1.9)
        tone = harmonic(f0 * ratio, n, partials)
        out += tone * (1 - drift + drift * wander(rng, n, b.geometric("speed", 0.1, 0.3, 1.2))) / ratio
    grit = bandpass(noise(rng, n, slope=-3), f0 * 2, f0 * 14)
    return unit_rms(out) + b.linear("tonality", 1.2, 0.25, 0.02) * unit_rms(grit)


def _industrial(rng: Rng, n: int, b: Bends) -> Audio:
    f0 = b.geometric("register", 35, 60, 120)
    base = np.tanh(3 * harmonic(f0 * (1 + 0.004 * wander(rng, n, 2)), n, 1 / np.arange(1, 10)))
    ring = np.zeros(n)
    for _ in range(5):
        ring += unit_rms(resonate(noise(rng, n, slope=-2), rng.uniform(180, 1900), 45)) * wander(rng, n, 0.4)
    throb = 1 - b.linear("movement", 0.1, 0.4, 0.9) * (
        0.5 + 0.5 * np.sin(2 * np.pi * b.geometric("speed", 0.4, 1.3, 5) * seconds(n))
    )
    return (unit_rms(base) + b.geometric("energy", 0.2, 0.4, 0.9) * ring) * throb


def _clock(rng: Rng, n: int, b: Bends) -> Audio:
    out = 0.002 * noise(rng, n, slope=-3)
    rate = b.geometric("speed", 0.8, 2.0, 5)
    for k, at in enumerate(beat_times(rng, n, rate)):
        length = int(0.09 * SAMPLE_RATE)
        hz = b.geometric("register", 1100, 2100, 3900) * (1.0 if k % 2 else 1.22)
        tick = modes(rng, length, [hz, hz * 1.63, hz * 2.41], [0.05, 0.03, 0.02], [1, 0.7, 0.5])
        place(n, int(at), tick, out)
    return out


def _train(rng: Rng, n: int, b: Bends) -> Audio:
    out = 0.5 * unit_rms(lowpass(noise(rng, n, slope=-5), 700))
    length = int(0.2 * SAMPLE_RATE)
    for at in beat_times(rng, n, b.geometric("speed", 0.6, 1.2, 2.4), jitter=0.01):
        for offset in (0.0, 0.13):
            thud = modes(rng, length, [90, 160, 310, 900], [0.14, 0.1, 0.07, 0.05], [1, 0.8, 0.5, 0.2])
            place(n, int(at + offset * SAMPLE_RATE), thud, out, 1.4)
    squeal = unit_rms(resonate(noise(rng, n), b.geometric("register", 1500, 2600, 4200), 90))
    return out + b.geometric("energy", 0.02, 0.08, 0.4) * squeal * wander(rng, n, 0.6)


def _computer(rng: Rng, n: int, b: Bends) -> Audio:
    out = 0.02 * noise(rng, n, slope=-2)
    scale = b.geometric("register", 400, 950, 2200) * 2.0 ** (np.array([0, 3, 5, 7, 10, 12]) / 12)
    for at in beat_times(rng, n, b.geometric("speed", 2, 5, 11), skip=b.linear("density", 0.8, 0.45, 0.05)):
        length = int(rng.uniform(0.04, 0.12) * SAMPLE_RATE)
        beep = np.sign(harmonic(float(rng.choice(scale)), length, [1.0])) * np.hanning(length) ** 0.2
        place(n, int(at), lowpass(beep, 6000), out, float(rng.uniform(0.3, 0.6)))
    return out


def _alarm(rng: Rng, n: int, b: Bends) -> Audio:
    rate = b.geometric("speed", 0.3, 1.0, 3.5)
    t = seconds(n)
    shape = rng.choice(["two-tone", "sweep", "pulse"])
    f0 = b.geometric("register", 350, 650, 1300)
    within = (t * rate) % 1.0
    if shape == "two-tone":
        curve, gate = np.where(within < 0.5, f0, f0 * 1.335), np.ones(n)
    elif shape == "sweep":
        curve, gate = f0 * (1 + within), np.ones(n)
    else:
        curve, gate = np.full(n, f0 * 1.5), (within < 0.5).astype(float)
    return np.tanh(2 * harmonic(curve, n, [1, 0.4, 0.3, 0.1])) * lowpass(gate, 60) + 0.01 * noise(rng, n)


FAMILIES = (
    family(
        "engine",
        "an engine|an idling engine|a motor running|a diesel engine|a car engine",
        "register speed movement energy",
        _engine,
    ),
    family(
        "machinery",
        "machinery|factory machines|a machine at work|clanking machinery|a printing press",
        "speed density register energy",
        _machinery,
    ),
    family(
        "drone", "a drone|a droning tone|a sustained drone|an ambient drone", "register movement speed tonality", _drone
    ),
    family(
        "industrial",
        "an industrial drone|an industrial rumble|a factory hall|a power plant",
        "register movement speed energy",
        _industrial,
    ),
    family("clock", "a ticking clock|a clock|clock ticks|a metronome ticking", "speed register", _clock, "events"),
    family("train", "a train|a train passing on rails|railway wheels|a freight train", "speed register energy", _train),
    family(
        "computer",
        "computer beeps|a beeping console|data chatter|electronic bleeps",
        "register speed density",
        _computer,
        "events",
    ),
    family("alarm", "an alarm|a siren|a warning signal|an emergency siren", "speed register", _alarm, "events"),
)
