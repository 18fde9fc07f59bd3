"""The second measures agree with the first about plain cases, by another way."""

import numpy as np
import pytest
from scipy import signal

from soundlab.audio.judges import JUDGES, judge_all, rhythm_likeness
from soundlab.domain.axes import COUNTED

RATE = 32_000
T = np.arange(4 * RATE) / RATE
NOISE = 0.1 * np.random.default_rng(0).standard_normal(T.size)


def filtered(cut: float | tuple[float, float], kind: str) -> np.ndarray:
    return signal.sosfilt(signal.butter(4, cut, kind, fs=RATE, output="sos"), NOISE)


def clicks(rate: float, decay: float = 0.02, attack: float = 0.0005) -> np.ndarray:
    out = np.zeros(T.size)
    shape = np.minimum(T / attack, 1) * np.exp(-T / decay)
    for start in np.arange(0.1, 3.9, 1 / rate):
        place = round(start * RATE)
        out[place:] += (NOISE * 3)[: T.size - place] * shape[: T.size - place]
    return out


TONE = 0.2 * np.sin(2 * np.pi * 220 * T)
CASES = {
    "brightness": (filtered(4000, "high"), filtered(1000, "low")),
    "warmth": (filtered((200, 900), "band"), filtered((2000, 6000), "band")),
    "boominess": (filtered(120, "low"), filtered(500, "high")),
    "register": (0.2 * np.sin(2 * np.pi * 880 * T), TONE),
    "density": (clicks(8), clicks(1.5)),
    "speed": (clicks(6), clicks(1)),
    "movement": (NOISE * (0.1 + np.sin(2 * np.pi * 0.5 * T) ** 2), NOISE),
    "roughness": (TONE * (1 + np.sin(2 * np.pi * 70 * T)), TONE),
    "hardness": (clicks(3), clicks(3, 0.1, 0.05)),
    "tonality": (TONE, NOISE),
    "space": (clicks(1, 0.3), clicks(1, 0.02)),
    "distance": (filtered(900, "low"), clicks(2)),
    "energy": (clicks(10), 0.5 * TONE),
    "loudness": (2 * NOISE, NOISE),
}


def test_there_is_one_for_every_counted_axis() -> None:
    assert set(JUDGES) == set(COUNTED) == set(CASES)


@pytest.mark.parametrize("axis", COUNTED)
def test_it_tells_more_from_less(axis: str) -> None:
    more, less = (JUDGES[axis](x) for x in CASES[axis])
    assert more is not None and less is not None and more > less


def test_silence_and_short_sounds_have_none() -> None:
    assert set(judge_all(np.zeros(RATE)).values()) == {None}
    assert set(judge_all(NOISE[:100]).values()) == {None}
    assert all(v is None or np.isfinite(v) for v in judge_all(NOISE[:8000]).values())


def test_a_rhythm_is_like_itself_and_not_like_another() -> None:
    assert rhythm_likeness(clicks(3), clicks(3, 0.05)) > 0.7 > rhythm_likeness(clicks(3), clicks(7.3)) + 0.2
    assert rhythm_likeness(np.zeros(RATE), clicks(3)) == 0.0
