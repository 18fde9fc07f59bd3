"""Log-mel to audio: ConvNeXt blocks that predict a short-time spectrum, inverted by overlap-add (Siuzdak 2023)."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torchaudio.functional import melscale_fbanks

_NOISE_BIAS, _TONE_BIAS = -1.5, -1.0
"""Untrained, noise and each tone have a part of the energy: enough for the loss to feel it."""


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
    """Normalised log-mel (batch, bands, frames) and combs (batch, tones, samples) → audio (batch, frames · hop)."""

    def __init__(
        self, *, bands: int, hop: int, size: int, channels: int, hidden: int, layers: int, tones: int, rate: int
    ) -> None:
        super().__init__()
        self.hop, self.size, self.bands, self.rate = hop, size, bands, rate
        self.embed = nn.Conv1d(bands, channels, 7, padding=3)
        self.embed_tones = nn.Conv1d(tones * bands, channels, 3, padding=1)
        self.norm_in = nn.LayerNorm(channels)
        self.blocks = nn.ModuleList(ConvNeXt(channels, hidden, layers) for _ in range(layers))
        self.norm_out = nn.LayerNorm(channels)
        self.head = nn.Linear(channels, self.size + 2)
        self.noise = nn.Linear(channels, self.size // 2 + 1)
        self.tonal = nn.Linear(channels, tones * (self.size // 2 + 1))
        self.window: Tensor
        self.register_buffer("window", torch.hann_window(self.size), persistent=False)
        self.banks: Tensor
        self.register_buffer("banks", torch.zeros(size // 2 + 1, bands), persistent=False)

    def tabulate(self) -> None:
        """Fill in what is derived from the sizes: window, and mel filters through which the network sees the combs."""
        self.window = torch.hann_window(self.size, device=self.window.device)
        banks = melscale_fbanks(self.size // 2 + 1, 0.0, self.rate / 2, self.bands, self.rate, mel_scale="slaney")
        self.banks = banks.to(self.banks.device)

    def forward(self, mel: Tensor, turns: Tensor, combs: Tensor) -> Tensor:
        """``turns`` (batch, frames, bins) are the random phases of what is noise, in turns."""
        batch, tones, _ = combs.shape
        side = (self.size - self.hop) // 2
        blocks = nn.functional.pad(combs, (side, side)).unfold(-1, self.size, self.hop)
        partials = torch.fft.rfft(blocks * self.window)  # (batch, tones, frames, bins)
        seen = (partials.abs() @ self.banks + 1.0).log() * 0.3
        x = self.embed(mel) + self.embed_tones(seen.permute(0, 1, 3, 2).flatten(1, 2))
        x = self.norm_in(x.transpose(1, 2)).transpose(1, 2)
        for block in self.blocks:
            x = block(x)
        features = self.norm_out(x.transpose(1, 2))
        log_magnitude, phase = self.head(features).float().chunk(2, dim=-1)
        magnitude = torch.exp(log_magnitude.clamp(max=6.0))
        # one energy in parts: as the network says, as chance says, and in step with the combs
        chance = self.noise(features).float()[:, None] + _NOISE_BIAS
        along = self.tonal(features).float().view(batch, -1, tones, magnitude.shape[-1]).transpose(1, 2) + _TONE_BIAS
        part = torch.cat([torch.zeros_like(chance), chance, along], 1).softmax(1).sqrt()
        spectrum = torch.polar(magnitude * part[:, 0], phase)
        spectrum = spectrum + torch.polar(magnitude * part[:, 1], 6.2831853 * turns.float())
        turned = partials / partials.abs().clamp(min=1e-3)
        spectrum = spectrum + magnitude * (part[:, 2:] * turned).sum(1)
        return self._overlap_add(spectrum)

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
