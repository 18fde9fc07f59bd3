"""Critics for the vocoder's adversarial stage: convolutions over complex short-time spectra at several resolutions.

After the multi-scale STFT discriminator of EnCodec (Défossez et al. 2022), with
far fewer channels: it is trained on two cores and thrown away afterwards.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

_RESOLUTIONS = (256, 768, 2048)


class _Critic(nn.Module):
    """One resolution: audio (batch, samples) → feature maps, the last of which is the verdict."""

    def __init__(self, size: int, channels: int) -> None:
        super().__init__()
        self.size = size
        wide = channels * 2
        steps = [(2, channels, 1), (channels, channels, 2), (channels, wide, 2), (wide, wide, 2)]
        self.layers = nn.ModuleList(
            nn.utils.parametrizations.weight_norm(
                nn.Conv2d(into, out, (3, 7), stride=(1, stride), padding=(1, 3), padding_mode="zeros")
            )
            for into, out, stride in steps
        )
        self.verdict = nn.Conv2d(wide, 1, 3, padding=1)

    def forward(self, audio: Tensor) -> list[Tensor]:
        window = torch.hann_window(self.size, device=audio.device)
        spectrum = torch.stft(audio, self.size, self.size // 2, self.size, window, return_complex=True)
        # compress: spectra span 80 dB, convolutions see the loud few otherwise
        magnitude = spectrum.abs().clamp(min=1e-5)
        x = torch.view_as_real(spectrum * (magnitude**0.3 / magnitude)).permute(0, 3, 2, 1)
        maps = []
        for layer in self.layers:
            x = F.leaky_relu(layer(x), 0.2)
            maps.append(x)
        maps.append(self.verdict(x))
        return maps


class Critics(nn.Module):
    """All resolutions."""

    def __init__(self, channels: int = 16) -> None:
        super().__init__()
        self.critics = nn.ModuleList(_Critic(size, channels) for size in _RESOLUTIONS)

    def forward(self, audio: Tensor) -> list[list[Tensor]]:
        return [critic(audio) for critic in self.critics]


def critics_loss(real: list[list[Tensor]], fake: list[list[Tensor]]) -> Tensor:
    """Hinge loss of the critics."""
    parts = [F.relu(1 - r[-1]).mean() + F.relu(1 + f[-1]).mean() for r, f in zip(real, fake, strict=True)]
    return torch.stack(parts).mean()


def vocoder_losses(real: list[list[Tensor]], fake: list[list[Tensor]]) -> tuple[Tensor, Tensor]:
    """Adversarial (hinge) and relative feature-matching loss of the vocoder."""
    adversarial = torch.stack([-f[-1].mean() for f in fake]).mean()
    matching = [
        (a - b).abs().mean() / b.abs().mean().clamp(min=1e-4)
        for r, f in zip(real, fake, strict=True)
        for a, b in zip(f[:-1], r[:-1], strict=True)
    ]
    return adversarial, torch.stack(matching).mean()
