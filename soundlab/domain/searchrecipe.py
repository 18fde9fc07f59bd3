"""What a search asks for: words, examples, limits; as people write it and as it is saved."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import Any

from soundlab.domain.axes import COUNTED
from soundlab.domain.searchline import SearchLine
from soundlab.errors import WrongInput

_BOUND = re.compile(r"^\s*(?P<axis>[a-z]+)\s*(?P<sign>[<>])=?\s*(?P<value>-?\d+(?:\.\d+)?)\s*$")

_UNITS: dict[str, Callable[[float], float]] = {
    "brightness": lambda hz: math.log2(max(hz, 1.0)),
    "register": lambda hz: math.log2(max(hz, 1.0)),
    "speed": lambda bpm: math.log2(max(bpm, 1.0)),
    "density": lambda rate: math.log2(1.0 + max(rate, 0.0)),
    "space": lambda seconds: math.log2(max(seconds, 1e-3)),
}
"""Filters are said in Hz, pulses a minute, onsets a second and seconds; other axes as the descriptor has them."""


@dataclass(frozen=True, slots=True)
class Bound:
    """A limit on a descriptor, in its own unit."""

    axis: str
    above: bool
    value: float

    @classmethod
    def parse(cls, text: str) -> Bound:
        """Read ``brightness>2000`` or ``speed<90``. Raises WrongInput."""
        found = _BOUND.match(text)
        if not found or found["axis"] not in COUNTED:
            raise WrongInput(f"cannot read the limit {text!r}", f"such as brightness>2000; axes: {', '.join(COUNTED)}")
        value = float(found["value"])
        unit = _UNITS.get(found["axis"])
        return cls(found["axis"], found["sign"] == ">", unit(value) if unit else value)

    def holds(self, measured: dict[str, float | None]) -> bool:
        value = measured.get(self.axis)
        return value is not None and (value > self.value if self.above else value < self.value)


@dataclass(frozen=True, slots=True)
class Filters:
    """What results must be."""

    tag: str | None = None
    collection: str | None = None
    rights: str | None = None
    shortest: float | None = None
    """Seconds."""
    longest: float | None = None
    rate: int | None = None
    """Sample rate in Hz."""
    kind: str | None = None
    """File name suffix, such as wav."""
    rating: int | None = None
    """Stars at least."""
    fields: str | None = None
    """See :mod:`soundlab.domain.fieldquery`."""
    bounds: tuple[Bound, ...] = ()

    @property
    def any(self) -> bool:
        """Whether there is any."""
        return self != Filters()

    def with_line(self, line: SearchLine) -> Filters:
        """Return these and what a line limits. Raises WrongInput."""
        plain: dict[str, Any] = {"rating": self.rating, "shortest": self.shortest, "longest": self.longest}
        for name, sign, value in line.plain:
            if name == "seconds":
                plain["shortest" if sign.startswith(">") else "longest"] = value
            elif sign.startswith(">"):
                plain["rating"] = int(value) + (sign == ">")
            else:
                raise WrongInput(f"cannot read the limit rating{sign}{value:g}", "ratings are limited as in rating>=3")
        both = " AND ".join(f"({q})" for q in (self.fields, line.fields) if q)
        return replace(self, fields=both or None, bounds=(*self.bounds, *map(Bound.parse, line.bounds)), **plain)


NO_FILTERS = Filters()


@dataclass(frozen=True, slots=True)
class Recipe:
    """A search as it can be saved; names and limits as people write them."""

    text: str = ""
    like: tuple[str, ...] = ()
    """Examples, each ``NAME``, ``NAME=WEIGHT`` or ``NAME@FROM-TO``."""
    unlike: tuple[str, ...] = ()
    more: tuple[str, ...] = ()
    where: tuple[str, ...] = ()
    """Limits on measures."""
    tag: str | None = None
    collection: str | None = None
    rights: str | None = None
    shortest: float | None = None
    longest: float | None = None
    rate: int | None = None
    kind: str | None = None
    rating: int | None = None
    fields: str | None = None

    def as_json(self) -> dict[str, Any]:
        """What is said, without what is not."""
        return {k: list(v) if isinstance(v, tuple) else v for k, v in asdict(self).items() if v not in ("", (), None)}

    @classmethod
    def from_json(cls, row: dict[str, Any]) -> Recipe:
        """Read :meth:`as_json`."""
        values: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in row.items()}
        return cls(**values)

    def with_more(self, other: Recipe) -> Recipe:
        """This and what another adds: words and lists join, the other's filters win."""
        said = other.as_json()
        for name, value in said.items():
            own = getattr(self, name)
            if name == "text":
                said[name] = f"{own} {value}".strip()
            elif isinstance(value, list):
                said[name] = [*own, *value]
        return Recipe.from_json({**self.as_json(), **said})

    @property
    def filters(self) -> Filters:
        """The limits. Raises WrongInput."""
        return Filters(
            self.tag,
            self.collection,
            self.rights,
            self.shortest,
            self.longest,
            self.rate,
            self.kind,
            self.rating,
            self.fields,
            tuple(Bound.parse(w) for w in self.where),
        )
