"""Judges that hear corpus audio only: which family is it, which families are in it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from soundlab.audio.descriptors import Analysis
from soundlab.corpus import scene
from soundlab.corpus.bends import Bends
from soundlab.corpus.families import FAMILIES
from soundlab.corpus.shards import EVALUATION_SEED

Audio = npt.NDArray[np.float32]
Array = npt.NDArray[np.floating]
Through = Callable[[Audio], Audio]
"""The checkpoint's codec: judges hear clips as they are and through it, so that they name sounds and not codecs."""

ASKED = {
    "rain": "rain",
    "bells": "church bells",
    "drone": "a drone",
    "heartbeat": "a heartbeat",
    "crickets": "crickets",
    "piano": "a piano",
    "fire": "a crackling fire",
    "machinery": "machinery",
}
"""Eight far-apart families and what is asked for."""


def features(audio: Audio) -> Array:
    """Level-free statistics of 40 bands: mean, deviation, mean flux, and the modulation of the whole."""
    analysis = Analysis(audio.astype(np.float64))
    bands = analysis.bands - analysis.bands.max()
    envelope = analysis.envelope - analysis.envelope.mean()
    spectrum = np.abs(np.fft.rfft(envelope * np.hanning(envelope.size)))
    rates = np.fft.rfftfreq(envelope.size, 0.01)
    pulses = [
        np.log(spectrum[(rates >= a) & (rates < b)].mean() + 1e-3)
        for a, b in ((0.3, 1), (1, 2), (2, 4), (4, 8), (8, 16), (16, 50))
    ]
    flux = np.abs(np.diff(bands, axis=0)).mean(0)
    return np.concatenate([bands.mean(0), bands.std(0), flux, pulses])


class Discriminant:
    """Linear discriminant with a shrunken covariance."""

    def __init__(self, rows: Array, labels: npt.NDArray[np.int64]) -> None:
        self.mean, self.scale = rows.mean(0), rows.std(0) + 1e-6
        z = (rows - self.mean) / self.scale
        self.centres = np.stack([z[labels == k].mean(0) for k in range(labels.max() + 1)])
        within = z - self.centres[labels]
        covariance = within.T @ within / len(z)
        self.inverse = np.linalg.inv(0.7 * covariance + 0.3 * np.eye(len(covariance)))

    def __call__(self, rows: Array) -> npt.NDArray[np.int64]:
        z = (rows - self.mean) / self.scale
        gaps = z[:, None] - self.centres[None]
        return np.asarray(np.einsum("nkd,de,nke->nk", gaps, self.inverse, gaps).argmin(1))


def family_rows(through: Through, seconds: float, clips: int, start: int) -> tuple[Array, npt.NDArray[np.int64]]:
    """Features and labels of corpus clips of the asked families, each plain and through the codec."""
    rows, labels = [], []
    for label, family in enumerate(ASKED):
        for k in range(clips):
            rng = np.random.default_rng([start, label, k])
            able = [*sorted(FAMILIES[family].axes), "brightness", "distance", "space"]
            values = {axis: float(rng.uniform(-0.5, 0.5)) for axis in able}
            drawn = scene.plain(family, start + 1000 * label + k, seconds=seconds, bends=Bends.at(values))
            clip = scene.render(drawn)
            rows += [features(clip), features(through(clip))]
            labels += [label, label]
    return np.stack(rows), np.array(labels)


class Detectors:
    """One ridge detector a family: is it in the mix? Thresholds give equal errors both ways."""

    def __init__(self, rows: Array, present: npt.NDArray[np.bool_]) -> None:
        self.mean, self.scale = rows.mean(0), rows.std(0) + 1e-6
        z = np.concatenate([(rows - self.mean) / self.scale, np.ones((len(rows), 1))], 1)
        target = np.where(present, 1.0, -1.0) / np.where(present, present.mean(0), 1 - present.mean(0))
        self.weights = np.linalg.solve(z.T @ z + 30.0 * np.eye(z.shape[1]), z.T @ target)
        scores = z @ self.weights
        self.thresholds = np.array([_balanced(s, p) for s, p in zip(scores.T, present.T, strict=True)])

    def __call__(self, rows: Array) -> npt.NDArray[np.bool_]:
        z = np.concatenate([(rows - self.mean) / self.scale, np.ones((len(rows), 1))], 1)
        return np.asarray(z @ self.weights > self.thresholds)


def _balanced(scores: Array, present: npt.NDArray[np.bool_]) -> float:
    cuts = np.quantile(scores, np.linspace(0.02, 0.98, 97))
    missed = np.array([(scores[present] <= c).mean() for c in cuts])
    false = np.array([(scores[~present] > c).mean() for c in cuts])
    return float(cuts[np.argmin(np.abs(missed - false))])


def mixture_rows(
    through: Through, seconds: float, clips: int, start: int, pairs: Sequence[tuple[str, str]] = ()
) -> tuple[Array, npt.NDArray[np.bool_]]:
    """Features of mixes of one or two asked families, and which are in them; ``pairs`` fixes the mixes."""
    names = list(ASKED)
    rows, present = [], []
    for k in range(clips):
        rng = np.random.default_rng([start, k])
        if pairs:
            chosen = list(pairs[k % len(pairs)])
        else:
            chosen = [str(n) for n in rng.choice(names, 1 if rng.random() < 0.3 else 2, replace=False)]
        layers = []
        for index, name in enumerate(chosen):
            values = {"distance": float(rng.uniform(-0.3, 0.6 if index else 0.2)), "space": float(rng.uniform(0, 0.4))}
            gain = 1.0 if index == 0 else float(rng.uniform(0.35, 0.95))
            layers.append(scene.Layer(name, Bends.at(values), (), gain))
        clip = scene.render(scene.Scene(start + k, seconds, tuple(layers), ""))
        row = np.array([name in chosen for name in names])
        rows += [features(clip), features(through(clip))]
        present += [row, row]
    return np.stack(rows), np.stack(present)


HELD_OUT_START = 2 * EVALUATION_SEED
"""Seeds of the judges' own clips."""
