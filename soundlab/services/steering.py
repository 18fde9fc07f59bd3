"""Feedback becomes a new brief, its takes are chosen by how they moved, and the move is measured."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from soundlab.audio.decode import read_audio
from soundlab.audio.write import write_audio
from soundlab.domain.brief import Brief, Imagined
from soundlab.domain.clip import Clip
from soundlab.domain.feedback import Adjustment
from soundlab.domain.ports import Cancelled as CancelledFlag
from soundlab.domain.ports import Embedder, Progress, ignore_progress, never
from soundlab.domain.take import Take
from soundlab.errors import WrongInput
from soundlab.services.checking import check
from soundlab.services.deriving import DerivingService
from soundlab.services.generating import MAX_TAKES, GenerationService
from soundlab.services.processing import processed
from soundlab.services.ranking import RankingService
from soundlab.services.remixing import Order, Remixer
from soundlab.services.revising import FURTHER, STEP, revise
from soundlab.services.treating import AIM, able, treat
from soundlab.services.understanding import UnderstandingService, workable
from soundlab.storage.clips import ClipStore
from soundlab.storage.takes import TakeStore
from soundlab.storage.vectors import VectorStore, unit_mean

_BELIEVED = 0.5
"""Share of a new take's move that counts before treatment finishes it: its other notes blur what a descriptor says.

On six prompts that the direction benchmark does not use the second measures of then (version 3.4) heard 0.1 to 0.5 of
the just-noticeable differences that the descriptors of space, tonality, brightness and register told of new takes,
though all of those of hardness and movement. With none of the move counted, finished takes obeyed in 75 instead of
67 % (space), 92 instead of 83 (brightness), else as with all of it; half is between, as none overdoes what did arrive.
12 requests an axis.
"""
_PUT_ON = frozenset(("loudness", "space"))
"""Axes that leave a sound itself. In the direction benchmark more or less space is obeyed by new takes in 75 % of 16,
by treatment of the take in 94."""
TOWARDS = 0.45
"""How far towards its treated parent an answer is to sound, in CLAP space, on the axes of ``SHOWN``.

Takes chosen of four, on eight prompts that the direction benchmark does not use, both ways: with 0 they obeyed in 55 %
of 112, with 0.2 in 59 and with 0.45 in 62 %; likeness to the parent 0.77, 0.75 and 0.71. With 1 brightness obeyed in
88 and register in 50 % instead of 75 and 50, and likeness fell to 0.55.
"""
SHOWN = frozenset(("brightness", "warmth", "register", "roughness", "hardness", "tonality", "distance"))
"""Axes that are shown so. Of 16 requests each, energy and space were followed less, pace no more, movement oftener one
way and less the other, and sparser oftener at half the likeness. Boominess was not tried."""


@dataclass(slots=True)
class SteeringService:
    """Answers feedback."""

    takes: TakeStore
    clips: ClipStore
    vectors: VectorStore
    embedder: Embedder
    generation: GenerationService
    derived: DerivingService
    understanding: UnderstandingService
    ranking: RankingService
    remixer: Remixer
    """Answers feedback on what is mixed from several sounds."""
    jnds: dict[str, float]
    candidates: Callable[[str], int]
    """How many takes are made for each one kept, by checkpoint."""
    measure: Callable[[Sequence[Clip]], dict[str, dict[str, float | None]]]
    """Descriptors of clips by id."""

    def follow(
        self,
        take: str,
        text: str,
        n: int = 1,
        *,
        by_treatment: bool | None = None,
        understood: Sequence[Adjustment] | None = None,
        progress: Progress = ignore_progress,
        cancelled: CancelledFlag = never,
        stream: bool = False,
    ) -> list[Take]:
        """Answer feedback in the way that suits it: :meth:`treat` where :meth:`treats` says so, else :meth:`answer`.

        ``by_treatment`` says which way instead: True for treatment, False for new takes and nothing else, which
        are not finished by treatment either.
        """
        found = understood if understood is not None else self.understanding.parse(text, self.takes.get(take))
        if self.treats(found, n) if by_treatment is None else by_treatment:
            return [self.treat(take, text, found, progress=progress, cancelled=cancelled)]
        return self.answer(
            take,
            text,
            n,
            understood=found,
            finish=by_treatment is None,
            progress=progress,
            cancelled=cancelled,
            stream=stream,
        )

    def answer(
        self,
        take: str,
        text: str,
        n: int = 1,
        *,
        understood: Sequence[Adjustment] | None = None,
        finish: bool = True,
        progress: Progress = ignore_progress,
        cancelled: CancelledFlag = never,
        stream: bool = False,
    ) -> list[Take]:
        """Make ``n`` takes that follow the feedback, best first, each with its check.

        ``understood`` replaces what the parser makes of ``text``, where a person has corrected it.
        With ``finish``, axes that a take has not moved plainly further than treatment would are treated; its recipe
        says which, and the take as it was generated is kept among the unranked ones.
        """
        parent = self.takes.get(take)
        adjustments = list(understood) if understood is not None else self.understanding.parse(text, parent)
        workable(parent, adjustments)
        goals = self.goals(parent, adjustments)
        if (sounds := self.remixer.planned(parent, goals)) is not None:

            def apart(take: Take, wishes: Sequence[Adjustment], told: Progress) -> list[Take]:
                return self.answer(take.id, "", n, understood=wishes, finish=finish, progress=told, cancelled=cancelled)

            order = Order(parent, goals, [a.as_json() for a in adjustments], n, finish)
            return self.remixer.answer(order, sounds, apart, progress=progress, cancelled=cancelled)
        progress(0, 0, "imagining")
        chosen = self.generation.generate(
            self.brief(parent, goals, cancelled, finished=finish),
            min(MAX_TAKES, self.candidates(parent.checkpoint) * n),
            parent.seed,
            adjustments=[a.as_json() for a in adjustments],
            progress=progress,
            cancelled=cancelled,
            stream=stream,
            select=lambda candidates: self.ranking.ranked(parent, candidates, goals, finish=finish)[:n],
        )
        made = [self._checked(parent, child, goals) for child in chosen]
        if not finish:
            return made
        return [
            self.finished(parent, child, adjustments, goals, progress=progress, cancelled=cancelled) for child in made
        ]

    def brief(
        self,
        parent: Take,
        goals: Sequence[Adjustment],
        cancelled: CancelledFlag = never,
        *,
        finished: bool = False,
    ) -> Brief:
        """The brief that answers (:func:`revise`), and by its side what treatment would make of the parent.

        Nothing of that is heard: its embedding shows the checkpoint where to go, where it is
        steered by sound and the parent is to be its anchor.
        """
        brief = revise(parent, goals, self.jnds, finished=finished)
        wishes = [a for a in goals if able(a) and a.axis in SHOWN]
        held = self.vectors.get(self.embedder.model_id, parent.id)
        shown = brief.anchor is not None and self.generation.hears(parent.checkpoint) and Path(parent.path).is_file()
        if not wishes or held is None or not shown:
            return brief
        audio, rate = read_audio(Path(parent.path))
        made, applied = treat(audio.astype(np.float64), rate, wishes, self.jnds, cancelled=cancelled)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "imagined.wav"
            write_audio(path, made.astype(np.float32), rate)
            found = self.embedder.embed_files([path])[0]
        if isinstance(found, str):  # nothing is left to be heard: there is nothing to go towards
            return brief
        own = unit_mean(held)
        between = own + TOWARDS * (unit_mean(np.asarray(found.vectors)) - own)
        vector = tuple(float(v) for v in between / np.linalg.norm(between))
        return brief.with_(imagined=Imagined(vector, TOWARDS, tuple(a.as_json() for a in applied)))

    def finished(
        self,
        parent: Take,
        child: Take,
        adjustments: Sequence[Adjustment],
        goals: Sequence[Adjustment],
        *,
        progress: Progress = ignore_progress,
        cancelled: CancelledFlag = never,
    ) -> Take:
        """Treat what a child has missed of its goals, half of its own move counted; return what stands in its place."""
        strength = {a.axis: a.strength for a in goals if a.kind == "axis"}
        since, missed = dict(parent.descriptors), set()
        for o in check(parent, child, goals, self.jnds):
            if o.axis == "loudness" or o.before is None or o.after is None or not o.jnd:  # loudness has been set
                continue
            moved = (o.after - o.before) * o.asked
            if moved > 0:
                since[o.axis] = o.after - _BELIEVED * (o.after - o.before)
            if _BELIEVED * moved < AIM * strength[o.axis] * o.jnd:
                missed.add(o.axis)
        wishes = [a for a in goals if a.axis in missed and able(a)]
        if not wishes:
            return child
        spent = child.seconds_to_generate or 0.0
        finished = processed(
            self.derived,
            child,
            wishes,
            self.jnds,
            adjustments,
            since=since,
            spent=spent,
            instead=True,
            progress=progress,
            cancelled=cancelled,
        )
        return self._checked(parent, finished, goals)

    def goals(self, parent: Take, adjustments: Sequence[Adjustment]) -> list[Adjustment]:
        """Adjustments with likeness on one axis ("the reverb of #2") turned into that axis, which way and how far.

        How far is the difference in just-noticeable ones, so that a bare
        comparative's ``STEP`` is half of full strength. Where both sound alike on the
        axis already there is nothing to do.
        """
        out: list[Adjustment] = []
        for a in adjustments:
            if a.kind not in ("like", "unlike") or a.axis is None or a.target is None:
                out.append(a)
                continue
            own, other, jnd = parent.descriptors.get(a.axis), self.measured(a.target).get(a.axis), self.jnds.get(a.axis)
            if own is None or other is None or not jnd:
                continue
            gap = (other - own) / jnd
            if a.kind == "unlike":
                out.append(replace(a, kind="axis", direction=-1 if gap > 0 else 1, target=None))
            elif abs(gap) >= 1:
                strength = min(1.0, abs(gap) / (2 * FURTHER.get(a.axis, STEP)))
                out.append(replace(a, kind="axis", direction=1 if gap > 0 else -1, strength=strength, target=None))
        return out

    def measured(self, target: str) -> dict[str, float | None]:
        """Descriptors of a take or a clip."""
        if target.startswith("t"):
            return self.takes.get(target).descriptors
        clip = self.clips.get(target)
        return self.measure([clip]).get(clip.id, {})

    def _checked(self, parent: Take, child: Take, goals: Sequence[Adjustment]) -> Take:
        """Store whether a child obeyed; return it."""
        self.takes.change(child.id, obeyed=[o.as_json() for o in check(parent, child, goals, self.jnds)])
        return self.takes.get(child.id)

    def treats(self, adjustments: Sequence[Adjustment], n: int = 1) -> bool:
        """Whether feedback that ``n`` takes are to answer asks that it stay itself, and treatment can do the rest.

        So it does where all else is to be kept, and where one answer is to be louder or more reverberant, or less:
        level and room are put on a sound, and are no other sound.
        """
        rest = [a for a in adjustments if a.kind != "keep"]
        keeps = any(a.kind == "keep" and a.target == "all" for a in adjustments)
        put_on = n == 1 and all(a.axis in _PUT_ON for a in rest)
        return (keeps or put_on) and bool(rest) and all(able(a) for a in rest)

    def treat(
        self,
        take: str,
        text: str,
        understood: Sequence[Adjustment] | None = None,
        *,
        progress: Progress = ignore_progress,
        cancelled: CancelledFlag = never,
    ) -> Take:
        """Answer feedback by signal processing alone: the same take, moved; measured like any other answer.

        Raises
        ------
        WrongInput
            When no treatment does any of what is asked. What none can do is named in the recipe.
        """
        parent = self.takes.get(take)
        adjustments = list(understood) if understood is not None else self.understanding.parse(text, parent)
        workable(parent, adjustments)
        goals = self.goals(parent, adjustments)
        sounds = self.remixer.planned(parent, goals) if parent.layers else None
        if sounds is not None and all(sound.index is not None for sound in sounds):  # a new one no treatment makes

            def apart(take: Take, wishes: Sequence[Adjustment], told: Progress) -> list[Take]:
                return [self.treat(take.id, "", wishes, progress=told, cancelled=cancelled)]

            order = Order(parent, goals, [a.as_json() for a in adjustments])
            (child,) = self.remixer.answer(order, sounds, apart, progress=progress, cancelled=cancelled)
            return child
        left = [a.text for a in goals if a.kind != "keep" and not able(a)]
        if not any(able(a) for a in goals):
            raise WrongInput(f"no treatment does {', '.join(left) or text!r}", "leave --treat out, and it is generated")
        child = processed(
            self.derived, parent, goals, self.jnds, adjustments, left=left, progress=progress, cancelled=cancelled
        )
        return self._checked(parent, child, goals)
