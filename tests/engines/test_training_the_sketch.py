"""The decoder's training script: from rendered shards, in resumable runs."""

import sys
from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file

from soundlab.corpus import shards
from soundlab.engines import registry
from soundlab.engines.musicgen import Musicgen
from soundlab.engines.sketch import train_decoder


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
