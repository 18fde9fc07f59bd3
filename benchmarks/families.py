"""Does the sketch make what it is asked for?

Eight far-apart families, N seeds each, named by a classifier trained on corpus
audio alone: statistics of 40 bands (mean, deviation, flux) and the modulation of
the level, a linear discriminant with a shrunken covariance. It hears corpus
clips as they are and through the checkpoint's codec, so that it names sounds
and not codecs. Prints the confusion and the share named right.

``python benchmarks/families.py --seeds 20``
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import numpy as np
import soundfile

from soundlab.audio.descriptors import Analysis
from soundlab.corpus import scene
from soundlab.corpus.families import FAMILIES
from soundlab.domain.ports import GenerationRequest
from soundlab.engines.local import LocalGenerator
from soundlab.engines.musicgen import Musicgen
from soundlab.project import usual_sampling

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


def features(audio: np.ndarray) -> np.ndarray:
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

    def __init__(self, rows: np.ndarray, labels: np.ndarray) -> None:
        self.mean, self.scale = rows.mean(0), rows.std(0) + 1e-6
        z = (rows - self.mean) / self.scale
        self.centres = np.stack([z[labels == k].mean(0) for k in range(labels.max() + 1)])
        within = z - self.centres[labels]
        covariance = within.T @ within / len(z)
        self.inverse = np.linalg.inv(0.7 * covariance + 0.3 * np.eye(len(covariance)))

    def __call__(self, rows: np.ndarray) -> np.ndarray:
        z = (rows - self.mean) / self.scale
        gaps = z[:, None] - self.centres[None]
        return np.einsum("nkd,de,nke->nk", gaps, self.inverse, gaps).argmin(1)


def corpus_rows(engine: Musicgen, seconds: float, clips: int, start: int) -> tuple[np.ndarray, np.ndarray]:
    """Features and labels of corpus audio with random bends, plain and through the codec."""
    rows, labels = [], []
    for label, family in enumerate(ASKED):
        for k in range(clips):
            rng = np.random.default_rng([start, label, k])
            able = [*sorted(FAMILIES[family].axes), "brightness", "distance", "space"]
            values = {axis: float(rng.uniform(-0.5, 0.5)) for axis in able}
            drawn = scene.plain(family, start + 1000 * label + k, seconds=seconds, bends=scene.Bends(**values))
            clip = scene.render(drawn)
            coded = engine.decode_audio(engine.encode_audio(clip[None])[None])[0, 0].numpy()
            rows += [features(clip), features(coded)]
            labels += [label, label]
    return np.stack(rows), np.array(labels)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=6.0)
    parser.add_argument("--checkpoint", default="sketch")
    args = parser.parse_args()
    generator = LocalGenerator()
    engine = generator.load(args.checkpoint)
    classify = Discriminant(*corpus_rows(engine, args.seconds, 60, 2_000_000_000))
    rows, labels = corpus_rows(engine, args.seconds, 15, 2_100_000_000)
    hits = classify(rows) == labels
    print(
        f"classifier on held-out corpus audio: plain {hits[::2].mean():.1%}, through the codec {hits[1::2].mean():.1%}"
    )
    usual = usual_sampling(args.checkpoint)
    names, right = list(ASKED), 0
    print(f"{'asked':>10}  " + " ".join(f"{n[:6]:>6}" for n in names))
    with tempfile.TemporaryDirectory() as folder:
        for label, (name, prompt) in enumerate(ASKED.items()):
            outputs = tuple(str(Path(folder) / f"{name}-{s}.wav") for s in range(args.seeds))
            request = GenerationRequest(
                prompt, tuple(range(args.seeds)), outputs, args.seconds, args.checkpoint, **usual
            )
            generator.generate(request)
            named = classify(np.stack([features(soundfile.read(p)[0]) for p in outputs]))
            counts = np.bincount(named, minlength=len(names))
            right += int(counts[label])
            print(f"{name:>10}  " + " ".join(f"{c:>6}" for c in counts))
    print(f"named right: {right} of {args.seeds * len(names)} = {right / (args.seeds * len(names)):.1%}")


if __name__ == "__main__":
    main()
