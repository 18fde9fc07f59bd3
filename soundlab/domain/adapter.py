"""Adapters: LoRA weights trained on approved clips."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Adapter:
    """An adapter and what its card says."""

    name: str
    path: str
    checkpoint: str
    licence: str
    steps: int
    rank: int
    loss_first: float | None
    loss_last: float | None
    clips: list[dict[str, Any]] = field(default_factory=list)
    """What it was trained on: id, sha256, rights, evidence, caption, held_out."""
    created: str = ""
    training: dict[str, Any] = field(default_factory=dict)
    """How it was trained: settings, seed, losses, what was held out."""
    evaluation: dict[str, Any] | None = None
    """What it does against its base; None until it has been evaluated."""

    def as_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "path": self.path,
            "checkpoint": self.checkpoint,
            "licence": self.licence,
            "steps": self.steps,
            "rank": self.rank,
            "loss_first": self.loss_first,
            "loss_last": self.loss_last,
            "clips": self.clips,
            "created": self.created,
            "training": self.training,
            "evaluation": self.evaluation,
        }
