"""Adapters: trained, resumed, applied and taken off again."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import soundfile
import torch
from safetensors import SafetensorError
from transformers import MusicgenForConditionalGeneration

from soundlab.domain.ports import TrainingClip, TrainingRequest, ignore_progress, never
from soundlab.engines import lora_prior, memory, registry
from soundlab.engines.lora import TARGETS, applied, lean, merge
from soundlab.engines.lora_training import train
from soundlab.engines.musicgen import Musicgen
from soundlab.engines.training import conditional_loss, delay
from soundlab.errors import Cancelled, EngineFailed, NotFound, SoundlabError, WrongInput
from tests import tiny


@pytest.fixture
def engine(tmp_path: Path) -> Musicgen:
    tiny.musicgen(tmp_path / "model")
    return Musicgen(registry.musicgen(str(tmp_path / "model")))


def clip(folder: Path, name: str = "clip.wav", seconds: float = 2.5) -> TrainingClip:
    rng = np.random.default_rng(1)
    soundfile.write(folder / name, 0.2 * rng.standard_normal(int(seconds * 32_000)), 32_000)
    return TrainingClip(str(folder / name), "dark rain")


def request(folder: Path, name: str, steps: int, clips: tuple[TrainingClip, ...] = (), **given) -> TrainingRequest:
    return TrainingRequest(
        name=name,
        checkpoint="x",
        clips=clips or (clip(folder),),
        folder=str(folder / name),
        steps=steps,
        rank=4,
        rate=3e-3,
        **given,
    )


def weights(folder: Path) -> dict[str, torch.Tensor]:
    from safetensors.torch import load_file

    return load_file(folder / "adapter_model.safetensors")


def test_one_process_trains_in_one_precision_after_another(engine: Musicgen, tmp_path: Path) -> None:
    from accelerate import Accelerator
    from accelerate.state import AcceleratorState

    AcceleratorState._reset_state(reset_partial_state=True)  # whatever other tests have left
    Accelerator(cpu=True, mixed_precision="bf16")  # as training in fp16 on a GPU leaves it
    assert len(train(engine, request(tmp_path, "after", 1)).losses) == 1


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
    silent = TrainingRequest("s", "x", (TrainingClip(str(tmp_path / "silent.wav"), "rain"),), str(tmp_path / "s"))
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


def other(folder: Path, name: str, seed: int, *, held_out: bool = False) -> TrainingClip:
    rng = np.random.default_rng(seed)
    soundfile.write(folder / f"{name}.wav", 0.2 * rng.standard_normal(80_000), 32_000)
    return TrainingClip(str(folder / f"{name}.wav"), "dark rain, low, distant", held_out=held_out)


def test_what_is_held_out_says_when_to_stop_and_which_weights_to_keep(engine: Musicgen, tmp_path: Path) -> None:
    clips = (other(tmp_path, "a", 1), other(tmp_path, "b", 2, held_out=True))
    result = train(engine, request(tmp_path, "x", 200, clips, check_every=5, patience=2, ema=0.5))
    looks = [loss for _, loss in result.held_out]
    assert result.steps < 200 and len(looks) >= 3
    kept = dict(result.held_out)[result.kept]
    assert kept <= min(looks) + 0.005 and result.steps == result.kept + 2 * 5
    assert result.segments == 1
    whole = train(engine, request(tmp_path, "y", 20, clips, check_every=5, patience=0))
    assert whole.steps == 20 and [step for step, _ in whole.held_out] == [5, 10, 15, 20]


def test_a_resumed_run_remembers_its_mean_and_what_it_kept(engine: Musicgen, tmp_path: Path) -> None:
    clips = (other(tmp_path, "a", 1), other(tmp_path, "b", 2, held_out=True))
    given = {"check_every": 10, "patience": 0, "augment": ("gain", "pitch", "room"), "cache": str(tmp_path / "tokens")}
    train(engine, request(tmp_path, "whole", 50, clips, **given))
    calls = iter(range(1000))
    with pytest.raises(Cancelled, match="--resume"):  # once while encoding each clip, then once a step
        train(engine, request(tmp_path, "broken", 50, clips, **given), cancelled=lambda: next(calls) >= 22)
    with pytest.raises(SoundlabError, match="other settings"):
        train(engine, request(tmp_path, "broken", 50, clips, **{**given, "accumulate": 2}, resume=True))
    train(engine, request(tmp_path, "broken", 50, clips, **given, resume=True))
    whole, broken = weights(tmp_path / "whole"), weights(tmp_path / "broken")
    assert all(torch.equal(whole[k], broken[k]) for k in whole)
    assert (tmp_path / "whole" / "losses.json").read_text() == (tmp_path / "broken" / "losses.json").read_text()
    tokens = {p: p.stat().st_mtime_ns for p in (tmp_path / "tokens").rglob("*.safetensors")}
    assert len(tokens) == 1 + 3 + 1
    train(engine, request(tmp_path, "again", 1, clips, **given))
    assert tokens == {p: p.stat().st_mtime_ns for p in (tmp_path / "tokens").rglob("*.safetensors")}


def test_other_words_stay_nearer_the_base_where_they_are_remembered(engine: Musicgen, tmp_path: Path) -> None:
    words = ("an organ", "birds")
    takes = lora_prior.made(engine, words, ignore_progress, never)
    assert takes is not None
    base = lora_prior.remembered(engine.model.decoder.eval(), *takes)
    engine.model.decoder.eval()

    def forgotten(name: str) -> float:
        with applied(engine.model.decoder, [(tmp_path / name, 1.0)]), torch.no_grad():
            return float(lora_prior.forgetting(engine.model.decoder, base.codes, base.states, base.mask, base.logits))

    train(engine, request(tmp_path, "free", 30))
    learnt = train(engine, request(tmp_path, "kept", 30, others=words))
    assert forgotten("kept") < 0.9 * forgotten("free")
    assert np.mean(learnt.losses[-5:]) < np.mean(learnt.losses[:5]) - 0.05
    calls = iter(range(1000))
    with pytest.raises(Cancelled, match="--resume"):
        train(engine, request(tmp_path, "broken", 30, others=words), cancelled=lambda: next(calls) >= 22)
    train(engine, request(tmp_path, "broken", 30, others=words, resume=True))
    whole, broken = weights(tmp_path / "kept"), weights(tmp_path / "broken")
    assert all(torch.equal(whole[k], broken[k]) for k in whole)


@pytest.mark.parametrize(
    "given",
    [
        {"targets": "attention"},
        {"dora": True},
        {"checkpointing": True},
        {"accumulate": 2, "batch": 1},
        {"precision": "bf16"},
        {"preview_every": 5},
    ],
    ids=lambda g: next(iter(g)),
)
def test_ways_to_train(engine: Musicgen, tmp_path: Path, given: dict) -> None:
    before = {n: p.clone() for n, p in engine.model.decoder.named_parameters()}
    result = train(engine, request(tmp_path, "a", 10, **given))
    assert np.mean(result.losses[-3:]) < np.mean(result.losses[:3])
    assert all(torch.equal(p, before[n]) for n, p in engine.model.decoder.named_parameters())
    made = weights(tmp_path / "a")
    assert any("fc1" in name for name in made) != (given.get("targets") == "attention")
    assert any("magnitude" in name for name in made) == given.get("dora", False)
    previews = sorted(p.name for p in (tmp_path / "a").glob("preview-*.wav"))
    assert previews == (["preview-00005.wav", "preview-00010.wav"] if "preview_every" in given else [])
    with applied(engine.model.decoder, [(tmp_path / "a", 1.0)]):
        assert any(not torch.equal(p, before[n]) for n, p in engine.model.decoder.named_parameters())


def test_what_cannot_be_done_is_refused_before_it_starts(
    engine: Musicgen, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(WrongInput, match="on a GPU only"):
        train(engine, request(tmp_path, "a", 2, precision="fp16"))
    with pytest.raises(EngineFailed, match="needs bitsandbytes"):
        train(engine, request(tmp_path, "a", 2, optimiser="adamw8bit"))
    needed = memory.estimate(engine, request(tmp_path, "a", 2, checkpointing=True), "fp32")
    monkeypatch.setattr(memory, "available", lambda engine: needed)
    with pytest.raises(SoundlabError, match="GB of memory") as error:
        train(engine, request(tmp_path, "a", 2, batch=64))
    assert error.value.hint == "--batch 1 fits"
    monkeypatch.setattr(memory, "available", lambda engine: 0.0)
    with pytest.raises(SoundlabError) as error:
        train(engine, request(tmp_path, "a", 2))
    assert "smaller checkpoint" in error.value.hint
    monkeypatch.undo()
    monkeypatch.setattr("shutil.disk_usage", lambda path: SimpleNamespace(free=10))
    with pytest.raises(SoundlabError, match="MB of disk"):
        train(engine, request(tmp_path, "a", 2))


def test_a_full_disk_is_one_line_and_the_run_goes_on_later(
    engine: Musicgen, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise SafetensorError("I/O error: No space left on device (os error 28)")

    with monkeypatch.context() as patch:
        patch.setattr("soundlab.engines.lora_training.save_file", full)
        with pytest.raises(SoundlabError, match="No space left"):
            train(engine, request(tmp_path, "a", 30))
    assert train(engine, request(tmp_path, "a", 3, resume=True)).steps == 3


def test_a_merged_folder_loads_elsewhere(engine: Musicgen, tmp_path: Path) -> None:
    train(engine, request(tmp_path, "a", 5))
    merge(engine.checkpoint, [(tmp_path / "a", 0.5)], tmp_path / "out")
    stock = MusicgenForConditionalGeneration.from_pretrained(tmp_path / "out")
    name = "model.decoder.layers.0.fc1.weight"
    with applied(engine.model.decoder, [(tmp_path / "a", 0.5)]):
        merged = dict(engine.model.decoder.named_parameters())[name].clone()
    assert torch.allclose(dict(stock.decoder.named_parameters())[name], merged, atol=1e-6)
    assert "from_pretrained" in (tmp_path / "out" / "README.md").read_text()
    with pytest.raises(WrongInput, match="there already"):
        merge(engine.checkpoint, [(tmp_path / "a", 1.0)], tmp_path / "out")


def test_lean_layers_compute_what_peft_computes() -> None:
    from peft import LoraConfig, get_peft_model

    decoder = get_peft_model(tiny.musicgen().decoder, LoraConfig(r=4, lora_alpha=8, target_modules=TARGETS)).eval()
    torch.manual_seed(1)
    for name, p in decoder.named_parameters():
        if "lora_B" in name:
            p.data.normal_(0, 0.05)
    codes, memory = torch.randint(0, 64, (2, 4, 20)), torch.randn(2, 3, 32)
    mask = torch.ones(2, 3)
    results = []
    for _ in range(2):
        decoder.zero_grad()
        loss = conditional_loss(decoder, codes.clone(), memory, mask)
        loss.backward()
        results.append((loss.item(), [p.grad.clone() for p in decoder.parameters() if p.requires_grad]))
        lean(decoder)
    assert results[0][0] == pytest.approx(results[1][0], abs=1e-5)
    assert all(torch.allclose(a, b, atol=1e-5) for a, b in zip(results[0][1], results[1][1], strict=True))
