"""Takes made of takes: treated, mixed from several, brought to a level, measured."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from soundlab.audio.decode import read_audio
from soundlab.audio.descriptors import describe_file
from soundlab.audio.loudness import gain_for
from soundlab.audio.write import resample, write_audio
from soundlab.domain.ports import Embedder
from soundlab.domain.rights import ceiling
from soundlab.domain.take import LAYER, Take
from soundlab.services.treating import levelled
from soundlab.storage.takes import TakeStore, new_id
from soundlab.storage.vectors import VectorStore

_MOST_GAIN = 10.0
"""By which a take is raised at most, 20 dB: what is quieter has next to nothing in it but its noise."""


@dataclass(slots=True)
class DerivingService:
    """Keeps what is made of takes as takes of their own."""

    takes: TakeStore
    vectors: VectorStore
    embedder: Embedder
    folder: Path
    """Where the audio goes."""

    def treated(
        self,
        parent: Take,
        audio: npt.NDArray[np.floating],
        rate: int,
        adjustments: Sequence[dict[str, Any]],
        treatment: dict[str, Any],
        seconds: float,
        *,
        instead: bool = False,
    ) -> Take:
        """Keep ``audio`` (channels, samples) as a take that was made from ``parent`` by signal processing.

        It is a child of ``parent``; with ``instead`` it stands in its place, as a child of
        the same take, and ``parent`` goes to the unranked ones.
        """
        row = self._pending(
            parent,
            parent=parent.parent if instead else parent.id,
            batch=parent.batch if instead else new_id("b"),
            adjustments=list(adjustments),
            recipe={
                **parent.recipe,
                "layers": [],  # what it was mixed from has not been treated
                "treatment": treatment,
                "treated_from": parent.id,
                "pid": os.getpid(),
            },
        )
        write_audio(Path(row.path), np.asarray(audio, np.float32), rate, tags=_mark(parent, ", treated"))
        return self._done(row, seconds, [(parent.id, {"state": "unranked"})] if instead else [])

    def mixed(
        self,
        parent: Take,
        layers: Sequence[tuple[Take, float]],
        prompt: str,
        lufs: float,
        adjustments: Sequence[dict[str, Any]],
        *,
        limited: bool = False,
    ) -> Take:
        """Mix takes by their levels in dB into a child of ``parent``, brought to ``lufs``."""
        row = self._pending(
            parent,
            prompt=prompt,
            parent=parent.id,
            batch=new_id("b"),
            adjustments=list(adjustments),
            licence=ceiling([parent.licence, *(t.licence for t, _ in layers)]),
            recipe={
                **{k: v for k, v in parent.recipe.items() if k not in ("treatment", "treated_from", "measures")},
                "layers": [{"prompt": t.prompt, "level": round(level, 2), "take": t.id} for t, level in layers],
                "pid": os.getpid(),
            },
        )
        audio, rate = _summed([(Path(t.path), level) for t, level in layers])
        write_audio(Path(row.path), audio, rate, tags=_mark(row))
        self.bring_to(lufs, row, limited=limited)
        return self._done(row, sum(t.seconds_to_generate or 0.0 for t, _ in layers if t.created > parent.created))

    def _pending(self, source: Take, **said: Any) -> Take:
        """Add the row of a take like ``source`` but for what is ``said``; there is no audio yet."""
        identity = new_id("t")
        path = str(self.folder / f"{identity}.wav")
        fresh: dict[str, Any] = {"verdict": None, "note": "", "obeyed": None, "descriptors": {}, "created": ""}
        row = replace(source, id=identity, path=path, state="pending", **fresh, **said)
        self.takes.add([row])
        return row

    def _done(self, row: Take, seconds: float, others: Sequence[tuple[str, dict[str, Any]]] = ()) -> Take:
        """Measure a take whose audio is there; ``others`` change with it, or nothing does."""
        (fit,) = self.embed([row], row.prompt)
        changes = {
            "recipe": {**row.recipe, "fit": fit},
            "descriptors": describe_file(Path(row.path)),
            "seconds_to_generate": round(seconds, 3),
            "state": "done",
        }
        self.takes.finish([(row.id, changes), *others])
        return self.takes.get(row.id)

    def measured(self, identity: str) -> Take:
        """A take that a mix was made of, described and embedded if it was not yet."""
        take = self.takes.get(identity)
        if not take.descriptors:
            (fit,) = self.embed([take], take.prompt)
            recipe = {**take.recipe, "fit": fit}
            self.takes.change(identity, descriptors=describe_file(Path(take.path)), recipe=recipe)
        return self.takes.get(identity)

    def laid_by(self, identity: str) -> Take:
        """Keep a take as a sound of others, no part of the tree."""
        self.takes.change(identity, state=LAYER)
        return self.takes.get(identity)

    def bring_to(self, lufs: float, take: Take, *, limited: bool) -> None:
        """Change a take's file to a loudness, as far as its peaks allow or limiting them; near silence stays that."""
        path = Path(take.path)
        found, rate = read_audio(path)
        audio = found.astype(np.float64)
        made = levelled(audio, rate, lufs) if limited else audio * min(_MOST_GAIN, gain_for(audio, rate, lufs))
        write_audio(path, made.astype(np.float32), rate, tags=_mark(take))

    def embed(self, rows: list[Take], prompt: str) -> list[float | None]:
        """Store the takes' vectors; return their cosine to the prompt."""
        model = self.embedder.model_id
        found = self.embedder.embed_files([Path(t.path) for t in rows])
        self.vectors.put(model, [(t.id, e) for t, e in zip(rows, found, strict=True) if not isinstance(e, str)])
        words = np.asarray(self.embedder.embed_texts([prompt])[0])
        return [None if isinstance(e, str) else round(float(np.mean(np.asarray(e.vectors) @ words)), 4) for e in found]


def _mark(take: Take, more: str = "") -> dict[str, str]:
    """What a take's file says of itself."""
    return {
        "comment": f"GENERATED by soundlab ({take.checkpoint}, seed {take.seed}){more}",
        "software": "soundlab",
    }


def _summed(parts: Sequence[tuple[Path, float]]) -> tuple[npt.NDArray[np.float32], int]:
    """Audio (channels, samples) of files added up by their levels in dB, not above full scale, and its rate."""
    found = [(*read_audio(path), level) for path, level in parts]
    rate = found[0][1]
    heard = [resample(audio, own, rate) * 10 ** (level / 20) for audio, own, level in found]
    mix = np.zeros((max(len(a) for a in heard), max(a.shape[1] for a in heard)))
    for audio in heard:
        mix[:, : audio.shape[1]] += audio
    return (mix / max(1.0, np.abs(mix).max())).astype(np.float32), rate
