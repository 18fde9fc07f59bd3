"""Put trained parts together into the bundled checkpoint.

``python -m soundlab.engines.sketch.assemble --text FOLDER --out FOLDER`` reads
the codec, decoder and CLAP from the cache folder and writes
``OUT/{musicgen,clap,text}`` in half precision. The text encoder is stored once.
``--apart CHECKPOINT`` does the reverse, for training that goes on from a checkpoint.
"""

from __future__ import annotations

import argparse
import json
import shutil
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor
from transformers import AutoConfig, ClapModel, GenerationConfig, MusicgenConfig, MusicgenForConditionalGeneration

from soundlab.config import cache_folder
from soundlab.corpus import captions, scene
from soundlab.corpus.bends import AXES
from soundlab.engines import registry, sound_condition
from soundlab.engines.axis_condition import AxisCondition
from soundlab.engines.loading import drop_text
from soundlab.engines.musicgen import Musicgen
from soundlab.engines.sketch import train_clap
from soundlab.engines.sketch.codec import SketchCodecModel, register
from soundlab.engines.sketch.text import FrozenText
from soundlab.engines.sketch.train_axis import conditioned
from soundlab.engines.sketch.train_decoder import decoder_config

CONTEXT_SECONDS = 10.0
"""Length of the corpus clips."""
TONES_GUIDED, FINER_TEMPERATURE = 0.3, 1.2
"""How far guidance reaches tones, and how the finer books are drawn, which it does not reach.

Where there is noise both are near chance. Guided as far as the first book, or cut to the likeliest tokens, that
chance leans one way, frame by frame, until a tone stands in the sound that does not belong.
"""


def _half(state: dict[str, Tensor]) -> dict[str, Tensor]:
    return {k: (v.half() if v.is_floating_point() else v).contiguous() for k, v in state.items()}


def _write(folder: Path, config: Any, state: dict[str, Tensor]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    config.soundlab_text = "../text"
    config.save_pretrained(folder)
    table = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    for part in (table, *(value for value in table.values() if isinstance(value, dict))):
        part.pop("_name_or_path", None)  # where it lay on the machine that trained it
    (folder / "config.json").write_text(json.dumps(table, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    save_file(_half(state), folder / "model.safetensors", {"format": "pt"})


def _trained(cache: Path, before: Path | None, share: float) -> dict[str, Tensor]:
    """Decoder weights: those of ``cache``, or ``share`` of them blended with what they were trained on from.

    Weights that were fine-tuned from others can be averaged with them, which keeps
    more of what those knew (Wortsman et al. 2022, "Robust fine-tuning of zero-shot models").
    """
    trained = load_file(cache / "decoder" / "weights.safetensors")
    if before is None:
        return trained
    old = load_file(before)
    both = {k for k, v in trained.items() if k in old and v.is_floating_point()}
    return {k: (1 - share) * old[k] + share * v if k in both else v for k, v in trained.items()}


def musicgen(cache: Path, text: Path, out: Path, before: Path | None = None, share: float = 1.0) -> None:
    """Write the MusicGen part."""
    codec = SketchCodecModel.from_pretrained(cache / "codec")
    decoder = decoder_config(codec)
    config = MusicgenConfig(
        text_encoder=AutoConfig.from_pretrained(text),
        audio_encoder=codec.config,
        decoder=decoder,
        architectures=["MusicgenForConditionalGeneration"],
    )
    model = MusicgenForConditionalGeneration(config)
    model.audio_encoder.load_state_dict(codec.state_dict())
    trained = _trained(cache, before, share)
    sound = {k.removeprefix("sound_proj."): trained.pop(k) for k in list(trained) if k.startswith("sound_proj.")}
    measured = {
        k.removeprefix("axis_condition."): trained.pop(k) for k in list(trained) if k.startswith("axis_condition.")
    }
    missing, unexpected = model.load_state_dict(trained, strict=False)
    config.soundlab_context = CONTEXT_SECONDS
    words = captions.words()
    config.soundlab_words = " ".join(words)
    config.soundlab_names = " ".join(sorted(scene.name_words() - set(words)))
    config.soundlab_layers_apart = True
    finer = codec.config.num_quantizers - 1 - codec.config.num_tones
    config.soundlab_guidance_by_book = [1.0, *[TONES_GUIDED] * codec.config.num_tones, *[0.0] * finer]
    config.soundlab_temperature_by_book = [1.0] * (1 + codec.config.num_tones) + [FINER_TEMPERATURE] * finer
    left = [name for name in missing if name.startswith(("decoder.", "enc_to_dec"))]
    if left or unexpected:
        raise SystemExit(f"decoder weights do not fit: {left[:3]} {unexpected[:3]}")
    _write(out, config, drop_text(model.state_dict(), "text_encoder.", keep_pooler=False))
    steered = AxisCondition(AXES, decoder.hidden_size, config.text_encoder.hidden_size)
    steered.restore(measured)
    steered.save(out)
    heard = registry.clap(str(out.parent))
    save_file(_half(sound), out / sound_condition.FILE, {"clap": f"{registry.SKETCH}@{heard.fingerprint}"})
    GenerationConfig(
        decoder_start_token_id=decoder.pad_token_id,
        pad_token_id=decoder.pad_token_id,
        bos_token_id=decoder.bos_token_id,
        do_sample=True,
        guidance_scale=3.0,
        max_length=256 + decoder.num_codebooks,
    ).save_pretrained(out)


def clap(cache: Path, text: Path, out: Path) -> None:
    """Write the CLAP part."""
    config = train_clap.config(FrozenText(text))
    config.architectures = ["ClapModel"]
    config.soundlab_pooling = "mean"
    model = ClapModel(config)
    missing, unexpected = model.load_state_dict(load_file(cache / "clap" / "weights.safetensors"), strict=False)
    left = [name for name in missing if not name.startswith("text_model.")]
    if left or unexpected:
        raise SystemExit(f"CLAP weights do not fit: {left[:3]} {unexpected[:3]}")
    _write(out, config, drop_text(model.state_dict(), "text_model.", keep_pooler=True))
    train_clap.extractor().save_pretrained(out)


def apart(checkpoint: Path, cache: Path) -> None:
    """Write a checkpoint's codec to ``cache`` and its decoder as ``begin.safetensors``, named as in training."""
    engine = Musicgen(registry.musicgen(str(checkpoint / "musicgen")))
    engine.model.audio_encoder.save_pretrained(cache / "codec")
    state = conditioned(engine).state_dict()
    save_file({k: v.float().contiguous().clone() for k, v in state.items()}, cache / "begin.safetensors")


@torch.no_grad()
def main() -> None:
    """Assemble."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cache", type=Path, default=cache_folder())
    parser.add_argument("--apart", type=Path, metavar="CHECKPOINT", help="write its parts to the cache instead")
    parser.add_argument("--text", type=Path)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--before", type=Path, help="decoder weights that the trained ones began from, to blend with")
    parser.add_argument("--share", type=float, default=1.0, help="share of the trained ones in the blend")
    parser.add_argument("--parts", nargs="+", default=["clap", "musicgen"], choices=["clap", "musicgen"])
    args = parser.parse_args()
    register()
    if args.apart:
        apart(args.apart, args.cache)
        return
    if args.text is None or args.out is None:
        parser.error("--text and --out say what to assemble, and where")
    if args.text.resolve() != (args.out / "text").resolve():
        shutil.copytree(args.text, args.out / "text", dirs_exist_ok=True)
    for part in args.parts:
        if part == "clap":
            clap(args.cache, args.text, args.out / part)
        else:
            musicgen(args.cache, args.text, args.out / part, args.before, args.share)
    sizes = {p.relative_to(args.out).as_posix(): p.stat().st_size for p in sorted(args.out.rglob("*.safetensors"))}
    print(json.dumps({name: round(size / 1e6, 1) for name, size in sizes.items()}))


if __name__ == "__main__":
    main()
