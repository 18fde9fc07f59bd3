"""Tiny random checkpoints in the formats of the hub, built in a moment."""

from __future__ import annotations

from pathlib import Path

import torch
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace
from transformers import (
    ClapConfig,
    ClapFeatureExtractor,
    ClapModel,
    EncodecConfig,
    MusicgenConfig,
    MusicgenDecoderConfig,
    MusicgenForConditionalGeneration,
    MusicgenMelodyConfig,
    MusicgenMelodyForConditionalGeneration,
    PreTrainedTokenizerFast,
    T5Config,
)
from transformers.models.musicgen_melody import MusicgenMelodyDecoderConfig

WORDS = [
    "rain",
    "wind",
    "bells",
    "drone",
    "dark",
    "bright",
    "low",
    "high",
    "distant",
    "close",
    "a",
    "the",
    "with",
    "over",
    "of",
]
VOCABULARY = 64


def tokenizer(folder: Path) -> None:
    words = {"<pad>": 0, "</s>": 1, "<unk>": 2} | {w: i for i, w in enumerate(WORDS, 3)}
    plain = Tokenizer(WordLevel(words, unk_token="<unk>"))
    plain.pre_tokenizer = Whitespace()
    PreTrainedTokenizerFast(
        tokenizer_object=plain, pad_token="<pad>", eos_token="</s>", unk_token="<unk>", model_max_length=64
    ).save_pretrained(folder)


def _parts() -> tuple[T5Config, EncodecConfig]:
    text = T5Config(vocab_size=32, d_model=24, d_kv=8, d_ff=32, num_layers=2, num_heads=3)
    codec = EncodecConfig(
        num_filters=4,
        hidden_size=16,
        codebook_size=VOCABULARY,
        codebook_dim=16,
        upsampling_ratios=[8, 5, 4, 4],
        target_bandwidths=[1.2],
        sampling_rate=32_000,
        num_lstm_layers=1,
        use_conv_shortcut=False,
    )
    return text, codec


def _special(model: torch.nn.Module) -> None:
    with torch.no_grad():
        for parameter in model.decoder.parameters():
            if parameter.ndim == 2:
                parameter.mul_(6.0)  # random weights of the usual size hardly listen to their conditions
    for name in ("pad_token_id", "bos_token_id", "decoder_start_token_id"):
        setattr(model.generation_config, name, VOCABULARY)


def musicgen(folder: Path | None = None, *, channels: int = 1) -> MusicgenForConditionalGeneration:
    torch.manual_seed(0)
    text, codec = _parts()
    decoder = MusicgenDecoderConfig(
        vocab_size=VOCABULARY,
        pad_token_id=VOCABULARY,
        bos_token_id=VOCABULARY,
        hidden_size=32,
        num_hidden_layers=3,
        num_attention_heads=4,
        ffn_dim=64,
        num_codebooks=4 * channels,
        audio_channels=channels,
    )
    model = MusicgenForConditionalGeneration(
        MusicgenConfig(text_encoder=text, audio_encoder=codec, decoder=decoder)
    ).eval()
    _special(model)
    for quantiser in model.audio_encoder.quantizer.layers:
        quantiser.codebook.embed.normal_()
    if folder is not None:
        model.save_pretrained(folder)
        tokenizer(folder)
    return model


def melody(folder: Path | None = None) -> MusicgenMelodyForConditionalGeneration:
    torch.manual_seed(0)
    text, codec = _parts()
    decoder = MusicgenMelodyDecoderConfig(
        vocab_size=VOCABULARY,
        pad_token_id=VOCABULARY,
        bos_token_id=VOCABULARY,
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=4,
        ffn_dim=64,
        num_codebooks=4,
    )
    config = MusicgenMelodyConfig(
        text_encoder=text, audio_encoder=codec, decoder=decoder, num_chroma=12, chroma_length=5
    )
    model = MusicgenMelodyForConditionalGeneration(config).eval()
    _special(model)
    if folder is not None:
        model.save_pretrained(folder)
        tokenizer(folder)
    return model


def clap(folder: Path) -> ClapModel:
    torch.manual_seed(0)
    config = ClapConfig(
        text_config={
            "vocab_size": 32,
            "hidden_size": 24,
            "num_hidden_layers": 1,
            "num_attention_heads": 2,
            "intermediate_size": 32,
            "max_position_embeddings": 66,
            "pad_token_id": 0,
            "projection_dim": 16,
        },
        audio_config={
            "patch_embeds_hidden_size": 8,
            "depths": [1, 1],
            "num_attention_heads": [1, 2],
            "hidden_size": 16,
            "projection_dim": 16,
        },
        projection_dim=16,
    )
    model = ClapModel(config).eval()
    model.save_pretrained(folder)
    tokenizer(folder)
    ClapFeatureExtractor(truncation="rand_trunc", padding="repeatpad").save_pretrained(folder)
    return model
