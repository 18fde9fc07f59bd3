"""How a rendered sound is bent along the axes of the design.

A family reads the bends it can realise in its own synthesis (how many drops,
how fast, how high); what remains, brightness, warmth, distance, room and
roughness, is applied afterwards by :func:`soundlab.corpus.space.finish`.
"""

from __future__ import annotations

from dataclasses import dataclass, fields


@dataclass(frozen=True, slots=True)
class Bends:
    """Position on each axis, in [-1, 1]; 0 is the family's middle."""

    brightness: float = 0.0
    warmth: float = 0.0
    register: float = 0.0
    density: float = 0.0
    speed: float = 0.0
    movement: float = 0.0
    roughness: float = 0.0
    tonality: float = 0.0
    space: float = 0.0
    distance: float = 0.0
    energy: float = 0.0

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
        return {f.name: v for f in fields(self) if (v := float(getattr(self, f.name)))}


AXES: tuple[str, ...] = tuple(f.name for f in fields(Bends))
