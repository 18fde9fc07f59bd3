"""The perceptual axes: one table for corpus, descriptors, feedback and benchmarks."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Axis:
    """A direction a sound can be moved in."""

    id: str
    more: str
    """What +1 is called: "brighter"."""
    less: str
    more_word: str
    """An adjective for +1 that a brief can carry: "bright"."""
    less_word: str
    counted: bool = True
    """Whether a descriptor measures it; others are judged by CLAP direction and said to be."""

    def pole(self, direction: int) -> str:
        """Return the comparative for +1 or -1."""
        return self.more if direction > 0 else self.less

    def word(self, direction: int) -> str:
        """Return the adjective for +1 or -1."""
        return self.more_word if direction > 0 else self.less_word


def _quality(axis: str, word: str) -> Axis:
    return Axis(axis, f"more {word}", f"less {word}", word, f"not {word}", counted=False)


AXES: dict[str, Axis] = {
    axis.id: axis
    for axis in (
        Axis("brightness", "brighter", "darker", "bright", "dark"),
        Axis("warmth", "warmer", "colder", "warm", "cold"),
        Axis("boominess", "boomier", "leaner", "bass-heavy", "thin"),
        Axis("register", "higher", "lower", "high-pitched", "low-pitched"),
        Axis("density", "busier", "sparser", "dense", "sparse"),
        Axis("speed", "faster", "slower", "fast", "slow"),
        Axis("movement", "more evolving", "more static", "evolving", "static"),
        Axis("roughness", "rougher", "cleaner", "distorted", "clean"),
        Axis("hardness", "harder", "softer", "hard", "soft"),
        Axis("tonality", "more tonal", "noisier", "tonal", "noisy"),
        Axis("space", "larger", "drier", "cavernous", "dry"),
        Axis("distance", "further", "closer", "distant", "close"),
        Axis("energy", "more intense", "calmer", "intense", "calm"),
        Axis("loudness", "louder", "quieter", "loud", "quiet"),
        _quality("metallic", "metallic"),
        _quality("organic", "organic"),
        _quality("underwater", "underwater"),
        _quality("intimate", "intimate"),
        _quality("dreamlike", "dreamlike"),
        _quality("supernatural", "supernatural"),
        _quality("claustrophobic", "claustrophobic"),
        _quality("tension", "tense"),
    )
}
"""Every axis by id. The set may grow; ids stay."""

COUNTED: tuple[str, ...] = tuple(a.id for a in AXES.values() if a.counted)
"""Axes whose obedience a descriptor decides."""
