"""Where recordings are cut, and the spaces that adapters are judged in."""

import numpy as np
import pytest

from soundlab.audio.segments import segments
from soundlab.audio.spaces import copied, frechet, outline, timbre, timbre_distance
from soundlab.audio.treatment import TREATMENTS, tilt

RATE = 32_000


def noise(seconds: float, seed: int = 0) -> np.ndarray:
    return 0.2 * np.random.default_rng(seed).standard_normal(int(seconds * RATE))


def hits(times: list[float], seconds: float, seed: int = 0) -> np.ndarray:
    out = np.zeros(int(seconds * RATE))
    for k, at in enumerate(times):
        start = int(at * RATE)
        decay = np.exp(-np.arange(RATE) / (0.05 * RATE)) * noise(1.0, seed + k)
        out[start : start + RATE] += decay[: len(out) - start]
    return out


def test_silence_divides_and_is_left_out() -> None:
    audio = np.concatenate([np.zeros(RATE), noise(2), np.zeros(3 * RATE), noise(1), np.zeros(RATE)])
    (a, b), (c, d) = segments(audio, RATE)
    assert (a / RATE, b / RATE) == (pytest.approx(1.0, abs=0.05), pytest.approx(3.0, abs=0.05))
    assert (c / RATE, d / RATE) == (pytest.approx(6.0, abs=0.05), pytest.approx(7.0, abs=0.05))
    assert segments(np.zeros(RATE), RATE) == [] and segments(np.zeros(3), RATE) == []
    assert segments(noise(0.05), RATE) == []


def test_sounds_close_together_stay_together() -> None:
    assert len(segments(hits([0.5, 1.2, 1.9], 4.0), RATE)) == 1


def test_long_sound_is_cut_just_before_something_begins() -> None:
    audio = 0.02 * noise(24, 5) + hits([8.3, 16.9], 24.0)
    pieces = segments(audio, RATE, longest=10.0)
    assert all(b - a <= 10.05 * RATE for a, b in pieces)
    starts = [a / RATE for a, _ in pieces]
    assert starts == [0.0, pytest.approx(8.3, abs=0.05), pytest.approx(16.9, abs=0.05)]
    assert pieces[-1][1] == len(audio)


def test_timbre_ignores_level_and_gaps_and_hears_colour() -> None:
    one, gapped = hits([0.1], 1.0), hits([0.1, 2.0, 4.0], 6.0)
    other = noise(3, 9)
    darker = tilt(other[None], RATE, -0.5)[0]
    assert timbre_distance(timbre(one), timbre(0.1 * one)) == pytest.approx(0, abs=0.3)
    near = timbre_distance(timbre(one), timbre(gapped))
    assert near < 0.5 * timbre_distance(timbre(one), timbre(darker))
    steps = [timbre_distance(timbre(other), timbre(tilt(other[None], RATE, -s)[0])) for s in (0.1, 0.3, 0.6)]
    assert steps[0] < steps[1] < steps[2]


def test_a_copy_is_found_through_shift_level_and_filter_and_a_likeness_is_no_copy() -> None:
    times = np.cumsum(np.random.default_rng(3).uniform(0.1, 0.6, 12)).tolist()
    source = hits([t for t in times if t < 5], 6.0)
    shifted = np.concatenate([np.zeros(RATE), 0.3 * source])[: 6 * RATE]
    brighter = TREATMENTS["brightness", 1][0](shifted[None], RATE, 0.4)[0]
    other_times = np.cumsum(np.random.default_rng(4).uniform(0.1, 0.6, 12)).tolist()
    other = hits([t for t in other_times if t < 5], 6.0, 50)
    assert copied(outline(shifted), outline(source)) > 0.9
    assert copied(outline(brighter), outline(source)) > 0.9
    assert copied(outline(other), outline(source)) < 0.85
    assert copied(outline(noise(6, 1)), outline(noise(6, 2))) < 0.4
    assert copied(outline(noise(0.1)), outline(source)) == 0.0


def test_the_distance_of_two_normal_sets_is_the_closed_form() -> None:
    rng = np.random.default_rng(0)
    a, b = rng.normal(0, 1, (20_000, 3)), rng.normal(1, 2, (20_000, 3))
    assert frechet(a, b) == pytest.approx(3 * (1 + (2 - 1) ** 2), abs=0.2)
    assert frechet(a, a) == pytest.approx(0, abs=1e-6)
