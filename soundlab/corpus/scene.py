"""A corpus clip: one to three layers, bent, mixed and captioned, from one integer."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from soundlab.corpus import captions
from soundlab.corpus.bends import AXES, Bends
from soundlab.corpus.families import FAMILIES
from soundlab.corpus.signals import SAMPLE_RATE, Audio, Rng, unit_rms
from soundlab.corpus.space import QUALITIES, finish

_FINISHED_AXES = frozenset(("brightness", "warmth", "roughness", "space", "distance"))
_PEAK = 0.89
_RMS = 0.09


@dataclass(frozen=True, slots=True)
class Layer:
    """One source in a scene."""

    family: str
    bends: Bends = field(default_factory=Bends)
    qualities: tuple[str, ...] = ()
    gain: float = 1.0


@dataclass(frozen=True, slots=True)
class Scene:
    """What a clip is made of and what it is called."""

    seed: int
    seconds: float
    layers: tuple[Layer, ...]
    caption: str
    background: bool = False
    """Whether the later layers lie behind the first."""


def _bends(rng: Rng, family: str, *, strong: float) -> Bends:
    """Draw two or three axes that this family can show, most of them clearly to one side."""
    able = sorted(FAMILIES[family].axes | _FINISHED_AXES)
    count = int(rng.choice([0, 1, 2, 3], p=[0.12, 0.28, 0.35, 0.25]))
    values: dict[str, float] = {}
    for axis in rng.choice(able, size=min(count, len(able)), replace=False):
        side = 1.0 if rng.random() < 0.5 else -1.0
        values[str(axis)] = side * float(rng.uniform(strong, 1.0))
    for axis in able:  # everything else varies a little, unsaid
        values.setdefault(axis, float(rng.uniform(-0.25, 0.25)))
    if values.get("space", 0) < -0.35:
        values["distance"] = min(values.get("distance", 0.0), 0.0)
    return Bends(**values)


def draw(seed: int, *, seconds: float = 10.0) -> Scene:
    """Draw the scene of ``seed``: same seed, same scene."""
    rng = np.random.default_rng([seed, 0xC0DE])
    names = sorted(FAMILIES)
    count = int(rng.choice([1, 2, 3], p=[0.66, 0.27, 0.07]))
    chosen = [str(name) for name in rng.choice(names, size=count, replace=False)]
    background = count > 1 and rng.random() < 0.5
    layers, texts = [], []
    for index, name in enumerate(chosen):
        bends = _bends(rng, name, strong=0.55)
        qualities = (str(rng.choice(sorted(QUALITIES))),) if rng.random() < 0.2 else ()
        gain = 1.0 if index == 0 else float(rng.uniform(0.25, 0.45) if background else rng.uniform(0.6, 0.95))
        layers.append(Layer(name, bends, qualities, gain))
        texts.append(
            captions.describe(rng, FAMILIES[name].nouns, bends.asdict(), qualities, limit=3 if count == 1 else 2)
        )
    return Scene(seed, seconds, tuple(layers), captions.combine(rng, texts, background=background), background)


def retell(scene: Scene, telling: int) -> str:
    """Caption a drawn scene in other words: ``telling`` 1, 2, … each give their own sentence."""
    rng = np.random.default_rng([scene.seed, 0xCA9, telling])
    single = len(scene.layers) == 1
    texts = [
        captions.describe(
            rng, FAMILIES[layer.family].nouns, layer.bends.asdict(), layer.qualities, limit=3 if single else 2
        )
        for layer in scene.layers
    ]
    return captions.combine(rng, texts, background=scene.background)


def plain(family: str, seed: int, *, seconds: float = 10.0, bends: Bends | None = None) -> Scene:
    """Return a one-layer scene of ``family``: for classifiers and tests that need a known answer.

    Raises
    ------
    KeyError
        When there is no such family.
    """
    noun = FAMILIES[family].nouns[0]
    return Scene(seed, seconds, (Layer(family, bends or Bends()),), noun)


def render_layer(rng: Rng, layer: Layer, n: int) -> Audio:
    """Render one layer to unit RMS, shape (n,)."""
    dry = FAMILIES[layer.family].render(rng, n, layer.bends)
    for quality in layer.qualities:
        dry = QUALITIES[quality](rng, unit_rms(dry))
    return finish(rng, dry, layer.bends)


def render(scene: Scene) -> npt.NDArray[np.float32]:
    """Render a scene to mono float32 at 32 kHz, peak below one, shape (seconds · 32,000,).

    Calm and distant scenes are quieter than intense and close ones, by up to 6 dB.
    """
    n = round(scene.seconds * SAMPLE_RATE)
    mix: Audio = np.zeros(n)
    lift = 0.0
    for index, layer in enumerate(scene.layers):
        rng = np.random.default_rng([scene.seed, 0x5EED, index])
        mix += layer.gain * render_layer(rng, layer, n)
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


__all__ = ["AXES", "SAMPLE_RATE", "Layer", "Scene", "draw", "plain", "render", "render_layer"]
