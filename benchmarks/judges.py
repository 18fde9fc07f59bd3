"""Do the measures of an axis hear it where it is known? On corpus clips of twelve families, bent along one axis.

``python benchmarks/judges.py`` renders each family from other seeds than training's: at
-0.8, 0 and +0.8 of every axis that its synthesis realises (what is applied afterwards is
realised by all). Printed for the descriptor and for the second measure: how often
+0.8 measures more than -0.8 of the same seed, and how often either differs noticeably and rightly from
another seed at 0, where noticeable is what three in four pairs of seeds at 0 differ by less than.
"""

from __future__ import annotations

import argparse
import sys

import numpy as np

from soundlab.audio.descriptors import RATE, describe
from soundlab.audio.judges import judge_all
from soundlab.corpus import scene
from soundlab.corpus.bends import Bends
from soundlab.corpus.shards import EVALUATION_SEED
from soundlab.domain.axes import COUNTED
from soundlab.services.proving import noticeable

FAMILIES = (
    *("rain", "drone", "bells", "machinery", "piano", "fire"),
    *("footsteps", "pad", "wind", "crickets", "clock", "hand_drum"),
)
BY_SYNTHESIS = {"density", "speed", "register"}
"""Axes that only families which name them realise."""
AXES = tuple(axis for axis in COUNTED if axis != "loudness")
Measured = tuple[dict[str, float | None], dict[str, float | None]]


def measured(family: str, seed: int, seconds: float, **bends: float) -> Measured:
    """Descriptors and second measures of a clip."""
    clip = scene.render(scene.plain(family, EVALUATION_SEED + seed, seconds=seconds, bends=Bends(**bends)))
    clip = clip / max(float(np.abs(clip).max()), 1e-6) * 0.5
    return describe(clip[None].astype(np.float32), RATE), judge_all(clip.astype(np.float64))


def main() -> None:
    """Render, measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=6.0)
    parser.add_argument("--axis", action="append", choices=AXES)
    args = parser.parse_args()
    seeds = range(args.seeds)
    usual = {f: [measured(f, 60_000 + k, args.seconds) for k in range(2 * args.seeds)] for f in FAMILIES}
    print("axis         ordered: descriptor, judge   noticed: descriptor, judge   families")
    for axis in args.axis or AXES:
        able = [f for f in FAMILIES if axis not in BY_SYNTHESIS or axis in scene.FAMILIES[f].axes]
        bent = {
            (f, k, v): measured(f, 60_000 + k, args.seconds, **{axis: v})
            for f in able
            for k in seeds
            for v in (-0.8, 0.8)
        }
        told = []
        for which in (0, 1):
            least = noticeable([[clip[which][axis] for clip in clips] for clips in usual.values()])
            ordered, noticed = [], []
            for f in able:
                for k in seeds:
                    low, high = (bent[f, k, v][which][axis] for v in (-0.8, 0.8))
                    ordered.append(low is not None and high is not None and high > low)
                    before = usual[f][args.seeds + k][which][axis]
                    for value, way in ((low, -1), (high, 1)):
                        if value is not None and before is not None:
                            noticed.append((value - before) * way >= least)
            told.append((np.mean(ordered), np.mean(noticed)))
        (a, b), (c, d) = told
        print(f"{axis:<13}{a:16.0%}{c:9.0%}{b:24.0%}{d:9.0%}{len(able):10d}", flush=True)
        print(f"\r{axis} done", end="", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
