"""Sounds of invented things: ships, beams, signals, spirits, and instruments of no orchestra."""

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
    unit_rms,
    wander,
)


def _spaceship(rng: Rng, n: int, b: Bends) -> Audio:
    f0 = b.geometric("register", 40, 75, 150) * rng.uniform(0.85, 1.15)
    pulse = 1 - b.linear("movement", 0.0, 0.25, 0.8) * (
        0.5 + 0.5 * np.sin(2 * np.pi * b.geometric("speed", 0.2, 0.6, 2.5) * seconds(n))
    )
    core = harmonic(f0, n, 1 / np.arange(1, 9)) + harmonic(f0 * 1.007, n, 1 / np.arange(1, 9))
    air = bandpass(noise(rng, n, slope=-3), 120, 2500)
    whine = np.sin(2 * np.pi * f0 * 11 * seconds(n)) * 0.15
    return (unit_rms(core) + b.linear("tonality", 1.5, 0.6, 0.1) * unit_rms(air) + whine) * pulse


def _laser(rng: Rng, n: int, b: Bends) -> Audio:
    out = 0.001 * noise(rng, n)
    for at in poisson_times(rng, n, b.geometric("density", 0.6, 2.2, 7)):
        length = int(b.geometric("speed", 0.5, 0.25, 0.1) * SAMPLE_RATE)
        x = np.linspace(0, 1, length)
        top = b.geometric("register", 1200, 3000, 7000) * rng.uniform(0.8, 1.2)
        zap = np.sin(2 * np.pi * np.cumsum(top * 0.04**x) / SAMPLE_RATE) * (1 - x) ** 1.5
        place(n, int(at), np.tanh(b.geometric("energy", 1, 2, 5) * zap), out, float(rng.uniform(0.5, 1)))
    return out


def _sonar(rng: Rng, n: int, b: Bends) -> Audio:
    out = 0.02 * noise(rng, n, slope=-6)
    f0 = b.geometric("register", 450, 900, 1800)
    for at in beat_times(rng, n, b.geometric("speed", 0.2, 0.45, 1.4)):
        length = min(n - int(at), int(2.2 * SAMPLE_RATE))
        ping = np.sin(2 * np.pi * f0 * seconds(length)) * decay(length, 1.6) * hull(length, 0.004, 0.05)
        place(n, int(at), ping, out)
        place(n, int(at + 0.4 * SAMPLE_RATE), ping, out, 0.25)
    return out


def _geiger(rng: Rng, n: int, b: Bends) -> Audio:
    out = 0.002 * noise(rng, n, slope=-3)
    rate = b.geometric("density", 2, 10, 50) * (0.3 + 1.4 * wander(rng, n, 0.3))
    times = np.flatnonzero(rng.random(n) < rate / SAMPLE_RATE)
    length = int(0.006 * SAMPLE_RATE)
    for at in times:
        hz = b.geometric("register", 1500, 2800, 5000)
        place(n, int(at), np.sin(2 * np.pi * hz * seconds(length)) * decay(length, 0.006), out)
    return out


def _morse(rng: Rng, n: int, b: Bends) -> Audio:
    unit = 0.09 / b.geometric("speed", 0.6, 1, 1.9)
    gate, at = np.zeros(n), 0.0
    while at < n / SAMPLE_RATE:
        length = unit * float(rng.choice([1, 3]))
        gate[int(at * SAMPLE_RATE) : int((at + length) * SAMPLE_RATE)] = 1.0
        at += length + unit * float(rng.choice([1, 1, 1, 3, 7]))
    tone = np.sin(2 * np.pi * b.geometric("register", 400, 750, 1300) * seconds(n))
    return tone * lowpass(gate, 80) + b.linear("tonality", 0.4, 0.06, 0.0) * bandpass(noise(rng, n), 300, 3000)


def _theremin(rng: Rng, n: int, b: Bends) -> Audio:
    f0 = b.geometric("register", 180, 400, 850)
    glide = 2.0 ** (b.linear("movement", 0.1, 0.6, 1.2) * (wander(rng, n, b.geometric("speed", 0.3, 0.8, 2.2)) * 2 - 1))
    vibrato = 1 + 0.015 * np.sin(2 * np.pi * rng.uniform(4.5, 6.5) * seconds(n))
    return harmonic(f0 * glide * vibrato, n, [1, 0.3, 0.15, 0.05]) * (0.4 + 0.6 * wander(rng, n, 0.8))


def _ghosts(rng: Rng, n: int, b: Bends) -> Audio:
    out = np.zeros(n)
    for _ in range(max(1, round(b.geometric("density", 1, 3, 6)))):
        f0 = b.geometric("register", 150, 280, 520) * rng.uniform(0.8, 1.3)
        curve = f0 * 2.0 ** (0.5 * (wander(rng, n, b.geometric("speed", 0.2, 0.5, 1.4)) - 0.5))
        source = harmonic(curve, n, 1 / np.arange(1, 9)) + 0.8 * noise(rng, n, slope=-3)
        voice = resonate(source, rng.uniform(400, 800), 8) + 0.6 * resonate(source, rng.uniform(1000, 1900), 10)
        out += unit_rms(voice) * wander(rng, n, 0.5) ** 2
    return out


def _portal(rng: Rng, n: int, b: Bends) -> Audio:
    t = seconds(n)
    base = b.geometric("register", 60, 130, 320)
    wobble = np.sin(2 * np.pi * b.geometric("speed", 1.5, 4, 10) * t)
    core = np.sin(2 * np.pi * np.cumsum(base * (1 + 0.5 * wobble)) / SAMPLE_RATE)
    shimmer = np.zeros(n)
    for _ in range(6):
        hz = rng.uniform(1500, 6500)
        shimmer += np.sin(2 * np.pi * hz * t + 3 * wobble) * wander(rng, n, 2) ** 3
    return (
        core
        + b.linear("tonality", 0.2, 0.25, 0.1) * shimmer
        + 0.25 * bandpass(noise(rng, n), 400, 5000) * (0.5 + 0.5 * wobble) * b.geometric("energy", 0.4, 1, 2)
    )


def _monster(rng: Rng, n: int, b: Bends) -> Audio:
    out = 0.004 * noise(rng, n, slope=-6)
    for at in poisson_times(rng, n, b.geometric("density", 0.25, 0.55, 1.4)) if n else ():
        length = min(n - int(at), int(b.geometric("speed", 2.8, 1.7, 0.8) * SAMPLE_RATE))
        if length < SAMPLE_RATE // 4:
            continue
        f0 = b.geometric("register", 35, 65, 130) * (1 + 0.3 * (wander(rng, length, 3) - 0.5))
        growl = harmonic(f0, length, 1 / np.arange(1, 20) ** 0.6) * (0.3 + wander(rng, length, 25))
        breath = noise(rng, length, slope=-3)
        body = resonate(growl, 300, 2) + 0.8 * resonate(growl, 900, 3) + 0.3 * bandpass(breath, 300, 3000)
        place(n, int(at), np.tanh(b.geometric("energy", 1, 2, 5) * unit_rms(body)) * hull(length, 0.15, 0.4), out)
    if np.abs(out).max() < 0.2:
        length = min(n, 2 * SAMPLE_RATE)
        growl = harmonic(60.0, length, 1 / np.arange(1, 20) ** 0.6) * (0.3 + wander(rng, length, 25))
        place(n, 0, unit_rms(resonate(growl, 400, 2)) * hull(length, 0.2, 0.5), out)
    return out


def _helicopter(rng: Rng, n: int, b: Bends) -> Audio:
    rate = b.geometric("speed", 6, 11, 18)
    phase = (seconds(n) * rate) % 1.0
    chop = np.exp(-6 * phase)
    wash = bandpass(noise(rng, n, slope=-2), 60, b.geometric("energy", 900, 2200, 5000))
    turbine = resonate(noise(rng, n), b.geometric("register", 1800, 3200, 5500), 60)
    return unit_rms(wash * (0.15 + chop)) + 0.15 * unit_rms(turbine) * (1 - 0.4 * wander(rng, n, 0.5))


def _jet(rng: Rng, n: int, b: Bends) -> Audio:
    t = seconds(n)
    middle = (t[-1] if n else 0) * rng.uniform(0.35, 0.65)
    bell = np.exp(-(((t - middle) / b.geometric("speed", 4.5, 2.4, 1.0)) ** 2))
    roar = noise(rng, n, slope=-4)
    whine = resonate(noise(rng, n), b.geometric("register", 900, 1800, 3500), 40)
    return (
        unit_rms(roar) + b.linear("tonality", 0.1, 0.4, 1.2) * unit_rms(whine) + 0.4 * highpass(noise(rng, n), 2500)
    ) * bell


def _wind_chimes(rng: Rng, n: int, b: Bends) -> Audio:
    out = 0.004 * noise(rng, n, slope=-2)
    base = b.geometric("register", 500, 1000, 2000)
    scale = base * 2.0 ** (np.array([0, 2, 4, 7, 9, 12]) / 12)
    for at in poisson_times(rng, n, b.geometric("density", 0.7, 2.5, 9)):
        f0, length = float(rng.choice(scale)), int(2.2 * SAMPLE_RATE)
        tube = modes(rng, length, f0 * np.array([1, 2.76, 5.4]), [2.0, 1.0, 0.4], [1, 0.5, 0.2])
        place(n, int(at), tube, out, float(rng.uniform(0.2, 1)))
    return out


def _singing_bowl(rng: Rng, n: int, b: Bends) -> Audio:
    out = 0.002 * noise(rng, n, slope=-3)
    f0 = b.geometric("register", 110, 220, 480)
    for at in beat_times(rng, n, b.geometric("density", 0.1, 0.25, 0.7)):
        length = n - int(at)
        for detune in (0.997, 1.003):
            bowl = modes(rng, length, f0 * detune * np.array([1, 2.71, 5.1, 8.2]), [9, 6, 3, 1.5], [1, 0.6, 0.25, 0.1])
            place(n, int(at), bowl, out)
    return out


def _didgeridoo(rng: Rng, n: int, b: Bends) -> Audio:
    f0 = b.geometric("register", 50, 68, 105)
    source = harmonic(f0, n, 1 / np.arange(1, 24) ** 0.6)
    pulse = wander(rng, n, b.geometric("speed", 1.5, 3.5, 8))
    sweep = np.zeros(n)
    for hz in (400, 900, 1700):
        sweep += resonate(source, hz, 5) * np.roll(pulse, int(hz * 7)) ** 2
    return unit_rms(source) * 0.7 + unit_rms(sweep) + 0.08 * noise(rng, n, slope=-3)


FAMILIES = (
    family(
        "spaceship",
        "a spaceship humming|a starship interior|a reactor|an engine room of a ship in space",
        "register speed movement tonality",
        _spaceship,
    ),
    family("laser", "laser shots|ray guns|zapping lasers|sci-fi blasters", "density register speed energy", _laser),
    family("sonar", "sonar pings|a submarine sonar|a radar ping", "register speed", _sonar, "events"),
    family("geiger", "a geiger counter|radiation clicks|a clicking detector", "density register", _geiger, "events"),
    family("morse", "morse code|telegraph signals|a coded radio signal", "register speed tonality", _morse, "events"),
    family("theremin", "a theremin|a wailing theremin|a sliding sine tone", "register speed movement", _theremin),
    family("ghosts", "ghostly moans|spirits moaning|wailing spirits|phantom voices", "density register speed", _ghosts),
    family("portal", "a portal|a force field|an energy field|a magic gateway", "register speed energy", _portal),
    family(
        "monster", "a monster growling|a beast|a snarling creature|growls", "density register speed energy", _monster
    ),
    family("helicopter", "a helicopter|helicopter blades|chopper rotors", "speed register energy", _helicopter),
    family("jet", "a jet flying over|an airplane passing|an aircraft overhead", "speed register tonality", _jet, "arc"),
    family("wind_chimes", "wind chimes|chimes in a breeze|hanging chimes", "density register", _wind_chimes, "events"),
    family("singing_bowl", "a singing bowl|tibetan bowls|a struck bowl ringing", "density register", _singing_bowl),
    family("didgeridoo", "a didgeridoo|a throat-like drone|a low reed drone", "register speed", _didgeridoo),
)
