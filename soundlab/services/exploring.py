"""What if: one axis of a take swept, and what lies between two takes."""

from __future__ import annotations

from dataclasses import dataclass

from soundlab.domain.axes import AXES
from soundlab.domain.brief import Reference, Term
from soundlab.domain.feedback import Adjustment
from soundlab.domain.ports import Cancelled as CancelledFlag
from soundlab.domain.ports import Progress, ignore_progress, never
from soundlab.domain.take import Take
from soundlab.errors import WrongInput
from soundlab.services.generating import GenerationService
from soundlab.services.revising import revise
from soundlab.services.steering import SteeringService
from soundlab.storage.takes import TakeStore

SWEEP = (-1.0, -0.5, 0.0, 0.5, 1.0)
"""Strengths of a sweep; at 0 stands the take itself."""


@dataclass(slots=True)
class ExploringService:
    """Makes variations that nobody has put into words."""

    takes: TakeStore
    generation: GenerationService
    steering: SteeringService

    def sweep(
        self,
        take: str,
        axis: str,
        *,
        progress: Progress = ignore_progress,
        cancelled: CancelledFlag = never,
    ) -> list[Take]:
        """What if one axis were otherwise: two takes on either side of ``take``, from the least of it to the most.

        Raises
        ------
        WrongInput
            When there is no such axis.
        """
        if axis not in AXES:
            raise WrongInput(f"no axis called {axis!r}", f"axes: {', '.join(AXES)}")
        parent = self.takes.get(take)
        out = []
        for index, step in enumerate(SWEEP):
            if step == 0:
                out.append(parent)
                continue
            direction = 1 if step > 0 else -1
            wish = Adjustment("axis", AXES[axis].pole(direction), axis=axis, direction=direction, strength=abs(step))

            def told(done: int, total: int, what: str, index: int = index) -> None:
                progress(done, total, f"step {index + 1} of {len(SWEEP)}: {what}")

            out += self.steering.answer(parent.id, wish.text, understood=[wish], progress=told, cancelled=cancelled)
        return out

    def between(
        self,
        first: str,
        second: str,
        n: int = 3,
        *,
        progress: Progress = ignore_progress,
        cancelled: CancelledFlag = never,
    ) -> list[Take]:
        """``n`` takes on the way from one take to another, evenly spaced.

        Each is guided by both prompts, steered by both sounds where the checkpoint
        can be, and measures what lies between both, all by its share of the way; it
        has the first one's seed.

        Raises
        ------
        WrongInput
            When they are of different checkpoints.
        """
        a, b = self.takes.get(first), self.takes.get(second)
        if a.checkpoint != b.checkpoint:
            raise WrongInput(f"{a.id} is of {a.checkpoint}, {b.id} of {b.checkpoint}", "name takes of one checkpoint")
        start = revise(a, [], self.steering.jnds)
        out = []
        for k in range(1, n + 1):
            share = k / (n + 1)
            wanted = {
                axis: value + share * (other - value)
                for axis, value in a.descriptors.items()
                if value is not None and (other := b.descriptors.get(axis)) is not None
            }
            brief = start.with_(
                guidance=(1 - share) * start.guidance,
                terms=(Term(b.prompt, share * start.guidance),),
                references=(Reference(a.id, 1 - share), Reference(b.id, share)),
                measures=tuple(wanted.items()),
            )
            wish = Adjustment("like", f"{share:.0%} of the way to {b.id}", strength=share, target=b.id)

            def told(done: int, total: int, what: str, k: int = k) -> None:
                progress(done, total, f"take {k} of {n}: {what}")

            out += self.generation.generate(
                brief, 1, a.seed, adjustments=[wish.as_json()], progress=told, cancelled=cancelled
            )
        return out
