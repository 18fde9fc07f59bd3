"""What an adapter would be trained on: who is in, who is out and why, what each is called, who does not belong."""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from soundlab.audio.decode import content_hash
from soundlab.audio.write import atomic_path
from soundlab.domain.axes import AXES, COUNTED
from soundlab.domain.clip import Clip
from soundlab.domain.ports import AUGMENTATIONS, Embedder, TrainingClip
from soundlab.domain.rights import FREE, TEMP_ONLY
from soundlab.errors import WrongInput
from soundlab.services.curating import apart
from soundlab.storage.clips import ClipStore
from soundlab.storage.takes import TakeStore
from soundlab.storage.vectors import VectorStore

CAPTIONS = "captions.tsv"
_EVERY = 5
"""Of so many sources one is held out, from :data:`_ENOUGH` on."""
_ENOUGH = 5
_CALLED = 1.0
"""Just-noticeable differences from the others at which a source is called so."""
_WORDS = 3
_DEFINES = {"gain": (), "pitch": ("register", "speed"), "room": ("space", "distance")}
"""Axes that an augmentation moves; where the sources agree on one it is theirs, and it stays."""
_AGREE = 0.35
"""Spread in just-noticeable differences under which they agree."""


@dataclass(frozen=True, slots=True)
class Source:
    """One candidate for training and the decision on it."""

    id: str
    path: str
    caption: str
    rights: str
    evidence: str
    sha256: str
    allowed: bool
    reason: str
    licence: str
    held_out: bool = False
    apart: bool = False
    """Whether it sounds unlike the others."""

    def as_json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "path": self.path,
            "caption": self.caption,
            "rights": self.rights,
            "evidence": self.evidence,
            "sha256": self.sha256,
            "allowed": self.allowed,
            "reason": self.reason,
            "licence": self.licence,
            "held_out": self.held_out,
            "apart": self.apart,
        }


@dataclass(frozen=True, slots=True)
class Plan:
    """What would be trained on, before anything is."""

    sources: tuple[Source, ...]
    augment: tuple[str, ...]
    captions: Path

    @property
    def used(self) -> list[Source]:
        return [s for s in self.sources if s.allowed]

    @property
    def refused(self) -> list[Source]:
        return [s for s in self.sources if not s.allowed]

    @property
    def apart(self) -> list[Source]:
        """Those in it that do not belong."""
        return [s for s in self.used if s.apart]

    def clips(self, sounds: Mapping[str, tuple[float, ...]]) -> tuple[TrainingClip, ...]:
        """As a trainer takes them, with the embeddings of those that there are any of."""
        return tuple(TrainingClip(s.path, s.caption, s.sha256, s.held_out, sounds.get(s.id, ())) for s in self.used)

    def as_json(self) -> dict[str, Any]:
        return {
            "sources": [s.as_json() for s in self.sources],
            "augment": list(self.augment),
            "captions": str(self.captions),
        }


@dataclass(slots=True)
class Dataset:
    """Gathers sources of one project.

    Parameters
    ----------
    measured
        Descriptors of clips by id.
    """

    takes: TakeStore
    clips: ClipStore
    vectors: VectorStore
    embedder: Embedder
    measured: Callable[[Sequence[Clip]], dict[str, dict[str, float | None]]]
    jnds: Callable[[], Mapping[str, float]]

    def made_with(self, adapter: str) -> list[str]:
        """Ids of takes that were made with an adapter."""
        return [t.id for t in self.takes.all() if any(a["name"] == adapter for a in t.adapters)]

    def plan(self, folder: Path, collection: str | None, takes: Sequence[str] | None = None) -> Plan:
        """Plan training into ``folder`` on approved takes, or those named, and the clips of a collection that may.

        Captions come from prompts, feedback, titles, tags and what a source measures
        against the others; those of ``folder``'s ``captions.tsv`` replace them.
        Every fifth source is held out, by its content, so that it is always the same.

        Raises
        ------
        NotFound
            When the collection has no clips.
        """
        found: list[tuple[Source, dict[str, float | None]]] = self._takes(takes)
        if collection is not None:
            found += self._clips(collection)
        used = [(s, m) for s, m in found if s.allowed]
        strangers = self._strangers([s.id for s, _ in used])
        held_out = _held_out([s for s, _ in used])
        own = read_captions(folder / CAPTIONS)
        jnds = self.jnds()
        sources = []
        for source, measures in found:
            words = _called(measures, [m for s, m in used if s.id != source.id], jnds)
            caption = own.get(source.id) or ", ".join(dict.fromkeys([source.caption, *words]))
            sources.append(
                replace(source, caption=caption, apart=source.id in strangers, held_out=source.id in held_out)
            )
        return Plan(tuple(sources), _augment([m for _, m in used], jnds), folder / CAPTIONS)

    def _takes(self, named: Sequence[str] | None) -> list[tuple[Source, dict[str, float | None]]]:
        chosen = self.takes.all(verdict="approved") if named is None else [self.takes.get(i) for i in named]
        found = []
        for take in chosen:
            path = Path(take.path)
            there = path.exists()
            said = [str(a["text"]) for a in take.adjustments if a["kind"] in ("axis", "term") and a["direction"] > 0]
            found.append(
                (
                    Source(
                        take.id,
                        take.path,
                        ", ".join(dict.fromkeys([take.prompt, *(s for s in said if s not in take.prompt)])),
                        "generated",
                        f"approved take of {take.checkpoint}",
                        content_hash(path) if there else "",
                        there,
                        "approved take" if there else "its file is missing",
                        take.licence,
                    ),
                    take.descriptors,
                )
            )
        return found

    def _clips(self, collection: str) -> list[tuple[Source, dict[str, float | None]]]:
        clips = self.clips.collected(collection)
        measures = self.measured([c for c in clips if c.training.allowed and not c.missing])
        found = []
        for clip in clips:
            decision = clip.training
            measure = measures.get(clip.id, {})
            silent = bool(measure) and all(value is None for value in measure.values())
            found.append(
                (
                    Source(
                        clip.id,
                        clip.path,
                        ", ".join(dict.fromkeys((clip.title, *clip.tags))),
                        clip.rights,
                        clip.evidence,
                        clip.sha256,
                        decision.allowed and not clip.missing and not silent,
                        "its file is missing" if clip.missing else "it is silent" if silent else decision.reason,
                        TEMP_ONLY if decision.non_commercial else FREE,
                    ),
                    measure,
                )
            )
        return found

    def _strangers(self, ids: Sequence[str]) -> set[str]:
        """Sources whose distance to the mean of the others is far beyond the usual."""
        held = self.vectors.means(self.embedder.model_id, ids)
        known = [i for i in ids if i in held]
        if len(known) < _ENOUGH:
            return set()
        _, far = apart(np.stack([held[i] for i in known]))
        return {i for i, outlying in zip(known, far, strict=True) if outlying}


def write_captions(plan: Plan) -> None:
    """Write captions to be edited: id and caption, tab-separated."""
    with atomic_path(plan.captions) as beside, beside.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, delimiter="\t", lineterminator="\n")
        writer.writerow(("id", "caption"))
        writer.writerows((s.id, s.caption) for s in plan.used)


def read_captions(path: Path) -> dict[str, str]:
    """Read edited captions by source; none where there is no such file.

    Raises
    ------
    WrongInput
        When a row has no caption.
    """
    if not path.is_file():
        return {}
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.reader(file, delimiter="\t"))
    out = {}
    for number, row in enumerate(rows, 1):
        if not row or row[:1] == ["id"]:
            continue
        if len(row) < 2 or not row[1].strip():
            raise WrongInput(f"{path}, line {number}: no caption", "an id, a tab and what is heard")
        out[row[0].strip()] = row[1].strip()
    return out


def _held_out(sources: Sequence[Source]) -> set[str]:
    """One source in five; one recording in two places lies on one side."""
    contents = sorted({s.sha256 for s in sources})
    if len(contents) < _ENOUGH:
        return set()
    chosen = set(contents[::_EVERY][: max(1, len(contents) // _EVERY)])
    return {s.id for s in sources if s.sha256 in chosen}


def _called(
    own: Mapping[str, float | None], others: Sequence[Mapping[str, float | None]], jnds: Mapping[str, float]
) -> list[str]:
    """Adjectives for what sets a source apart from the others, clearest first."""
    found = []
    for axis in COUNTED:
        mine, jnd = own.get(axis), jnds.get(axis)
        rest = [v for m in others if (v := m.get(axis)) is not None]
        if mine is None or not jnd or len(rest) < 2 or axis == "loudness":
            continue
        steps = (mine - float(np.median(rest))) / jnd
        if abs(steps) >= _CALLED:
            found.append((abs(steps), AXES[axis].word(1 if steps > 0 else -1)))
    return [word for _, word in sorted(found, reverse=True)[:_WORDS]]


def _augment(measures: Sequence[Mapping[str, float | None]], jnds: Mapping[str, float]) -> tuple[str, ...]:
    """What may be varied: nothing that moves an axis on which all sources agree."""
    agreed = set()
    for axis in COUNTED:
        values = [v for m in measures if (v := m.get(axis)) is not None]
        if len(values) >= _ENOUGH and float(np.std(values)) < _AGREE * jnds.get(axis, 0.0):
            agreed.add(axis)
    return tuple(a for a in AUGMENTATIONS if not agreed.intersection(_DEFINES[a]))
