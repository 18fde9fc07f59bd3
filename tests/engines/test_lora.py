"""Adapters: trained, resumed, applied and taken off again."""

from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from soundlab.domain.ports import TrainingRequest
from soundlab.engines import registry
from soundlab.engines.lora import applied
from soundlab.engines.lora_training import train
from soundlab.engines.musicgen import Musicgen
from soundlab.engines.training import conditional_loss, delay
from soundlab.errors import Cancelled, EngineFailed, NotFound, SoundlabError
from tests import tiny


@pytest.fixture
def engine(tmp_path: Path) -> Musicgen:
    tiny.musicgen(tmp_path / "model")
    return Musicgen(registry.musicgen(str(tmp_path / "model")))


def clip(folder: Path, name: str = "clip.wav", seconds: float = 1.5) -> tuple[str, str]:
    rng = np.random.default_rng(1)
    soundfile.write(folder / name, 0.2 * rng.standard_normal(int(seconds * 32_000)), 32_000)
    return str(folder / name), "dark rain"


def request(folder: Path, name: str, steps: int, **given) -> TrainingRequest:
    return TrainingRequest(
        name=name,
        checkpoint="x",
        clips=(clip(folder),),
        folder=str(folder / name),
        steps=steps,
        rank=4,
        rate=3e-3,
        **given,
    )


def weights(folder: Path) -> dict[str, torch.Tensor]:
    from safetensors.torch import load_file

    return load_file(folder / "adapter_model.safetensors")


def test_training_learns_and_the_adapter_changes_the_decoder(engine: Musicgen, tmp_path: Path) -> None:
    result = train(engine, request(tmp_path, "a", 30))
    assert np.mean(result.losses[-5:]) < np.mean(result.losses[:5]) - 0.1
    before = {n: p.clone() for n, p in engine.model.decoder.named_parameters()}
    with applied(engine.model.decoder, [(tmp_path / "a", 1.0)]):
        changed = [n for n, p in engine.model.decoder.named_parameters() if not torch.equal(p, before[n])]
    assert len(changed) == 3 * (4 + 4 + 2)
    assert all(torch.equal(p, before[n]) for n, p in engine.model.decoder.named_parameters())


def test_weights_scale_the_adapter(engine: Musicgen, tmp_path: Path) -> None:
    train(engine, request(tmp_path, "a", 5))
    name = "model.decoder.layers.0.fc1.weight"
    base = dict(engine.model.decoder.named_parameters())[name].clone()

    def moved(weight: float) -> torch.Tensor:
        with applied(engine.model.decoder, [(tmp_path / "a", weight)]):
            return dict(engine.model.decoder.named_parameters())[name] - base

    assert torch.allclose(moved(0.5) * 2, moved(1.0), atol=1e-6)
    assert torch.equal(moved(0.0), torch.zeros_like(base))


def test_resuming_gives_what_an_unbroken_run_gives(engine: Musicgen, tmp_path: Path) -> None:
    train(engine, request(tmp_path, "whole", 30))
    calls = iter(range(1000))
    with pytest.raises(Cancelled, match="--resume"):
        train(engine, request(tmp_path, "broken", 30), cancelled=lambda: next(calls) >= 25)
    train(engine, request(tmp_path, "broken", 30, resume=True))
    whole, broken = weights(tmp_path / "whole"), weights(tmp_path / "broken")
    assert whole.keys() == broken.keys()
    assert all(torch.allclose(whole[k], broken[k], atol=1e-6) for k in whole)


def test_refusals(engine: Musicgen, tmp_path: Path) -> None:
    soundfile.write(tmp_path / "silent.wav", np.zeros(64_000), 32_000)
    silent = TrainingRequest("s", "x", ((str(tmp_path / "silent.wav"), "rain"),), str(tmp_path / "s"))
    with pytest.raises(SoundlabError, match="only silence"):
        train(engine, silent)
    with pytest.raises(NotFound, match="no adapter"), applied(engine.model.decoder, [(tmp_path / "gone", 1.0)]):
        pass
    train(engine, request(tmp_path, "a", 2))
    other = tiny.musicgen(channels=2)
    other.decoder.model.decoder.layers[0].fc1 = torch.nn.Linear(32, 48, bias=False)
    with pytest.raises(EngineFailed, match="does not fit"), applied(other.decoder, [(tmp_path / "a", 1.0)]):
        pass


def test_delay_and_loss_match_a_hand_made_layout() -> None:
    codes = torch.arange(8).view(1, 4, 2)
    assert delay(codes, 64)[0].tolist() == [
        [0, 1, 64, 64, 64],
        [64, 2, 3, 64, 64],
        [64, 64, 4, 5, 64],
        [64, 64, 64, 6, 7],
    ]
    assert delay(codes, 64, stereo=True)[0].tolist() == [[0, 1, 64], [2, 3, 64], [64, 4, 5], [64, 6, 7]]
    model = tiny.musicgen()
    memory, mask = torch.zeros(1, 3, 32), torch.zeros(1, 3)
    codes = torch.randint(0, 64, (1, 4, 20))
    loss = float(conditional_loss(model.decoder, codes, memory, mask))
    start = torch.full((1, 4, 1), 64)
    delayed = delay(codes, 64)
    logits = model.decoder(input_ids=torch.cat([start, delayed[..., :-1]], -1)[0], encoder_hidden_states=memory).logits
    picked = [torch.nn.functional.cross_entropy(logits[k, k : k + 20], codes[0, k]) for k in range(4)]
    assert loss == pytest.approx(float(torch.stack(picked).mean()), abs=1e-4)
