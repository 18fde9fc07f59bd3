"""Fine-tuning on approved takes and cleared clips; what may not train is named, with the reason."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from soundlab.audio.write import atomic_path
from soundlab.domain.adapter import Adapter
from soundlab.domain.names import checked
from soundlab.domain.ports import Cancelled as CancelledFlag
from soundlab.domain.ports import (
    Progress,
    Trainer,
    TrainingRequest,
    TrainingResult,
    TrainingSettings,
    ignore_progress,
    never,
)
from soundlab.domain.rights import ceiling, licence_class
from soundlab.errors import RightsRefused, WrongInput
from soundlab.services.dataset import Dataset, Plan, write_captions
from soundlab.storage.adapters import AdapterStore

CARD = "adapter.json"
OTHERS = 32
"""Prompts that an adapter is to answer as its base does."""
OTHER_PROMPTS = ("rain", "church bells", "footsteps", "a low drone")
"""What an adapter is asked for to see whether it still listens to other words; never among those it is to answer."""
_LONG = re.compile(r"[^\W\d_]{4,}")


@dataclass(slots=True)
class TrainingService:
    """Plans, trains, writes the card.

    Parameters
    ----------
    folder, cache
        Where adapters go, and the tokens of what they are trained on.
    prompts
        Of all kinds: those without a word of the clips' captions are to be answered as before.
    sounds
        Checkpoint and sources → the embeddings that steer it, by source.
    """

    dataset: Dataset
    adapters: AdapterStore
    trainer: Trainer
    folder: Path
    cache: Path
    prompts: Sequence[str]
    sounds: Callable[[str, Sequence[str]], dict[str, tuple[float, ...]]]

    def plan(self, name: str, collection: str | None = None, takes: Sequence[str] | None = None) -> Plan:
        """Say who would train ``name`` and who would not. Raises WrongInput on a bad name, NotFound on a collection."""
        return self.dataset.plan(self.folder / checked(name, "an adapter"), collection, takes)

    def train(
        self,
        name: str,
        settings: TrainingSettings | None = None,
        *,
        collection: str | None = None,
        takes: Sequence[str] | None = None,
        checkpoint: str = "sketch",
        resume: bool = False,
        replace: bool = False,
        progress: Progress = ignore_progress,
        cancelled: CancelledFlag = never,
    ) -> tuple[Adapter | None, Plan]:
        """Train adapter ``name``; return it and what it was trained on.

        One that takes were made with is trained anew only where ``replace`` says so: its takes could not be made again.

        The adapter is None in the other processes of a distributed run.

        Raises
        ------
        WrongInput
            On a bad name, or that of an adapter that takes were made with.
        RightsRefused
            When nothing is approved or nothing may train, naming each refusal.
        """
        settings = settings or TrainingSettings()
        plan = self.plan(name, collection, takes)
        if not (resume or replace) and (used := self.dataset.made_with(name)):
            raise WrongInput(
                f"{len(used)} takes were made with {name!r}, such as {used[0]}",
                "take another name, go on with --resume, or train it anew with --replace",
            )
        refuse_nothing(plan)
        folder = self.folder / name
        write_captions(plan)
        result = self.trainer.train(
            TrainingRequest(
                name=name,
                checkpoint=checkpoint,
                clips=plan.clips(self.sounds(checkpoint, [s.id for s in plan.used])),
                folder=str(folder),
                cache=str(self.cache),
                augment=plan.augment,
                resume=resume,
                others=_others(self.prompts, [s.caption for s in plan.used]),
                **asdict(settings),
            ),
            progress,
            cancelled,
        )
        if not result.leads:
            return None, plan
        adapter = _adapter(name, folder, checkpoint, settings, plan, result)
        self.adapters.put(adapter)
        adapter = self.adapters.get(name)
        write_card(adapter)
        return adapter, plan


def _others(prompts: Sequence[str], captions: Sequence[str]) -> tuple[str, ...]:
    """Prompts without a longer word of the captions or of :data:`OTHER_PROMPTS`, evenly taken, at most OTHERS."""
    said = _stems(" ".join([*captions, *OTHER_PROMPTS]))
    free = [p for p in dict.fromkeys(prompts) if said.isdisjoint(_stems(p))]
    return tuple(free[:: max(1, len(free) // OTHERS)][:OTHERS])


def _stems(text: str) -> set[str]:
    return {word[:4] for word in _LONG.findall(text.lower())}


def refuse_nothing(plan: Plan) -> None:
    """Raise RightsRefused when a plan has nothing to train on, naming each refusal."""
    if not plan.sources:
        raise RightsRefused("nothing to train on: no take is approved", "soundlab approve TAKE, or name a --collection")
    if not plan.used:
        why = "; ".join(f"{s.id} {s.caption}: {s.reason}" for s in plan.refused)
        raise RightsRefused(f"nothing may train: {why}", "clear the rights: soundlab edit CLIP --rights … --evidence …")


def _adapter(
    name: str, folder: Path, checkpoint: str, settings: TrainingSettings, plan: Plan, result: TrainingResult
) -> Adapter:
    first, last = result.losses[:10], result.losses[-10:]
    training: dict[str, Any] = {
        **asdict(settings),
        "precision": result.precision,
        "augment": list(plan.augment),
        "base_licence": result.licence,
        "segments": result.segments,
        "seconds": round(result.seconds, 1),
        "kept": result.kept,
        "losses": [round(v, 4) for v in result.losses],
        "held_out": [[step, round(loss, 4)] for step, loss in result.held_out],
    }
    return Adapter(
        name=name,
        path=str(folder),
        checkpoint=checkpoint,
        licence=ceiling([licence_class(result.licence), *(s.licence for s in plan.used)]),
        steps=result.steps,
        rank=settings.rank,
        loss_first=round(sum(first) / len(first), 4),
        loss_last=round(sum(last) / len(last), 4),
        clips=[
            {
                "id": s.id,
                "sha256": s.sha256,
                "rights": s.rights,
                "evidence": s.evidence,
                "caption": s.caption,
                "held_out": s.held_out,
            }
            for s in plan.used
        ],
        training=training,
    )


def write_card(adapter: Adapter) -> None:
    """Write an adapter's card beside its weights."""
    with atomic_path(Path(adapter.path) / CARD) as beside:
        beside.write_text(json.dumps(adapter.as_json(), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
