"""Train the sketch CLAP: a small HTSAT audio tower against the frozen shared text encoder.

``python -m soundlab.engines.sketch.train_clap --text FOLDER --minutes 40``; run
again to go on; ``--embed`` then writes every clip's embedding beside its shard,
for the decoder to be steered by.

Sentences are read as the mean of their tokens' states, as the text encoder was
trained to be read. Symmetric contrastive loss (Radford et al. 2021). Half of each batch are clips
whose captions are near to one another, so that attributes are learnt and not
families alone. The audio is made robust by random gain, crop length, added
noise and band limits, all done on the log-mel spectra, which are made once.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor
from transformers import ClapConfig, ClapFeatureExtractor, ClapModel

from soundlab.config import cache_folder
from soundlab.engines.loading import mean_state
from soundlab.engines.mel import ClapMel
from soundlab.engines.sketch import shards
from soundlab.engines.sketch.states import load_state, save_state
from soundlab.engines.sketch.text import FrozenText

DIMENSIONS = 256
SAMPLE_RATE = 32_000


def extractor() -> ClapFeatureExtractor:
    """The sketch's audio front end: 32 kHz, 40 ms hop, 64 mel bands, 10 s: a quarter of HTSAT's usual frames."""
    return ClapFeatureExtractor(
        feature_size=64,
        sampling_rate=SAMPLE_RATE,
        hop_length=1280,
        max_length_s=10,
        fft_window_size=2048,
        frequency_min=50,
        frequency_max=14_000,
        truncation="rand_trunc",
        padding="repeatpad",
    )


def config(text: FrozenText) -> ClapConfig:
    """Sizes of the bundled CLAP; the text side has the shape of the shared encoder."""
    bert = text.model.config
    text_config = {
        "vocab_size": bert.vocab_size,
        "hidden_size": bert.hidden_size,
        "num_hidden_layers": bert.num_hidden_layers,
        "num_attention_heads": bert.num_attention_heads,
        "intermediate_size": bert.intermediate_size,
        "max_position_embeddings": bert.max_position_embeddings + 1,
        "type_vocab_size": bert.type_vocab_size,
        "layer_norm_eps": bert.layer_norm_eps,
        "pad_token_id": 0,
        "bos_token_id": 101,
        "eos_token_id": 102,
        "projection_dim": DIMENSIONS,
    }
    audio_config = {
        "spec_size": 128,
        "window_size": 4,
        "patch_embeds_hidden_size": 32,
        "depths": [2, 2, 4, 2],
        "num_attention_heads": [2, 4, 8, 16],
        "hidden_size": 256,
        "projection_dim": DIMENSIONS,
        "hidden_dropout_prob": 0.05,
    }
    return ClapConfig(text_config=text_config, audio_config=audio_config, projection_dim=DIMENSIONS)


class Pairs:
    """(mel, pooled text) batches from all shards, held in memory in half precision."""

    def __init__(self, folder: Path, text: FrozenText, seed: int) -> None:
        self._rng = np.random.default_rng(seed)
        mel = ClapMel.from_extractor(extractor())
        features, states, tellings = [], [], 0
        for path in shards.shard_paths(folder):
            cached = path.with_suffix(".mel.safetensors")
            if not cached.exists():
                audio = torch.from_numpy(shards.read(path)[0])
                blocks = [mel(block.float() / 32767.0) for block in audio.split(25)]
                save_file({"features": torch.cat(blocks)[:, 0].half()}, cached)
            features.append(load_file(cached)["features"])
            rows = shards.captions(path)
            tellings = len(rows[0])
            flat = [caption for row in rows for caption in row]
            states += [mean_state(*text.states(flat[i : i + 100])).half() for i in range(0, len(flat), 100)]
        self._features = torch.cat(features)
        self._states = torch.cat(states).view(len(self._features), tellings, -1)

    def __len__(self) -> int:
        return len(self._features)

    def _bend(self, mel: Tensor) -> Tensor:
        """Crop and repeat, noise, band limit and gain of one clip's mel in dB (frames, bands)."""
        rng = self._rng
        mel = mel.float()
        frames = len(mel)
        chance = rng.random()
        if chance < 0.55:
            if chance < 0.3:
                length = int(rng.uniform(0.2, 1.0) * frames)
                start = int(rng.integers(0, frames - length + 1))
            else:  # a short file: one event, repeated back to back as the extractor repeats it
                length = int(rng.uniform(0.03, 0.2) * frames)
                loudest = int(mel.exp().sum(1).argmax()) if rng.random() < 0.5 else int(rng.integers(0, frames))
                start = min(max(0, loudest - 2), frames - length)
            mel = mel[start : start + length].repeat(-(-frames // length), 1)[:frames]
        if rng.random() < 0.3:
            level = float(mel.max()) - rng.uniform(15, 50)
            mel = 10 * torch.logaddexp(mel * 0.2302585, torch.full_like(mel, level * 0.2302585)) / 2.302585
        if rng.random() < 0.3:
            mel[:, int(rng.integers(36, 64)) :] = -100.0
        return (mel + float(rng.uniform(-20, 10))).clamp(min=-100.0)

    def _rows(self, size: int) -> npt.NDArray[np.int64]:
        """Half at random, half in small groups whose captions are alike."""
        rows = self._rng.choice(len(self), size=size, replace=False)
        pool = self._rng.choice(len(self), size=min(800, len(self)), replace=False)
        told = torch.nn.functional.normalize(self._states[pool, 0].float(), dim=-1)
        anchors = self._rng.choice(len(pool), size=size // 8, replace=False)
        near = (told[anchors] @ told.T).topk(4, dim=1).indices.numpy().flatten()
        chosen = list(dict.fromkeys([*pool[near].tolist(), *rows.tolist()]))
        return np.array(chosen[:size])

    def batch(self, size: int) -> tuple[Tensor, Tensor]:
        """Return input features (size, 1, frames, mels) and mean text states (size, 384)."""
        rows = self._rows(size)
        features = torch.stack([self._bend(self._features[i]) for i in rows])[:, None]
        telling = self._rng.integers(self._states.shape[1], size=size)
        return features, self._states[rows, telling].float()


@torch.no_grad()
def embed(model: ClapModel, folder: Path) -> None:
    """Write the embedding of every clip beside its shard, half precision (clips, dimensions)."""
    mel = ClapMel.from_extractor(extractor())
    for path in shards.shard_paths(folder):
        audio, _ = shards.read(path)
        rows = []
        for block in torch.from_numpy(audio).split(25):
            features = mel(block.float() / 32767.0).to(model.device)
            rows.append(model.audio_projection(model.audio_model(input_features=features).pooler_output))
        found = torch.nn.functional.normalize(torch.cat(rows), dim=-1)
        save_file({"embeddings": found.half().cpu()}, path.with_suffix(".clap.safetensors"))
        print(path.name, flush=True)


def main() -> None:
    """Train for a while and save the running average."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shards", type=Path, default=cache_folder() / "shards")
    parser.add_argument("--text", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=cache_folder() / "clap")
    parser.add_argument("--minutes", type=float, default=40)
    parser.add_argument("--steps", type=int, default=2500, help="length of the learning-rate schedule")
    parser.add_argument("--batch", type=int, default=96)
    parser.add_argument("--begin", type=Path, help="weights that the first run starts from")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--embed", action="store_true", help="write embeddings of all shards and stop")
    args = parser.parse_args()
    torch.manual_seed(args.seed)
    text = FrozenText(args.text)
    model = ClapModel(config(text)).train()
    if args.embed:
        model.load_state_dict(load_file(args.out / "weights.safetensors"), strict=False)
        embed(model.eval(), args.shards)
        return
    del model.text_model.embeddings, model.text_model.encoder  # frozen and shared: only the pooler is trained here
    if args.begin:
        model.load_state_dict(load_file(args.begin), strict=False)
    optimiser = torch.optim.AdamW(model.parameters(), lr=1e-3, betas=(0.9, 0.98), weight_decay=0.05)
    average = {k: v.clone() for k, v in model.state_dict().items()}
    args.out.mkdir(parents=True, exist_ok=True)
    state_path = args.out / "state.safetensors"
    step = load_state(state_path, model, optimiser, average)
    pairs = Pairs(args.shards, text, args.seed + step)
    target = torch.arange(args.batch)
    stop = time.monotonic() + 60 * args.minutes
    seen: list[tuple[float, float]] = []
    while time.monotonic() < stop and step < args.steps:
        for group in optimiser.param_groups:
            group["lr"] = (
                1e-3 * min(1.0, (step + 1) / 200) * (0.03 + 0.97 * 0.5 * (1 + np.cos(np.pi * step / args.steps)))
            )
        features, pooled = pairs.batch(args.batch)
        with torch.autocast("cpu", torch.bfloat16):
            heard = model.audio_projection(model.audio_model(input_features=features).pooler_output)
            read = model.text_projection(torch.tanh(model.text_model.pooler.dense(pooled)))
        heard = torch.nn.functional.normalize(heard.float(), dim=-1)
        read = torch.nn.functional.normalize(read.float(), dim=-1)
        logits = read @ heard.T
        loss = 0.5 * (
            torch.nn.functional.cross_entropy(
                logits * model.logit_scale_t.exp().clamp(max=60), target, label_smoothing=0.05
            )
            + torch.nn.functional.cross_entropy(
                logits.T * model.logit_scale_a.exp().clamp(max=60), target, label_smoothing=0.05
            )
        )
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        step += 1
        smooth = min(0.997, step / (step + 10))
        with torch.no_grad():
            for key, value in model.state_dict().items():
                if value.is_floating_point():
                    average[key].lerp_(value, 1 - smooth)
                else:
                    average[key].copy_(value)
        seen.append((loss.item(), float((logits.argmax(1) == target).float().mean())))
        if step % 25 == 0:
            recent = np.mean(seen[-25:], axis=0)
            print(f"step {step} loss {recent[0]:.3f} hit {recent[1]:.2f}", flush=True)
        if step % 100 == 0:
            save_state(state_path, step, model, optimiser, average)
            save_file({k: v.contiguous() for k, v in average.items()}, args.out / "weights.safetensors")
    save_state(state_path, step, model, optimiser, average)
    save_file({k: v.contiguous() for k, v in average.items()}, args.out / "weights.safetensors")


if __name__ == "__main__":
    main()
