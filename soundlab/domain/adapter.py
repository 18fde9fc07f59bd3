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

    @property
    def learnt(self) -> str:
        """For people: the loss at the start and at the end, on what was held out where something was.

        The loss of the steps themselves is of other pieces each time, and says little of few.
        """
        looks = {int(step): float(loss) for step, loss in self.training.get("held_out", ())}
        kept = self.training.get("kept")
        if len(looks) < 2 or kept not in looks:
            return f"loss {self.loss_first:.3f} → {self.loss_last:.3f}"
        return f"loss on what is held out {next(iter(looks.values())):.3f} → {looks[kept]:.3f} at step {kept}"

    def findings(self) -> list[str]:
        """For people: the figures against its base, a line each; none before it has been evaluated."""
        e = self.evaluation
        if e is None:
            return []
        before, after = e["distance"]
        theirs = e.get("diversity_of_sources")
        variety = f"variety {e['diversity']:.0%}" + ("" if theirs is None else f" (the sources' own {theirs:.0%})")
        fit = "–" if e["text_fit"] is None else f"{e['text_fit']:.0%}"
        return [
            f"closer to the sources in {e['closer']:.0%} of {len(e['pairs'])} pairs by timbre ({before} → {after}), "
            f"{e['closer_by_clap']:.0%} by CLAP; Fréchet distance {' → '.join(map(str, e['frechet']))}",
            f"{variety} and fit to other words {fit} of the base's",
            f"feedback obeyed {e['direction']['adapter']} (base {e['direction']['base']}), of {e['direction']['n']}",
            f"{e['memorised']['flagged']} takes match a source by more than {e['memorised']['threshold']}",
        ]

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
