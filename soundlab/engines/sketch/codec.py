"""The sketch codec: log-mel front end, residual k-means, ConvNeXt–ISTFT vocoder.

It has the interface of :class:`transformers.EncodecModel` (``encode`` and
``decode`` with ``audio_codes`` of shape (1, batch, codebooks, frames)) and is
registered with ``AutoConfig`` and ``AutoModel``, so that
``MusicgenForConditionalGeneration`` composes, saves and loads it like EnCodec.

A token frame stacks ``stack`` mel frames into one vector, quantised in
``num_quantizers`` residual stages. The vocoder follows Vocos (Siuzdak 2023):
ConvNeXt blocks at mel rate that predict magnitude and phase of a short-time
spectrum, inverted by overlap-add.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torchaudio.functional import melscale_fbanks
from transformers import AutoConfig, AutoModel, PreTrainedConfig, PreTrainedModel
from transformers.models.encodec.modeling_encodec import EncodecDecoderOutput, EncodecEncoderOutput

_FLOOR = 3e-4
"""Added to mel magnitudes: about -70 dBFS, below which detail costs bits that nobody hears."""


class SketchCodecConfig(PreTrainedConfig):
    """Sizes of the sketch codec; ``hop_length`` and windows in samples."""

    model_type = "soundlab_sketch_codec"

    sampling_rate: int = 32_000
    audio_channels: int = 1
    hop_length: int = 320
    fft_size: int = 2048
    window_length: int = 1280
    mel_bands: int = 128
    stack: int = 4
    codebook_size: int = 1024
    num_quantizers: int = 8
    vocoder_channels: int = 256
    vocoder_hidden: int = 768
    vocoder_layers: int = 8
    synthesis_fft: int = 1280
    hidden_size: int = 256

    @property
    def frame_rate(self) -> float:
        """Token frames a second."""
        return self.sampling_rate / (self.hop_length * self.stack)

    @property
    def frame_samples(self) -> int:
        """Samples a token frame stands for."""
        return self.hop_length * self.stack


class _ConvNeXt(nn.Module):
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

    def __init__(self, config: SketchCodecConfig) -> None:
        super().__init__()
        self.hop, self.size = config.hop_length, config.synthesis_fft
        channels = config.vocoder_channels
        self.embed = nn.Conv1d(config.mel_bands, channels, 7, padding=3)
        self.norm_in = nn.LayerNorm(channels)
        self.blocks = nn.ModuleList(
            _ConvNeXt(channels, config.vocoder_hidden, config.vocoder_layers) for _ in range(config.vocoder_layers)
        )
        self.norm_out = nn.LayerNorm(channels)
        self.head = nn.Linear(channels, self.size + 2)
        self.window: Tensor
        self.register_buffer("window", torch.hann_window(self.size), persistent=False)

    def forward(self, mel: Tensor) -> Tensor:
        x = self.norm_in(self.embed(mel).transpose(1, 2)).transpose(1, 2)
        for block in self.blocks:
            x = block(x)
        log_magnitude, phase = self.head(self.norm_out(x.transpose(1, 2))).float().chunk(2, dim=-1)
        magnitude = torch.exp(log_magnitude.clamp(max=6.0))
        spectrum = torch.polar(magnitude, phase)
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


class SketchCodecModel(PreTrainedModel):
    """Audio ↔ codes. ``codebooks`` (stages, size, bands · stack) live in normalised log-mel space."""

    config_class = SketchCodecConfig
    base_model_prefix = "codec"
    main_input_name = "input_values"

    def __init__(self, config: SketchCodecConfig) -> None:
        super().__init__(config)
        width = config.mel_bands * config.stack
        self.register_buffer("codebooks", torch.zeros(config.num_quantizers, config.codebook_size, width))
        self.register_buffer("mean", torch.zeros(config.mel_bands))
        self.register_buffer("scale", torch.ones(()))
        self.vocoder = Vocoder(config)
        self.post_init()

    def _init_weights(self, module: nn.Module) -> None:
        if isinstance(module, (nn.Linear, nn.Conv1d)):
            nn.init.trunc_normal_(module.weight, std=0.02)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
        elif isinstance(module, Vocoder):
            # Recomputed here because loading builds modules on the meta device.
            module.window = torch.hann_window(module.size, device=module.window.device)

    def log_mel(self, audio: Tensor) -> Tensor:
        """Return normalised log-mel (batch, bands, frames) of audio (batch, samples).

        Samples are padded with silence to whole token frames.
        """
        cfg = self.config
        audio = nn.functional.pad(audio, (0, -audio.shape[-1] % cfg.frame_samples))
        side = (cfg.fft_size - cfg.hop_length) // 2
        padded = nn.functional.pad(audio, (side, side))
        window = torch.hann_window(cfg.window_length, device=audio.device)
        spectrum = torch.stft(
            padded, cfg.fft_size, cfg.hop_length, cfg.window_length, window, center=False, return_complex=True
        ).abs()
        banks = melscale_fbanks(
            cfg.fft_size // 2 + 1,
            0.0,
            cfg.sampling_rate / 2,
            cfg.mel_bands,
            cfg.sampling_rate,
            norm="slaney",
            mel_scale="slaney",
        ).to(audio.device)
        mel = torch.matmul(spectrum.transpose(1, 2), banks).transpose(1, 2)
        return ((mel + _FLOOR).log() - self.mean[:, None]) / self.scale

    def stacked(self, mel: Tensor) -> Tensor:
        """(batch, bands, frames) → token vectors (batch, frames / stack, bands · stack)."""
        batch, bands, frames = mel.shape
        return mel.transpose(1, 2).reshape(batch, frames // self.config.stack, bands * self.config.stack)

    def quantise(self, vectors: Tensor) -> Tensor:
        """Greedy residual search: (…, width) → codes (…, stages)."""
        residual = vectors
        codes = []
        for book in self.codebooks:
            nearest = (residual @ book.T - 0.5 * (book * book).sum(-1)).argmax(-1)
            codes.append(nearest)
            residual = residual - book[nearest]
        return torch.stack(codes, -1)

    def dequantise(self, codes: Tensor) -> Tensor:
        """Codes (batch, stages, frames) → normalised log-mel (batch, bands, frames · stack)."""
        batch, stages, frames = codes.shape
        vectors = self.codebooks[0][codes[:, 0]]
        for stage in range(1, stages):
            vectors = vectors + self.codebooks[stage][codes[:, stage]]
        return vectors.view(batch, frames * self.config.stack, self.config.mel_bands).transpose(1, 2)

    @torch.no_grad()
    def encode(self, input_values: Tensor, padding_mask: Tensor | None = None, **_: object) -> EncodecEncoderOutput:
        """Encode mono audio (batch, 1, samples) at 32 kHz to codes (1, batch, stages, frames)."""
        if padding_mask is not None:
            input_values = input_values * padding_mask.view(input_values.shape[0], 1, -1)
        codes = self.quantise(self.stacked(self.log_mel(input_values[:, 0].float()).to(self.codebooks.dtype)))
        return EncodecEncoderOutput(audio_codes=codes.transpose(1, 2)[None], audio_scales=[None])

    def decode(
        self,
        audio_codes: Tensor,
        audio_scales: object = None,
        padding_mask: object = None,
        return_dict: bool | None = None,
        **_: object,
    ) -> EncodecDecoderOutput:
        """Decode codes (1, batch, stages, frames) to audio (batch, 1, frames · 1,280)."""
        audio = self.vocoder(self.dequantise(audio_codes[0]))
        return EncodecDecoderOutput(audio_values=audio[:, None])


def register() -> None:
    """Make ``AutoConfig`` and ``AutoModel`` know the codec; safe to call again."""
    AutoConfig.register(SketchCodecConfig.model_type, SketchCodecConfig, exist_ok=True)
    AutoModel.register(SketchCodecConfig, SketchCodecModel, exist_ok=True)
