"""Render the corpus into shards that training reads.

``python -m soundlab.corpus.shards OUT --clips 8000`` writes ``OUT/shard-00000.npz``
and so on: ``audio`` int16 (clips, samples) at 32 kHz, ``measured`` (clips, axes)
by :mod:`soundlab.audio.descriptors`, and ``captions`` (clips, tellings) from what
was asked of the synthesis. :mod:`soundlab.corpus.telling` then captions again
from what was measured. A shard is written beside its place and renamed, so an
interrupted run goes on where it was. The same arguments give the same audio.
"""

from __future__ import annotations

import argparse
import os
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np

from soundlab.audio.descriptors import describe
from soundlab.corpus import instruments, recordings, scene
from soundlab.corpus.bends import AXES
from soundlab.corpus.families import FAMILIES

SHARD_CLIPS = 200
TELLINGS = 4
"""Captions a clip is given, so that training does not learn one sentence by heart."""
EVALUATION_SEED = 1_000_000_000
"""Seeds from here on are never rendered for training."""


def sources(bank: Path | None) -> scene.Sources:
    """Return the synthesised families, and those of an instrument bank."""
    return {**FAMILIES, **instruments.families(bank)} if bank else FAMILIES


def recorded(seed: int, rows: int, share: float) -> int | None:
    """Which of ``rows`` recordings the clip of ``seed`` is made of; None when it is synthesised."""
    rng = np.random.default_rng([seed, 0xA11])
    return int(rng.integers(0, rows)) if rows and rng.random() < share else None


def write_shard(
    index: int, out: Path, seconds: float, manifest: Path | None, share: float, bank: Path | None = None
) -> int:
    """Render shard ``index`` unless it is there; return its number of clips."""
    path = out / f"shard-{index:05d}.npz"
    if path.exists():
        return SHARD_CLIPS
    rows = [r for r in recordings.read_manifest(manifest) if not r.held_out] if manifest else []
    known = sources(bank)
    audio = np.zeros((SHARD_CLIPS, int(seconds * scene.SAMPLE_RATE)), dtype=np.int16)
    measured = np.full((SHARD_CLIPS, len(AXES)), np.nan, dtype=np.float32)
    texts = []
    for row in range(SHARD_CLIPS):
        seed = index * SHARD_CLIPS + row
        which = recorded(seed, len(rows), share)
        if which is not None:
            clip, tellings = recordings.render(rows[which], seed, seconds=seconds, tellings=TELLINGS)
        else:
            drawn = scene.draw(seed, seconds=seconds, sources=known)
            clip = scene.render(drawn, sources=known)
            tellings = tell(drawn, known)
        values = describe(clip[None], scene.SAMPLE_RATE)
        measured[row] = [np.nan if values[a] is None else values[a] for a in AXES]
        audio[row] = np.round(np.clip(clip, -1, 1) * 32767).astype(np.int16)
        texts.append(tellings)
    beside = path.with_name(f".{path.stem}.{os.getpid()}.npz")
    np.savez(beside, audio=audio, measured=measured, captions=np.array(texts))
    beside.rename(path)
    return SHARD_CLIPS


def tell(drawn: scene.Scene, known: scene.Sources = FAMILIES, count: int = TELLINGS) -> list[str]:
    """Return ``count`` captions of the scene."""
    return [scene.tell(drawn, k, sources=known) for k in range(count)]


def main() -> None:
    """Parse arguments and render."""
    parser = argparse.ArgumentParser(prog="python -m soundlab.corpus.shards", description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--clips", type=int, default=8000)
    parser.add_argument("--first", type=int, default=0, help="number of the first shard, for a render apart")
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--recordings", type=Path, help="manifest of CC0/MIT recordings to mix in")
    parser.add_argument("--share", type=float, default=0.1, help="share of clips made of recordings")
    parser.add_argument("--instruments", type=Path, help="bank rendered by soundlab.corpus.instruments")
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    work = partial(
        write_shard,
        out=args.out,
        seconds=args.seconds,
        manifest=args.recordings,
        share=args.share,
        bank=args.instruments,
    )
    shards = range(args.first, args.first - (-args.clips // SHARD_CLIPS))
    with ProcessPoolExecutor(args.workers) as pool:
        done = 0
        for count in pool.map(work, shards):
            done += count
            print(f"{done} / {len(shards) * SHARD_CLIPS} clips", flush=True)


if __name__ == "__main__":
    main()
