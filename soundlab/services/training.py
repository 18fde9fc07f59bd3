"""Fine-tuning on approved takes and cleared clips; what may not train is named, with the reason."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from soundlab.domain.adapter import Adapter
from soundlab.domain.ports import Cancelled as CancelledFlag
from soundlab.domain.ports import Progress, Trainer, TrainingRequest, ignore_progress, never
from soundlab.domain.rights import FREE, TEMP_ONLY, ceiling, licence_class
from soundlab.errors import NotFound, RightsRefused, WrongInput
from soundlab.storage.adapters import AdapterStore
from soundlab.storage.clips import ClipStore
from soundlab.storage.takes import TakeStore

_NAME = re.compile(r"^[\w][\w.-]{0,63}$")


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


@dataclass(slots=True)
class TrainingService:
    """Gathers what may train, trains, writes the card."""

    takes: TakeStore
    clips: ClipStore
    adapters: AdapterStore
    trainer: Trainer
    folder: Path

    def sources(self, collection: str | None) -> list[Source]:
        """List approved takes and the clips of a collection, each with the decision.

        Raises
        ------
        NotFound
            When the collection has no clips.
        """
        found = []
        for take in self.takes.all(verdict="approved"):
            there = Path(take.path).exists()
            found.append(
                Source(
                    take.id,
                    take.path,
                    take.prompt,
                    "generated",
                    f"approved take of {take.checkpoint}",
                    "",
                    there,
                    "approved take" if there else "its file is missing",
                    take.licence,
                )
            )
        if collection is not None:
            clips = self.clips.all(collection=collection)
            if not clips:
                known = ", ".join(self.clips.collections()) or "none yet"
                raise NotFound(f"no clips in a collection called {collection!r}", f"collections: {known}")
            for clip in clips:
                decision = clip.training
                allowed = decision.allowed and not clip.missing
                reason = "its file is missing" if clip.missing else decision.reason
                caption = ", ".join(dict.fromkeys((clip.title, *clip.tags)))
                limit = TEMP_ONLY if decision.non_commercial else FREE
                found.append(
                    Source(clip.id, clip.path, caption, clip.rights, clip.evidence, clip.sha256, allowed, reason, limit)
                )
        return found

    def train(
        self,
        name: str,
        *,
        collection: str | None = None,
        checkpoint: str = "sketch",
        steps: int = 200,
        rank: int = 8,
        resume: bool = False,
        progress: Progress = ignore_progress,
        cancelled: CancelledFlag = never,
    ) -> tuple[Adapter, list[Source]]:
        """Train adapter ``name``; return it and the sources that were refused.

        Raises
        ------
        WrongInput
            On a bad name, steps or rank.
        RightsRefused
            When nothing is approved or nothing may train, naming each refusal.
        """
        if not _NAME.match(name):
            raise WrongInput(f"{name!r} is no name for an adapter", "use letters, digits, - and _")
        if steps < 1 or not 1 <= rank <= 256:
            raise WrongInput("steps must be at least 1 and rank between 1 and 256")
        found = self.sources(collection)
        used = [s for s in found if s.allowed]
        refused = [s for s in found if not s.allowed]
        if not found:
            raise RightsRefused(
                "nothing to train on: no take is approved", "soundlab approve TAKE, or name a --collection"
            )
        if not used:
            why = "; ".join(f"{s.id} {s.caption}: {s.reason}" for s in refused)
            raise RightsRefused(
                f"nothing may train: {why}", "clear the rights: soundlab edit CLIP --rights … --evidence …"
            )
        folder = self.folder / name
        result = self.trainer.train(
            TrainingRequest(
                name=name,
                checkpoint=checkpoint,
                clips=tuple((s.path, s.caption) for s in used),
                folder=str(folder),
                steps=steps,
                rank=rank,
                resume=resume,
            ),
            progress,
            cancelled,
        )
        tail = result.losses[-10:]
        adapter = Adapter(
            name=name,
            path=str(folder),
            checkpoint=checkpoint,
            licence=ceiling([licence_class(result.licence), *(s.licence for s in used)]),
            steps=result.steps,
            rank=rank,
            loss_first=round(sum(result.losses[:10]) / len(result.losses[:10]), 4),
            loss_last=round(sum(tail) / len(tail), 4),
            clips=[
                {"id": s.id, "sha256": s.sha256, "rights": s.rights, "evidence": s.evidence, "caption": s.caption}
                for s in used
            ],
        )
        self.adapters.put(adapter)
        adapter = self.adapters.get(name)
        card: dict[str, Any] = {
            **adapter.as_json(),
            "base_licence": result.licence,
            "segments": result.segments,
            "seconds": round(result.seconds, 1),
            "losses": [round(v, 4) for v in result.losses],
        }
        (folder / "adapter.json").write_text(json.dumps(card, indent=2) + "\n", encoding="utf-8")
        return adapter, refused
