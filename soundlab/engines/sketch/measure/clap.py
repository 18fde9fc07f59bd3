"""Does CLAP find what is described, also in words and recordings it never met?"""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import numpy.typing as npt

from soundlab.corpus import recordings, scene
from soundlab.corpus.captions import HELD_OUT
from soundlab.corpus.shards import EVALUATION_SEED
from soundlab.engines.clap import Clap
from soundlab.engines.sketch.measure.figures import Figure, Tell

CLASSES = {
    "bass": "a bass sound",
    "bell_chime": "a bell",
    "door": "a door",
    "drum_loop": "a drum loop",
    "drum_percussion": "a drum hit",
    "engine_machine": "an engine",
    "explosion": "an explosion",
    "fire": "fire",
    "footsteps": "footsteps",
    "glass": "breaking glass",
    "guitar": "a guitar",
    "metal_impact": "a metal hit",
    "pad_strings": "a pad",
    "robot_toy": "a robot",
    "tabla": "tabla",
    "ui_beep": "a beep",
    "vinyl": "vinyl crackle",
    "water": "water",
    "whoosh_magic": "a whoosh",
}
"""What a recording's class is asked for by."""

SYNONYMS = {
    "drizzle": "rain",
    "campanile": "bells",
    "locusts": "cicadas",
    "bonfire": "fire",
    "grand piano": "piano",
    "lathe": "machinery",
    "bongos": "hand_drum",
    "timepiece": "clock",
    "piccolo": "flute",
    "squall": "wind",
}
"""Unseen nouns and the family they mean."""


def _embed(clap: Clap, clips: list[npt.NDArray[np.float32]]) -> npt.NDArray[np.float32]:
    return np.concatenate([clap.embed_windows(clips[i : i + 8]).numpy() for i in range(0, len(clips), 8)])


def _fits(asked: scene.Scene, other: scene.Scene) -> bool:
    """Whether ``other`` has the same sources bent the same way, so that the caption fits it as well."""
    mine, theirs = ({layer.family: layer for layer in s.layers} for s in (asked, other))
    if mine.keys() != theirs.keys():
        return False
    for family, layer in mine.items():
        bent = {a: v for a, v in layer.bends.asdict().items() if abs(v) >= 0.35}
        has = theirs[family].bends.asdict()
        if any(has.get(a, 0.0) * np.sign(v) < 0.35 for a, v in bent.items()):
            return False
        if layer.qualities != theirs[family].qualities or layer.place != theirs[family].place:
            return False
    return True


def retrieval(clap: Clap, clips: int, tell: Tell) -> float:
    """Share of captions whose clip, or one that fits as well, is among the first ten of ``clips``."""
    tell(f"clap: {clips} held-out clips")
    drawn = [scene.draw(EVALUATION_SEED + 20_000 + k) for k in range(clips)]
    sounds = _embed(clap, [scene.render(d) for d in drawn])
    words = np.array(clap.embed_texts([d.caption for d in drawn]))
    best = np.argsort(-(words @ sounds.T), axis=1)[:, :10]
    hits = [i in row or any(_fits(drawn[i], drawn[j]) for j in row) for i, row in enumerate(best)]
    return float(np.mean(hits))


def synonyms(clap: Clap, each: int) -> float:
    """Share of clips for which an unseen noun of their family is the nearest of all unseen nouns."""
    words = np.array(clap.embed_texts(list(SYNONYMS)))
    families = list(SYNONYMS.values())
    right = []
    for k, family in enumerate(families):
        clips = [scene.render(scene.plain(family, EVALUATION_SEED + 40_000 + s)) for s in range(each)]
        right += ((_embed(clap, clips) @ words.T).argmax(1) == k).tolist()
    return float(np.mean(right))


def recorded(clap: Clap, manifest: Path) -> tuple[float, float, float, int]:
    """Name each recording that was never trained on by one of the classes.

    Returns
    -------
    tuple
        Accuracy of the class to whose words it is nearer than recordings usually are, as tags are
        suggested (:mod:`soundlab.services.suggesting`): words that lie near everything say nothing;
        accuracy of the class whose words are simply nearest; chance; count of recordings.
    """
    rows = [(r.path, r.kind) for r in recordings.unheard(manifest) if r.kind in CLASSES]
    present = sorted({name for _, name in rows})
    words = np.array(clap.embed_texts([CLASSES[name] for name in present]))
    sounds = _embed(clap, [recordings.load(path).astype(np.float32) for path, _ in rows])
    near = sounds @ words.T

    def share(scores: npt.NDArray[np.float64]) -> float:
        return float(np.mean([present[k] == name for k, (_, name) in zip(scores.argmax(1), rows, strict=True)]))

    return share(near - near.mean(0)), share(near), 1 / len(present), len(rows)


def measure(clap: Clap, manifest: Path | None, tell: Tell, *, clips: int = 1000) -> list[Figure]:
    """Return CLAP's figures."""
    assert set(SYNONYMS) <= HELD_OUT, "a synonym has come into the captions"
    out = [Figure("clap", "text to audio R@10", retrieval(clap, clips, tell), f"of {clips}", 0.6)]
    tell("clap: unseen nouns")
    note = f"chance {1 / len(SYNONYMS):.0%}"
    out.append(Figure("clap", "unseen nouns named", synonyms(clap, 10), f"of {10 * len(SYNONYMS)}", None, True, note))
    if manifest is not None:
        tell("clap: held-out recordings")
        share, nearest, chance, count = recorded(clap, manifest)
        note = f"chance {chance:.0%}, {count} recordings; by the nearest words alone {nearest:.1%}"
        out.append(Figure("clap", "class of recordings", share, "named right", 3 * chance, True, note))
    tell("clap: speed")
    rng = np.random.default_rng(0)
    windows = [rng.standard_normal(320_000).astype(np.float32) * 0.1 for _ in range(8)]
    clap.embed_windows(windows)
    start = time.perf_counter()
    for _ in range(3):
        clap.embed_windows(windows)
    out.append(Figure("clap", "clips of 10 s embedded", 24 / (time.perf_counter() - start), "a second", 20.0))
    return out
