"""The sketch codec: log-mel front end with residual books, tones, ConvNeXt–ISTFT vocoder.

It has the interface of :class:`transformers.EncodecModel` (``encode`` and
``decode`` with ``audio_codes`` of shape (1, batch, codebooks, frames)) and is
registered with ``AutoConfig`` and ``AutoModel``, so that
``MusicgenForConditionalGeneration`` composes, saves and loads it like EnCodec.

A token frame stacks ``stack`` mel frames into one vector, quantised in residual
stages, and has ``num_tones`` tones (:mod:`soundlab.engines.sketch.tones`). Each
entry of a residual book also says how large what it leaves over usually is, and
the next stage works in that unit: so fine books serve quiet and steady frames as
well as loud and busy ones, and all their entries are used. The first book comes
first, then the tones, then the finer books.

The vocoder follows Vocos (Siuzdak 2023): ConvNeXt blocks at mel rate that predict
a short-time spectrum, inverted by overlap-add. Its energy has three parts: one
whose phase the network draws itself, noise, and one in phase with the tones' partials.
"""

from __future__ import annotations

from functools import lru_cache

import torch
from torch import Tensor, nn
from torchaudio.functional import melscale_fbanks
from transformers import AutoConfig, AutoModel, PreTrainedConfig, PreTrainedModel
from transformers.models.encodec.modeling_encodec import EncodecDecoderOutput, EncodecEncoderOutput

from soundlab.engines.sketch import tones
from soundlab.engines.sketch.vocoder import Vocoder

_FLOOR = 1e-4
"""Added to mel magnitudes, below the dither."""
_DITHER = 1.5e-4
"""RMS of the noise under everything, -76 dBFS: silence is coded as quiet noise and not as an edge case."""


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
    num_tones: int = 3
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


@lru_cache(maxsize=4)
def _noise_floor(samples: int) -> Tensor:
    """The same quiet noise for every sound of a length."""
    return _DITHER * torch.randn(samples, generator=torch.Generator().manual_seed(0xD1))


def _dither_table(config: SketchCodecConfig, device: torch.device | None = None) -> Tensor:
    """Fixed random phases in turns for every entry of the last two books: (2, size, stack, bins)."""
    generator = torch.Generator().manual_seed(0x50D)
    shape = (2, config.codebook_size, config.stack, config.synthesis_fft // 2 + 1)
    return torch.rand(shape, generator=generator).to(device)


class SketchCodecModel(PreTrainedModel):
    """Audio ↔ codes.

    ``codebooks`` (stages, size, bands · stack) live in normalised log-mel space,
    each in the unit that ``spreads`` (stages, size) of the stages before give;
    ``tones`` (tones, size) are in ascending Hz.
    """

    config_class = SketchCodecConfig
    base_model_prefix = "codec"
    main_input_name = "input_values"

    def __init__(self, config: SketchCodecConfig) -> None:
        super().__init__(config)
        width = config.mel_bands * config.stack
        stages = config.num_quantizers - config.num_tones
        self.register_buffer("codebooks", torch.zeros(stages, config.codebook_size, width))
        self.register_buffer("spreads", torch.ones(stages, config.codebook_size))
        even = torch.logspace(0, 1, config.codebook_size, base=tones.HIGHEST / tones.LOWEST) * tones.LOWEST
        self.register_buffer("tones", even.expand(config.num_tones, -1).clone())
        self.register_buffer("mean", torch.zeros(config.mel_bands))
        self.register_buffer("scale", torch.ones(()))
        self.vocoder = Vocoder(
            bands=config.mel_bands,
            hop=config.hop_length,
            size=config.synthesis_fft,
            channels=config.vocoder_channels,
            hidden=config.vocoder_hidden,
            layers=config.vocoder_layers,
            tones=config.num_tones,
            rate=config.sampling_rate,
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
            module.tabulate()  # here because loading builds modules on the meta device
        elif isinstance(module, SketchCodecModel):
            module.dither = _dither_table(module.config, module.dither.device)

    def log_mel(self, audio: Tensor) -> Tensor:
        """Return normalised log-mel (batch, bands, frames) of audio (batch, samples).

        Samples are padded with silence to whole token frames.
        """
        cfg = self.config
        audio = self._prepared(audio)
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

    def _prepared(self, audio: Tensor) -> Tensor:
        """Audio in whole token frames, with the dither under it."""
        whole = nn.functional.pad(audio, (0, -audio.shape[-1] % self.config.frame_samples))
        return whole + _noise_floor(whole.shape[-1]).to(whole.device)

    def quantise(self, vectors: Tensor) -> Tensor:
        """Greedy residual search: (…, width) → codes (…, stages); the first book by distance, others by direction."""
        residual = vectors
        codes: list[Tensor] = []
        for book, spread in zip(self.codebooks, self.spreads, strict=True):
            if codes:
                nearest = (residual @ nn.functional.normalize(book, dim=-1).T).argmax(-1)
            else:
                nearest = (residual @ book.T - 0.5 * (book * book).sum(-1)).argmax(-1)
            codes.append(nearest)
            residual = (residual - book[nearest]) / spread[nearest][..., None]
        return torch.stack(codes, -1)

    def found_tones(self, audio: Tensor) -> Tensor:
        """Tones of audio (batch, samples) in Hz, (batch, frames, tones)."""
        cfg = self.config
        audio = self._prepared(audio)
        return tones.find(audio, frame=cfg.frame_samples, count=cfg.num_tones, rate=cfg.sampling_rate)

    def split(self, codes: Tensor) -> tuple[Tensor, Tensor]:
        """Codes (batch, books, frames) → those of the residual books and those of the tones."""
        last = 1 + self.config.num_tones
        return torch.cat([codes[:, :1], codes[:, last:]], 1), codes[:, 1:last]

    def dequantise(self, codes: Tensor) -> Tensor:
        """Codes (batch, stages, frames) of residual books → normalised log-mel (batch, bands, frames · stack)."""
        batch, stages, frames = codes.shape
        vectors = self.codebooks[0][codes[:, 0]]
        unit = self.spreads[0][codes[:, 0]][..., None]
        for stage in range(1, stages):
            vectors = vectors + unit * self.codebooks[stage][codes[:, stage]]
            unit = unit * self.spreads[stage][codes[:, stage]][..., None]
        return vectors.view(batch, frames * self.config.stack, self.config.mel_bands).transpose(1, 2)

    def combs(self, codes: Tensor) -> Tensor:
        """Tone codes (batch, tones, frames) → combs of partials (batch, tones, samples)."""
        hz = torch.stack([table[codes[:, k]] for k, table in enumerate(self.tones)], -1)
        return tones.excite(hz, frame=self.config.frame_samples, rate=self.config.sampling_rate)

    def phases(self, codes: Tensor) -> Tensor:
        """Random phases in turns that residual codes (batch, stages, frames) stand for: (batch, frames · stack, bins).

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
        audio = input_values[:, 0].float()
        mel = self.quantise(self.stacked(self.log_mel(audio).to(self.codebooks.dtype)))
        codes = torch.cat([mel[..., :1], tones.nearest(self.found_tones(audio), self.tones), mel[..., 1:]], -1)
        return EncodecEncoderOutput(audio_codes=codes.transpose(1, 2)[None], audio_scales=[None])

    def decode(
        self,
        audio_codes: Tensor,
        audio_scales: object = None,
        padding_mask: object = None,
        return_dict: bool | None = None,
        before: Tensor | None = None,
        **_: object,
    ) -> EncodecDecoderOutput:
        """Decode codes (1, batch, books, frames) to audio (batch, 1, frames · 1,280).

        ``before`` are the codes (1, batch, books, earlier frames) that came before
        and were decoded already: the phase of tones runs on from them.
        """
        codes = audio_codes[0]
        earlier = codes[..., :0] if before is None else before[0]
        # What several takes need at once no longer fits a CPU's caches, and costs a third more than one by one.
        size = 1 if codes.device.type == "cpu" else len(codes)
        parts = [self._decoded(*part) for part in zip(codes.split(size), earlier.split(size), strict=True)]
        return EncodecDecoderOutput(audio_values=torch.cat(parts)[:, None])

    def _decoded(self, codes: Tensor, earlier: Tensor) -> Tensor:
        mel, tone = self.split(codes)
        combs = self.combs(torch.cat([self.split(earlier)[1], tone], -1))
        skipped = earlier.shape[-1] * self.config.frame_samples
        audio: Tensor = self.vocoder(self.dequantise(mel), self.phases(mel), combs[..., skipped:])
        return audio


def register() -> None:
    """Make ``AutoConfig`` and ``AutoModel`` know the codec; safe to call again."""
    AutoConfig.register(SketchCodecConfig.model_type, SketchCodecConfig, exist_ok=True)
    AutoModel.register(SketchCodecConfig, SketchCodecModel, exist_ok=True)
