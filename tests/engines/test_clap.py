"""CLAP: the extractor's features, windows, words."""

from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import ClapFeatureExtractor

from soundlab.audio.write import write_audio
from soundlab.corpus import scene
from soundlab.domain.ports import Embedded
from soundlab.engines import registry
from soundlab.engines.clap import Clap
from soundlab.engines.mel import ClapMel
from tests import tiny


@pytest.fixture(scope="module")
def sketch() -> Clap:
    return Clap(registry.clap("sketch"))


def test_mel_equals_the_extractor() -> None:
    extractor = ClapFeatureExtractor(truncation="rand_trunc", padding="repeatpad")
    audio = np.random.default_rng(0).standard_normal(480_000).astype(np.float32) * 0.1
    wanted = extractor(audio, sampling_rate=48_000, return_tensors="pt")["input_features"][0]
    found = ClapMel.from_extractor(extractor)(torch.from_numpy(audio)[None])[0]
    assert wanted.shape == found.shape
    assert float((wanted - found).abs().max()) < 1e-2


def test_a_folder_in_the_format_of_the_hub(tmp_path: Path, tone: Path) -> None:
    tiny.clap(tmp_path / "clap")
    clap = Clap(registry.clap(str(tmp_path / "clap")))
    (found,) = clap.embed_files([tone])
    assert isinstance(found, Embedded)
    assert np.linalg.norm(found.vectors[0]) == pytest.approx(1, abs=1e-4)
    assert len(clap.embed_texts(["rain", "dark wind"])) == 2
    assert clap.model_id != Clap(registry.clap("sketch")).model_id


def test_long_files_are_embedded_in_windows_and_bad_ones_named(sketch: Clap, tmp_path: Path) -> None:
    write_audio(tmp_path / "long.wav", np.full((1, 25 * 32_000), 0.1, np.float32), 32_000)
    (tmp_path / "bad.wav").write_text("no")
    long, bad = sketch.embed_files([tmp_path / "long.wav", tmp_path / "bad.wav"])
    assert isinstance(long, Embedded) and long.at == (0.0, 10.0, 20.0)
    assert isinstance(bad, str) and "not readable" in bad


def test_words_find_sounds(sketch: Clap) -> None:
    """Far-apart families, unseen seeds: the right sound is the nearest far more often than by chance."""
    words = {
        "rain": "heavy rain",
        "bells": "ringing bells",
        "heartbeat": "a heartbeat",
        "crickets": "chirping crickets",
        "piano": "a piano playing",
        "drone": "a low drone",
    }
    texts = torch.tensor(sketch.embed_texts(list(words.values())))
    hits = 0
    for row, family in enumerate(words):
        clips = [scene.render(scene.plain(family, 1_000_000_100 + s)) for s in range(3)]
        hits += int(((sketch.embed_windows(clips) @ texts.T).argmax(1) == row).sum())
    assert hits >= 12  # of 18; chance is 3
