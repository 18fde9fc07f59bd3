"""Train the sketch CLAP: a small HTSAT audio tower against the frozen shared text encoder.

``python -m soundlab.engines.sketch.train_clap --text FOLDER --minutes 40``; run
again to go on. Symmetric contrastive loss (Radford et al. 2021); the audio is
made robust by random gain, crop length, added noise and band limits.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file
from torch import Tensor
from transformers import ClapConfig, ClapFeatureExtractor, ClapModel

from soundlab.engines.mel import ClapMel
from soundlab.engines.sketch import shards
from soundlab.engines.sketch.states import load_state, save_state
from soundlab.engines.sketch.text import FrozenText

DIMENSIONS = 256
SAMPLE_RATE = 32_000


def extractor() -> ClapFeatureExtractor:
    """The sketch's audio front end: 32 kHz, 40 ms hop, 64 mel bands, 10 s: a quarter of HTSAT's usual frames."""
    return ClapFeatureExtractor(
        feature_size=64,
        sampling_rate=SAMPLE_RATE,
        hop_length=1280,
        max_length_s=10,
        fft_window_size=2048,
        frequency_min=50,
        frequency_max=14_000,
        truncation="rand_trunc",
        padding="repeatpad",
    )


def config(text: FrozenText) -> ClapConfig:
    """Sizes of the bundled CLAP; the text side has the shape of the shared encoder."""
    bert = text.model.config
    text_config = {
        "vocab_size": bert.vocab_size,
        "hidden_size": bert.hidden_size,
        "num_hidden_layers": bert.num_hidden_layers,
        "num_attention_heads": bert.num_attention_heads,
        "intermediate_size": bert.intermediate_size,
        "max_position_embeddings": bert.max_position_embeddings + 1,
        "type_vocab_size": bert.type_vocab_size,
        "layer_norm_eps": bert.layer_norm_eps,
        "pad_token_id": 0,
        "bos_token_id": 101,
        "eos_token_id": 102,
        "projection_dim": DIMENSIONS,
    }
    audio_config = {
        "spec_size": 128,
        "window_size": 4,
        "patch_embeds_hidden_size": 32,
        "depths": [2, 2, 4, 2],
        "num_attention_heads": [2, 4, 8, 16],
        "hidden_size": 256,
        "projection_dim": DIMENSIONS,
        "hidden_dropout_prob": 0.05,
    }
    return ClapConfig(text_config=text_config, audio_config=audio_config, projection_dim=DIMENSIONS)


class Pairs:
    """(mel, pooled text) batches from a rotating handful of shards."""

    def __init__(self, folder: Path, text: FrozenText, seed: int) -> None:
        self._folder, self._text = folder, text
        self._rng = np.random.default_rng(seed)
        self._mel = ClapMel.from_extractor(extractor())
        self._audio = np.zeros((0, 1), np.int16)
        self._captions: list[list[str]] = []
        self._served = 0

    def _rotate(self) -> None:
        paths = shards.shard_paths(self._folder)
        chosen = self._rng.choice(len(paths), size=min(6, len(paths)), replace=False)
        loaded = [shards.read(paths[i]) for i in chosen]
        self._audio = np.concatenate([audio for audio, _ in loaded])
        self._captions = [row for _, captions in loaded for row in captions]

    def _bend(self, clip: np.ndarray) -> np.ndarray:
        """Crop, gain, noise and a random band limit."""
        x = clip.astype(np.float32) / 32767.0
        if self._rng.random() < 0.4:
            length = int(self._rng.uniform(0.25, 1.0) * x.size)
            start = int(self._rng.integers(0, x.size - length + 1))
            x = np.resize(x[start : start + length], x.size)
        if self._rng.random() < 0.3:
            x = x + self._rng.standard_normal(x.size).astype(np.float32) * 10 ** self._rng.uniform(-4, -2.3)
        return x * np.float32(10 ** (self._rng.uniform(-18, 8) / 20))

    def batch(self, size: int) -> tuple[Tensor, Tensor]:
        """Return input features (size, 1, frames, mels) and first-token text states (size, 384)."""
        if self._served % 60 == 0:
            self._rotate()
        self._served += 1
        rows = self._rng.choice(len(self._captions), size=size, replace=False)
        audio = torch.from_numpy(np.stack([self._bend(self._audio[i]) for i in rows]))
        features = self._mel(audio)
        if self._rng.random() < 0.3:
            features[..., int(self._rng.integers(40, 64)) :] = -60.0
        texts = [self._captions[i][int(self._rng.integers(len(self._captions[i])))] for i in rows]
        states, _ = self._text.states(texts)
        return features, states[:, 0]


def main() -> None:
    """Train for a while and save the running average."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shards", type=Path, default=shards.cache_folder() / "shards")
    parser.add_argument("--text", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=shards.cache_folder() / "clap")
    parser.add_argument("--minutes", type=float, default=40)
    parser.add_argument("--steps", type=int, default=6000, help="length of the learning-rate schedule")
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    torch.manual_seed(args.seed)
    text = FrozenText(args.text)
    model = ClapModel(config(text)).train()
    del model.text_model.embeddings, model.text_model.encoder  # frozen and shared: only the pooler is trained here
    optimiser = torch.optim.AdamW(model.parameters(), lr=1e-3, betas=(0.9, 0.98), weight_decay=0.05)
    average = {k: v.clone() for k, v in model.state_dict().items()}
    args.out.mkdir(parents=True, exist_ok=True)
    state_path = args.out / "state.safetensors"
    step = load_state(state_path, model, optimiser, average)
    pairs = Pairs(args.shards, text, args.seed + step)
    target = torch.arange(args.batch)
    stop = time.monotonic() + 60 * args.minutes
    seen: list[tuple[float, float]] = []
    while time.monotonic() < stop and step < args.steps:
        for group in optimiser.param_groups:
            group["lr"] = (
                1e-3 * min(1.0, (step + 1) / 200) * (0.03 + 0.97 * 0.5 * (1 + np.cos(np.pi * step / args.steps)))
            )
        features, pooled = pairs.batch(args.batch)
        with torch.autocast("cpu", torch.bfloat16):
            heard = model.audio_projection(model.audio_model(input_features=features).pooler_output)
            read = model.text_projection(torch.tanh(model.text_model.pooler.dense(pooled)))
        heard = torch.nn.functional.normalize(heard.float(), dim=-1)
        read = torch.nn.functional.normalize(read.float(), dim=-1)
        logits = read @ heard.T
        loss = 0.5 * (
            torch.nn.functional.cross_entropy(
                logits * model.logit_scale_t.exp().clamp(max=60), target, label_smoothing=0.05
            )
            + torch.nn.functional.cross_entropy(
                logits.T * model.logit_scale_a.exp().clamp(max=60), target, label_smoothing=0.05
            )
        )
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        step += 1
        smooth = min(0.997, step / (step + 10))
        with torch.no_grad():
            for key, value in model.state_dict().items():
                if value.is_floating_point():
                    average[key].lerp_(value, 1 - smooth)
                else:
                    average[key].copy_(value)
        seen.append((loss.item(), float((logits.argmax(1) == target).float().mean())))
        if step % 25 == 0:
            recent = np.mean(seen[-25:], axis=0)
            print(f"step {step} loss {recent[0]:.3f} hit {recent[1]:.2f}", flush=True)
        if step % 100 == 0:
            save_state(state_path, step, model, optimiser, average)
            save_file({k: v.contiguous() for k, v in average.items()}, args.out / "weights.safetensors")
    save_state(state_path, step, model, optimiser, average)
    save_file({k: v.contiguous() for k, v in average.items()}, args.out / "weights.safetensors")


if __name__ == "__main__":
    main()
