"""Takes: generated clips with everything needed to make them again."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

VERDICTS = ("approved", "rejected")
LAYER = "layer"
"""State of takes that are one sound of others, which are mixed from them: no part of the tree."""
TRIAL = "trial"
"""State of takes that an adapter was evaluated by: kept for listening, and no part of the tree."""


@dataclass(frozen=True, slots=True)
class Take:
    """A generated clip and its recipe.

    ``state`` is ``pending`` while it is being made, ``done``, ``unranked`` for a
    candidate that ranking left out, ``failed``, ``layer`` (:data:`LAYER`) or ``trial`` (:data:`TRIAL`).
    """

    id: str
    path: str
    prompt: str
    seed: int
    checkpoint: str
    duration: float
    avoid: str = ""
    terms: list[dict[str, Any]] = field(default_factory=list)
    references: list[dict[str, Any]] = field(default_factory=list)
    adapters: list[dict[str, Any]] = field(default_factory=list)
    parent: str | None = None
    verdict: str | None = None
    note: str = ""
    descriptors: dict[str, float | None] = field(default_factory=dict)
    adjustments: list[dict[str, Any]] = field(default_factory=list)
    obeyed: list[dict[str, Any]] | None = None
    licence: str = ""
    seconds_to_generate: float | None = None
    dtype: str = "float32"
    recipe: dict[str, Any] = field(default_factory=dict)
    """Sampling, guidance, continuation, sample rate, model fingerprint, 'generated' mark."""
    state: str = "done"
    batch: str = ""
    created: str = ""

    @property
    def sources(self) -> set[str]:
        """Its parent, what it continues, is anchored in, replays or is mixed from, its references, ``adapter:NAME``."""
        near = [self.parent, *(self.recipe.get(key) for key in ("continue_from", "anchor", "replay"))]
        near += [identity for identity, _ in self.layers]
        named = [*(str(r["target"]) for r in self.references), *(f"adapter:{a['name']}" for a in self.adapters)]
        return {str(source) for source in (*near, *named) if source}

    @property
    def layers(self) -> list[tuple[str, float]]:
        """Takes that it is mixed from and their levels in dB; empty where it is not."""
        return [(row["take"], float(row["level"])) for row in self.recipe.get("layers") or () if row.get("take")]

    @property
    def treated(self) -> dict[str, float]:
        """Axes that signal processing has moved, and how far it was turned: -1 to 1."""
        rows = (self.recipe.get("treatment") or {}).get("applied", [])
        return {row["axis"]: row["amount"] * row["direction"] for row in rows}

    def as_json(self) -> dict[str, Any]:
        """Return the fields of the command line's contract, and the recipe."""
        names = (
            "id",
            "path",
            "prompt",
            "avoid",
            "terms",
            "references",
            "seed",
            "checkpoint",
            "adapters",
            "parent",
            "verdict",
            "note",
            "descriptors",
            "adjustments",
            "obeyed",
            "licence",
            "duration",
            "seconds_to_generate",
            "dtype",
            "state",
            "created",
            "recipe",
        )
        row = {name: getattr(self, name) for name in names}
        row["generated"] = True
        return row
