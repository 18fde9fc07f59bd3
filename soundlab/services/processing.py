"""A take treated and kept: read, turned, and written as a take of its own with what was done in its recipe."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from soundlab.audio.decode import read_audio
from soundlab.domain.feedback import Adjustment
from soundlab.domain.ports import Cancelled as CancelledFlag
from soundlab.domain.ports import Progress, ignore_progress, never
from soundlab.domain.take import Take
from soundlab.services.deriving import DerivingService
from soundlab.services.treating import treat


def processed(
    derived: DerivingService,
    take: Take,
    wishes: Sequence[Adjustment],
    jnds: Mapping[str, float],
    asked: Sequence[Adjustment],
    *,
    since: Mapping[str, float | None] | None = None,
    left: Sequence[str] = (),
    spent: float = 0.0,
    instead: bool = False,
    progress: Progress = ignore_progress,
    cancelled: CancelledFlag = never,
) -> Take:
    """Treat a take by what of ``wishes`` can be, and keep it.

    Parameters
    ----------
    asked
        What was asked for in all, as the new take is to say.
    since
        What movement counts from, by axis; without it, the take itself.
    left
        What was asked for and no treatment does, named in the recipe.
    spent
        Seconds that went before, and count towards what the new take has taken.
    instead
        The new take stands in the place of ``take``, which goes to the unranked ones; else it is its child.

    Raises
    ------
    Cancelled, UnreadableAudio
    """
    began = time.perf_counter()
    audio, rate = read_audio(Path(take.path))
    made, applied = treat(audio.astype(np.float64), rate, wishes, jnds, since, progress=progress, cancelled=cancelled)
    how = {"applied": [a.as_json() for a in applied], "left": list(left)}
    spent += time.perf_counter() - began
    return derived.treated(take, made, rate, [a.as_json() for a in asked], how, spent, instead=instead)
