"""Fit the codec's codebooks: residual k-means on stacked log-mel vectors, and the tables of tones.

``python -m soundlab.engines.sketch.train_codec`` reads the shards and writes a
codec folder with an untrained vocoder; ``train_vocoder`` then trains that.
Takes minutes. The first book is k-means whose idle entries move to split the busy
ones (after the utility of Fritzke 1997), so that entries go where sounds are and
not where they are few and extreme. What it leaves over is close to noise,
for which k-means would use one entry near zero again and again; so the finer
books are spherical k-means (Dhillon & Modha 2001): looked up by direction, each
entry as long as what it stands for usually is. Dead entries are revived.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch
from torch import Tensor

from soundlab.config import cache_folder
from soundlab.engines.sketch import shards, tones
from soundlab.engines.sketch.codec import SketchCodecConfig, SketchCodecModel

_TONES_OF = 3
"""Tones are looked for in every third clip."""
_HELD_OUT = 400
"""Clips on which the fit is told about."""
_IDLE, _BUSY = 0.5, 1.7
"""Shares of what an entry would win if all won alike: under the first it moves, over the second it is split."""


def fit_stage(vectors: Tensor, entries: int, *, iterations: int, generator: torch.Generator) -> Tensor:
    """K-means of ``vectors`` (n, width), in which entries that win little move to where others win much.

    Each takes half of a busy entry's place, by starting half-way to one of its
    vectors. The last two rounds leave all where they are.
    """
    centres = vectors[torch.randperm(len(vectors), generator=generator)[:entries]].clone()
    fair = len(vectors) / entries
    for k in range(iterations):
        owner = assign(vectors, centres)
        count = torch.bincount(owner, minlength=entries).float()
        total = torch.zeros_like(centres).index_add_(0, owner, vectors)
        centres = torch.where(count[:, None] > 0, total / count.clamp(min=1)[:, None], centres)
        if k < iterations - 2:
            idle, busy = count.argsort(), count.argsort(descending=True)
            moves = min(int((count < _IDLE * fair).sum()), int((count > _BUSY * fair).sum()), entries // 8)
            order = torch.randperm(len(vectors), generator=generator)
            member = torch.zeros(entries, dtype=torch.long)
            member[owner[order]] = order  # some vector of each entry
            centres[idle[:moves]] = 0.5 * (centres[busy[:moves]] + vectors[member[busy[:moves]]])
    return centres


def fit_directions(vectors: Tensor, entries: int, *, iterations: int, generator: torch.Generator) -> Tensor:
    """Spherical k-means of ``vectors`` (n, width): entries (entries, width), to be looked up by direction."""
    centres = vectors[torch.randperm(len(vectors), generator=generator)[:entries]].clone()
    for _ in range(iterations):
        owner = by_direction(vectors, centres)
        count = torch.bincount(owner, minlength=entries).float()
        centres = torch.zeros_like(centres).index_add_(0, owner, vectors) / count.clamp(min=1)[:, None]
        dead = (count < 1).nonzero()[:, 0]
        if len(dead):
            centres[dead] = vectors[torch.randint(len(vectors), (len(dead),), generator=generator)]
    owner = by_direction(vectors, centres)
    unit = torch.nn.functional.normalize(centres, dim=-1)
    along = (vectors * unit[owner]).sum(-1)
    count = torch.bincount(owner, minlength=entries).float()
    length = torch.zeros(entries).index_add_(0, owner, along) / count.clamp(min=1)
    return unit * torch.where(count > 0, length, along.mean())[:, None]


def by_direction(vectors: Tensor, centres: Tensor) -> Tensor:
    """Index of the entry whose direction is nearest, computed in blocks."""
    unit = torch.nn.functional.normalize(centres, dim=-1)
    return torch.cat([(block @ unit.T).argmax(-1) for block in vectors.split(16_384)])


def assign(vectors: Tensor, centres: Tensor) -> Tensor:
    """Index of the nearest centre for each vector, computed in blocks."""
    half = 0.5 * (centres * centres).sum(-1)
    return torch.cat([(block @ centres.T - half).argmax(-1) for block in vectors.split(16_384)])


def leftover(residual: Tensor, owner: Tensor, entries: int) -> Tensor:
    """Root mean square of what each entry leaves of its vectors, (entries,); that of all where it has few."""
    square = residual.square().mean(-1)
    count = torch.bincount(owner, minlength=entries).float()
    own = torch.zeros(entries).index_add_(0, owner, square)
    return ((own + 4 * square.mean()) / (count + 4)).sqrt()


def perplexity(codes: Tensor, entries: int) -> float:
    """Effective number of entries in use: exp of the entropy of their frequencies."""
    p = torch.bincount(codes.flatten(), minlength=entries).float()
    p = p / p.sum()
    return float(torch.exp(-(p * (p + 1e-12).log()).sum()))


@torch.no_grad()
def main() -> None:
    """Fit and save."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shards", type=Path, default=cache_folder() / "shards")
    parser.add_argument("--out", type=Path, default=cache_folder() / "codec")
    parser.add_argument("--clips", type=int, default=3000)
    parser.add_argument("--vectors", type=int, default=120_000)
    parser.add_argument("--iterations", type=int, default=16)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    torch.manual_seed(args.seed)
    generator = torch.Generator().manual_seed(args.seed)
    model = SketchCodecModel(SketchCodecConfig())
    mels: list[Tensor] = []
    heard: list[Tensor] = []
    for audio, _ in shards.clips(args.shards, limit=args.clips):
        clip = torch.from_numpy(audio)[None]
        if len(mels) % _TONES_OF == 0:
            heard.append(model.found_tones(clip)[0])
        mels.append(model.log_mel(clip))
    mel = torch.cat(mels)
    model.tones.copy_(tones.spread(torch.cat(heard), model.config.codebook_size))
    model.mean.copy_(mel.mean((0, 2)))
    centred = mel - model.mean[:, None]
    model.scale.copy_(centred.std())
    vectors = model.stacked(centred / model.scale).flatten(0, 1)
    clip_vectors = len(vectors) // args.clips
    held, vectors = vectors[-_HELD_OUT * clip_vectors :], vectors[: -_HELD_OUT * clip_vectors]
    vectors = vectors[torch.randperm(len(vectors), generator=generator)[: args.vectors]]
    decibels = float(model.scale) * 8.686  # natural-log amplitude to dB
    unit = torch.ones(len(held), 1)
    for stage, (book, spread) in enumerate(zip(model.codebooks, model.spreads, strict=True)):
        fit, find = (fit_directions, by_direction) if stage else (fit_stage, assign)
        book.copy_(fit(vectors, len(book), iterations=args.iterations, generator=generator))
        owner = find(vectors, book)
        vectors = vectors - book[owner]
        spread.copy_(leftover(vectors, owner, len(book)))
        vectors = vectors / spread[owner][:, None]
        codes = find(held, book)
        held = held - book[codes]
        print(
            f"stage {stage + 1}: held-out error {float((held * unit).abs().mean()) * decibels:.2f} dB, "
            f"perplexity {perplexity(codes, len(book)):.0f}",
            flush=True,
        )
        held, unit = held / spread[codes][:, None], unit * spread[codes][:, None]
    for k, table in enumerate(model.tones):
        codes = tones.nearest(torch.stack(heard[-_HELD_OUT // _TONES_OF :])[..., k : k + 1], table[None])
        print(f"tone {k + 1}: perplexity {perplexity(codes, len(table)):.0f}", flush=True)
    model.save_pretrained(args.out)


if __name__ == "__main__":
    main()
