"""Briefs become takes: a row first, then audio, then measures."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np

from soundlab.audio.decode import probe
from soundlab.audio.descriptors import describe_file
from soundlab.domain.brief import Brief, Reference
from soundlab.domain.layers import Layer
from soundlab.domain.ports import Cancelled as CancelledFlag
from soundlab.domain.ports import Embedder, GenerationRequest, Generator, Progress, Replayed, ignore_progress, never
from soundlab.domain.rights import ceiling, clip_ceiling, licence_class
from soundlab.domain.take import LAYER, Take
from soundlab.errors import SoundlabError, WrongInput
from soundlab.services.deriving import DerivingService
from soundlab.storage.adapters import AdapterStore
from soundlab.storage.clips import ClipStore
from soundlab.storage.takes import TakeStore, new_id
from soundlab.storage.vectors import VectorStore, unit_mean

AVOID_WEIGHT = -1.5
"""Pull of the avoid list beside a guidance of 3."""
REFERENCE_TERM = 1.0
"""Pull of a reference's words, for checkpoints that are not steered by sound."""
SOUND_TERM = 2.5
"""Pull of a reference's sound, for those that are."""
MAX_TAKES = 64
Sound = tuple[tuple[float, ...], float]
"""(CLAP embedding, weight)."""
Select = Callable[[list[Take]], list[str]]
"""Given measured candidates, the ids to keep, best first."""


class GenerationService:
    """Makes takes.

    Parameters
    ----------
    folder
        Where the audio goes.
    sound_space
        Checkpoint → model id of the embeddings that steer it, None when only words do.
    asked
        A prompt, a checkpoint, and whether sounds may be made apart → what it asks for
        (:func:`soundlab.domain.layers.asked`).
    """

    def __init__(
        self,
        takes: TakeStore,
        clips: ClipStore,
        adapters: AdapterStore,
        vectors: VectorStore,
        generator: Generator,
        embedder: Embedder,
        folder: Path,
        sound_space: Callable[[str], str | None],
        asked: Callable[[str, str, bool], tuple[Layer, ...]],
        derived: DerivingService,
    ) -> None:
        self._asked, self._derived = asked, derived
        self._sound_space = sound_space
        self._takes, self._clips, self._adapters, self._vectors = takes, clips, adapters, vectors
        self._generator, self._embedder, self._folder = generator, embedder, folder

    def generate(
        self,
        brief: Brief,
        n: int = 1,
        seed: int | None = None,
        *,
        adjustments: Sequence[dict[str, Any]] = (),
        select: Select | None = None,
        stream: bool = False,
        progress: Progress = ignore_progress,
        cancelled: CancelledFlag = never,
    ) -> list[Take]:
        """Generate ``n`` takes; take i has seed ``seed`` + i.

        With ``select``, the candidates it leaves out are kept as unranked.

        Raises
        ------
        NotFound
            When a reference, adapter, take or checkpoint does not exist.
        Cancelled, EngineFailed
            From the generator; the rows are marked failed and nothing else is lost.
        """
        if not 1 <= n <= MAX_TAKES:
            raise WrongInput(f"cannot make {n} takes at once", f"choose 1 to {MAX_TAKES}")
        if seed is None:
            seed = secrets.randbelow(2**31 - MAX_TAKES)
        if not 0 <= seed < 2**63 - n:
            raise WrongInput(f"seed {seed} is out of range", f"choose a whole number from 0 to {2**63 - 1 - n}")
        names = [name for name, _ in brief.adapters]
        if twice := {name for name in names if names.count(name) > 1}:
            raise WrongInput(f"adapter {min(twice)} is named twice", "give it one weight: --adapter NAME=0.8")
        brief = brief.with_(references=tuple(Reference(self._named(r.target), r.weight) for r in brief.references))
        terms, sounds, limits, steered = self._terms(brief)
        adapters = [self._adapters.get(name) for name, _ in brief.adapters]
        limits += [licence_class(a.licence) for a in adapters]
        for adapter in adapters:
            if adapter.checkpoint != brief.checkpoint:
                raise WrongInput(
                    f"adapter {adapter.name} was trained on {adapter.checkpoint}",
                    f"add --checkpoint {adapter.checkpoint}",
                )
        source = self._takes.get(brief.continue_from) if brief.continue_from else None
        if source is not None:
            limits.append(source.licence)
        if brief.anchor is not None:
            limits.append(self._takes.get(brief.anchor).licence)
        anchor = self._anchor(brief)
        past = self._past(brief)
        if past is not None:
            limits.append(past.licence)
        batch = new_id("b")
        alone = bool(sounds or anchor or past or source or brief.measures)
        layers = (
            self._asked(brief.prompt, brief.checkpoint, brief.apart and not alone)
            if brief.stressed and not brief.measures
            else ()
        )
        rows = [self._pending(brief, terms, steered, layers, past, batch, seed, i, adjustments) for i in range(n)]
        stems = [_stems(row) for row in rows] if len(layers) > 1 else []
        single = [stem for of in stems for stem in of]
        self._takes.add([*rows, *single])
        request = GenerationRequest(
            prompt=brief.prompt,
            seeds=tuple(t.seed for t in rows),
            outputs=tuple(t.path for t in rows),
            seconds=brief.seconds,
            checkpoint=brief.checkpoint,
            guidance=brief.guidance,
            terms=tuple(terms),
            sounds=tuple(sounds),
            anchor=anchor,
            towards=brief.imagined.vector if brief.imagined and anchor else (),
            adapters=tuple((a.path, w) for a, (_, w) in zip(adapters, brief.adapters, strict=True)),
            temperature=brief.temperature,
            top_k=brief.top_k,
            top_p=brief.top_p,
            continue_path=source.path if source else None,
            continue_seconds=brief.keep_seconds,
            stream=stream,
            measures=brief.measures,
            contrast=brief.contrast,
            layers=layers,
            stems=tuple(tuple(t.path for t in of) for of in zip(*stems, strict=True)),
            replay=Replayed(
                past.path,
                past.prompt,
                tuple((a, v) for a, v in past.descriptors.items() if v is not None),
                tuple(t.recipe["passes"] for t in rows),
            )
            if past
            else None,
        )
        try:
            made = self._generator.generate(request, progress, cancelled)
        except BaseException as error:
            why = error.message if isinstance(error, SoundlabError) else type(error).__name__
            self._takes.finish([(t.id, {"state": "failed", "note": why}) for t in rows])
            self._takes.remove([t.id for t in single])
            for take in [*rows, *single]:
                Path(take.path).with_suffix(".part.wav").unlink(missing_ok=True)
            raise
        if brief.level is not None:
            for take in rows:
                self._derived.bring_to(brief.level, take, limited=brief.limited)
        progress(0, 0, "measuring")
        licence = ceiling([licence_class(made.licence), *limits])
        recipe = {
            "fingerprint": made.fingerprint,
            "sample_rate": made.sample_rate,
            "channels": made.channels,
            "base_licence": made.licence,
        }
        fits = self._derived.embed(rows, brief.prompt)
        changes = []
        for take, fit in zip(rows, fits, strict=True):
            extra = {
                "recipe": {**take.recipe, **recipe, "fit": fit},
                "licence": licence,
                "dtype": made.dtype,
                "descriptors": describe_file(Path(take.path)),
                "seconds_to_generate": round(made.seconds, 3),
                "state": "done",
            }
            changes.append((take.id, extra))
        self._takes.finish(
            [*changes, *((t.id, {"state": LAYER, "licence": licence, "dtype": made.dtype}) for t in single)]
        )
        done = self._takes.batch(batch)
        if select is None:
            return done
        kept = select(done)
        self._takes.finish([(t.id, {"state": "unranked"}) for t in done if t.id not in kept])
        return [self._takes.get(identity) for identity in kept]

    def hears(self, checkpoint: str) -> bool:
        """Whether a checkpoint is steered by sound, in the space of the project's embeddings."""
        return self._sound_space(checkpoint) == self._embedder.model_id

    def sounds(self, checkpoint: str, sources: Sequence[str]) -> dict[str, tuple[float, ...]]:
        """Embeddings of takes and clips that steer a checkpoint, by id; none where it is not steered by sound."""
        if not self.hears(checkpoint):
            return {}
        return {source: vector for source in sources if (vector := self._heard(source)) is not None}

    def _pending(
        self,
        brief: Brief,
        terms: list[tuple[str, float]],
        references: list[dict[str, Any]],
        layers: tuple[Layer, ...],
        past: Take | None,
        batch: str,
        seed: int,
        index: int,
        adjustments: Sequence[dict[str, Any]],
    ) -> Take:
        identity = new_id("t")
        recipe = {
            "generated": True,
            "guidance": brief.guidance,
            "temperature": brief.temperature,
            "top_k": brief.top_k,
            "top_p": brief.top_p,
            "anchor": brief.anchor,
            "imagined": None
            if brief.imagined is None
            else {"share": brief.imagined.share, "treatment": list(brief.imagined.treatment)},
            "continue_from": brief.continue_from,
            "keep_seconds": brief.keep_seconds,
            "level": None if brief.level is None else round(brief.level, 2),
            "limited": brief.limited,
            "measures": {axis: round(value, 4) for axis, value in brief.measures},
            "layers": [asdict(layer) for layer in layers],
            "contrast": {axis: round(value, 4) for axis, value in brief.contrast},
            "replay": past.id if past else None,
            "passes": brief.passes[index % len(brief.passes)] if past else None,
            "pid": os.getpid(),
        }
        return Take(
            id=identity,
            path=str(self._folder / f"{identity}.wav"),
            prompt=brief.prompt,
            avoid=brief.avoid,
            terms=[{"text": text, "weight": round(w, 3)} for text, w in terms],
            references=references,
            seed=seed + index,
            checkpoint=brief.checkpoint,
            adapters=[{"name": name, "weight": w} for name, w in brief.adapters],
            parent=brief.parent,
            adjustments=list(adjustments),
            duration=brief.seconds,
            recipe=recipe,
            state="pending",
            batch=batch,
        )

    def _terms(self, brief: Brief) -> tuple[list[tuple[str, float]], list[Sound], list[str], list[dict[str, Any]]]:
        """Guidance terms beside the prompt, the sounds that steer, the ceilings, and how each reference steers."""
        terms = [(t.text, t.weight) for t in brief.terms]
        if brief.avoid:
            terms.append((brief.avoid, AVOID_WEIGHT))
        limits: list[str] = []
        sounds: list[Sound] = []
        steered: list[dict[str, Any]] = []
        hears = self.hears(brief.checkpoint)
        for reference in brief.references:
            words, limit = self._reference(reference.target)
            limits.append(limit)
            vector = self._heard(reference.target) if hears else None
            if vector is not None:
                sounds.append((vector, SOUND_TERM * reference.weight))
            elif words:
                terms.append((words, REFERENCE_TERM * reference.weight))
            steered.append({**asdict(reference), "by": "words" if vector is None else "sound"})
        return terms, sounds, limits, steered

    def _past(self, brief: Brief) -> Take | None:
        """The take to be made again; None where there is none, its audio was purged, or the checkpoint is not steered
        by sound: there, nothing is known of how it would come out."""
        if brief.replay is None or self._sound_space(brief.checkpoint) is None:
            return None
        past = self._takes.get(brief.replay)
        return past if Path(past.path).is_file() else None

    def _anchor(self, brief: Brief) -> tuple[float, ...]:
        """The embedding of the take that is to be heard throughout; empty where there is none or it cannot steer."""
        if brief.anchor is None or not self.hears(brief.checkpoint):
            return ()
        return self._heard(brief.anchor) or ()

    def _named(self, target: str) -> str:
        """The whole id of a take or clip that was named by a part of it; files that can be read stay as they are."""
        if Path(target).is_file():
            probe(Path(target))
            return str(Path(target).absolute())
        return self._takes.get(target).id if target.startswith("t") else self._clips.get(target).id

    def _heard(self, target: str) -> tuple[float, ...] | None:
        """The embedding of a reference: its windows' mean, of unit length; None when it cannot be embedded."""
        path = Path(target)
        if target.startswith("t") or not path.is_file():
            held = self._vectors.get(self._embedder.model_id, target)
        else:
            found = self._embedder.embed_files([path])[0]
            held = None if isinstance(found, str) else np.asarray(found.vectors)
        if held is None:
            return None
        return tuple(float(v) for v in unit_mean(held))

    def _reference(self, target: str) -> tuple[str, str]:
        """What a reference is called, and the ceiling it brings."""
        if target.startswith("t"):
            take = self._takes.get(target)
            return take.prompt, take.licence
        if Path(target).is_file():
            return Path(target).stem.replace("_", " "), clip_ceiling("unknown")
        clip = self._clips.get(target)
        return " ".join((clip.title, *clip.tags)), clip_ceiling(clip.rights)


def _stems(mix: Take) -> list[Take]:
    """Rows for the sounds that a take will be mixed from; the mix's recipe says which."""
    out = []
    for layer in mix.recipe["layers"]:
        identity = new_id("t")
        layer["take"] = identity
        path = Path(mix.path).with_name(f"{identity}.wav")
        recipe = {**mix.recipe, "layers": [{**layer, "take": None, "level": 0.0}]}
        out.append(
            replace(
                mix, id=identity, path=str(path), prompt=layer["prompt"], parent=None, recipe=recipe, batch=new_id("b")
            )
        )
    return out
