"""Takes and clips leave as files an editor can use, marked as generated, with their recipe beside them."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from soundlab.audio.decode import read_audio
from soundlab.audio.loudness import gain_for
from soundlab.audio.write import SUBTYPES, atomic_path, resample, write_audio
from soundlab.domain.ports import Progress, ignore_progress
from soundlab.domain.take import Take
from soundlab.errors import WrongInput
from soundlab.storage.clips import ClipStore
from soundlab.storage.exports import ExportStore
from soundlab.storage.takes import TakeStore

Audio = npt.NDArray[np.floating]


@dataclass(frozen=True, slots=True)
class Delivery:
    """The shape of exported files. ``loudness`` in LUFS or None to leave it, ``true_peak`` in dBTP."""

    container: str = "wav"
    rate: int = 48_000
    bits: str = "24"
    loudness: float | None = None
    true_peak: float = -1.0

    def __post_init__(self) -> None:
        if self.container not in ("wav", "flac"):
            raise WrongInput(f"unknown format {self.container!r}", "wav or flac")
        if self.bits not in SUBTYPES or (self.container == "flac" and self.bits == "32f"):
            raise WrongInput(f"{self.container} cannot hold {self.bits} bit", "16 or 24, or 32f in wav")
        if not 8_000 <= self.rate <= 384_000:
            raise WrongInput(f"sample rate {self.rate} Hz is out of range", "48000 is usual")
        if self.loudness is not None and not -70 <= self.loudness <= 0:
            raise WrongInput(f"loudness {self.loudness:g} LUFS is out of range", "choose -70 to 0; -23 is EBU R 128")
        if not -20 <= self.true_peak <= 0:
            raise WrongInput(f"true peak {self.true_peak:g} dB is out of range", "choose -20 to 0; -1 is usual")


def file_name(words: str, identity: str, suffix: str) -> str:
    """A plain file name that any system takes: words, id, suffix."""
    slug = re.sub(r"[^a-z0-9]+", "-", words.lower()).strip("-")[:60].rstrip("-") or "take"
    return f"{slug}_{identity}.{suffix}"


@dataclass(frozen=True, slots=True)
class _Piece:
    """One sound to be written: audio (channels, samples) at its rate, and what is said of it."""

    audio: Audio
    rate: int
    identity: str
    name: str
    """Stands in the file's name."""
    words: str
    licence: str
    recipe: dict[str, Any]
    mark: str | None = None
    """What the file says of itself, where it was generated."""


class Exporter:
    """Writes files for the outside."""

    def __init__(self, takes: TakeStore, clips: ClipStore, log: ExportStore) -> None:
        self._takes, self._clips, self._log = takes, clips, log

    def export(
        self,
        ids: Sequence[str],
        collection: str | None,
        folder: Path,
        delivery: Delivery,
        *,
        stems: bool = False,
        progress: Progress = ignore_progress,
    ) -> list[dict[str, Any]]:
        """Export takes by id, and the clips of a collection; return what was written.

        With ``stems``, the sounds that a take is mixed from are written, too, at levels by which they add up to it.
        """
        takes = [self._takes.get(identity) for identity in ids]
        clips = self._clips.collected(collection) if collection is not None else []
        if not takes and not clips:
            raise WrongInput("nothing to export", "name takes, or a --collection")
        if folder.exists() and not folder.is_dir():
            raise WrongInput(f"{folder} is a file", "name a folder")
        folder = folder.resolve()
        written = []
        for index, take in enumerate(takes):
            audio, rate = read_audio(Path(take.path))
            gain = self._gain(audio, rate, delivery)
            written.append(self._write(_taken(take, audio * gain, rate), folder, delivery))
            for at, (stem, heard) in enumerate(self._stems(take, audio, rate) if stems else (), 1):
                # Another take may have the same stem, at another level.
                written.append(self._write(_taken(stem, heard * gain, rate, f"{take.id}-{at}"), folder, delivery))
            progress(index + 1, len(takes) + len(clips), "exporting")
        for index, clip in enumerate(clips):
            audio, rate = read_audio(Path(clip.path))
            heard = audio * self._gain(audio, rate, delivery)
            piece = _Piece(heard, rate, clip.id, clip.id, clip.title, clip.rights, clip.as_json())
            written.append(self._write(piece, folder, delivery))
            progress(len(takes) + index + 1, len(takes) + len(clips), "exporting")
        return written

    def _gain(self, audio: Audio, rate: int, delivery: Delivery) -> float:
        if delivery.loudness is None:
            return 1.0
        return gain_for(resample(audio, rate, delivery.rate), delivery.rate, delivery.loudness, delivery.true_peak)

    def _stems(self, take: Take, mix: Audio, rate: int) -> list[tuple[Take, Audio]]:
        """The sounds of a take as they are in its file, whose level was set after they had been mixed.

        Raises
        ------
        NotFound
            When a file of them is gone.
        """
        found = []
        for identity, level in take.layers:
            stem = self._takes.get(identity)
            audio, own = read_audio(Path(stem.path))
            heard = resample(audio, own, rate)[:, : mix.shape[1]] * np.float32(10 ** (level / 20))
            found.append((stem, np.pad(heard, ((0, 0), (0, mix.shape[1] - heard.shape[1])))))
        whole = sum(heard for _, heard in found)
        scale = np.vdot(mix, whole) / max(float(np.vdot(whole, whole)), 1e-12) if found else 1.0
        return [(stem, heard * np.float32(scale)) for stem, heard in found]

    def _write(self, piece: _Piece, folder: Path, delivery: Delivery) -> dict[str, Any]:
        audio = resample(piece.audio.astype(np.float32), piece.rate, delivery.rate)
        path = folder / file_name(piece.words, piece.name, delivery.container)
        tags = {}
        if piece.mark:
            tags = {
                "title": piece.words[:200],
                "comment": piece.mark,
                "software": "soundlab",
                "copyright": piece.licence,
            }
        write_audio(path, audio, delivery.rate, bits=delivery.bits, container=delivery.container, tags=tags)
        sidecar = path.with_suffix(".json")
        with atomic_path(sidecar) as beside:
            beside.write_text(json.dumps(piece.recipe, indent=2) + "\n", encoding="utf-8")
        self._log.add([(piece.identity, str(path))])
        return {
            "id": piece.identity,
            "path": str(path),
            "recipe": str(sidecar),
            "sample_rate": delivery.rate,
            "bits": delivery.bits,
            "duration": round(audio.shape[1] / delivery.rate, 4),
            "licence": piece.licence,
            "generated": piece.mark is not None,
        }


def _taken(take: Take, audio: Audio, rate: int, name: str = "") -> _Piece:
    """A take, to be written; ``name`` stands for its id in the file's name."""
    return _Piece(audio, rate, take.id, name or take.id, take.prompt, take.licence, take.as_json(), mark=_mark(take))


def _mark(take: Take) -> str:
    """What the file says of itself."""
    return f"GENERATED by soundlab ({take.checkpoint}, seed {take.seed}); {take.licence}"
