"""A corpus clip: one to three layers, bent, mixed and captioned, from one integer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from soundlab.corpus import captions
from soundlab.corpus.arcs import ARCS
from soundlab.corpus.bends import AXES, Bends, Score
from soundlab.corpus.families import FAMILIES, Family
from soundlab.corpus.places import PLACES, put
from soundlab.corpus.signals import SAMPLE_RATE, Audio, Rng, unit_rms
from soundlab.corpus.space import QUALITIES, colour, finish

FINISHED_AXES = frozenset(
    ("brightness", "warmth", "boominess", "hardness", "roughness", "space", "distance", "movement", "tonality")
)
"""Axes that the finishing chain moves for every family."""
Sources = Mapping[str, Family]
_PEAK = 0.89
_RMS = 0.09


@dataclass(frozen=True, slots=True)
class Layer:
    """One source in a scene."""

    family: str
    bends: Bends = field(default_factory=Bends)
    qualities: tuple[str, ...] = ()
    gain: float = 1.0
    place: str | None = None
    arc: str | None = None


@dataclass(frozen=True, slots=True)
class Scene:
    """What a clip is made of and what it is called."""

    seed: int
    seconds: float
    layers: tuple[Layer, ...]
    caption: str
    background: bool = False
    """Whether the later layers lie behind the first."""


def _bends(rng: Rng, family: Family, *, strong: float) -> Bends:
    """Draw up to three axes that this family can show, most of them clearly to one side."""
    able = sorted(family.axes | FINISHED_AXES)
    count = int(rng.choice([0, 1, 2, 3], p=[0.1, 0.35, 0.33, 0.22]))
    values: dict[str, float] = {}
    for axis in rng.choice(able, size=min(count, len(able)), replace=False):
        side = 1.0 if rng.random() < 0.5 else -1.0
        values[str(axis)] = side * float(rng.uniform(strong, 1.0))
    for axis in able:  # everything else varies a little, unsaid
        values.setdefault(axis, float(rng.uniform(-0.25, 0.25)) if axis in family.axes or rng.random() < 0.3 else 0.0)
    if values.get("space", 0) < -0.35:
        values["distance"] = min(values.get("distance", 0.0), 0.0)
    score = None
    if family.scored:
        pace = Bends(speed=values["speed"]).geometric("speed", 55, 95, 175) * 2 ** rng.uniform(-0.15, 0.15)
        minor = rng.random() < 0.55 - 0.35 * values.get("warmth", 0.0)
        score = Score(int(rng.integers(0, 12)), bool(minor), 5 * round(pace / 5))
    return Bends(**values, score=score)


def _layer(rng: Rng, name: str, family: Family, gain: float) -> Layer:
    bends = _bends(rng, family, strong=0.55)
    qualities = (str(rng.choice(sorted(QUALITIES))),) if rng.random() < 0.2 else ()
    dry = bends.space < -0.3 or bends.space > 0.3 or abs(bends.distance) > 0.3
    place = str(rng.choice(sorted(PLACES))) if not dry and rng.random() < 0.22 else None
    steady = abs(bends.movement) > 0.3 or family.role == "arc"
    arc = str(rng.choice(sorted(ARCS))) if not steady and rng.random() < 0.16 else None
    return Layer(name, bends, qualities, gain, place, arc)


def draw(seed: int, *, seconds: float = 10.0, sources: Sources = FAMILIES) -> Scene:
    """Draw the scene of ``seed``: same seed and sources, same scene."""
    rng = np.random.default_rng([seed, 0xC0DE])
    names = sorted(sources)
    count = int(rng.choice([1, 2, 3], p=[0.68, 0.26, 0.06]))
    weights = np.array([sources[name].weight for name in names])
    chosen = [str(name) for name in rng.choice(names, size=count, replace=False, p=weights / weights.sum())]
    background = count > 1 and rng.random() < 0.5
    layers = []
    for index, name in enumerate(chosen):
        gain = 1.0 if index == 0 else float(rng.uniform(0.3, 0.5) if background else rng.uniform(0.6, 0.95))
        layers.append(_layer(rng, name, sources[name], gain))
    scene = Scene(seed, seconds, tuple(layers), "", background)
    return replace(scene, caption=tell(scene, 0, sources=sources))


def facts(rng: Rng, layer: Layer) -> list[str]:
    """Phrases for a layer's key, tempo, place and arc, in the order they are said."""
    said = []
    if layer.bends.score:
        score = layer.bends.score
        said.append(str(rng.choice([f"in {score.key}", "in a minor key" if score.minor else "in a major key"])))
        said.append(f"at {score.bpm} {rng.choice(['bpm', 'beats per minute'])}")
    if layer.arc:
        said.append(str(rng.choice(ARCS[layer.arc].phrases)))
    if layer.place:
        said.append(str(rng.choice(PLACES[layer.place].phrases)))
    return said


def tell(scene: Scene, telling: int, *, sources: Sources = FAMILIES, heard: Mapping[str, float] | None = None) -> str:
    """Caption a drawn scene: ``telling`` 0, 1, 2, … each give their own sentence.

    ``heard`` replaces what the first layer's bends say about each axis, in
    [-1, 1], by what was measured.
    """
    rng = np.random.default_rng([scene.seed, 0xCA9, telling])
    single = len(scene.layers) == 1
    texts = []
    for index, layer in enumerate(scene.layers):
        values = layer.bends.asdict() if heard is None or index else dict(heard)
        texts.append(
            captions.describe(
                rng,
                sources[layer.family].nouns,
                values,
                layer.qualities,
                limit=3 if single else 2,
                facts=facts(rng, layer),
                minor=layer.bends.score.minor if layer.bends.score else None,
            )
        )
    return captions.combine(rng, texts, background=scene.background)


def name_words(sources: Sources = FAMILIES) -> set[str]:
    """Every word of the sources' names."""
    return {word for family in sources.values() for noun in family.nouns for word in noun.split()}


def plain(family: str, seed: int, *, seconds: float = 10.0, bends: Bends | None = None) -> Scene:
    """Return a one-layer scene of ``family``: for classifiers and tests that need a known answer.

    Raises
    ------
    KeyError
        When there is no such family.
    """
    noun = FAMILIES[family].nouns[0]
    return Scene(seed, seconds, (Layer(family, bends or Bends()),), noun)


def render_layer(rng: Rng, layer: Layer, n: int, *, sources: Sources = FAMILIES, plainly: bool = False) -> Audio:
    """Render one layer to unit RMS, shape (n,); ``plainly`` without a random colour of its own."""
    source = sources[layer.family]
    dry = unit_rms(source.render(rng, n, layer.bends))
    if not plainly and rng.random() < 0.6:
        dry = unit_rms(colour(rng, dry))
    for quality in layer.qualities:
        dry = QUALITIES[quality](rng, unit_rms(dry))
    out = finish(rng, dry, layer.bends, source.axes)
    if layer.place:
        out = unit_rms(put(rng, out, layer.place))
    if layer.arc:
        out = unit_rms(ARCS[layer.arc].shape(rng, out))
    return out


def render(scene: Scene, *, sources: Sources = FAMILIES) -> npt.NDArray[np.float32]:
    """Render a scene to mono float32 at 32 kHz, peak below one, shape (seconds · 32,000,).

    Calm and distant scenes are quieter than intense and close ones, by up to 6 dB.
    """
    n = round(scene.seconds * SAMPLE_RATE)
    mix: Audio = np.zeros(n)
    lift = 0.0
    for index, layer in enumerate(scene.layers):
        rng = np.random.default_rng([scene.seed, 0x5EED, index])
        mix += layer.gain * render_layer(rng, layer, n, sources=sources)
        if index == 0:
            lift = 3.0 * layer.bends.energy - 3.0 * layer.bends.distance
    mix = unit_rms(mix) * _RMS * 10 ** (lift / 20)
    fade = min(n, 160)
    mix[:fade] *= np.linspace(0, 1, fade)
    mix[-fade:] *= np.linspace(1, 0, fade)
    peak = float(np.max(np.abs(mix))) if n else 0.0
    if peak > _PEAK:  # soft knee keeps transients without clipping them square
        mix = _PEAK * np.tanh(mix / _PEAK)
    return mix.astype(np.float32)


__all__ = ["AXES", "FINISHED_AXES", "SAMPLE_RATE", "Layer", "Scene", "draw", "plain", "render", "render_layer", "tell"]
