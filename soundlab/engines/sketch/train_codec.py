"""Fit the codec's codebooks: residual k-means on stacked log-mel vectors.

``python -m soundlab.engines.sketch.train_codec`` reads the shards and writes a
codec folder with an untrained vocoder; ``train_vocoder`` then trains that.
Takes minutes: mini-batch k-means with revival of dead entries.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch
from torch import Tensor

from soundlab.engines.sketch import shards
from soundlab.engines.sketch.codec import SketchCodecConfig, SketchCodecModel


def fit_stage(vectors: Tensor, entries: int, *, iterations: int, generator: torch.Generator) -> Tensor:
    """Lloyd's k-means of ``vectors`` (n, width); entries that win nothing restart at a random vector."""
    centres = vectors[torch.randperm(len(vectors), generator=generator)[:entries]].clone()
    for _ in range(iterations):
        owner = assign(vectors, centres)
        total = torch.zeros_like(centres).index_add_(0, owner, vectors)
        count = torch.bincount(owner, minlength=entries).float()
        centres = total / count.clamp(min=1)[:, None]
        dead = (count < 1).nonzero()[:, 0]
        if len(dead):
            centres[dead] = vectors[torch.randint(len(vectors), (len(dead),), generator=generator)]
    return centres


def assign(vectors: Tensor, centres: Tensor) -> Tensor:
    """Index of the nearest centre for each vector, computed in blocks."""
    half = 0.5 * (centres * centres).sum(-1)
    return torch.cat([(block @ centres.T - half).argmax(-1) for block in vectors.split(16_384)])


def perplexity(codes: Tensor, entries: int) -> float:
    """Effective number of entries in use: exp of the entropy of their frequencies."""
    p = torch.bincount(codes.flatten(), minlength=entries).float()
    p = p / p.sum()
    return float(torch.exp(-(p * (p + 1e-12).log()).sum()))


@torch.no_grad()
def main() -> None:
    """Fit and save."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shards", type=Path, default=shards.cache_folder() / "shards")
    parser.add_argument("--out", type=Path, default=shards.cache_folder() / "codec")
    parser.add_argument("--clips", type=int, default=1200)
    parser.add_argument("--vectors", type=int, default=150_000)
    parser.add_argument("--iterations", type=int, default=12)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    torch.manual_seed(args.seed)
    generator = torch.Generator().manual_seed(args.seed)
    model = SketchCodecModel(SketchCodecConfig())
    mels = torch.cat([model.log_mel(torch.from_numpy(a)[None]) for a, _ in shards.clips(args.shards, limit=args.clips)])
    model.mean.copy_(mels.mean((0, 2)))
    centred = mels - model.mean[:, None]
    model.scale.copy_(centred.std())
    vectors = model.stacked(centred / model.scale).flatten(0, 1)
    clip_vectors = len(vectors) // args.clips
    held, vectors = vectors[-100 * clip_vectors :], vectors[: -100 * clip_vectors]
    vectors = vectors[torch.randperm(len(vectors), generator=generator)[: args.vectors]]
    decibels = float(model.scale) * 8.686  # natural-log amplitude to dB
    for stage in range(model.config.num_quantizers):
        book = fit_stage(vectors, model.config.codebook_size, iterations=args.iterations, generator=generator)
        model.codebooks[stage] = book
        vectors = vectors - book[assign(vectors, book)]
        codes = assign(held, book)
        held = held - book[codes]
        print(
            f"stage {stage + 1}: held-out error {float(held.abs().mean()) * decibels:.2f} dB, "
            f"perplexity {perplexity(codes, len(book)):.0f}",
            flush=True,
        )
    model.save_pretrained(args.out)


if __name__ == "__main__":
    main()
