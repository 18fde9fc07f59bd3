"""Render the corpus into shards that training reads.

``python -m soundlab.corpus.shards OUT --clips 8000`` writes ``OUT/shard-00000.npz``
and so on: ``audio`` int16 (clips, samples) at 32 kHz and ``captions`` (clips, tellings).
A shard is written beside its place and renamed, so an interrupted run goes on
where it was. The same arguments give the same bytes of audio.
"""

from __future__ import annotations

import argparse
import os
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np

from soundlab.corpus import recordings, scene

SHARD_CLIPS = 200
EVALUATION_SEED = 1_000_000_000
"""Seeds from here on are never rendered for training."""


def write_shard(index: int, out: Path, seconds: float, manifest: Path | None, share: float) -> int:
    """Render shard ``index`` unless it is there; return its number of clips."""
    path = out / f"shard-{index:05d}.npz"
    if path.exists():
        return SHARD_CLIPS
    rows = [r for r in recordings.read_manifest(manifest) if not r.held_out] if manifest else []
    audio = np.zeros((SHARD_CLIPS, int(seconds * scene.SAMPLE_RATE)), dtype=np.int16)
    texts = []
    for row in range(SHARD_CLIPS):
        seed = index * SHARD_CLIPS + row
        rng = np.random.default_rng([seed, 0xA11])
        if rows and rng.random() < share:
            clip, tellings = recordings.render(rows[int(rng.integers(0, len(rows)))], seed, seconds=seconds)
        else:
            drawn = scene.draw(seed, seconds=seconds)
            clip, tellings = scene.render(drawn), tell(drawn)
        audio[row] = np.round(np.clip(clip, -1, 1) * 32767).astype(np.int16)
        texts.append(tellings)
    beside = path.with_name(f".{path.stem}.{os.getpid()}.npz")
    np.savez(beside, audio=audio, captions=np.array(texts))
    beside.rename(path)
    return SHARD_CLIPS


def tell(drawn: scene.Scene) -> list[str]:
    """Return the scene's captions."""
    return [drawn.caption, *(scene.retell(drawn, k) for k in range(1, recordings.TELLINGS))]


def main() -> None:
    """Parse arguments and render."""
    parser = argparse.ArgumentParser(prog="python -m soundlab.corpus.shards", description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--clips", type=int, default=8000)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--recordings", type=Path, help="manifest of CC0/MIT recordings to mix in")
    parser.add_argument("--share", type=float, default=0.12, help="share of clips made of recordings")
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    work = partial(write_shard, out=args.out, seconds=args.seconds, manifest=args.recordings, share=args.share)
    shards = -(-args.clips // SHARD_CLIPS)
    with ProcessPoolExecutor(args.workers) as pool:
        done = 0
        for count in pool.map(work, range(shards)):
            done += count
            print(f"{done} / {shards * SHARD_CLIPS} clips", flush=True)


if __name__ == "__main__":
    main()
