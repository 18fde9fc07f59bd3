"""Train the sketch's MusicGen decoder on the corpus.

``python -m soundlab.engines.sketch.train_decoder --minutes 60`` encodes shards
to codes once (cached beside them), then trains; run again to go on. Two things
transformers leaves to training code are done here: the delay pattern of the
labels, and dropping conditions for some clips so that guidance has something to
guide away from. Beside the words, a clip may be described by its own CLAP
embedding (``train_clap --embed`` writes those) and by what was measured on it,
axis by axis: more tokens behind the text, dropped independently, so that each
can steer alone. The reader that gets measures from words learns along.

A sound's past says nearly all of how it goes on, so conditions would hardly be
learnt but for its first frames. Many clips therefore have most of their past
hidden, frame by frame, and must be predicted from the conditions. Others can be
given a past whose tones and finer books the decoder has drawn itself (``--own-past``),
as those of takes are.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from transformers.models.musicgen.modeling_musicgen import MusicgenDecoderConfig, MusicgenForCausalLM

from soundlab.config import cache_folder
from soundlab.corpus.bends import AXES
from soundlab.engines.axis_condition import AxisCondition, joined
from soundlab.engines.sketch import shards
from soundlab.engines.sketch.codec import SketchCodecModel
from soundlab.engines.sketch.states import load_state, progress, save_state, save_whole
from soundlab.engines.sketch.text import FrozenText
from soundlab.engines.sketch.train_clap import DIMENSIONS as SOUND_WIDTH
from soundlab.engines.training import conditional_loss, drawn

TEXT_DROP = 0.15
"""Share of clips that train without text."""
SOUND_SHARE = 0.35
"""Share of clips that are given their CLAP embedding."""
SOUND_NOISE = 0.06
"""Standard deviation, by dimension, of what is added to it: a likeness is wanted, not a copy."""
BOOK_WEIGHTS = (3.0, 1.5, 1.0, 0.6, 1.5, 0.8, 0.5, 0.4)
"""The coarse book carries what a sound is and when it happens, then come tones; fine ones are close to noise."""
AXES_SHARE = 0.8
"""Share of clips that are told how they measure."""
AXIS_DROP = 0.15
"""Share of axes left out of those."""
AXIS_NOISE = 0.1
"""Standard deviation of what is added to them."""
READINGS = 64
"""Captions a step that the reader of axes learns from."""
_LENGTHS = 16
"""Captions are padded to a multiple of so many tokens: shapes that stay as they are need no new kernels."""
_AVERAGED = 5
"""Steps from one contribution to the average of weights to the next."""


def decoder_config(codec: SketchCodecModel) -> MusicgenDecoderConfig:
    """Sizes of the bundled decoder."""
    return MusicgenDecoderConfig(
        vocab_size=codec.config.codebook_size,
        num_codebooks=codec.config.num_quantizers,
        pad_token_id=codec.config.codebook_size,
        bos_token_id=codec.config.codebook_size,
        hidden_size=320,
        num_hidden_layers=6,
        num_attention_heads=5,
        ffn_dim=1280,
        max_position_embeddings=2048,
        dropout=0.0,
    )


_drawn: Callable[..., Tensor] = torch.compiler.disable(drawn)
"""How many rows are drawn differs from batch to batch: kept out of what is compiled."""


class Conditioned(nn.Module):
    """Decoder and projections; decoder and text named as in MusicgenForConditionalGeneration."""

    def __init__(self, config: MusicgenDecoderConfig, text_width: int, sound_width: int) -> None:
        super().__init__()
        self.decoder = MusicgenForCausalLM(config)
        self.enc_to_dec_proj = nn.Linear(text_width, config.hidden_size)
        self.sound_proj = nn.Linear(sound_width, config.hidden_size)
        self.axis_condition = AxisCondition(AXES, config.hidden_size, text_width)

    def forward(
        self,
        codes: Tensor,
        states: Tensor,
        mask: Tensor,
        sound: Tensor,
        has_sound: Tensor,
        z: Tensor,
        has_z: Tensor,
        forgotten: Tensor | None = None,
        own: Tensor | None = None,
    ) -> Tensor:
        """Mean cross-entropy of codes (batch, books, frames).

        Given text states and mask, CLAP embeddings (batch, width) with the mask
        (batch,) of rows that may use theirs, and standardised axis values
        (batch, axes) with the mask of those that may be used; ``forgotten``
        (batch, frames) as :func:`conditional_loss` has it. ``own`` (batch,) is the
        share of each clip's past that the decoder draws itself.
        """
        heard = self.sound_proj(sound)[:, None]
        memory = torch.cat([self.enc_to_dec_proj(states), heard], 1)
        mask = torch.cat([mask, has_sound[:, None]], 1)
        memory, mask = joined(memory, mask, self.axis_condition.vector(z, has_z), has_z)
        weights = torch.tensor(BOOK_WEIGHTS[: codes.shape[1]], device=codes.device)
        past = None if own is None else _drawn(self.decoder, codes, memory.detach(), mask, own, forgotten, kept=1)
        return conditional_loss(self.decoder, codes, memory, mask, weights, forgotten, past)

    def reading_loss(self, states: Tensor, mask: Tensor, z: Tensor) -> Tensor:
        """Negative log-likelihood of standardised measures (n, axes), NaN where there are none, given captions."""
        mean, log_deviation = self.axis_condition.reader(states, mask)
        known = z.isfinite()
        gap = (torch.where(known, z, 0.0) - mean) * torch.exp(-log_deviation)
        return ((0.5 * gap.square() + log_deviation) * known).sum() / known.sum()


@torch.no_grad()
def begin_from_books(decoder: MusicgenForCausalLM, codec: SketchCodecModel) -> None:
    """Let embeddings and heads begin with the geometry of the codec's books, projected to the decoder's width.

    Codes that sound alike then start out alike, instead of having to be found out one by one.
    """
    width = decoder.config.hidden_size
    generator = torch.Generator().manual_seed(0)
    books = [codec.codebooks[0], *(_pitch_features(t) for t in codec.tones), *codec.codebooks[1:]]
    for k, book in enumerate(books):
        centred = book - book.mean(0)
        _, _, axes = torch.svd_lowrank(centred, q=min(width, *book.shape))
        meant = centred @ axes @ torch.randn(axes.shape[1], width, generator=generator)
        meant = meant / meant.square().mean().sqrt().clamp(min=1e-6)
        decoder.model.decoder.embed_tokens[k].weight[: len(meant)] = 0.1 * meant
        decoder.lm_heads[k].weight[: len(meant)] = 0.03 * meant


def _pitch_features(hz: Tensor) -> Tensor:
    """Tones (size,) as bumps in log frequency, a third octave and a semitone wide, and their place in the octave."""
    octave = hz.log2()[:, None]
    wide = torch.exp(-(((octave - torch.arange(5, 13.5, 1 / 3)) * 3) ** 2))
    narrow = torch.exp(-(((octave - torch.arange(5, 13.5, 1 / 12)) * 12) ** 2))
    turn = 2 * torch.pi * octave
    return torch.cat([wide, 0.7 * narrow, turn.sin(), turn.cos(), (3 * turn).sin(), (3 * turn).cos()], 1)


class Encoded:
    """Codes and measures of all shards there are, text states of their captions, CLAP embeddings once there are any.

    All of it is held on ``device``; encoding happens there, too.
    """

    def __init__(self, folders: list[Path], codec: SketchCodecModel, text: FrozenText, device: torch.device) -> None:
        self._folders, self._codec, self._text, self._device = folders, codec, text, device
        self._first: dict[Path, int] = {}
        self._heard: set[Path] = set()
        books, width = codec.config.num_quantizers, text.model.config.hidden_size
        self._codes = torch.zeros(0, books, 0, dtype=torch.int16, device=device)
        self._states = torch.zeros(0, width, dtype=torch.float16, device=device)
        self._starts = torch.zeros(0, 1, dtype=torch.long, device=device)
        self._lengths = torch.zeros(0, 1, dtype=torch.long, device=device)
        self._sounds = torch.zeros(0, SOUND_WIDTH, device=device)
        self._embedded = torch.zeros(0, dtype=torch.bool)  # kept off the device, so that no step waits for it
        self._longest = 0
        self.measured = torch.zeros(0, len(AXES), device=device)

    def refresh(self, encode: int) -> None:
        """Take in shards that have appeared, encoding at most ``encode`` of them now."""
        for path in (path for folder in self._folders for path in shards.shard_paths(folder)):
            cached = path.with_suffix(".codes.safetensors")
            if path not in self._first and (encode > 0 or cached.exists()):
                if not cached.exists():
                    self._encode(path, cached)
                    encode -= 1
                self._add(path, load_file(cached)["codes"])
            self._hear(path)

    def _add(self, path: Path, codes: Tensor) -> None:
        lengths, states = (t.to(self._device) for t in self._read(path))
        ends = lengths.flatten().cumsum(0) + len(self._states)
        tellings = lengths.shape[1]
        if len(self) == 0:
            self._codes = self._codes.reshape(0, *codes.shape[1:])
            self._starts, self._lengths = (t.reshape(0, tellings) for t in (self._starts, self._lengths))
        self._first[path] = len(self)
        self._codes = torch.cat([self._codes, codes.to(self._device)])
        self._starts = torch.cat([self._starts, ends.view_as(lengths) - lengths])
        self._lengths = torch.cat([self._lengths, lengths])
        self._states = torch.cat([self._states, states])
        self._longest = max(self._longest, _LENGTHS * -(-int(lengths.max()) // _LENGTHS))
        self._sounds = torch.cat([self._sounds, self._sounds.new_full((len(codes), SOUND_WIDTH), torch.nan)])
        self._embedded = torch.cat([self._embedded, self._embedded.new_zeros(len(codes))])
        self.measured = torch.cat([self.measured, shards.measured(path).to(self._device)])

    def _hear(self, path: Path) -> None:
        """Take in the shard's CLAP embeddings once both they and its codes are there."""
        heard = path.with_suffix(".clap.safetensors")
        if path in self._first and path not in self._heard and heard.exists():
            rows = load_file(heard)["embeddings"]
            place = slice(self._first[path], self._first[path] + len(rows))
            self._sounds[place] = rows.to(self._sounds)
            self._embedded[place] = rows.isfinite().all(1)
            self._heard.add(path)

    def _encode(self, path: Path, cached: Path) -> None:
        audio, _ = shards.read(path)
        blocks = (b.to(self._device).float()[:, None] / 32767.0 for b in torch.from_numpy(audio).split(20))
        codes = torch.cat([self._codec.encode(block).audio_codes[0] for block in blocks])
        save_whole({"codes": codes.to(torch.int16).cpu()}, cached)

    def _read(self, path: Path) -> tuple[Tensor, Tensor]:
        """Return token counts (clips, tellings) and text states (tokens, width) of a shard's captions, kept on disk.

        They are encoded anew when the shard has been captioned again since.
        """
        cached = path.with_suffix(".states.safetensors")
        told = path.with_suffix(".captions.json")
        if not cached.exists() or (told.exists() and told.stat().st_mtime > cached.stat().st_mtime):
            rows = shards.captions(path)
            flat = [caption for row in rows for caption in row]
            states: list[Tensor] = []
            lengths: list[Tensor] = []
            for at in range(0, len(flat), 200):
                hidden, mask = self._text.states(flat[at : at + 200])
                lengths.append(mask.sum(1))
                states.append(hidden[mask.bool()].half())
            counts = torch.cat(lengths).view(len(rows), -1)
            save_whole({"states": torch.cat(states).cpu(), "lengths": counts.cpu().contiguous()}, cached)
        held = load_file(cached)
        return held["lengths"], held["states"]

    def __len__(self) -> int:
        return len(self._codes)

    def told(self, rows: Tensor, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
        """Text states and mask of one caption of each row, all as long as the longest there is."""
        rows = rows.to(self._device, non_blocking=True)
        chosen = self._given(rng.integers(0, self._lengths.shape[1], len(rows)))
        lengths = self._lengths[rows, chosen][:, None]
        place = torch.arange(self._longest, device=self._device)
        mask = (place < lengths).float()
        index = self._starts[rows, chosen][:, None] + torch.minimum(place, lengths - 1)
        return self._states[index].float() * mask[..., None], mask

    def _given(self, drawn: npt.NDArray[np.generic]) -> Tensor:
        return torch.from_numpy(drawn).to(self._device, non_blocking=True)

    def rows(self, count: int, rng: np.random.Generator, *, held_out: int) -> Tensor:
        """Draw clips, all but the first ``held_out``."""
        return torch.from_numpy(rng.integers(held_out, len(self), count))

    def batch(
        self, rows: Tensor, condition: AxisCondition, frames: int, forgetting: float, rng: np.random.Generator
    ) -> tuple[Tensor, ...]:
        """What :class:`Conditioned` takes, of ``rows``: crops of ``frames``, conditions dropped at random.

        A share ``forgetting`` of clips loses more than half of its past.
        """
        count, whole = len(rows), self._codes.shape[-1]
        embedded = self._embedded[rows].numpy()
        rows = rows.to(self._device, non_blocking=True)
        starts = self._given(rng.integers(0, max(1, whole - frames + 1), count))
        place = starts[:, None] + torch.arange(min(frames, whole), device=self._device)
        codes = self._codes[rows].gather(2, place[:, None].expand(-1, self._codes.shape[1], -1)).long()
        states, mask = self.told(rows, rng)
        z = condition.standard(self.measured[rows])
        known = z.isfinite()
        z = torch.where(known, z, 0.0) + AXIS_NOISE * self._given(rng.standard_normal(z.shape, dtype=np.float32))
        sound = self._sounds[rows]
        heard = embedded & (rng.random(count) < SOUND_SHARE)
        noise = SOUND_NOISE * self._given(rng.standard_normal(sound.shape, dtype=np.float32))
        has_sound = self._given(heard)
        sound = torch.where(has_sound[:, None], nn.functional.normalize(sound + noise, dim=1), 0.0)
        spoken = rng.random(count) >= np.where(heard, 0.5, TEXT_DROP)
        measured = rng.random(count) < np.where(heard, 0.3, np.where(spoken, AXES_SHARE, AXES_SHARE / 2))
        kept = measured[:, None] & (rng.random(z.shape) >= AXIS_DROP)
        share = np.where(rng.random(count) < forgetting, rng.uniform(0.6, 1.0, count), 0.0)
        forgotten = self._given(rng.random((count, codes.shape[-1])) < share[:, None])
        mask = mask * self._given(spoken)[:, None]
        has_z = (known & self._given(kept)).float()
        return codes, states * mask[..., None], mask, sound, has_sound.float(), z, has_z, forgotten


def own_past(clips: float, count: int, rng: np.random.Generator) -> Tensor:
    """Share of the past that the decoder draws itself, (count,): any, for a share ``clips`` of clips; else none."""
    return torch.from_numpy(np.where(rng.random(count) < clips, rng.random(count), 0.0).astype(np.float32))


def main() -> None:
    """Train for a while and save the running average of the weights."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shards", type=Path, default=cache_folder() / "shards")
    parser.add_argument("--also", type=Path, nargs="*", default=[], help="more folders of shards")
    parser.add_argument("--codec", type=Path, default=cache_folder() / "codec")
    parser.add_argument("--text", type=Path, required=True, help="folder written by engines.sketch.text")
    parser.add_argument("--out", type=Path, default=cache_folder() / "decoder")
    parser.add_argument("--begin", type=Path, help="weights that the first run starts from")
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--steps", type=int, default=12_000, help="length of the schedule")
    parser.add_argument("--by-clock", action="store_true", help="the schedule lasts --minutes instead")
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--frames", type=int, default=250, help="length of the crops that are trained on")
    parser.add_argument("--forgetting", type=float, default=0.3, help="share of clips whose past is hidden")
    parser.add_argument("--forgetting-last", type=float, help="that share at the end of the schedule; as at its start")
    parser.add_argument(
        "--own-past",
        type=float,
        default=0.0,
        help="share of clips given a past drawn by the decoder but for its first book",
    )
    parser.add_argument("--keep-reader", action="store_true", help="leave reader and scales of measures as they began")
    parser.add_argument("--rate", type=float, default=1.2e-3)
    parser.add_argument("--encode", type=int, default=6, help="shards encoded at once, at most; the rest wait")
    parser.add_argument("--held-out", type=int, default=200, help="first clips, never trained on")
    parser.add_argument("--dropout", type=float, default=0.0)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--compile", action="store_true", help="compile the forward pass, which takes a minute")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    device = torch.device(args.device)
    torch.manual_seed(args.seed)
    codec = SketchCodecModel.from_pretrained(args.codec).eval()
    text = FrozenText(args.text, device)
    config = decoder_config(codec)
    config.dropout = args.dropout
    model = Conditioned(config, text.model.config.hidden_size, SOUND_WIDTH).train()
    begin_from_books(model.decoder, codec)
    codec.to(device)
    if args.begin:
        model.load_state_dict(load_file(args.begin), strict=False)
    model.to(device)
    decay = [p for p in model.parameters() if p.ndim > 1]
    plain = [p for p in model.parameters() if p.ndim <= 1]
    optimiser = torch.optim.AdamW(
        [{"params": decay, "weight_decay": 0.05}, {"params": plain, "weight_decay": 0.0}],
        lr=args.rate,
        betas=(0.9, 0.95),
        fused=device.type == "cuda",
    )
    args.out.mkdir(parents=True, exist_ok=True)
    state_path = args.out / "state.safetensors"
    average = {k: v.clone() for k, v in model.state_dict().items()}
    step = load_state(state_path, model, optimiser, average)
    data = Encoded([args.shards, *args.also], codec, text, device)
    data.refresh(args.encode)
    if step == 0 and not args.keep_reader:
        model.axis_condition.learn_scales(data.measured)
        average = {k: v.clone() for k, v in model.state_dict().items()}
    print(
        f"{sum(p.numel() for p in model.parameters()) / 1e6:.1f} M parameters, {len(data)} clips, step {step}",
        flush=True,
    )
    forward = torch.compile(model) if args.compile else model
    rng = np.random.default_rng(args.seed + step)
    begun, seconds = time.monotonic(), 60 * args.minutes
    last = args.forgetting if args.forgetting_last is None else args.forgetting_last
    seen: list[Tensor] = []
    while time.monotonic() - begun < seconds and (args.by_clock or step < args.steps):
        done = progress(step, args.steps, time.monotonic() - begun, seconds, by_clock=args.by_clock)
        rate = args.rate * min(1.0, (step + 1) / 400) * (0.03 + 0.97 * 0.5 * (1 + np.cos(np.pi * done)))
        for group in optimiser.param_groups:
            group["lr"] = rate
        forgetting = args.forgetting + (last - args.forgetting) * done
        rows = data.rows(args.batch, rng, held_out=args.held_out)
        batch = data.batch(rows, model.axis_condition, args.frames, forgetting, rng)
        own = own_past(args.own_past, args.batch, rng).to(device) if args.own_past else None
        with torch.autocast(device.type, torch.bfloat16):
            loss = forward(*batch, own)
        reading = torch.zeros((), device=device)
        if not args.keep_reader:
            read = data.rows(READINGS, rng, held_out=args.held_out)
            reading = model.reading_loss(
                *data.told(read, rng), model.axis_condition.standard(data.measured[read.to(device)])
            )
        optimiser.zero_grad()
        (loss + reading).backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        step += 1
        if step % _AVERAGED == 0:
            smooth = min(0.995, step / (step + 10)) ** _AVERAGED
            with torch.no_grad():
                now = model.state_dict()
                torch._foreach_lerp_([average[k] for k in now], list(now.values()), 1 - smooth)
        seen.append(torch.stack([loss, reading]).detach())
        if step % 50 == 0:
            losses = torch.stack(seen[-50:]).mean(0).tolist()
            print(f"step {step} loss {np.round(losses, 3)} rate {rate:.1e}", flush=True)
        if step % 250 == 0:
            if args.held_out:
                with torch.no_grad(), torch.autocast(device.type, torch.bfloat16):
                    unheard = torch.arange(args.held_out)
                    fixed = np.random.default_rng(0)
                    model.eval()
                    kept_out = data.batch(unheard, model.axis_condition, args.frames, 0.0, fixed)
                    held = [model(*kept_out, own).item() for own in (None, torch.full((len(unheard),), 0.5).to(device))]
                    model.train()
                print(
                    f"step {step} held out {held[0]:.3f}, half of the past its own {held[1]:.3f}, "
                    f"{time.monotonic() - begun:.0f} s",
                    flush=True,
                )
            save_state(state_path, step, model, optimiser, average)
            save_file({k: v.contiguous() for k, v in average.items()}, args.out / "weights.safetensors")
            data.refresh(args.encode)
    save_state(state_path, step, model, optimiser, average)
    save_file({k: v.contiguous() for k, v in average.items()}, args.out / "weights.safetensors")


if __name__ == "__main__":
    main()
