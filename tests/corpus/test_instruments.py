"""Sampled instruments: phrases from a bank of notes, in a key."""

import numpy as np
import pytest

from soundlab.corpus import instruments, scene
from soundlab.corpus.bends import Bends, Score
from soundlab.corpus.shards import sources

RATE = scene.SAMPLE_RATE


@pytest.fixture(scope="module")
def bank(tmp_path_factory):
    """A bank of plain sines in place of a soundfont's notes."""
    folder = tmp_path_factory.mktemp("bank")
    for program in instruments.PROGRAMS:
        pitches = np.array(list(range(program.low, program.high + 1, 5)) * 2)
        t = np.arange(2 * RATE) / RATE
        hz = 440 * 2.0 ** ((pitches - 69) / 12)
        notes = (20_000 * np.sin(2 * np.pi * hz[:, None] * t) * np.exp(-t)).astype(np.int16)
        velocities = np.repeat([55, 105], len(pitches) // 2)
        name = f"{program.number:02d}-{program.name}.npz"
        np.savez(folder / name, notes=notes, pitches=pitches, velocities=velocities)
    return folder


def test_programs_become_families(bank) -> None:
    known = sources(bank)
    assert sum(name.startswith("sampled_") for name in known) == len(instruments.PROGRAMS)
    drawn = scene.draw(3, seconds=2.0, sources=known)
    assert np.isfinite(scene.render(drawn, sources=known)).all()


@pytest.mark.parametrize("name", ["sampled_grand", "sampled_violin"])
def test_phrases_stay_in_key(bank, name: str) -> None:
    family = sources(bank)[name]
    audio = family.render(np.random.default_rng(2), 6 * RATE, Bends(score=Score(0, False, 100)))
    spectrum = np.abs(np.fft.rfft(audio))
    hz = np.fft.rfftfreq(audio.size, 1 / RATE)
    inside = (hz > 60) & (hz < 3000)
    pitch = np.round(12 * np.log2(hz[inside] / 261.626)).astype(int) % 12
    chroma = np.bincount(pitch, weights=spectrum[inside] ** 2, minlength=12)
    assert chroma[[0, 2, 4, 5, 7, 9, 11]].sum() / chroma.sum() > 0.9


def test_a_missing_bank_is_named(tmp_path) -> None:
    with pytest.raises(FileNotFoundError, match=r"soundlab\.corpus\.instruments"):
        sources(tmp_path)
