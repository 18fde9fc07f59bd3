"""CLAP's log-mel front end on torchaudio: the extractor's numbers, several times as fast."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torchaudio.functional import melscale_fbanks
from transformers import ClapFeatureExtractor


@dataclass(frozen=True, slots=True)
class ClapMel:
    """Audio (batch, samples) → input features (batch, 1, frames, mels) in dB.

    Equal to ``ClapFeatureExtractor`` with ``rand_trunc`` truncation to 1e-3 dB.
    """

    sample_rate: int
    fft_size: int
    hop: int
    samples: int
    """Length of a window in samples (10 s)."""
    window: Tensor
    banks: Tensor

    @classmethod
    def from_extractor(cls, extractor: ClapFeatureExtractor) -> ClapMel:
        """Take sizes from a checkpoint's preprocessor."""
        size = int(extractor.fft_window_size)
        banks = melscale_fbanks(
            size // 2 + 1,
            float(extractor.frequency_min),
            float(extractor.frequency_max),
            int(extractor.feature_size),
            int(extractor.sampling_rate),
            norm="slaney",
            mel_scale="slaney",
        )
        rate = int(extractor.sampling_rate)
        samples = int(extractor.max_length_s * rate)
        return cls(rate, size, int(extractor.hop_length), samples, torch.hann_window(size), banks)

    def __call__(self, audio: Tensor) -> Tensor:
        spectrum = (
            torch.stft(
                audio,
                self.fft_size,
                self.hop,
                self.fft_size,
                self.window,
                center=True,
                pad_mode="reflect",
                return_complex=True,
            )
            .abs()
            .square()
        )
        mel = spectrum.transpose(1, 2) @ self.banks
        return (10.0 * mel.clamp(min=1e-10).log10())[:, None]
