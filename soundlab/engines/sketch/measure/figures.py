"""One measured figure with the bar it is held against."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Figure:
    """A measurement.

    Attributes
    ----------
    part
        codec, language, clap or speed.
    name, value, unit
        What was measured.
    bar
        What it should reach; None when it is only reported.
    higher
        Whether larger is better.
    note
        What it stands beside: a ceiling, a rival, a sample size.
    """

    part: str
    name: str
    value: float
    unit: str
    bar: float | None = None
    higher: bool = True
    note: str = ""

    @property
    def reached(self) -> bool | None:
        """Whether the bar is reached; None without one."""
        if self.bar is None:
            return None
        return self.value >= self.bar if self.higher else self.value <= self.bar

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "value": round(self.value, 4), "reached": self.reached}

    def __str__(self) -> str:
        mark = {True: "✓", False: "✗", None: " "}[self.reached]
        bar = "" if self.bar is None else f"  (bar {'≥' if self.higher else '≤'} {self.bar:g})"
        return (
            f"{mark} {self.part}: {self.name} {self.value:.3g} {self.unit}{bar}{'  ' if self.note else ''}{self.note}"
        )


Tell = Callable[[str], None]
"""Told what is being measured, for the one who waits."""
