"""Does the checkpoint make what it is asked for, and turn the way it is told?"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import soundfile
from scipy import signal

from soundlab.audio.descriptors import DESCRIPTORS, RATE, Analysis
from soundlab.audio.spaces import frechet
from soundlab.corpus import scene
from soundlab.corpus.shards import EVALUATION_SEED
from soundlab.domain.axes import AXES
from soundlab.domain.layers import Layer
from soundlab.domain.ports import GenerationRequest
from soundlab.engines.clap import Clap
from soundlab.engines.local import LocalGenerator
from soundlab.engines.sketch.measure.codec import coded
from soundlab.engines.sketch.measure.figures import Figure, Tell
from soundlab.engines.sketch.measure.judges import (
    ASKED,
    HELD_OUT_START,
    Detectors,
    Discriminant,
    family_rows,
    features,
    mixture_rows,
)

Audio = npt.NDArray[np.float32]
Sounds = tuple[tuple[tuple[float, ...], float], ...]
SECONDS = 4.0
LIKE_WEIGHT = 2.5
"""Pull of a reference, as services give it."""

_STANDARD = ("rain", "a drone", "church bells", "machinery", "fire", "piano")
PROMPTS: dict[str, tuple[str, ...]] = {
    "brightness": _STANDARD,
    "warmth": _STANDARD,
    "boominess": _STANDARD,
    "tonality": _STANDARD,
    "distance": _STANDARD,
    "register": ("church bells", "piano", "crickets", "dripping water", "a flute", "birds"),
    "density": ("church bells", "dripping water", "fire", "birds", "piano", "hand drums"),
    "speed": ("a ticking clock", "a heartbeat", "footsteps", "machinery", "hand drums", "hooves"),
    "movement": ("rain", "wind", "a drone", "fire", "machinery", "a synth pad"),
    "roughness": ("a drone", "church bells", "piano", "a synth pad", "a flute", "a choir"),
    "hardness": ("footsteps", "machinery", "church bells", "hand drums", "piano", "a ticking clock"),
    "space": ("footsteps", "a ticking clock", "hand drums", "church bells", "metal hits", "a marimba"),
    "energy": ("rain", "fire", "thunder", "footsteps", "drums", "wind"),
}
"""Six families an axis that can show it: a drone has no onsets to be hard, rain no pulse to be fast."""

UNSEEN_POLES: dict[str, tuple[str, str]] = {
    "brightness": ("glistening", "gloomy"),
    "warmth": ("toasty", "wintry"),
    "boominess": ("earth-shaking", "bassless"),
    "register": ("falsetto", "subterranean"),
    "density": ("teeming", "desolate"),
    "speed": ("brisk", "lumbering"),
    "movement": ("morphing", "frozen"),
    "roughness": ("abrasive", "pristine"),
    "hardness": ("spiky", "cushioned"),
    "tonality": ("tuneful", "staticky"),
    "space": ("boundless", "airless"),
    "distance": ("yonder", "adjacent"),
    "energy": ("ferocious", "tranquil"),
}
UNSEEN_NOUNS: dict[str, str] = {
    "rain": "drizzle",
    "church bells": "campanile",
    "crickets": "locusts",
    "fire": "bonfire",
    "piano": "grand piano",
    "machinery": "lathe",
    "hand drums": "bongos",
    "a ticking clock": "timepiece",
    "footsteps": "treading",
    "a flute": "piccolo",
    "a choir": "chorale",
    "wind": "squall",
    "birds": "warblers",
    "thunder": "thunderbolt",
    "drums": "snare and kick",
    "hooves": "stallion",
    "a marimba": "balafon",
    "metal hits": "clangour",
    "a heartbeat": "cardiac beat",
    "dripping water": "trickling",
    "a drone": "monotone",
    "a synth pad": "synthesiser wash",
}
"""Words that no training caption contains: ``soundlab.corpus.captions.HELD_OUT``."""

LAYERED = (
    ("rain", "bells", "rain with distant church bells"),
    ("fire", "crickets", "a crackling fire with crickets"),
    ("drone", "heartbeat", "a heartbeat over a drone"),
    ("machinery", "rain", "machinery in the rain"),
    ("piano", "rain", "a piano with rain"),
    ("crickets", "bells", "crickets with church bells in the background"),
)

PLAIN = ASKED | {"footsteps": "footsteps", "wind": "wind", "clock": "a ticking clock", "drips": "dripping water"}
"""Families that a bare noun asks for."""
TONELESS = {"fire": "a crackling fire", "rain": "rain", "wind": "wind"}
"""Families without a tone, and prompts for them."""
_FEW_CLIPS = 6
_END = 4 * RATE
"""Samples at the end that are looked at: what grows is there."""
_CLIPS = 20
"""Corpus clips of each that say what belongs to it."""
_BESIDE = np.array([4.0, 4.0])
"""dB of tonality and LU of loudness: about what takes of one prompt differ by."""


class Takes:
    """Makes takes of the checkpoint under test as arrays."""

    def __init__(
        self,
        generator: LocalGenerator,
        checkpoint: str,
        sampling: dict[str, Any],
        asked: Callable[[str], tuple[Layer, ...]],
    ) -> None:
        self._generator, self._checkpoint, self._sampling = generator, checkpoint, sampling
        self._asked = asked

    def __call__(self, prompt: str, seeds: range, seconds: float = SECONDS, sounds: Sounds = ()) -> list[Audio]:
        with tempfile.TemporaryDirectory() as folder:
            outputs = tuple(str(Path(folder) / f"{s}.wav") for s in seeds)
            request = GenerationRequest(
                prompt,
                tuple(seeds),
                outputs,
                seconds,
                self._checkpoint,
                sounds=sounds,
                layers=self._asked(prompt),
                **self._sampling,
            )
            self._generator.generate(request)
            return [soundfile.read(p, dtype="float32")[0] for p in outputs]


def _qualified(word: str, noun: str) -> str:
    article, _, rest = noun.partition(" ")
    if article not in ("a", "an"):
        return f"{word} {noun}"
    return f"{'an' if word[0] in 'aeiou' else 'a'} {word} {rest}"


def directions(takes: Takes, seeds: int, tell: Tell, *, unseen: bool) -> dict[str, list[bool]]:
    """Whether each pair of opposite prompts with one seed goes the asked way, by axis."""
    out: dict[str, list[bool]] = {}
    for axis, nouns in PROMPTS.items():
        poles = UNSEEN_POLES[axis] if unseen else (AXES[axis].more_word, AXES[axis].less_word)
        rows = []
        for noun in nouns:
            named = UNSEEN_NOUNS[noun] if unseen else noun
            more, less = (
                [
                    DESCRIPTORS[axis](Analysis(a.astype(np.float64)))
                    for a in takes(_qualified(word, named), range(seeds))
                ]
                for word in poles
            )
            rows += [a > b for a, b in zip(more, less, strict=True) if a is not None and b is not None]
        out[axis] = rows
        tell(f"language: {axis}{' in unseen words' if unseen else ''} {np.mean(rows):.0%} of {len(rows)}")
    return out


def _vectors(clap: Clap, clips: list[Audio]) -> npt.NDArray[np.float64]:
    blocks = [clap.embed_windows(clips[i : i + 8]) for i in range(0, len(clips), 8)]
    return np.concatenate([block.numpy() for block in blocks]).astype(np.float64)


def _likeness(takes: Takes, clap: Clap, n: int) -> Figure:
    """How often a take comes nearer to a reference when it is steered by its sound: same seed, a prompt of no help."""
    references = [scene.render(scene.draw(EVALUATION_SEED + 50_000 + k)) for k in range(n)]
    wanted = _vectors(clap, references)
    seeds = [range(k, k + 1) for k in range(n)]
    plain = _vectors(clap, [takes("a sound", s, 10.0)[0] for s in seeds])
    steered = _vectors(
        clap,
        [
            takes("a sound", s, 10.0, ((tuple(float(v) for v in vector), LIKE_WEIGHT),))[0]
            for s, vector in zip(seeds, wanted, strict=True)
        ],
    )
    near, far = ((made * wanted).sum(1) for made in (steered, plain))
    note = f"cosine {near.mean():.2f}, without {far.mean():.2f}"
    return Figure("language", "nearer by --like", float((near > far).mean()), f"of {n}", None, True, note)


def belonging(
    takes: Callable[[str, range], list[Audio]], through: Callable[[Audio], Audio], seeds: int, tell: Tell
) -> Figure:
    """How often takes of a bare noun are as tonal and as loud as corpus clips of its family are through the codec.

    A tone or a level that does not belong passes every comparison of two takes that
    both have it. In reach is what lies between the family's least and most, and ``_BESIDE`` beyond.
    """
    good, by_family = [], []
    for index, (family, prompt) in enumerate(PLAIN.items()):
        tell(f"language: what does not belong: {prompt}")
        start = HELD_OUT_START + 400_000_000 + 1000 * index
        clips = [through(scene.render(scene.plain(family, start + k, seconds=SECONDS))) for k in range(_CLIPS)]
        known, made = (np.array([_laid_bare(a) for a in audio]) for audio in (clips, takes(prompt, range(seeds))))
        low, high = known.min(0) - _BESIDE, known.max(0) + _BESIDE
        inside = ((made >= low) & (made <= high)).all(1)
        good += inside.tolist()
        by_family.append(f"{family} {inside.mean():.0%}")
    return Figure(
        "language", "as tonal and loud as its family", float(np.mean(good)), f"of {len(good)}", 0.9, True,
        ", ".join(by_family),
    )  # fmt: skip


def _laid_bare(audio: Audio) -> tuple[float, float]:
    """Tonality and loudness."""
    analysis = Analysis(audio.astype(np.float64))
    tonality, loudness = (DESCRIPTORS[axis](analysis) for axis in ("tonality", "loudness"))
    return tonality if tonality is not None else 0.0, loudness if loudness is not None else -70.0


def standing_out(audio: Audio) -> float:
    """dB by which the strongest 24th of an octave from 200 Hz to 12 kHz stands above the median of the octave about it.

    Some 4 dB of noise, 20 and more of a steady tone in it.
    """
    hz, power = signal.welch(audio, RATE, nperseg=8192)
    edges = np.searchsorted(hz, np.geomspace(200, 12_000, 145))
    levels = 10 * np.log10([power[a : max(b, a + 1)].mean() + 1e-14 for a, b in pairwise(edges)])
    return float((levels - signal.medfilt(levels, 25)).max())


def _whistling(takes: Takes, through: Callable[[Audio], Audio], seeds: int, tell: Tell) -> Figure:
    """What stands out at the end of takes of 10 s that have no tone, beside corpus clips of the same families."""
    tell("language: tones that grow")
    ends: list[float] = []
    known: list[float] = []
    by_family = []
    for index, (family, prompt) in enumerate(TONELESS.items()):
        found = [standing_out(a[-_END:]) for a in takes(prompt, range(seeds), 10.0)]
        start = HELD_OUT_START + 500_000_000 + 1000 * index
        clips = (scene.render(scene.plain(family, start + k, seconds=10.0)) for k in range(_FEW_CLIPS))
        known += [standing_out(through(a)[-_END:]) for a in clips]
        ends += found
        by_family.append(f"{family} {np.mean(found):.1f}")
    note = f"corpus {np.mean(known):.1f} dB; " + ", ".join(by_family)
    return Figure("language", "standing out where nothing should", float(np.mean(ends)), "dB", None, False, note)


def measure(
    generator: LocalGenerator,
    checkpoint: str,
    clap: Clap,
    sampling: dict[str, Any],
    tell: Tell,
    *,
    asked: Callable[[str], tuple[Layer, ...]],
    seeds: int = 20,
) -> list[Figure]:
    """Return the language model's figures. ``asked`` says what a prompt asks for, as services do."""
    engine = generator.load(checkpoint)
    takes = Takes(generator, checkpoint, sampling, asked)
    out = []
    for unseen, bar in ((False, 0.9), (True, 0.75)):
        table = directions(takes, seeds, tell, unseen=unseen)
        words = "unseen words" if unseen else "plain words"
        for axis, rows in table.items():
            out.append(Figure("language", f"{axis}, {words}", float(np.mean(rows)), f"of {len(rows)} pairs", bar))
        every = [ok for rows in table.values() for ok in rows]
        out.append(Figure("language", f"all axes, {words}", float(np.mean(every)), f"of {len(every)} pairs", bar))

    def through(x: Audio) -> Audio:
        return coded(engine, x)

    tell("language: families")
    named = Discriminant(*family_rows(through, SECONDS, 60, HELD_OUT_START))
    clips, labels = family_rows(through, SECONDS, 15, HELD_OUT_START + 100_000_000)
    ceiling = float((named(clips) == labels).mean())
    hits = []
    by_family = []
    for label, (name, prompt) in enumerate(ASKED.items()):
        found = named(np.stack([features(a) for a in takes(prompt, range(seeds))])) == label
        hits += found.tolist()
        by_family.append(f"{name} {found.mean():.0%}")
    note = f"corpus {ceiling:.0%}; " + ", ".join(by_family)
    out.append(Figure("language", "family named right", float(np.mean(hits)), f"of {len(hits)}", 0.8, True, note))

    out.append(belonging(takes, through, seeds, tell))
    out.append(_whistling(takes, through, seeds, tell))

    tell("language: layers")
    detect = Detectors(*mixture_rows(through, SECONDS, 500, HELD_OUT_START + 200_000_000))
    pairs = [(a, b) for a, b, _ in LAYERED]
    mixes, present = mixture_rows(through, SECONDS, 60, HELD_OUT_START + 300_000_000, pairs)
    heard = detect(mixes)
    ceiling = float((heard | ~present).all(1).mean())
    names, both = list(ASKED), []
    for a, b, prompt in LAYERED:
        found = detect(np.stack([features(x) for x in takes(prompt, range(seeds))]))
        both += (found[:, names.index(a)] & found[:, names.index(b)]).tolist()
    note = f"corpus mixes {ceiling:.0%}"
    out.append(Figure("language", "both layers heard", float(np.mean(both)), f"of {len(both)}", 0.6, True, note))

    if engine.sound_space is not None:
        tell("language: steering by sound")
        out.append(_likeness(takes, clap, 2 * seeds))
    tell("language: Fréchet distance")
    n = 6 * seeds
    drawn = [scene.draw(EVALUATION_SEED + 10_000 + k) for k in range(2 * n)]
    corpus = _vectors(clap, [scene.render(d) for d in drawn])
    made = _vectors(clap, [takes(d.caption, range(k, k + 1), 10.0)[0] for k, d in enumerate(drawn[:n])])
    beside = frechet(corpus[:n], corpus[n:])
    note = f"corpus to corpus {beside:.3f}; {n} clips each"
    out.append(
        Figure("language", "Fréchet distance to the corpus", frechet(made, corpus[n:]), "CLAP", None, False, note)
    )
    return out
