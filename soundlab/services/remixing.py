"""Answers to feedback on takes that are mixed from sounds: each sound is answered by itself, and the mix made anew."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from soundlab.domain.brief import USUAL_LEVEL
from soundlab.domain.feedback import FULL, LOUDER, Adjustment, Obeyed, judge
from soundlab.domain.layers import together
from soundlab.domain.lexicon import Layering
from soundlab.domain.ports import Cancelled as CancelledFlag
from soundlab.domain.ports import Progress, ignore_progress, never
from soundlab.domain.remix import Sounding, planned
from soundlab.domain.take import Take
from soundlab.errors import NotFound, WrongInput
from soundlab.services.checking import check
from soundlab.services.deriving import DerivingService
from soundlab.services.generating import GenerationService
from soundlab.services.processing import processed
from soundlab.services.revising import added
from soundlab.services.treating import able
from soundlab.storage.takes import TakeStore

ADDED = -3.0
"""LU by which a sound that is added lies under what there is."""

Part = tuple[Take, float]
"""A sound and its level in the mix in dB."""
Apart = Callable[[Take, Sequence[Adjustment], Progress], list[Take]]
"""Answers what is asked of one sound, as often as there are to be answers."""


@dataclass(frozen=True, slots=True)
class Order:
    """What is asked of a take that is mixed from sounds."""

    parent: Take
    goals: Sequence[Adjustment]
    """What is to change, likenesses on one axis turned into that axis."""
    asked: Sequence[dict[str, Any]]
    """What was said, as the new takes are to tell."""
    n: int = 1
    finish: bool = True
    """Whether what a mix has missed is treated."""

    @property
    def whole(self) -> list[Adjustment]:
        """What is asked of all sounds together."""
        return [a for a in self.goals if not a.scope]

    @property
    def level(self) -> float:
        """LUFS of the parent."""
        now = self.parent.descriptors.get("loudness")
        return now if now is not None else USUAL_LEVEL

    @property
    def louder(self) -> float:
        """LU by which all is to be louder."""
        return sum(a.direction * LOUDER * a.strength for a in self.whole if a.axis == "loudness")


@dataclass(slots=True)
class Remixer:
    """Answers feedback sound by sound."""

    takes: TakeStore
    generation: GenerationService
    derived: DerivingService
    table: Layering
    jnds: dict[str, float]
    apart: Callable[[str], bool]
    """Whether a checkpoint makes several sounds better each by itself."""

    def planned(self, parent: Take, goals: Sequence[Adjustment]) -> list[Sounding] | None:
        """What becomes of each sound of a take, where it is mixed from some or gets one more; else None."""
        held = self.layers(parent)
        sounds = planned([take.prompt for take, _ in held] or [parent.prompt], goals, self.table)
        if sounds is None or (not held and (len(sounds) < 2 or not self.apart(parent.checkpoint))):
            return None
        return sounds

    def layers(self, take: Take) -> list[Part]:
        """Takes that a take is mixed from, with their levels; none where one of them is gone."""
        try:
            held = [(self.takes.get(identity), level) for identity, level in take.layers]
        except NotFound:
            return []
        return held if all(Path(part.path).is_file() for part, _ in held) else []

    def answer(
        self,
        order: Order,
        sounds: Sequence[Sounding],
        apart: Apart,
        *,
        progress: Progress = ignore_progress,
        cancelled: CancelledFlag = never,
    ) -> list[Take]:
        """Make mixes of what becomes of the sounds of a take, as many as are ordered.

        Raises
        ------
        WrongInput
            When no sound is left.
        """
        held = self.layers(order.parent) or [(order.parent, 0.0)]
        same = all(s.change == 0 and s.index is not None and not s.wishes for s in sounds)
        if same and not any(a.axis == "loudness" for a in order.goals):
            raise WrongInput("there is none of that in it", f"it has: {', '.join(t.prompt for t, _ in held)}")
        left = [sound for sound in sounds if sound.change is not None]
        if not left:
            raise WrongInput("that takes every sound out", "leave one in")
        columns: list[list[Part]] = []
        for sound in left:

            def told(done: int, total: int, what: str, sound: Sounding = sound) -> None:
                progress(done, total, f"{sound.prompt}: {what}")

            columns.append(self._column(order, sound, held, apart, told, cancelled))
        out = []
        for parts in zip(*columns, strict=True):
            child = self._mixed(order, left, held, parts)
            if order.finish and (missed := _missed(child, order.whole)):
                harder = [
                    (self._treated(take, missed, progress, cancelled) if s.wishes else take, level)
                    for s, (take, level) in zip(left, parts, strict=True)
                ]
                again = self._mixed(order, left, held, harder)
                better = len(_missed(again, order.whole)) < len(missed)
                self.takes.change((child if better else again).id, state="unranked")
                child = again if better else child
            out.append(child)
        return out

    def _column(
        self,
        order: Order,
        sound: Sounding,
        held: list[Part],
        apart: Apart,
        progress: Progress,
        cancelled: CancelledFlag,
    ) -> list[Part]:
        """What becomes of one sound, once for each mix. What ``held`` has of it is measured, where it is to change."""
        if sound.index is None:
            brief = added(order.parent, sound.prompt, order.level + ADDED)
            made = self.generation.generate(brief, order.n, order.parent.seed, progress=progress, cancelled=cancelled)
            return [(self.derived.laid_by(take.id), sound.change or 0.0) for take in made]
        take, level = held[sound.index]
        takes = [take] * order.n
        if any(a.kind != "keep" for a in sound.wishes):
            take = self.derived.measured(take.id)
            held[sound.index] = take, level
            takes = [self.derived.laid_by(t.id) for t in apart(take, sound.wishes, progress)]
        return [(take, level + (sound.change or 0.0)) for take in takes]

    def _mixed(self, order: Order, left: Sequence[Sounding], held: Sequence[Part], parts: Sequence[Part]) -> Take:
        """A mix of parts, kept and checked."""
        prompt = together([take.prompt for take, _ in parts])
        lufs = min(0.0, order.level + order.louder)
        child = self.derived.mixed(order.parent, parts, prompt, lufs, order.asked, limited=bool(order.louder))
        rows = check(order.parent, child, order.whole, self.jnds)
        for sound, (after, level) in zip(left, parts, strict=True):
            if sound.index is not None:
                rows += self._check(sound, held[sound.index], after, level)
        self.takes.change(child.id, obeyed=[o.as_json() for o in rows])
        return self.takes.get(child.id)

    def _treated(self, take: Take, wishes: Sequence[Adjustment], progress: Progress, cancelled: CancelledFlag) -> Take:
        """A sound, treated as far as it goes: in a mix less of it arrives."""
        full = [replace(a, strength=FULL) for a in wishes]
        spent = take.seconds_to_generate or 0.0

        def told(done: int, total: int, what: str) -> None:
            progress(done, total, f"{take.prompt}: {what}")

        child = processed(self.derived, take, full, self.jnds, wishes, spent=spent, progress=told, cancelled=cancelled)
        return self.derived.laid_by(child.id)

    def _check(self, sound: Sounding, held: Part, after: Take, level: float) -> list[Obeyed]:
        """Measure what was said of one sound on that sound: its level in the mix in dB, and what it was to become."""
        before, was = held
        out = check(before, after, [a for a in sound.wishes if a.scope], self.jnds)
        if sound.change:
            out.append(judge("loudness", 1 if sound.change > 0 else -1, was, level, self.jnds.get("loudness")))
        return [replace(o, scope=sound.prompt) for o in out]


def _missed(child: Take, wishes: Sequence[Adjustment]) -> list[Adjustment]:
    """What was asked of the whole and did not come, and treatment can do."""
    failed = {row["axis"] for row in child.obeyed or () if row["ok"] is False and not row.get("scope")}
    return [a for a in wishes if a.axis in failed and a.axis != "loudness" and able(a)]
