"""Two takes side by side: what was asked of each, what they measure, and which is liked when it is not known which."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from soundlab.audio.descriptors import mono_of
from soundlab.audio.judges import rhythm_likeness
from soundlab.domain.take import Take
from soundlab.storage.comparisons import ComparisonStore
from soundlab.storage.takes import TakeStore
from soundlab.storage.vectors import VectorStore, unit_mean

_ASKED = ("prompt", "avoid", "checkpoint", "seed", "duration", "licence", "parent")


@dataclass(frozen=True, slots=True)
class Comparison:
    """How two takes differ.

    Attributes
    ----------
    asked
        (field, first, second) of what was asked differently.
    measured
        (axis, first, second, difference in just-noticeable ones), the largest
        difference first; None where either has no value.
    likeness
        Cosine of their CLAP embeddings.
    rhythm
        Correlation of their onset envelopes at the best lag.
    gains
        Linear gains that bring both to the loudness of the quieter one.
    """

    first: Take
    second: Take
    asked: tuple[tuple[str, str, str], ...]
    measured: tuple[tuple[str, float | None, float | None, float | None], ...]
    likeness: float | None
    rhythm: float
    gains: tuple[float, float]

    def lines(self) -> list[str]:
        """For people: what was asked differently, what measures differently, how alike they are."""
        out = [f"{field:>12}  {a or '–'}  →  {b or '–'}" for field, a, b in self.asked]
        for axis, x, y, jnds in self.measured:
            if x is not None and y is not None and jnds is not None:
                heard = f"{jnds:+5.1f} JND {'▲' if jnds > 0 else '▼'}" if abs(jnds) >= 1 else "  alike"
                out.append(f"{axis:>12}  {x:9.2f}  →  {y:9.2f}  {heard}")
        likeness = "" if self.likeness is None else f"likeness {self.likeness:.2f}, "
        return [*out, f"{likeness}rhythm {self.rhythm:.2f}"]

    def as_json(self) -> dict[str, Any]:
        return {
            "asked": [{"field": f, "first": a, "second": b} for f, a, b in self.asked],
            "measured": [
                {"axis": axis, "first": a, "second": b, "jnds": None if d is None else round(d, 2)}
                for axis, a, b, d in self.measured
            ],
            "likeness": None if self.likeness is None else round(self.likeness, 3),
            "rhythm": round(self.rhythm, 3),
        }


def by_chance(right: int, n: int) -> float:
    """Probability of at least ``right`` of ``n`` A/B/X answers by guessing (one-sided binomial test)."""
    return float(sum(math.comb(n, k) for k in range(right, n + 1)) / 2**n)


def matched(first: float | None, second: float | None) -> tuple[float, float]:
    """Gains that bring two loudnesses (LUFS) to the quieter; neither is raised, so nothing clips."""
    if first is None or second is None:
        return 1.0, 1.0
    goal = min(first, second)
    return 10 ** ((goal - first) / 20), 10 ** ((goal - second) / 20)


@dataclass(slots=True)
class Comparer:
    """Compares takes and keeps what listeners say of pairs."""

    takes: TakeStore
    vectors: VectorStore
    comparisons: ComparisonStore
    model: str
    jnds: Mapping[str, float]

    def compare(self, first: str, second: str) -> Comparison:
        """Compare two takes. Raises NotFound."""
        a, b = self.takes.get(first), self.takes.get(second)
        rows = []
        for axis, jnd in self.jnds.items():
            x, y = a.descriptors.get(axis), b.descriptors.get(axis)
            rows.append((axis, x, y, (y - x) / jnd if x is not None and y is not None else None))
        rows.sort(key=lambda row: -abs(row[3]) if row[3] is not None else 0.0)
        held = [self.vectors.get(self.model, t.id) for t in (a, b)]
        likeness = (
            float(unit_mean(held[0]) @ unit_mean(held[1])) if held[0] is not None and held[1] is not None else None
        )
        return Comparison(
            a,
            b,
            tuple(_differences(a, b)),
            tuple(rows),
            likeness,
            rhythm_likeness(mono_of(Path(a.path)), mono_of(Path(b.path))),
            matched(a.descriptors.get("loudness"), b.descriptors.get("loudness")),
        )

    def prefer(self, chosen: str, other: str) -> None:
        """Keep that one take was preferred to another; ranking learns from it as from verdicts."""
        a, b = self.takes.get(chosen), self.takes.get(other)
        self.comparisons.add(a.id, b.id, a.id)

    def told(self, first: str, second: str, hidden: str, answer: str) -> tuple[int, int]:
        """Keep an A/B/X answer; return how many about these two were right, and how many there are."""
        self.comparisons.add(first, second, answer, hidden)
        return self.comparisons.told_apart(first, second)


def _differences(a: Take, b: Take) -> list[tuple[str, str, str]]:
    pairs = [(name, str(getattr(a, name) or ""), str(getattr(b, name) or "")) for name in _ASKED]
    pairs.append(("terms", _terms(a), _terms(b)))
    pairs.append(("references", _references(a), _references(b)))
    pairs.append(("adapters", _named(a.adapters), _named(b.adapters)))
    pairs.append(("feedback", _said(a), _said(b)))
    pairs.append(("treatment", _treated(a), _treated(b)))
    return [(name, x, y) for name, x, y in pairs if x != y]


def _terms(take: Take) -> str:
    return ", ".join(f"{t['text']} {t['weight']:+g}" for t in take.terms)


def _references(take: Take) -> str:
    return ", ".join(f"{r['target']} {r['weight']:+g}" for r in take.references)


def _named(rows: list[dict[str, Any]]) -> str:
    return ", ".join(f"{r['name']} {r['weight']:g}" for r in rows)


def _said(take: Take) -> str:
    return ", ".join(str(a["text"]) for a in take.adjustments)


def _treated(take: Take) -> str:
    return ", ".join(f"{axis} {amount:+.2f}" for axis, amount in take.treated.items())
