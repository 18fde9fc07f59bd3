"""Do our measures order sounds as the timbral models of AudioCommons (Freesound's timbre axes) do?

``pip install --no-deps timbral_models six``, then
``python benchmarks/audiocommons.py FOLDER`` prints Spearman's rank correlation over the
recordings of a folder for each axis that both have: of the descriptor that ranking goes
by and of the second measure that judges it. Reverberation is a yes or no there: for it the share of
pairs of a "yes" and a "no" that ours orders the same way (area under the curve) is printed.

The models (AudioCommons deliverable D5.8, version 0.4, Apache-2.0) are of 2019; what numpy and
librosa have renamed since is lent to them here.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import warnings
from pathlib import Path
from types import ModuleType
from typing import Any

import librosa
import numpy as np
import numpy.typing as npt
import soundfile
from scipy.stats import mannwhitneyu, spearmanr

from soundlab.audio.descriptors import RATE, describe, mono_of
from soundlab.audio.judges import judge_all

PAIRS = {
    "brightness": "timbral_brightness",
    "warmth": "timbral_warmth",
    "boominess": "timbral_booming",
    "hardness": "timbral_hardness",
    "roughness": "timbral_roughness",
}
"""Our axis and their model; reverberation is asked of space and of distance."""
_SECONDS = 10.0


def models() -> ModuleType:
    """Import the models, with what they expect of older libraries."""

    def named(function: Any, *names: str) -> Any:
        return lambda *args, **more: function(**dict(zip(names, args, strict=False)), **more)

    np.lib.pad = np.pad
    librosa.onset.onset_detect = named(librosa.onset.onset_detect, "y", "sr")
    librosa.onset.onset_strength = named(librosa.onset.onset_strength, "y", "sr")
    librosa.core.resample = named(librosa.core.resample, "y", "orig_sr", "target_sr")
    import timbral_models

    return timbral_models


def measured(theirs: ModuleType, path: Path) -> tuple[dict[str, float | None], ...]:
    """Descriptors, second measures and their models of a file, which is cut to ten seconds and made mono."""
    mono = mono_of(path, _SECONDS)
    with tempfile.TemporaryDirectory() as folder:
        copy = str(Path(folder) / "mono.wav")
        soundfile.write(copy, mono, RATE)
        told: dict[str, float | None] = {axis: float(getattr(theirs, name)(copy)) for axis, name in PAIRS.items()}
        told["reverb"] = float(theirs.timbral_reverb(copy))
    return describe(mono[None].astype(np.float32), RATE), judge_all(mono), told


def _both(ours: list[float | None], told: list[float | None]) -> npt.NDArray[np.float64]:
    pairs = [(a, b) for a, b in zip(ours, told, strict=True) if a is not None and b is not None]
    return np.array(pairs, np.float64).reshape(-1, 2)


def agreement(ours: list[float | None], told: list[float | None]) -> tuple[float, int]:
    """Spearman's correlation over the sounds that both could measure, and how many those are."""
    both = _both(ours, told)
    return (float(spearmanr(both[:, 0], both[:, 1]).statistic), len(both)) if len(both) > 2 else (float("nan"), 0)


def area(ours: list[float | None], told: list[float | None]) -> tuple[float, int]:
    """Area under the curve (Mann & Whitney 1947) of ours for their yes, and how many sounds there are."""
    both = _both(ours, told)
    yes, no = both[both[:, 1] > 0.5, 0], both[both[:, 1] <= 0.5, 0]
    if not (yes.size and no.size):
        return float("nan"), len(both)
    return float(mannwhitneyu(yes, no).statistic / (yes.size * no.size)), len(both)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--every", type=int, default=1, help="take one file in so many")
    args = parser.parse_args()
    warnings.simplefilter("ignore")
    theirs = models()
    files = sorted(p for p in args.folder.rglob("*") if p.suffix.lower() in {".wav", ".flac", ".ogg", ".aif"})
    rows = []
    for k, path in enumerate(files[:: args.every]):
        print(f"\r{k + 1} of {len(files[:: args.every])}", end="", file=sys.stderr, flush=True)
        try:
            rows.append(measured(theirs, path))
        except (ValueError, IndexError) as problem:  # their models fail on some very short sounds
            print(f"\n{path.name} left out: {problem}", file=sys.stderr)
    print("\naxis        descriptor   judge   sounds")
    for axis in (*PAIRS, "space", "distance"):
        told = [row[2].get(axis, row[2]["reverb"]) for row in rows]
        compare = agreement if axis in PAIRS else area
        (own, count), (judge, _) = (compare([row[k][axis] for row in rows], told) for k in (0, 1))
        note = "" if axis in PAIRS else "  (share of pairs ordered as by reverberation)"
        print(f"{axis:<12}{own:9.2f}{judge:9.2f}{count:8d}{note}")


if __name__ == "__main__":
    main()
