"""Real recordings as a corpus source: CC0 and MIT files with a sentence each.

The manifest is tab-separated with the columns ``file`` (relative to it),
``caption``, ``group``, ``licence`` and, for measuring, ``class``; rows under any
other licence are never trained on. ``group`` keeps versions of one recording on
one side of the split.
"""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile
from scipy import signal

from soundlab.corpus import captions
from soundlab.corpus.bends import Bends
from soundlab.corpus.signals import SAMPLE_RATE, Audio, beat_times, noise, place, unit_peak, unit_rms
from soundlab.corpus.space import finish

_FREE = ("cc0", "mit", "expat")
_AXES = ("brightness", "warmth", "roughness", "space", "distance")


@dataclass(frozen=True, slots=True)
class Recording:
    """One usable row of a manifest."""

    path: Path
    caption: str
    held_out: bool
    kind: str = ""
    """Class, where the manifest names one."""


def read_manifest(path: Path) -> list[Recording]:
    """Return the CC0 and MIT rows of a manifest; a fifth, by group, is marked held out."""
    return [row for free, row in _rows(path) if free]


def unheard(path: Path) -> list[Recording]:
    """Return the rows of a manifest that training never uses: held out, or under another licence."""
    return [row for free, row in _rows(path) if row.held_out or not free]


def _rows(path: Path) -> Iterator[tuple[bool, Recording]]:
    with path.open(encoding="utf-8", newline="") as handle:
        for row in csv.DictReader(handle, delimiter="\t", quoting=csv.QUOTE_NONE):
            digest = hashlib.sha256(row["group"].encode()).digest()
            held_out = digest[0] % 5 == 0
            yield (
                row["licence"].lower().startswith(_FREE),
                Recording(path.parent / row["file"], row["caption"], held_out, row.get("class") or ""),
            )


def load(path: Path) -> Audio:
    """Read a file as mono at 32 kHz."""
    x, rate = soundfile.read(path, dtype="float64", always_2d=True)
    mono = x.mean(axis=1)
    if rate != SAMPLE_RATE:
        common = int(np.gcd(rate, SAMPLE_RATE))
        mono = signal.resample_poly(mono, SAMPLE_RATE // common, rate // common)
    return np.asarray(mono)


def render(
    recording: Recording, seed: int, *, seconds: float = 10.0, tellings: int = 4
) -> tuple[npt.NDArray[np.float32], list[str]]:
    """Lay a recording into a clip of ``seconds``, repeated at a loose pulse if it is short.

    Returns
    -------
    audio, captions
        Float32 mono at 32 kHz, and sentences that also say how it was bent.
    """
    rng = np.random.default_rng([seed, 0xFEED])
    n = int(seconds * SAMPLE_RATE)
    x = unit_peak(load(recording.path))
    ratio = 2.0 ** rng.uniform(-0.15, 0.15)
    x = np.interp(np.arange(int(x.size / ratio)) * ratio, np.arange(x.size), x)
    out = 0.0005 * noise(rng, n, slope=-3)
    if x.size > 0.6 * n:
        start = int(rng.integers(0, max(1, x.size - n)))
        place(n, 0, x[start : start + n], out)
    else:
        rate = min(2.0, SAMPLE_RATE / x.size * rng.uniform(0.3, 0.9))
        for at in beat_times(rng, n, rate, jitter=0.08, skip=0.15):
            place(n, int(at), x, out, float(rng.uniform(0.6, 1.0)))
    values = {a: float(rng.choice([-1, 1]) * rng.uniform(0.5, 1)) for a in _AXES if rng.random() < 0.2}
    audio = unit_rms(finish(rng, out, Bends.at(values))) * 0.09
    said = [
        captions.combine(rng, [captions.describe(rng, (recording.caption,), values, ())], background=False)
        for _ in range(tellings)
    ]
    return (0.89 * np.tanh(audio / 0.89)).astype(np.float32), said
