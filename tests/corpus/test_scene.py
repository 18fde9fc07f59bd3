"""The corpus: deterministic, varied, and true to its attributes."""

import re

import numpy as np
import pytest

from soundlab.audio.descriptors import describe
from soundlab.corpus import captions, scene
from soundlab.corpus.bends import Bends, Score
from soundlab.corpus.families import FAMILIES
from soundlab.corpus.places import PLACES
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
    assert len(words) > 600
    assert not words & captions.HELD_OUT
    assert not [t for t in texts for held in captions.HELD_OUT if " " in held and held in t.lower()]


def test_words_that_only_the_reader_learns_are_akin_to_no_reserved_one() -> None:
    """Reserved words show what was understood without having been learnt; one of their stem would give them away."""
    taught = {w for poles in captions.KINDRED.values() for side in poles for w in side}
    reserved = {w[:5] for held in captions.HELD_OUT for w in held.split()}
    assert len(taught) > 150
    assert not [w for w in taught for part in w.split("-") if part[:5] in reserved]
    assert not taught & {w for poles in captions.ADJECTIVES.values() for side in poles for w in side}


def test_music_plays_in_its_key_and_says_so() -> None:
    score = Score(root=9, minor=True, bpm=120)
    drawn = scene.Scene(4, 6.0, (scene.Layer("organ", Bends(score=score)),), "")
    spectrum = np.abs(np.fft.rfft(scene.render(drawn)))
    hz = np.fft.rfftfreq(6 * scene.SAMPLE_RATE, 1 / scene.SAMPLE_RATE)
    inside = (hz > 100) & (hz < 1000)
    pitch = np.round(12 * np.log2(hz[inside] / 440)).astype(int) % 12  # semitones above A
    chroma = np.bincount(pitch, weights=spectrum[inside] ** 2, minlength=12)
    in_key = chroma[[0, 2, 3, 5, 7, 8, 10]].sum() / chroma.sum()
    assert in_key > 0.9
    told = [scene.tell(drawn, k) for k in range(12)]
    assert any("A minor" in t for t in told)
    assert any("120 b" in t for t in told)


@pytest.mark.parametrize("name", sorted(PLACES))
def test_a_place_is_heard(name: str) -> None:
    dry = scene.render_layer(np.random.default_rng(1), scene.Layer("clock"), 96_000, plainly=True)
    there = scene.render_layer(np.random.default_rng(1), scene.Layer("clock", place=name), 96_000, plainly=True)
    assert there.shape == dry.shape
    assert np.isfinite(there).all()
    assert abs(float(np.corrcoef(dry, there)[0, 1])) < 0.98


@pytest.mark.parametrize(("name", "later"), [("fade_in", 1), ("build", 1), ("late", 1), ("fade_out", -1), ("stop", -1)])
def test_an_arc_changes_the_level_over_time(name: str, later: int) -> None:
    audio = scene.render_layer(np.random.default_rng(1), scene.Layer("air", arc=name), 160_000)
    first, last = audio[:40_000].std(), audio[-40_000:].std()
    assert (last - first) * later > 0
    assert max(first, last) > 2 * min(first, last)


def test_two_rains_do_not_sound_alike() -> None:
    values = [describe(scene.render(scene.plain("rain", s, seconds=4.0))[None], scene.SAMPLE_RATE) for s in range(6)]
    centroids = [v["brightness"] for v in values]
    assert max(centroids) - min(centroids) > 0.3  # octaves


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
        ("rain", "boominess"),
        ("footsteps", "hardness"),
        ("footsteps", "space"),
        ("bells", "space"),
        ("fire", "movement"),
        ("fire", "tonality"),
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
