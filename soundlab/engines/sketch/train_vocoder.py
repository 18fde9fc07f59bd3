"""Train the codec's vocoder from decoded mel to audio.

``python -m soundlab.engines.sketch.train_vocoder --minutes 40`` goes on where
the last run stopped; its state lies beside the codec folder. ``--adversarial``
goes on from there against critics that are trained along.

Loss: L1 on log magnitudes and spectral convergence of short-time spectra at
six resolutions (Yamamoto et al. 2020), L1 on the codec's own log-mel, and the
spread of log magnitudes in small patches of the spectrogram: magnitude losses
alone are lowest for a steady buzz in the place of noise, whose spectra are
smooth; noise is told by how much they vary (after the texture statistics of
McDermott & Simoncelli 2011). They are lowest, too, for what is too soft where
phases are not known, hence the energy of larger patches. The adversarial stage adds hinge and feature
matching (Défossez et al. 2022).
"""

from __future__ import annotations

import argparse
import os
import time
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file
from torch import Tensor

from soundlab.config import cache_folder
from soundlab.engines.sketch.codec import SketchCodecModel
from soundlab.engines.sketch.crops import Crops
from soundlab.engines.sketch.discriminator import Critics, critics_loss, vocoder_losses
from soundlab.engines.sketch.states import load_state, progress, save_state

_RESOLUTIONS = (128, 256, 512, 1024, 2048, 4096)
_PATCHES = ((256, 12, 6), (1024, 16, 6), (2048, 12, 4))
"""Transform size with the bins and frames of a patch."""
_LEVELS = ((256, 6, 6), (512, 16, 40), (1024, 8, 6), (2048, 6, 4))
"""The same of patches whose energy counts."""
_LOG, _TEXTURE, _LEVEL, _ADVERSARIAL, _MATCHING = 0.5, 2.0, 0.5, 0.08, 0.5


def spectral_loss(fake: Tensor, real: Tensor) -> Tensor:
    """Multi-resolution STFT loss of two batches of audio (batch, samples)."""
    total = fake.new_zeros(())
    for size in _RESOLUTIONS:
        window = torch.hann_window(size, device=fake.device)
        f, r = (torch.stft(x, size, size // 4, size, window, return_complex=True).abs() for x in (fake, real))
        total = total + _LOG * (f.clamp(min=1e-4).log() - r.clamp(min=1e-4).log()).abs().mean()
        total = total + torch.linalg.norm(r - f) / torch.linalg.norm(r).clamp(min=1e-3)
    return total / len(_RESOLUTIONS)


def _spread(audio: Tensor, size: int, bins: int, frames: int) -> Tensor:
    """Standard deviation of log magnitudes within patches of a spectrogram, half overlapping."""
    window = torch.hann_window(size, device=audio.device)
    level = torch.stft(audio, size, size // 2, size, window, return_complex=True).abs().clamp(min=1e-4).log()
    step = (bins // 2, max(1, frames // 2))
    mean = torch.nn.functional.avg_pool2d(level[:, None], (bins, frames), step)
    square = torch.nn.functional.avg_pool2d(level[:, None].square(), (bins, frames), step)
    return (square - mean.square()).clamp(min=1e-5).sqrt()


def texture_loss(fake: Tensor, real: Tensor) -> Tensor:
    """How differently two batches of audio (batch, samples) vary within small patches of time and frequency."""
    parts = [(_spread(fake, *p) - _spread(real, *p)).abs().mean() for p in _PATCHES]
    return torch.stack(parts).mean()


def level_loss(fake: Tensor, real: Tensor) -> Tensor:
    """How differently loud two batches of audio (batch, samples) are in small patches of time and frequency, in nepers.

    Where phases cannot be told, magnitudes that are too small cost the other losses least; energy does not care.
    """
    parts = [(_level(fake, *p) - _level(real, *p)).abs().mean() for p in _LEVELS]
    return torch.stack(parts).mean()


def _level(audio: Tensor, size: int, bins: int, frames: int) -> Tensor:
    """Log of the root mean square magnitude of patches of a spectrogram, half overlapping."""
    window = torch.hann_window(size, device=audio.device)
    power = torch.view_as_real(torch.stft(audio, size, size // 2, size, window, return_complex=True)).square().sum(-1)
    step = (bins // 2, frames // 2)
    return 0.5 * (torch.nn.functional.avg_pool2d(power[:, None], (bins, frames), step) + 1e-6).log()


class Stage:
    """A network that trains: its optimiser, running average and resumable state."""

    def __init__(self, network: torch.nn.Module, path: Path, rate: float) -> None:
        self.network, self._path, self._rate = network, path, rate
        self.optimiser = torch.optim.AdamW(network.parameters(), lr=rate, betas=(0.8, 0.99), weight_decay=0.01)
        self.average = {k: v.clone() for k, v in network.state_dict().items()}
        self.step = load_state(path, network, self.optimiser, self.average)

    def update(self, loss: Tensor, share: float) -> None:
        """Step down ``loss`` at ``share`` of the rate and follow with the average."""
        for group in self.optimiser.param_groups:
            group["lr"] = self._rate * share
        self.optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), 5.0)
        self.optimiser.step()
        self.step += 1
        decay = min(0.998, self.step / (self.step + 10))
        with torch.no_grad():
            for key, value in self.network.state_dict().items():
                self.average[key].lerp_(value, 1 - decay)

    def save(self) -> None:
        """Write the state."""
        save_state(self._path, self.step, self.network, self.optimiser, self.average)


def _save(model: SketchCodecModel, folder: Path) -> None:
    beside = folder.with_name(f".{folder.name}.{os.getpid()}")
    model.save_pretrained(beside)
    for file in beside.iterdir():
        file.replace(folder / file.name)
    beside.rmdir()


def main() -> None:
    """Train for a while and save the codec."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shards", type=Path, default=cache_folder() / "shards")
    parser.add_argument("--codec", type=Path, default=cache_folder() / "codec")
    parser.add_argument("--begin", type=Path, help="codec whose vocoder the first run starts from")
    parser.add_argument("--minutes", type=float, default=40)
    parser.add_argument("--steps", type=int, default=6_000, help="length of the learning-rate schedule")
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--rate", type=float, default=6e-4)
    parser.add_argument("--adversarial", action="store_true")
    parser.add_argument("--by-clock", action="store_true", help="the schedule lasts --minutes instead")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    torch.manual_seed(args.seed)
    model = SketchCodecModel.from_pretrained(args.codec).eval()
    if args.begin:
        held = load_file(args.begin / "model.safetensors")
        model.vocoder.load_state_dict({k[8:]: v for k, v in held.items() if k.startswith("vocoder.")}, strict=False)
    kind = "adversarial" if args.adversarial else "spectral"
    device = torch.device(args.device)
    model.to(device)
    vocoder = Stage(model.vocoder.train(), args.codec.with_suffix(f".{kind}.safetensors"), args.rate)
    critics = None
    if args.adversarial:
        critics = Stage(Critics().to(device), args.codec.with_suffix(".critics.safetensors"), args.rate)
    crops = Crops(args.shards, 20 * model.config.frame_samples, args.seed + vocoder.step)
    begun, seconds = time.monotonic(), 60 * args.minutes
    seen: list[Tensor] = []
    while time.monotonic() - begun < seconds and (args.by_clock or vocoder.step < args.steps):
        done = progress(vocoder.step, args.steps, time.monotonic() - begun, seconds, by_clock=args.by_clock)
        share = min(1.0, (vocoder.step + 1) / 200) * (0.02 + 0.98 * 0.5 * (1 + np.cos(np.pi * done)))
        real = crops.batch(args.batch).to(device)
        with torch.no_grad():
            clean = model.log_mel(real)
            codes = model.encode(real[:, None]).audio_codes[0]
            coarse, tone = model.split(codes)
            mel, turns, combs = model.dequantise(coarse), model.phases(coarse), model.combs(tone)
        with torch.autocast(device.type, torch.bfloat16):
            fake = model.vocoder(mel, turns, combs)
        fake = fake.float()
        texture = texture_loss(fake, real)
        loss = spectral_loss(fake, real) + 0.6 * model.scale * (model.log_mel(fake) - clean).abs().mean()
        level = level_loss(fake, real)
        loss = loss + _TEXTURE * texture + _LEVEL * level
        row = [loss, texture, level]
        if critics is not None:
            with torch.autocast(device.type, torch.bfloat16):
                judged = critics.network(real), critics.network(fake.detach())
            against = critics_loss(*judged)
            critics.update(against, share)
            with torch.autocast(device.type, torch.bfloat16):
                judged = critics.network(real), critics.network(fake)
            adversarial, matching = vocoder_losses(*judged)
            loss = loss + _ADVERSARIAL * adversarial + _MATCHING * matching
            row += [against, adversarial, matching]
        vocoder.update(loss, share)
        seen.append(torch.stack(row).detach())
        if vocoder.step % 50 == 0:
            print(f"step {vocoder.step} loss {np.round(torch.stack(seen[-50:]).mean(0).tolist(), 3)}", flush=True)
        if vocoder.step % 250 == 0:
            for stage in filter(None, (vocoder, critics)):
                stage.save()
    for stage in filter(None, (vocoder, critics)):
        stage.save()
    model.vocoder.load_state_dict(vocoder.average)
    _save(model, args.codec)


if __name__ == "__main__":
    main()
