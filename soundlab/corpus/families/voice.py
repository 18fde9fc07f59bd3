"""What a sound family is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from soundlab.corpus.bends import Bends
from soundlab.corpus.signals import Audio, Rng

Render = Callable[[Rng, int, Bends], Audio]
"""(generator, samples, bends) → mono audio of that length, any level."""


@dataclass(frozen=True, slots=True)
class Family:
    """A kind of sound: how to render it and what people call it."""

    name: str
    nouns: tuple[str, ...]
    """Noun phrases without adjectives or articles that would clash with them."""
    axes: frozenset[str]
    """Axes its synthesis answers to by itself, beside those of the finishing chain."""
    render: Render
    role: str = "bed"
    """``bed`` (continuous), ``events`` (things that happen) or ``arc`` (starts, peaks, ends)."""
    weight: float = 1.0
    """How often it is drawn, against others."""
    scored: bool = False
    """Whether it plays in the key and tempo of ``bends.score``."""


def family(name: str, nouns: str, axes: str, render: Render, role: str = "bed") -> Family:
    """Build a family from ``|``-separated nouns and space-separated axis ids; ``score`` among them: it has a key."""
    able = frozenset(axes.split())
    return Family(name, tuple(nouns.split("|")), able - {"score"}, render, role, scored="score" in able)
