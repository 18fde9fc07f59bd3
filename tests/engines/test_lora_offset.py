"""What an adapter adds to what words are read as, found on the bundled checkpoint."""

import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import soundfile
import torch

from soundlab.audio.decode import read_audio
from soundlab.domain.ports import GenerationRequest, TrainingClip, TrainingRequest, ignore_progress, never
from soundlab.engines import axis_condition, lora_offset, registry
from soundlab.engines.lora_data import Piece, standard, values
from soundlab.engines.lora_training import train
from soundlab.engines.musicgen import Musicgen

CAPTION = "a drone"


@pytest.fixture(scope="module")
def adapter(tmp_path_factory: pytest.TempPathFactory) -> tuple[Musicgen, Path]:
    """The sketch, and an adapter that has not learnt to speak of."""
    folder = tmp_path_factory.mktemp("offset")
    soundfile.write(folder / "a.wav", 0.1 * np.random.default_rng(0).standard_normal(3 * 32_000), 32_000)
    engine = Musicgen(registry.musicgen("sketch"))
    clip = TrainingClip(str(folder / "a.wav"), CAPTION)
    train(engine, TrainingRequest("a", "sketch", (clip,), str(folder / "a"), steps=1, rank=4, rate=1e-6))
    return engine, folder / "a"


def like(z: torch.Tensor) -> SimpleNamespace:
    """Material whose clips measure ``z``."""
    return SimpleNamespace(pieces=[Piece(torch.zeros(8, 10, dtype=torch.long), CAPTION, z)])


def kept(adapter: Path) -> dict[str, float]:
    return json.loads((adapter / axis_condition.OFFSET).read_text())["offset"]


def test_what_an_adapter_has_learnt_already_is_not_added_again(adapter: tuple[Musicgen, Path], tmp_path: Path) -> None:
    """Clips that measure as takes do without any offset need none, however else their caption is read."""
    engine, folder = adapter
    outputs = tuple(str(tmp_path / f"{seed}.wav") for seed in lora_offset.SEEDS)
    engine.generate(GenerationRequest(CAPTION, lora_offset.SEEDS, outputs, lora_offset.SECONDS, ""))
    made = [standard(engine, values(*read_audio(Path(path)))) for path in outputs]
    wanted = torch.stack(made).nanmean(0)
    assert (wanted - engine.readings([CAPTION])[0]).abs().nanmean() > 0.2
    lora_offset.keep(engine, folder, like(wanted), ignore_progress, never)
    assert set(kept(folder).values()) == {0.0}


def test_an_offset_is_no_further_than_what_the_decoder_knows(adapter: tuple[Musicgen, Path]) -> None:
    engine, folder = adapter
    read = engine.readings([CAPTION])[0]
    lora_offset.keep(engine, folder, like(read + 9.0), ignore_progress, never)
    assert max(kept(folder).values()) <= 2.0


def test_cancelling_leaves_an_offset_that_changes_nothing(adapter: tuple[Musicgen, Path]) -> None:
    engine, folder = adapter
    (folder / axis_condition.OFFSET).unlink(missing_ok=True)
    lora_offset.keep(engine, folder, like(torch.full((13,), 2.0)), ignore_progress, lambda: True)
    assert set(kept(folder).values()) == {0.0}
