"""What an adapter does against its base: closer to its sources, varied as they are, obedient, and nothing copied."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from soundlab.audio.descriptors import mono_of
from soundlab.audio.spaces import Timbre, copied, frechet, outline, timbre, timbre_distance
from soundlab.domain.adapter import Adapter
from soundlab.domain.axes import AXES
from soundlab.domain.brief import Brief
from soundlab.domain.feedback import BARE, Adjustment
from soundlab.domain.ports import Cancelled as CancelledFlag
from soundlab.domain.ports import Embedder, Progress, ignore_progress, never
from soundlab.domain.take import TRIAL, Take
from soundlab.errors import NotFound
from soundlab.services.generating import GenerationService
from soundlab.services.steering import SteeringService
from soundlab.services.training import OTHER_PROMPTS, write_card
from soundlab.storage.adapters import AdapterStore
from soundlab.storage.takes import TakeStore
from soundlab.storage.vectors import VectorStore, unit_mean

PROMPTS, SEEDS = 6, 4
"""Captions that are asked for, and takes of each; with the adapter and without."""
_SECONDS = 6.0
_LONGEST = 60.0
_DIRECTIONS = ("brightness", "warmth", "boominess", "density")
_CLOSER, _FIT, _VARIETY = 0.9, 0.9, 0.8
_LEAST_VARIETY = 0.25
"""Of the base's, however alike the sources are."""
_FEW = 5
_MARGIN = 0.05
_LEAST_MATCH = 0.6
"""Correlation under which nothing is called a copy, whatever the held-out clips say."""

Rows = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class _Heard:
    """One sound in the spaces it is judged in."""

    id: str
    timbre: Timbre
    outline: Rows
    vector: Rows


@dataclass(slots=True)
class EvaluationService:
    """Evaluates adapters of one project."""

    takes: TakeStore
    adapters: AdapterStore
    vectors: VectorStore
    embedder: Embedder
    generation: GenerationService
    steering: SteeringService
    sampling: Callable[[str], dict[str, Any]]
    """Checkpoint → how its takes are drawn."""
    paths: Callable[[str], Path | None]
    """Source id → path of its file, None when it is gone."""

    def evaluate(self, name: str, progress: Progress = ignore_progress, cancelled: CancelledFlag = never) -> Adapter:
        """Make takes with and without the adapter, by the same prompts and seeds; measure, judge, keep it on the card.

        Raises
        ------
        NotFound
            When there is no such adapter, or none of its sources is there any more.
        """
        adapter = self.adapters.get(name)
        clips = {str(c["id"]): c for c in adapter.clips}
        there = {i: p for i in clips if (p := self.paths(i)) is not None}
        sources = self._sources(there, progress)
        if not sources:
            raise NotFound(f"none of the sources of {name} is there", "soundlab relink FOLDER finds moved clips")
        trained = [s for s in sources if not clips[s.id].get("held_out")]
        unseen = [s for s in sources if clips[s.id].get("held_out")]
        prompts = _prompts([str(c["caption"]) for c in adapter.clips])
        earlier = [t for t in self.takes.all(states=(TRIAL,)) if t.note == name]
        base, own = (self._takes(adapter, prompts, on, progress, cancelled) for on in (False, True))
        others = [self._takes(adapter, OTHER_PROMPTS, on, progress, cancelled) for on in (False, True)]
        heard = [[self._heard(t) for t in takes] for takes in (base, own)]
        result = {
            "prompts": prompts,
            "pairs": [[a.id, b.id] for a, b in zip(base, own, strict=True)],
            **_closeness(sources, heard[0], heard[1], [self._heard(t).timbre for t in others[0]]),
            **_spread(len(prompts), heard[0], heard[1], sources),
            "text_fit": _fit(*others),
            "direction": self._direction(adapter, base, own, progress, cancelled),
            "memorised": _memorised(heard[1], trained, unseen),
        }
        result["verdict"] = verdict(result, adapter)
        self.adapters.evaluated(name, result)
        self._delete(earlier)
        adapter = self.adapters.get(name)
        write_card(adapter)
        return adapter

    def _sources(self, there: Mapping[str, Path], progress: Progress) -> list[_Heard]:
        """Sources in the spaces they are judged in; those without an embedding have none to be judged by."""
        held = self.vectors.means(self.embedder.model_id, list(there))
        out = []
        for index, (identity, vector) in enumerate(held.items()):
            progress(index, len(held), "listening to the sources")
            mono = mono_of(there[identity], _LONGEST)
            out.append(_Heard(identity, timbre(mono), outline(mono), np.asarray(vector, np.float64)))
        return out

    def _takes(
        self, adapter: Adapter, prompts: Sequence[str], on: bool, progress: Progress, cancelled: CancelledFlag
    ) -> list[Take]:
        out: list[Take] = []
        for index, prompt in enumerate(prompts):
            progress(index, len(prompts), "takes with the adapter" if on else "takes without it")
            brief = Brief(
                prompt,
                seconds=_SECONDS,
                checkpoint=adapter.checkpoint,
                adapters=((adapter.name, 1.0),) if on else (),
                **self.sampling(adapter.checkpoint),
            )
            out += self._trial(self.generation.generate(brief, SEEDS, 1000 * index, cancelled=cancelled), adapter.name)
        return out

    def _trial(self, made: list[Take], name: str) -> list[Take]:
        """Keep takes, and what was left out beside them, apart from the person's own."""
        batches = dict.fromkeys(t.batch for t in made)
        found = [t for batch in batches for t in self.takes.batch(batch)]
        self.takes.finish([(t.id, {"state": TRIAL, "note": name}) for t in found])
        return made

    def _delete(self, takes: Sequence[Take]) -> None:
        self.takes.remove([t.id for t in takes])
        for take in takes:
            Path(take.path).unlink(missing_ok=True)

    def _heard(self, take: Take) -> _Heard:
        mono = mono_of(Path(take.path))
        held = self.vectors.get(self.embedder.model_id, take.id)
        assert held is not None  # generating has just embedded it
        return _Heard(take.id, timbre(mono), outline(mono), unit_mean(held).astype(np.float64))

    def _direction(
        self, adapter: Adapter, base: list[Take], own: list[Take], progress: Progress, cancelled: CancelledFlag
    ) -> dict[str, Any]:
        """A slice of the direction benchmark: how much of simple feedback is obeyed without the adapter and with it."""
        shares = {}
        for name, parent in (("base", base[0]), ("adapter", own[0])):
            answers = []
            for index, axis in enumerate(_DIRECTIONS):
                for way in (1, -1):
                    progress(2 * index + (way < 0), 2 * len(_DIRECTIONS), f"feedback, {name}")
                    wish = Adjustment("axis", AXES[axis].pole(way), axis=axis, direction=way, strength=BARE)
                    children = self.steering.answer(
                        parent.id, wish.text, understood=[wish], finish=False, cancelled=cancelled
                    )
                    answers += [row["ok"] for t in self._trial(children, adapter.name) for row in t.obeyed or []]
            decided = [bool(ok) for ok in answers if ok is not None]
            shares[name] = round(float(np.mean(decided)), 3) if decided else None
        return {**shares, "n": 2 * len(_DIRECTIONS)}


def _prompts(captions: Sequence[str]) -> list[str]:
    """What the sources are called, without what sets each apart, the commonest first."""
    plain = [c.split(", ")[0] for c in captions]
    return sorted(dict.fromkeys(plain), key=lambda c: -plain.count(c))[:PROMPTS]


def _closeness(
    sources: Sequence[_Heard], base: Sequence[_Heard], own: Sequence[_Heard], others: Sequence[Timbre]
) -> dict[str, Any]:
    """In how many pairs the adapter's take is nearer to the sources, by timbre and by CLAP.

    Nearer by the mean distance to the three nearest sources; by timbre it is divided by that to the
    three nearest ``others``, which are no likeness: broad noise is a hub, near to whatever there is
    (after Schnitzer et al. 2012, "Local and global scaling reduce hubs in space").
    """

    def nearest(distances: Rows) -> Rows:
        return np.asarray(np.sort(distances, axis=1)[:, :3].mean(1))

    def apart(rows: Sequence[_Heard]) -> Rows:
        near, far = (
            nearest(np.array([[timbre_distance(h.timbre, s) for s in timbres] for h in rows]))
            for timbres in ([s.timbre for s in sources], others)
        )
        return np.asarray(near / far)

    vectors = np.stack([h.vector for h in sources])
    by_timbre = [apart(rows) for rows in (base, own)]
    by_clap = [nearest(1 - np.stack([h.vector for h in rows]) @ vectors.T) for rows in (base, own)]
    frechets = (
        [frechet(np.stack([h.vector for h in rows]), vectors) for rows in (base, own)] if len(sources) > 2 else []
    )
    return {
        "closer": round(float((by_timbre[1] < by_timbre[0]).mean()), 3),
        "distance": [round(float(d.mean()), 3) for d in by_timbre],
        "closer_by_clap": round(float((by_clap[1] < by_clap[0]).mean()), 3),
        "frechet": [round(v, 3) for v in frechets],
    }


def _spread(prompts: int, base: Sequence[_Heard], own: Sequence[_Heard], sources: Sequence[_Heard]) -> dict[str, Any]:
    """Mean distance in CLAP between takes of one prompt with the adapter, and between sources, against takes without.

    What learns sources that are alike can't be as varied as a base that does not know them.
    """

    def apart(rows: Sequence[_Heard]) -> float:
        group = np.stack([h.vector for h in rows])
        return float(1 - (group @ group.T)[np.triu_indices(len(group), 1)].mean())

    def mean(rows: Sequence[_Heard]) -> float:
        return float(np.mean([apart(rows[k * SEEDS : (k + 1) * SEEDS]) for k in range(prompts)]))

    whole = max(mean(base), 1e-6)
    theirs = round(apart(sources) / whole, 3) if len(sources) > 1 else None
    return {"diversity": round(mean(own) / whole, 3), "diversity_of_sources": theirs}


def _fit(base: Sequence[Take], own: Sequence[Take]) -> float | None:
    """Fit of takes to words that the sources do not speak of, with the adapter against without."""
    a, b = ([fit for t in rows if (fit := t.recipe.get("fit")) is not None] for rows in (own, base))
    return round(float(np.mean(a)) / max(float(np.mean(b)), 1e-6), 3) if a and b else None


def _memorised(takes: Sequence[_Heard], trained: Sequence[_Heard], unseen: Sequence[_Heard]) -> dict[str, Any]:
    """Each take's best aligned match in the training clips, against what clips that were held out reach by nature.

    Without clips held out, the training clips among themselves say what is natural.
    """
    if unseen:
        natural = [max(copied(h.outline, t.outline) for t in trained) for h in unseen]
    else:
        natural = [
            max(copied(a.outline, b.outline) for b in trained if b is not a) for a in trained if len(trained) > 1
        ]
    threshold = max(_LEAST_MATCH, min(0.98, max(natural, default=_LEAST_MATCH) + _MARGIN))
    rows = []
    for take in takes:
        matches = [copied(take.outline, t.outline) for t in trained]
        best = int(np.argmax(matches))
        near = trained[int(np.argmax([float(take.vector @ t.vector) for t in trained]))]
        rows.append(
            {
                "take": take.id,
                "source": trained[best].id,
                "match": round(matches[best], 3),
                "nearest": near.id,
                "likeness": round(float(take.vector @ near.vector), 3),
                "flagged": matches[best] > threshold,
            }
        )
    rows.sort(key=lambda row: -float(str(row["match"])))
    return {"threshold": round(threshold, 3), "flagged": sum(bool(r["flagged"]) for r in rows), "takes": rows}


def verdict(result: Mapping[str, Any], adapter: Adapter) -> str:
    """In words: use it, train longer, too close to its sources, or too few of them; and why."""
    flagged, n = int(result["memorised"]["flagged"]), len(result["pairs"])
    closer, diversity, fit = float(result["closer"]), float(result["diversity"]), result["text_fit"]
    said = f"{closer:.0%} of its takes are closer to the sources than the base's"
    if flagged:
        return f"too close to its sources: {flagged} of {n} takes match one; train for fewer steps, or on more clips"
    if len(adapter.clips) < _FEW and closer < _CLOSER:
        return f"too few clips: {len(adapter.clips)}, and only {said}"
    if closer < _CLOSER:
        looks = adapter.training.get("held_out") or [[0]]
        over = int(looks[-1][0]) > int(adapter.training.get("kept") or 0) > 0  # the held-out loss rose again
        return f"{'train on more clips' if over else 'train longer, or with a higher rank'}: only {said}"
    theirs = result.get("diversity_of_sources")
    if diversity < _VARIETY * (1.0 if theirs is None else min(1.0, max(_LEAST_VARIETY, float(theirs)))):
        beside = "" if theirs is None else f" (its sources are {theirs:.0%})"
        return f"its takes are too much alike, {diversity:.0%} of the base's variety{beside}; train for fewer steps"
    if fit is not None and float(fit) < _FIT:
        return f"it listens less to words, {float(fit):.0%} of the base's fit; train for fewer steps, or weigh it less"
    return f"use it: {said}, and nothing is copied"
