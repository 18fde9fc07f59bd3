"""Log-mel to audio: ConvNeXt blocks that predict a short-time spectrum, inverted by overlap-add (Siuzdak 2023)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

_NOISE_BIAS = -1.5
"""Untrained, a fifth of the energy is noise: enough for the loss to feel it."""


class ConvNeXt(nn.Module):
    """Depthwise convolution over time, then a pointwise bottleneck (Liu et al. 2022)."""

    def __init__(self, channels: int, hidden: int, layers: int) -> None:
        super().__init__()
        self.depthwise = nn.Conv1d(channels, channels, 7, padding=3, groups=channels)
        self.norm = nn.LayerNorm(channels)
        self.widen = nn.Linear(channels, hidden)
        self.narrow = nn.Linear(hidden, channels)
        self.scale = nn.Parameter(torch.full((channels,), 1.0 / layers))

    def forward(self, x: Tensor) -> Tensor:
        y = self.norm(self.depthwise(x).transpose(1, 2))
        y = self.narrow(nn.functional.gelu(self.widen(y))) * self.scale
        return x + y.transpose(1, 2)


class Vocoder(nn.Module):
    """Normalised log-mel (batch, bands, frames) → audio (batch, frames · hop)."""

    def __init__(self, *, bands: int, hop: int, size: int, channels: int, hidden: int, layers: int) -> None:
        super().__init__()
        self.hop, self.size = hop, size
        self.embed = nn.Conv1d(bands, channels, 7, padding=3)
        self.norm_in = nn.LayerNorm(channels)
        self.blocks = nn.ModuleList(ConvNeXt(channels, hidden, layers) for _ in range(layers))
        self.norm_out = nn.LayerNorm(channels)
        self.head = nn.Linear(channels, self.size + 2)
        self.noise = nn.Linear(channels, self.size // 2 + 1)
        self.window: Tensor
        self.register_buffer("window", torch.hann_window(self.size), persistent=False)

    def forward(self, mel: Tensor, turns: Tensor) -> Tensor:
        """``turns`` (batch, frames, bins) are the random phases of what is noise, in turns."""
        x = self.norm_in(self.embed(mel).transpose(1, 2)).transpose(1, 2)
        for block in self.blocks:
            x = block(x)
        features = self.norm_out(x.transpose(1, 2))
        log_magnitude, phase = self.head(features).float().chunk(2, dim=-1)
        magnitude = torch.exp(log_magnitude.clamp(max=6.0))
        part = torch.sigmoid(self.noise(features).float() + _NOISE_BIAS)
        # two components of one energy, one as the network says, one as chance says
        steady = torch.polar(magnitude * (1 - part).sqrt(), phase)
        random = torch.polar(magnitude * part.sqrt(), 6.2831853 * turns.float())
        return self._overlap_add(steady + random)

    def _overlap_add(self, spectrum: Tensor) -> Tensor:
        """Invert (batch, frames, bins): frame k is centred on sample (k + ½)·hop."""
        frames = torch.fft.irfft(spectrum, self.size) * self.window
        batch, count, size = frames.shape
        total = (count - 1) * self.hop + size
        fold = {"output_size": (1, total), "kernel_size": (1, size), "stride": (1, self.hop)}
        audio = nn.functional.fold(frames.transpose(1, 2), **fold).view(batch, total)
        weight = (self.window**2).view(1, size, 1).expand(1, size, count)
        envelope = nn.functional.fold(weight, **fold).view(total)
        start = (size - self.hop) // 2
        keep = slice(start, start + count * self.hop)
        return audio[:, keep] / envelope[keep].clamp(min=1e-2)
