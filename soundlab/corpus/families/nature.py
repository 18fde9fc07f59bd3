"""Weather, water, fire and animals."""

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
    seconds,
    sweep_filter,
    unit_rms,
    wander,
)


def _wind(rng: Rng, n: int, b: Bends) -> Audio:
    pace = b.geometric("speed", 0.08, 0.25, 0.9)
    depth = b.linear("movement", 0.15, 0.6, 0.95)
    gust = 1.0 - depth + depth * wander(rng, n, pace)
    centre = b.geometric("register", 180, 420, 1100) * 2.0 ** (1.2 * depth * (gust - 0.5) * 2)
    out = sweep_filter(noise(rng, n, slope=-1.5), centre, width=b.linear("tonality", 1.2, 0.7, 0.3))
    whistle = sweep_filter(noise(rng, n), centre * rng.uniform(2.5, 4.5), width=0.07)
    howl = b.linear("tonality", 0.0, 0.25, 1.0) * wander(rng, n, pace)
    return (unit_rms(out) + howl * unit_rms(whistle)) * (0.25 + gust) ** b.linear("energy", 1, 1.5, 2)


def _rain(rng: Rng, n: int, b: Bends) -> Audio:
    hiss = bandpass(noise(rng, n, slope=-0.5), 900, b.geometric("energy", 6000, 9000, 13000))
    swell = 1.0 - 0.5 * b.linear("movement", 0.0, 0.4, 1.0) * wander(rng, n, 0.4)
    rate = b.geometric("density", 3, 18, 60)
    out = unit_rms(hiss) * swell * rng.uniform(0.03, 0.4) * b.geometric("energy", 0.3, 1.0, 3.0)
    surface = float(np.exp(rng.uniform(np.log(0.5), np.log(1.6))))  # leaves, tiles or tin: where the drops fall
    for at in poisson_times(rng, n, rate):
        hz = float(rng.uniform(1200, 6500)) * surface * b.geometric("register", 0.5, 1.0, 1.6)
        length = int(rng.uniform(0.004, 0.03) * SAMPLE_RATE)
        drop = rng.standard_normal(length) * decay(length, length / SAMPLE_RATE)
        place(n, int(at), bandpass(drop, hz * 0.7, hz * 1.4), out, float(rng.exponential(2.2)))
    return out


def _thunder(rng: Rng, n: int, b: Bends) -> Audio:
    out = 0.03 * noise(rng, n, slope=-6)
    strikes = max(1, round(b.geometric("density", 1, 2, 5) * n / (10 * SAMPLE_RATE)))
    for at in np.sort(rng.integers(0, max(1, int(n * 0.75)), strikes)):
        length = n - int(at)
        roll = noise(rng, length, slope=-7) * decay(length, b.geometric("speed", 9, 5, 2.5))
        roll *= 0.3 + wander(rng, length, 5.0)
        crack_len = min(length, int(0.35 * SAMPLE_RATE))
        crack = highpass(noise(rng, crack_len, slope=-2), 300) * decay(crack_len, 0.3)
        place(n, int(at), lowpass(roll, b.geometric("register", 120, 260, 600)), out, 4.0)
        place(n, int(at), crack, out, b.geometric("energy", 0.05, 0.5, 1.6))
    return out


def _sea(rng: Rng, n: int, b: Bends) -> Audio:
    period = b.geometric("speed", 9, 5.5, 2.8)
    t = seconds(n)
    phase = 2 * np.pi * (t / period + rng.random() + 0.25 * wander(rng, n, 0.3))
    wave = ((0.5 + 0.5 * np.sin(phase)) ** 2.4) * b.linear("movement", 0.4, 0.9, 1.1)
    rumble = noise(rng, n, slope=-6) * (0.3 + 0.5 * wave)
    wash = sweep_filter(noise(rng, n, slope=-2), 500 + 2600 * wave, width=1.0)
    foam = highpass(noise(rng, n), 4000) * np.roll(wave, int(0.15 * period * SAMPLE_RATE)) ** 2
    return rumble + 1.4 * unit_rms(wash) * (0.12 + wave) + b.geometric("energy", 0.1, 0.3, 0.7) * foam


def _stream(rng: Rng, n: int, b: Bends) -> Audio:
    bed = bandpass(noise(rng, n, slope=-2), 350, 3800) * (0.8 + 0.3 * wander(rng, n, 3))
    out = unit_rms(bed) * b.geometric("density", 0.1, 0.35, 0.8)
    for at in poisson_times(rng, n, b.geometric("density", 10, 45, 130)):
        _bubble(rng, n, int(at), b.geometric("register", 350, 750, 1700), out, 0.9)
    return out


def _bubble(rng: Rng, n: int, at: int, centre: float, out: Audio, gain: float) -> None:
    """A bubble: a damped sine that rises as it closes (van den Doel 2005)."""
    length = int(rng.uniform(0.015, 0.09) * SAMPLE_RATE)
    f0 = centre * 2.0 ** rng.uniform(-1, 1)
    rise = f0 * (1.0 + rng.uniform(0.0, 0.8) * np.linspace(0, 1, length))
    tone = np.sin(2 * np.pi * np.cumsum(rise) / SAMPLE_RATE) * decay(length, length / SAMPLE_RATE)
    tone[:20] *= np.linspace(0, 1, 20)[: min(20, length)]
    place(n, at, tone, out, gain * float(rng.exponential(1.0)))


def _drips(rng: Rng, n: int, b: Bends) -> Audio:
    out = 0.004 * noise(rng, n, slope=-3)
    rate = b.geometric("density", 0.5, 1.8, 7) * b.geometric("speed", 0.7, 1.0, 1.5)
    for at in poisson_times(rng, n, rate):
        centre = b.geometric("register", 500, 1300, 2600)
        _bubble(rng, n, int(at), centre, out, 1.0)
        if rng.random() < 0.6:
            later = int(at + rng.uniform(0.03, 0.08) * SAMPLE_RATE)
            _bubble(rng, n, later, centre * 1.5, out, 0.5)
    return out


def _fire(rng: Rng, n: int, b: Bends) -> Audio:
    roar = lowpass(noise(rng, n, slope=-5), 500) * (0.5 + wander(rng, n, 4) * 0.8)
    out = unit_rms(roar) * b.geometric("energy", 0.15, 0.4, 1.1)
    for at in poisson_times(rng, n, b.geometric("density", 5, 22, 80)):
        length = int(rng.uniform(0.001, 0.012) * SAMPLE_RATE) + 8
        snap = rng.standard_normal(length) * decay(length, length / SAMPLE_RATE)
        hz = b.geometric("register", 0.6, 1.0, 1.6) * rng.uniform(900, 4200)
        place(n, int(at), bandpass(snap, hz * 0.5, hz * 2), out, float(rng.exponential(4.5)))
    return out + 0.12 * highpass(noise(rng, n), 3000) * (0.3 + wander(rng, n, 6))


def _crickets(rng: Rng, n: int, b: Bends) -> Audio:
    out = 0.01 * noise(rng, n, slope=-3)
    t = seconds(n)
    for _ in range(max(1, round(b.geometric("density", 1, 4, 12)))):
        carrier = b.geometric("register", 2600, 4300, 6800) * rng.uniform(0.88, 1.12)
        rate = b.geometric("speed", 0.9, 2.2, 6) * rng.uniform(0.85, 1.15)
        pulses = rng.integers(2, 5)
        trill = rng.uniform(26, 44)
        within = (t * rate + rng.random()) % 1.0
        chirp = (within < pulses / trill * rate) * np.sin(np.pi * ((within / rate * trill) % 1.0)) ** 2
        out += chirp * np.sin(2 * np.pi * carrier * t + rng.random() * 6) * rng.uniform(0.3, 1.0)
    return out


def _cicadas(rng: Rng, n: int, b: Bends) -> Audio:
    t = seconds(n)
    centre = b.geometric("register", 3200, 5200, 8200)
    buzz = bandpass(noise(rng, n), centre * 0.85, centre * 1.15)
    rattle = 0.5 + 0.5 * np.sin(2 * np.pi * b.geometric("speed", 18, 45, 110) * t)
    swell = 1 - b.linear("movement", 0.1, 0.5, 0.9) * wander(rng, n, 0.4)
    return unit_rms(buzz) * rattle * swell


def _birds(rng: Rng, n: int, b: Bends) -> Audio:
    out = 0.006 * noise(rng, n, slope=-2)
    for at in poisson_times(rng, n, b.geometric("density", 0.5, 1.6, 5)):
        centre = b.geometric("register", 1500, 2900, 5200) * 2.0 ** rng.uniform(-0.4, 0.4)
        start = int(at)
        shape = int(rng.integers(0, 3))
        for _ in range(int(rng.integers(2, 7))):
            length = int(rng.uniform(0.04, 0.16) / b.geometric("speed", 0.6, 1, 1.7) * SAMPLE_RATE)
            x = np.linspace(0, 1, length)
            bend = (x, 1 - x, np.sin(np.pi * x * 3))[shape]
            curve = centre * 2.0 ** (rng.uniform(0.2, 0.7) * bend)
            note = harmonic(curve, length, [1.0, 0.15]) * np.sin(np.pi * x) ** 0.7
            place(n, start, note, out, float(rng.uniform(0.4, 1.0)))
            start += int(length * rng.uniform(1.1, 1.6))
    return out


def _leaves(rng: Rng, n: int, b: Bends) -> Audio:
    gust = wander(rng, n, b.geometric("speed", 0.3, 0.9, 2.5)) ** 1.5
    bed = bandpass(noise(rng, n), 1800, 9000) * gust * b.geometric("density", 0.2, 0.5, 1.0)
    out = bed
    for at in poisson_times(rng, n, b.geometric("density", 15, 60, 180)):
        length = int(rng.uniform(0.005, 0.03) * SAMPLE_RATE)
        rub = rng.standard_normal(length) * np.hanning(length)
        place(n, int(at), highpass(rub, 1500), out, float(rng.exponential(1.2) * (0.1 + gust[at])))
    return out


def _footsteps(rng: Rng, n: int, b: Bends) -> Audio:
    out = 0.003 * noise(rng, n, slope=-3)
    surface = rng.choice(["gravel", "wood", "stone"])
    for at in beat_times(rng, n, b.geometric("speed", 0.9, 1.7, 3.2), jitter=0.04):
        length = int(0.25 * SAMPLE_RATE)
        thud = modes(rng, length, [75, 120, 190], [0.12, 0.09, 0.07], [1, 0.6, 0.3])
        place(n, int(at), thud, out, 0.8 * b.geometric("energy", 0.6, 1, 1.5))
        if surface == "gravel":
            for _ in range(int(rng.integers(10, 26))):
                when = int(at + rng.exponential(0.05) * SAMPLE_RATE)
                k = int(rng.uniform(0.001, 0.008) * SAMPLE_RATE) + 4
                place(n, when, highpass(rng.standard_normal(k), 1500) * decay(k, 0.01), out, 0.5)
        else:
            hz = 380.0 if surface == "wood" else 1700.0
            tap = modes(rng, length, [hz, hz * 1.7, hz * 2.9], [0.06, 0.04, 0.03], [1, 0.6, 0.4])
            place(n, int(at + 0.01 * SAMPLE_RATE), tap * hull(length, 0.001, 0.1), out, 0.8)
    return out


FAMILIES = (
    family(
        "wind",
        "wind|gusts of wind|a moaning gale|blowing air|a draught",
        "speed movement register tonality energy",
        _wind,
    ),
    family("rain", "rain|rainfall|a downpour|raindrops|a rain shower", "energy movement density register", _rain),
    family(
        "thunder",
        "thunder|a thunderstorm rumbling|rolling thunder|thunderclaps",
        "density speed register energy",
        _thunder,
        "events",
    ),
    family("sea", "sea waves|the sea|ocean surf|waves breaking on a shore", "speed movement energy", _sea),
    family("stream", "a stream|a babbling brook|running water|a creek|a small river", "density register", _stream),
    family(
        "drips",
        "water drips|dripping water|drops falling in a cave|a leaking tap",
        "density speed register",
        _drips,
        "events",
    ),
    family("fire", "fire|a crackling fire|burning wood|flames|a campfire", "energy density register", _fire),
    family(
        "crickets", "crickets|chirping crickets|night insects|a field of crickets", "density register speed", _crickets
    ),
    family(
        "cicadas", "cicadas|buzzing insects|a swarm of insects|droning cicadas", "register speed movement", _cicadas
    ),
    family("birds", "birds|birdsong|chirping birds|small birds singing", "density register speed", _birds, "events"),
    family("leaves", "rustling leaves|dry leaves|foliage in a breeze|rustling grass", "speed density", _leaves),
    family(
        "footsteps", "footsteps|steps on the ground|someone walking|walking feet", "speed energy", _footsteps, "events"
    ),
)
