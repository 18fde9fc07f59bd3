"""Rooms, crowds, static and the body."""

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
    noise,
    place,
    poisson_times,
    resonate,
    seconds,
    unit_rms,
    wander,
)


def _room_tone(rng: Rng, n: int, b: Bends) -> Audio:
    out = noise(rng, n, slope=b.linear("register", -9, -6, -3.5))
    for _ in range(int(rng.integers(2, 5))):
        out = out + 0.25 * unit_rms(resonate(noise(rng, n), rng.uniform(70, 600), 18))
    return out * (1 - 0.2 * b.linear("movement", 0, 0.3, 1) * wander(rng, n, 0.3))


def _air(rng: Rng, n: int, b: Bends) -> Audio:
    centre = b.geometric("register", 250, 600, 1500)
    out = bandpass(noise(rng, n, slope=-2), centre * 0.3, centre * 4)
    duct = unit_rms(resonate(noise(rng, n), centre * 0.5, 25))
    return unit_rms(out) + b.linear("tonality", 0.1, 0.4, 1.2) * duct


def _crowd(rng: Rng, n: int, b: Bends) -> Audio:
    out = np.zeros(n)
    t = seconds(n)
    for _ in range(round(b.geometric("density", 5, 14, 28))):
        f0 = b.geometric("register", 95, 145, 230) * 2.0 ** rng.uniform(-0.5, 0.5)
        curve = f0 * (1 + 0.12 * (wander(rng, n, 3) - 0.5))
        source = harmonic(curve, n, 1.0 / np.arange(1, 9)) + 0.15 * noise(rng, n, slope=-3)
        syllable = wander(rng, n, b.geometric("speed", 3, 5, 8)) ** 2
        talk = (wander(rng, n, 0.5) > 0.4).astype(float)
        talk = lowpass(talk, 12)
        voice = resonate(source, rng.uniform(350, 850), 5) + 0.7 * resonate(source, rng.uniform(900, 2200), 7)
        out += voice * syllable * talk * rng.uniform(0.3, 1.0)
    return out + 0.04 * unit_rms(lowpass(noise(rng, n, slope=-3), 1500)) * (1 + 0.1 * np.sin(t))


def _static(rng: Rng, n: int, b: Bends) -> Audio:
    base = bandpass(noise(rng, n), 500, 6500)
    flutter = 0.4 + 0.6 * wander(rng, n, b.geometric("speed", 1, 5, 20))
    out = unit_rms(base) * flutter
    for at in poisson_times(rng, n, b.geometric("density", 2, 12, 60)):
        length = int(rng.uniform(0.001, 0.02) * SAMPLE_RATE) + 4
        place(n, int(at), rng.standard_normal(length) * decay(length, 0.02), out, float(rng.exponential(3)))
    whine = np.sin(2 * np.pi * np.cumsum(800 * 2 ** (1.5 * wander(rng, n, 0.6))) / SAMPLE_RATE)
    return out + b.linear("tonality", 0, 0.2, 0.9) * whine * wander(rng, n, 1)


def _vinyl(rng: Rng, n: int, b: Bends) -> Audio:
    out = 0.12 * noise(rng, n, slope=-3)
    for at in poisson_times(rng, n, b.geometric("density", 5, 25, 110)):
        length = int(rng.uniform(0.0004, 0.003) * SAMPLE_RATE) + 4
        click = highpass(rng.standard_normal(length) * decay(length, 0.004), 700)
        place(n, int(at), click, out, float(rng.exponential(2.0)))
    turn = 2 * np.pi * 0.555 * seconds(n)
    return out * (1 + 0.3 * np.sin(turn))


def _hum(rng: Rng, n: int, b: Bends) -> Audio:
    mains = float(rng.choice([50.0, 60.0]))
    partials = rng.uniform(0.1, 1.0, 14) / np.arange(1, 15) ** b.linear("register", 1.6, 0.9, 0.4)
    partials[1] += 0.8
    out = harmonic(mains, n, partials)
    buzz = np.tanh(6 * harmonic(mains * 2, n, [1.0])) - harmonic(mains * 2, n, [1.0])
    flicker = 1 - b.linear("movement", 0, 0.15, 0.8) * wander(rng, n, 7)
    return (out + b.linear("energy", 0.02, 0.15, 0.6) * highpass(buzz, 600)) * flicker + 0.01 * noise(rng, n)


def _heartbeat(rng: Rng, n: int, b: Bends) -> Audio:
    out = 0.004 * noise(rng, n, slope=-6)
    rate = b.geometric("speed", 0.7, 1.15, 2.3)
    base = b.geometric("register", 38, 52, 75)
    for at in beat_times(rng, n, rate, jitter=0.015):
        for offset, gain, hz in ((0.0, 1.0, base), (0.3 / (0.5 + rate * 0.5), 0.65, base * 1.35)):
            length = int(0.28 * SAMPLE_RATE)
            fall = hz * (1 + 0.9 * decay(length, 0.12))
            thump = harmonic(fall, length, [1, 0.25, 0.08]) * decay(length, 0.26)
            thump[:120] *= np.linspace(0, 1, 120)
            place(n, int(at + offset * SAMPLE_RATE), thump, out, gain * float(rng.uniform(0.85, 1)))
    return out


def _breath(rng: Rng, n: int, b: Bends) -> Audio:
    period = b.geometric("speed", 5, 3.4, 1.3)
    phase = (seconds(n) / period + rng.random()) % 1.0
    inhale = np.clip(np.sin(np.pi * phase / 0.42), 0, None) * (phase < 0.42)
    exhale = np.clip(np.sin(np.pi * (phase - 0.5) / 0.46), 0, None) * (phase > 0.5)
    air = noise(rng, n, slope=-1)
    high = bandpass(air, 900, 5200) * inhale
    low = bandpass(air, 350, 2400) * exhale
    return unit_rms(high) * 0.6 + unit_rms(low)


def _whispers(rng: Rng, n: int, b: Bends) -> Audio:
    out = np.zeros(n)
    for _ in range(round(b.geometric("density", 1, 3, 8))):
        source = noise(rng, n, slope=-1)
        syllable = wander(rng, n, b.geometric("speed", 3, 6, 11)) ** 3
        a = resonate(source, rng.uniform(900, 1600), 6)
        c = resonate(source, rng.uniform(2000, 3600), 8)
        s = highpass(source, 5000) * wander(rng, n, 4) ** 5
        out += (unit_rms(a) + unit_rms(c) + 0.7 * unit_rms(s)) * syllable * (0.3 + wander(rng, n, 0.5))
    return out


FAMILIES = (
    family(
        "room_tone",
        "room tone|the air of an empty room|a quiet room|interior ambience",
        "register movement",
        _room_tone,
    ),
    family("air", "ventilation|an air conditioner|air in a duct|a fan blowing", "register tonality", _air),
    family(
        "crowd",
        "a crowd murmuring|people talking far off|crowd murmur|babble of voices|walla",
        "density register speed",
        _crowd,
    ),
    family(
        "static",
        "radio static|radio interference|white noise from a radio|crackling static",
        "speed density tonality",
        _static,
    ),
    family("vinyl", "vinyl crackle|an old record crackling|surface noise of a record", "density", _vinyl),
    family("hum", "mains hum|electric hum|a buzzing transformer|humming cables", "register movement energy", _hum),
    family(
        "heartbeat",
        "a heartbeat|a beating heart|heartbeats|a pulse of the heart",
        "speed register",
        _heartbeat,
        "events",
    ),
    family("breath", "breathing|slow breaths|someone breathing", "speed", _breath),
    family("whispers", "whispers|whispering voices|murmured whispering", "density speed", _whispers),
)
