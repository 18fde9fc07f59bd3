"""The decoder's training script: from rendered shards, in resumable runs."""

import sys
from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from soundlab.corpus import shards
from soundlab.engines import registry
from soundlab.engines.musicgen import Musicgen
from soundlab.engines.sketch import assemble, train_decoder
from soundlab.engines.training import drawn, predictions
from tests import tiny


def test_the_decoder_trains_in_runs_that_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("soundlab.corpus.shards.SHARD_CLIPS", 4)
    monkeypatch.setattr(train_decoder, "READINGS", 4)
    (tmp_path / "shards").mkdir()
    for index in range(2):
        shards.write_shard(index, tmp_path / "shards", 1.0, None, 0.0)
    checkpoint = registry.musicgen("sketch")
    Musicgen(checkpoint).model.audio_encoder.save_pretrained(tmp_path / "codec")
    text, out = checkpoint.folder.parent / "text", tmp_path / "decoder"
    given = ["--shards", tmp_path / "shards", "--codec", tmp_path / "codec", "--text", text, "--out", out]
    given += ["--batch", 2, "--frames", 10, "--held-out", 2, "--device", "cpu", "--minutes", 5]

    def run(*more: object) -> str:
        monkeypatch.setattr(sys, "argv", ["train_decoder", *map(str, [*given, *more])])
        train_decoder.main()
        return capsys.readouterr().out

    assert "4 clips, step 0" in run("--steps", 2, "--encode", 1)  # the other shard waits its turn
    before = load_file(out / "weights.safetensors")
    assert "8 clips, step 2" in run("--steps", 3)
    with safe_open(out / "state.safetensors", "pt") as state:
        assert state.metadata()["step"] == "3"
        trained = state.get_tensor("model.decoder.lm_heads.0.weight")
    assert not torch.equal(trained, before["decoder.lm_heads.0.weight"])
    monkeypatch.setattr(sys, "argv", ["assemble", "--apart", str(checkpoint.folder.parent), "--cache", str(tmp_path)])
    assemble.main()
    before = load_file(tmp_path / "begin.safetensors")
    further = tmp_path / "further"
    scaled = before | {"axis_condition.mean": before["axis_condition.mean"] + 1}
    save_file(scaled, tmp_path / "begin.safetensors")
    begun = ("--out", further, "--begin", tmp_path / "begin.safetensors", "--keep-reader", "--own-past", 1)
    assert "8 clips, step 0" in run(*begun, "--steps", 5)
    after = load_file(further / "weights.safetensors")
    assert torch.equal(after["axis_condition.mean"], scaled["axis_condition.mean"])
    assert torch.equal(after["axis_condition.reader.bias"], scaled["axis_condition.reader.bias"])
    assert not torch.equal(after["decoder.lm_heads.0.weight"], scaled["decoder.lm_heads.0.weight"])


def test_a_past_of_its_own_is_what_the_decoder_draws_where_it_is_asked_to() -> None:
    model = tiny.musicgen()
    for head in model.decoder.lm_heads:
        head.weight.data *= 1e4  # sure of itself, so that what it draws is known
    codes = torch.randint(0, model.decoder.config.vocab_size, (2, model.decoder.config.num_codebooks, 12))
    memory, mask = torch.randn(2, 3, model.decoder.config.hidden_size), torch.ones(2, 3)
    logits, _ = predictions(model.decoder, codes, memory, mask)
    own = drawn(model.decoder, codes, memory, mask, torch.tensor([0.0, 1.0]), kept=1)
    assert torch.equal(own[0], codes[0]) and torch.equal(own[1, 0], codes[1, 0])
    best = logits.argmax(-1).view(2, codes.shape[1], -1)
    for book in range(1, codes.shape[1]):
        assert torch.equal(own[1, book], best[1, book, book : book + 12])
    assert not torch.equal(own[1, 1:], codes[1, 1:])
