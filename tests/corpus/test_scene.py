"""The corpus: deterministic, varied, and true to its attributes."""

import re

import numpy as np
import pytest

from soundlab.audio.descriptors import describe
from soundlab.corpus import captions, scene
from soundlab.corpus.bends import Bends
from soundlab.corpus.families import FAMILIES
from soundlab.corpus.shards import tell, write_shard


def test_there_are_enough_families() -> None:
    assert len(FAMILIES) >= 24


@pytest.mark.parametrize("name", sorted(FAMILIES))
def test_families_render(name: str) -> None:
    audio = scene.render(scene.plain(name, 3, seconds=2.0))
    assert audio.shape == (64_000,)
    assert audio.dtype == np.float32
    assert np.isfinite(audio).all()
    assert 0.01 < np.abs(audio).max() <= 0.9


def test_same_seed_same_sound_other_seed_other_sound() -> None:
    one, same, other = (scene.render(scene.draw(s, seconds=2.0)) for s in (5, 5, 6))
    assert np.array_equal(one, same)
    assert not np.array_equal(one, other)


def test_captions_vary_and_keep_reserved_words() -> None:
    texts = [text for seed in range(300) for text in tell(scene.draw(seed))]
    words = {w for text in texts for w in re.findall(r"[a-z-]+", text.lower())}
    assert len(set(texts)) > 0.95 * len(texts)
    assert len(words) > 400
    assert not words & captions.HELD_OUT


@pytest.mark.parametrize(
    ("family", "axis"),
    [
        ("rain", "brightness"),
        ("drone", "brightness"),
        ("bells", "density"),
        ("piano", "register"),
        ("crowd", "warmth"),
        ("metal_hits", "distance"),
        ("machinery", "speed"),
        ("drone", "tonality"),
    ],
)
def test_bends_are_heard(family: str, axis: str) -> None:
    low, high = (
        describe(scene.render(scene.plain(family, 1, seconds=6.0, bends=Bends(**{axis: b})))[None], scene.SAMPLE_RATE)[
            axis
        ]
        for b in (-0.9, 0.9)
    )
    assert low is not None and high is not None
    assert high > low


def test_shards_are_resumable(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("soundlab.corpus.shards.SHARD_CLIPS", 3)
    write_shard(0, tmp_path, 0.5, None, 0.0)
    before = (tmp_path / "shard-00000.npz").stat().st_mtime_ns
    write_shard(0, tmp_path, 0.5, None, 0.0)
    assert (tmp_path / "shard-00000.npz").stat().st_mtime_ns == before
    with np.load(tmp_path / "shard-00000.npz", allow_pickle=False) as shard:
        assert shard["audio"].shape == (3, 16_000)
        assert shard["captions"].shape == (3, 4)
