"""Each descriptor moves the right way on signals whose truth is known."""

import numpy as np
import pytest
from scipy import signal

from soundlab.audio.descriptors import DESCRIPTORS, RATE, Analysis, describe
from soundlab.domain.axes import COUNTED

RNG = np.random.default_rng(0)
N = 6 * RATE
NOISE = 0.1 * RNG.standard_normal(N)
T = np.arange(N) / RATE


def measure(axis: str, x: np.ndarray) -> float:
    value = describe(x[None].astype(np.float32), RATE)[axis]
    assert value is not None
    return value


def filtered(kind: str, hz: float | tuple[float, float]) -> np.ndarray:
    return signal.sosfilt(signal.butter(4, hz, kind, fs=RATE, output="sos"), NOISE)


def pulses(rate: float, *, decay: float = 0.05, attack: float = 0.0) -> np.ndarray:
    x = np.zeros(N)
    grain = RNG.standard_normal(int(1.5 * RATE)) * np.exp(-np.arange(int(1.5 * RATE)) / RATE / decay)
    rise = int(attack * RATE)
    grain[:rise] *= np.linspace(0, 1, rise)
    for at in np.arange(0, N, RATE / rate).astype(int):
        x[at : at + grain.size] += grain[: N - at]
    return 0.2 * x + 1e-4 * RNG.standard_normal(N)


def harmonic(f0: float) -> np.ndarray:
    return 0.1 * sum(np.sin(2 * np.pi * k * f0 * T) / k for k in range(1, 8))


LADDERS = {
    "brightness": [filtered("low", hz) for hz in (500, 2000, 8000)],
    "warmth": [filtered("high", 3000), NOISE, filtered("low", 700)],
    "boominess": [filtered("high", 500), NOISE, filtered("low", 150)],
    "register": [harmonic(f) for f in (80, 240, 900)],
    "density": [pulses(r, decay=0.015) for r in (1, 4, 12)],
    "speed": [pulses(r, decay=0.015) for r in (1, 2, 4)],
    "movement": [NOISE * (1 + d * np.sin(2 * np.pi * T)) for d in (0.0, 0.4, 0.9)],
    "roughness": [harmonic(300), harmonic(300) + 0.8 * harmonic(330), np.tanh(9 * (harmonic(300) + harmonic(341)))],
    "hardness": [pulses(2, decay=0.2, attack=a) for a in (0.2, 0.05, 0.0)],
    "tonality": [NOISE, harmonic(220) + 0.3 * NOISE, harmonic(220)],
    "space": [pulses(0.8, decay=d) for d in (0.02, 0.08, 0.25)],
    "distance": [
        pulses(1, decay=0.02),
        signal.sosfilt(signal.butter(2, 3000, fs=RATE, output="sos"), pulses(1, decay=0.15)),
    ],
    "energy": [pulses(r, decay=0.015) for r in (1, 4, 12)],
    "loudness": [NOISE * g for g in (0.1, 0.3, 1.0)],
}


def test_every_counted_axis_has_a_descriptor_and_a_ladder() -> None:
    assert set(DESCRIPTORS) == set(COUNTED) == set(LADDERS)


@pytest.mark.parametrize("axis", sorted(LADDERS))
def test_monotone(axis: str) -> None:
    values = [measure(axis, x) for x in LADDERS[axis]]
    assert values == sorted(values)
    assert len(set(values)) == len(values)


def test_units() -> None:
    assert measure("register", harmonic(220)) == pytest.approx(np.log2(220), abs=0.05)
    assert 2 ** measure("speed", pulses(2, decay=0.015)) == pytest.approx(120, rel=0.05)
    assert 2 ** measure("density", pulses(4, decay=0.015)) - 1 == pytest.approx(4, rel=0.15)


def test_a_single_note_that_dies_away_has_no_pulse() -> None:
    t = np.arange(4 * RATE) / RATE
    assert DESCRIPTORS["speed"](Analysis(np.exp(-t) * np.sin(2 * np.pi * 440 * t))) is None


def test_level_changes_only_loudness() -> None:
    loud, quiet = describe(NOISE[None].astype(np.float32), RATE), describe(0.1 * NOISE[None].astype(np.float32), RATE)
    for axis in set(DESCRIPTORS) - {"loudness"}:
        assert loud[axis] == pytest.approx(quiet[axis], abs=0.05), axis


@pytest.mark.parametrize("samples", [0, 1, 100, RATE])
def test_silence_and_scraps_measure_nothing(samples: int) -> None:
    assert set(describe(np.zeros((1, samples), np.float32), RATE).values()) == {None}


@pytest.mark.parametrize("samples", [1, 100, 2047, 2048, 3000, 5000, 9000, 20_000])
def test_short_sounds_are_measured_as_far_as_they_go(samples: int) -> None:
    noise = 0.1 * np.random.default_rng(0).standard_normal((2, samples)).astype(np.float32)
    for audio in (noise, np.zeros_like(noise), 0.3 * np.sin(0.05 * np.arange(samples, dtype=np.float32))[None]):
        values = describe(audio, 32_000)
        assert set(values) == set(DESCRIPTORS)
        assert all(v is None or np.isfinite(v) for v in values.values())
    assert (describe(noise, 32_000)["brightness"] is None) == (samples < 2048)
