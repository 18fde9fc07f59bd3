"""Adjustments: what feedback asks for, and whether it was done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from soundlab.domain.axes import AXES

TOUCH, BARE, MUCH, FULL = 0.25, 0.5, 0.8, 1.0
"""Strengths of "a touch", a bare comparative, "much" and "no / only"."""
LOUDER = 12.0
"""LU that full strength asks for; a bare comparative asks for half of it."""


@dataclass(frozen=True, slots=True)
class Adjustment:
    """One parsed wish.

    ``kind`` is axis, term, like, unlike or keep; ``direction`` +1, -1, or 0 for
    keep; ``strength`` in (0, 1]; ``target`` a clip or take id, or what to keep;
    ``scope`` the sound that it is said of, where one is named: "make the bells darker".
    """

    kind: str
    text: str
    axis: str | None = None
    term: str | None = None
    direction: int = 1
    strength: float = BARE
    target: str | None = None
    scope: str | None = None

    def as_json(self) -> dict[str, Any]:
        row: dict[str, Any] = {
            "kind": self.kind,
            "axis": self.axis,
            "direction": self.direction,
            "strength": self.strength,
            "target": self.target,
            "text": self.text,
        }
        if self.kind == "term":
            row["term"] = self.term
        if self.scope:
            row["scope"] = self.scope
        return row

    @classmethod
    def from_json(cls, row: dict[str, Any]) -> Adjustment:
        return cls(
            kind=row["kind"],
            text=row["text"],
            axis=row.get("axis"),
            term=row.get("term"),
            direction=int(row["direction"]),
            strength=float(row["strength"]),
            target=row.get("target"),
            scope=row.get("scope"),
        )


@dataclass(frozen=True, slots=True)
class Obeyed:
    """The measured answer to one axis adjustment.

    ``ok`` is None where no descriptor decides (the axis is judged by ear and CLAP).
    ``before`` and ``after`` are in the descriptor's unit, ``jnd`` too. ``scope`` is the
    one sound of a mix that it was measured on, its loudness being its level in the mix; else it is the whole take.
    """

    axis: str
    asked: int
    before: float | None
    after: float | None
    jnd: float | None
    ok: bool | None
    scope: str | None = None

    def as_json(self) -> dict[str, Any]:
        said = {"scope": self.scope} if self.scope else {}
        return {
            "axis": self.axis,
            "asked": self.asked,
            "before": self.before,
            "after": self.after,
            "jnd": self.jnd,
            "ok": self.ok,
            **said,
        }


def wished(row: Mapping[str, Any]) -> str:
    """What a row of :meth:`Obeyed.as_json` was asked to become, and which sound: "darker (the bells)"."""
    name = AXES[row["axis"]].pole(row["asked"])
    return f"{name} ({row['scope']})" if row.get("scope") else name


def undecided(axis: str) -> str:
    """Why no descriptor decides: there is none, or one of the two takes has nothing that it could measure."""
    return "nothing to measure" if AXES[axis].counted else "by ear"


def judge(axis: str, asked: int, before: float | None, after: float | None, jnd: float | None) -> Obeyed:
    """Compare a descriptor before and after: it obeyed when it moved the asked way by at least ``jnd``."""
    if before is None or after is None or jnd is None:
        return Obeyed(axis, asked, before, after, jnd, None)
    return Obeyed(axis, asked, before, after, jnd, (after - before) * asked >= jnd)


def spoken(a: Adjustment) -> str:
    """Say an adjustment back in plain words."""
    if a.kind == "axis" and a.axis:
        of = f" of the {a.scope}" if a.scope else ""
        how = f"by {LOUDER * a.strength:.3g} dB" if a.axis == "loudness" else f"({a.strength:g})"
        return f"{AXES[a.axis].pole(a.direction)}{of} {how}"
    if a.kind == "term":
        return f"{'more' if a.direction > 0 else 'no' if a.strength == 1 else 'less'} {a.term} ({a.strength:g})"
    return f"{a.axis} {a.kind} {a.target}" if a.axis else f"{a.kind} {a.target}"
