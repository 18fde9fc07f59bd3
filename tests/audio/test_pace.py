"""Changing the pace of sounds whose pulse and attacks are known."""

import numpy as np
import pytest

from soundlab.audio.descriptors import DESCRIPTORS, RATE, Analysis
from soundlab.audio.pace import stretched

N = 6 * RATE
RNG = np.random.default_rng(0)


def ticks(rate: float, hertz: float | None = None) -> np.ndarray:
    """Ticks of 40 ms at ``rate`` a second, of noise or of a tone, over a faint floor; stereo."""
    t = np.arange(int(0.3 * RATE)) / RATE
    body = RNG.standard_normal(t.size) if hertz is None else np.sin(2 * np.pi * hertz * t)
    x = 1e-4 * RNG.standard_normal(N)
    for at in np.arange(0.1 * RATE, N - t.size, RATE / rate).astype(int):
        x[at : at + t.size] += 0.3 * body * np.exp(-t / 0.04)
    return np.stack([x, 0.5 * x])


def measured(audio: np.ndarray, axis: str) -> float:
    value = DESCRIPTORS[axis](Analysis(audio[0]))
    assert value is not None
    return value


@pytest.mark.parametrize("factor", [0.6, 1.6])
@pytest.mark.parametrize("hertz", [None, 700.0])
def test_the_pulse_goes_as_fast_as_asked_and_its_attacks_stay_as_hard(factor: float, hertz: float | None) -> None:
    before = ticks(2, hertz)
    after = stretched(before, RATE, factor)
    assert after.shape == before.shape
    assert measured(after, "speed") - measured(before, "speed") == pytest.approx(np.log2(factor), abs=0.05)
    assert measured(after, "hardness") > measured(before, "hardness") - 5


def test_channels_stay_together() -> None:
    after = stretched(ticks(3), RATE, 1.4)
    np.testing.assert_allclose(after[1], 0.5 * after[0], atol=1e-5)


def test_a_held_tone_keeps_its_pitch_and_stays_smooth() -> None:
    tone = 0.2 * np.sin(2 * np.pi * 330 * np.arange(N) / RATE)[None]
    after = stretched(tone, RATE, 0.7)
    assert 2 ** measured(after, "register") == pytest.approx(330, rel=0.005)
    level = np.sqrt((after[0, RATE : 5 * RATE].reshape(-1, 3200) ** 2).mean(1))
    assert 20 * np.log10(level.max() / level.min()) < 1.5


@pytest.mark.parametrize("seconds", [0.01, 0.2])
def test_what_is_short_is_filled_up(seconds: float) -> None:
    short = 0.1 * RNG.standard_normal((1, int(seconds * RATE)))
    after = stretched(short, RATE, 1.7)
    assert after.shape == short.shape
    assert np.isfinite(after).all()
