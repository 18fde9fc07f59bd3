"""The sketch codec: log-mel front end, residual k-means, ConvNeXt–ISTFT vocoder.

It has the interface of :class:`transformers.EncodecModel` (``encode`` and
``decode`` with ``audio_codes`` of shape (1, batch, codebooks, frames)) and is
registered with ``AutoConfig`` and ``AutoModel``, so that
``MusicgenForConditionalGeneration`` composes, saves and loads it like EnCodec.

A token frame stacks ``stack`` mel frames into one vector, quantised in
``num_quantizers`` residual stages. The vocoder follows Vocos (Siuzdak 2023):
ConvNeXt blocks at mel rate that predict magnitude and phase of a short-time
spectrum, inverted by overlap-add, and how much of each bin is noise.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torchaudio.functional import melscale_fbanks
from transformers import AutoConfig, AutoModel, PreTrainedConfig, PreTrainedModel
from transformers.models.encodec.modeling_encodec import EncodecDecoderOutput, EncodecEncoderOutput

from soundlab.engines.sketch.vocoder import Vocoder

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


def _dither_table(config: SketchCodecConfig, device: torch.device | None = None) -> Tensor:
    """Fixed random phases in turns for every entry of the last two books: (2, size, stack, bins)."""
    generator = torch.Generator().manual_seed(0x50D)
    shape = (2, config.codebook_size, config.stack, config.synthesis_fft // 2 + 1)
    return torch.rand(shape, generator=generator).to(device)


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
        self.vocoder = Vocoder(
            bands=config.mel_bands,
            hop=config.hop_length,
            size=config.synthesis_fft,
            channels=config.vocoder_channels,
            hidden=config.vocoder_hidden,
            layers=config.vocoder_layers,
        )
        self.dither: Tensor
        self.register_buffer("dither", _dither_table(config), persistent=False)
        self.post_init()

    def _init_weights(self, module: nn.Module) -> None:
        if isinstance(module, (nn.Linear, nn.Conv1d)):
            nn.init.trunc_normal_(module.weight, std=0.02)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
        elif isinstance(module, Vocoder):
            # Recomputed here because loading builds modules on the meta device.
            module.window = torch.hann_window(module.size, device=module.window.device)
        elif isinstance(module, SketchCodecModel):
            module.dither = _dither_table(module.config, module.dither.device)

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

    def phases(self, codes: Tensor) -> Tensor:
        """Random phases in turns that the codes (batch, stages, frames) stand for: (batch, frames · stack, bins).

        Noise needs chance, and a take must sound the same each time and however
        it is cut into pieces; so the finest books, which differ from frame to
        frame where there is noise, are what the dice are read from.
        """
        turns = self.dither[0][codes[:, -1]] + self.dither[1][codes[:, -2]]
        return turns.flatten(1, 2)

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
        codes = audio_codes[0]
        audio = self.vocoder(self.dequantise(codes), self.phases(codes))
        return EncodecDecoderOutput(audio_values=audio[:, None])


def register() -> None:
    """Make ``AutoConfig`` and ``AutoModel`` know the codec; safe to call again."""
    AutoConfig.register(SketchCodecConfig.model_type, SketchCodecConfig, exist_ok=True)
    AutoModel.register(SketchCodecConfig, SketchCodecModel, exist_ok=True)
