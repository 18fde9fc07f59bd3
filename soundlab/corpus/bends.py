"""How a rendered sound is bent along the axes of the design.

A family reads the bends it can realise in its own synthesis (how many drops,
how fast, how high); what remains, brightness, warmth, boominess, hardness,
distance, room and roughness, is applied afterwards by
:func:`soundlab.corpus.space.finish`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields

_NOTES = ("C", "C sharp", "D", "E flat", "E", "F", "F sharp", "G", "A flat", "A", "B flat", "B")


@dataclass(frozen=True, slots=True)
class Score:
    """What a musical family plays in: ``root`` 0–11 semitones above C, mode, beats a minute."""

    root: int
    minor: bool
    bpm: int

    @property
    def key(self) -> str:
        """The key in words: "D minor"."""
        return f"{_NOTES[self.root]} {'minor' if self.minor else 'major'}"

    def near(self, hz: float) -> float:
        """Return the frequency of the root that lies nearest to ``hz``, in Hz (A4 = 440)."""
        c = 440.0 * 2.0 ** ((self.root - 9) / 12)
        while c > hz * 2**0.5:
            c /= 2
        while c < hz / 2**0.5:
            c *= 2
        return c


@dataclass(frozen=True, slots=True)
class Bends:
    """Position on each axis, in [-1, 1]; 0 is the family's middle."""

    brightness: float = 0.0
    warmth: float = 0.0
    boominess: float = 0.0
    register: float = 0.0
    density: float = 0.0
    speed: float = 0.0
    movement: float = 0.0
    roughness: float = 0.0
    hardness: float = 0.0
    tonality: float = 0.0
    space: float = 0.0
    distance: float = 0.0
    energy: float = 0.0
    score: Score | None = None

    @classmethod
    def at(cls, values: Mapping[str, float], score: Score | None = None) -> Bends:
        """Build from positions by axis."""
        known = {axis: values.get(axis, 0.0) for axis in AXES}
        return cls(**known, score=score)

    def geometric(self, axis: str, low: float, middle: float, high: float) -> float:
        """Interpolate geometrically: -1 → ``low``, 0 → ``middle``, +1 → ``high`` (all > 0)."""
        value = float(getattr(self, axis))
        end = high if value >= 0 else low
        return float(middle * (end / middle) ** abs(value))

    def linear(self, axis: str, low: float, middle: float, high: float) -> float:
        """Interpolate linearly: -1 → ``low``, 0 → ``middle``, +1 → ``high``."""
        value = float(getattr(self, axis))
        return middle + (high - middle) * value if value >= 0 else middle + (middle - low) * value

    def asdict(self) -> dict[str, float]:
        """Return the bends that are not zero."""
        return {axis: v for axis in AXES if (v := float(getattr(self, axis)))}


AXES: tuple[str, ...] = tuple(f.name for f in fields(Bends) if f.name != "score")
"""Names of the axes, as in the design."""
