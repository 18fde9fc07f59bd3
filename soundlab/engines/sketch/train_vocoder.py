"""Train the codec's vocoder from dequantised mel to audio.

``python -m soundlab.engines.sketch.train_vocoder --minutes 40`` goes on where
the last run stopped; its state lies beside the codec folder.

Loss: L1 on log magnitudes and spectral convergence of short-time spectra at
five resolutions (Yamamoto et al. 2020), plus L1 on the codec's own log-mel.
"""

from __future__ import annotations

import argparse
import os
import time
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from soundlab.engines.sketch import shards
from soundlab.engines.sketch.codec import SketchCodecModel
from soundlab.engines.sketch.states import load_state, save_state

_RESOLUTIONS = (128, 256, 512, 1024, 2048)


def spectral_loss(fake: Tensor, real: Tensor) -> Tensor:
    """Multi-resolution STFT loss of two batches of audio (batch, samples)."""
    total = fake.new_zeros(())
    for size in _RESOLUTIONS:
        window = torch.hann_window(size)
        f, r = (torch.stft(x, size, size // 4, size, window, return_complex=True).abs() for x in (fake, real))
        total = total + (f.clamp(min=1e-4).log() - r.clamp(min=1e-4).log()).abs().mean()
        total = total + torch.linalg.norm(r - f) / torch.linalg.norm(r).clamp(min=1e-3)
    return total / len(_RESOLUTIONS)


class Crops:
    """Random crops from a rotating handful of shards."""

    def __init__(self, folder: Path, samples: int, seed: int) -> None:
        self._folder, self._samples = folder, samples
        self._rng = np.random.default_rng(seed)
        self._loaded: list[np.ndarray] = []
        self._served = 0

    def batch(self, size: int) -> Tensor:
        """Return audio (size, samples) in [-1, 1]."""
        if not self._loaded or self._served % 200 == 0:
            paths = shards.shard_paths(self._folder)
            chosen = self._rng.choice(len(paths), size=min(3, len(paths)), replace=False)
            self._loaded = [shards.read(paths[i])[0] for i in chosen]
        self._served += 1
        rows: list[np.ndarray] = []
        while len(rows) < size:
            audio = self._loaded[int(self._rng.integers(len(self._loaded)))]
            clip = audio[int(self._rng.integers(len(audio)))]
            start = int(self._rng.integers(0, clip.size - self._samples + 1))
            crop = clip[start : start + self._samples]
            if np.abs(crop).max() > 300:
                rows.append(crop.astype(np.float32) / 32767.0)
        gain = 10 ** (self._rng.uniform(-12, 6, (size, 1)) / 20)
        return torch.from_numpy(np.clip(np.stack(rows) * gain, -1, 1).astype(np.float32))


def main() -> None:
    """Train for a while and save the codec."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shards", type=Path, default=shards.cache_folder() / "shards")
    parser.add_argument("--codec", type=Path, default=shards.cache_folder() / "codec")
    parser.add_argument("--minutes", type=float, default=40)
    parser.add_argument("--steps", type=int, default=20_000, help="length of the learning-rate schedule")
    parser.add_argument("--batch", type=int, default=12)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    torch.manual_seed(args.seed)
    model = SketchCodecModel.from_pretrained(args.codec)
    vocoder = model.vocoder.train()
    optimiser = torch.optim.AdamW(vocoder.parameters(), lr=8e-4, betas=(0.8, 0.99), weight_decay=0.01)
    average = {k: v.clone() for k, v in vocoder.state_dict().items()}
    state_path = args.codec.with_suffix(".vocoder-state.safetensors")
    step = load_state(state_path, vocoder, optimiser, average)
    crops = Crops(args.shards, 20 * model.config.frame_samples, args.seed + step)
    stop = time.monotonic() + 60 * args.minutes
    seen = []
    while time.monotonic() < stop and step < args.steps:
        for group in optimiser.param_groups:
            group["lr"] = 8e-4 * min(1.0, step / 200) * (0.02 + 0.98 * 0.5 * (1 + np.cos(np.pi * step / args.steps)))
        real = crops.batch(args.batch)
        with torch.no_grad():
            clean = model.log_mel(real)
            codes = model.quantise(model.stacked(clean)).transpose(1, 2)
            mel = model.dequantise(codes)
        with torch.autocast("cpu", torch.bfloat16):
            fake = vocoder(mel)
        fake = fake.float()
        loss = spectral_loss(fake, real) + 0.6 * model.scale * (model.log_mel(fake) - clean).abs().mean()
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(vocoder.parameters(), 5.0)
        optimiser.step()
        step += 1
        with torch.no_grad():
            decay = min(0.998, step / (step + 10))
            for key, value in vocoder.state_dict().items():
                average[key].lerp_(value, 1 - decay)
        seen.append(loss.item())
        if step % 50 == 0:
            print(f"step {step} loss {np.mean(seen[-50:]):.3f}", flush=True)
        if step % 250 == 0:
            save_state(state_path, step, vocoder, optimiser, average)
    save_state(state_path, step, vocoder, optimiser, average)
    vocoder.load_state_dict(average)
    beside = args.codec.with_name(f".{args.codec.name}.{os.getpid()}")
    model.save_pretrained(beside)
    for file in beside.iterdir():
        file.replace(args.codec / file.name)
    beside.rmdir()


if __name__ == "__main__":
    main()
