"""What an adapter is trained on: pieces of clips as tokens, made once, with captions that vary."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soxr
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from soundlab.audio.decode import content_hash, read_audio
from soundlab.audio.descriptors import DESCRIPTORS, describe
from soundlab.audio.rooms import room
from soundlab.audio.segments import segments
from soundlab.audio.write import atomic_path
from soundlab.domain.ports import Cancelled as CancelledFlag
from soundlab.domain.ports import Progress, TrainingClip
from soundlab.engines.musicgen import Musicgen
from soundlab.errors import Cancelled, SoundlabError

SECONDS = 10.0
_SHORT = 2.0
"""Pieces shorter than this many seconds are laid out again and again, as a take of them would be."""
_LAID = 5.0
_VARIANTS = 3
"""Augmented versions of each clip, beside itself."""
_VARIED = 0.5
"""Share of rows that are augmented ones."""
_DROPPED_PART = 0.3
"""Share of a caption's later parts that are left out, so that none of them is needed."""
_MEASURED, _TOLD = 0.6, 0.7
"""Share of rows that are told how they measure, and of the axes that they are told of."""
_HEARD = 0.6
"""Share of batches that are told what their clips sound like, where the checkpoint is steered by sound."""
_AXES = tuple(DESCRIPTORS)
TEXT_DROP = 0.15
"""Share of rows without any caption, which guidance needs."""

Audio = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Piece:
    """Codes (books, frames) of a part of a clip, the clip's caption and sound, and what the part measures.

    Measures are standardised, NaN where there are none; without any axes where the
    checkpoint is not steered by measure. The sound is a CLAP embedding, of no
    width where the checkpoint is not steered by sound or there is none.
    """

    codes: Tensor
    caption: str
    measures: Tensor
    sound: Tensor


@dataclass(frozen=True, slots=True)
class Batch:
    """Codes (rows, books, frames), captions, which rows drop theirs, measures (rows, axes), which of them are told.

    Sounds are (rows, width), without any width where there are none; ``heard`` (rows,) says which are told.
    """

    codes: Tensor
    captions: list[str]
    dropped: list[bool]
    measures: Tensor
    told: Tensor
    sounds: Tensor
    heard: Tensor


class Material:
    """Pieces to train on, and pieces held out.

    Raises
    ------
    SoundlabError
        When there is nothing to hear in what may be trained on.
    Cancelled
        Between clips; what was encoded is kept.
    """

    def __init__(
        self,
        engine: Musicgen,
        clips: Sequence[TrainingClip],
        *,
        cache: Path | None,
        augment: Sequence[str],
        progress: Progress,
        cancelled: CancelledFlag,
    ) -> None:
        self.pieces: list[Piece] = []
        self.varied: list[Piece] = []
        self.held_out: list[Piece] = []
        for index, clip in enumerate(clips):
            if cancelled():
                raise Cancelled(
                    f"training stopped while encoding clip {index + 1} of {len(clips)}; go on with --resume"
                )
            progress(index, len(clips), "encoding clips")
            for variant in range(1 + (_VARIANTS if augment and not clip.held_out else 0)):
                made = _encoded(engine, clip, variant, augment if variant else (), cache)
                into = self.held_out if clip.held_out else self.varied if variant else self.pieces
                sound = torch.tensor(clip.sound)
                into += [Piece(codes, clip.caption, _standard(engine, values), sound) for codes, values in made]
        if not self.pieces:
            raise SoundlabError(
                "the clips hold only silence or fragments under 0.1 s", "approve clips with sound in them"
            )

    def batch(self, rng: np.random.Generator, rows: int) -> Batch:
        """Draw a batch, cut to the length of its first piece; pieces that are shorter than it do not join it."""
        source = self.varied if self.varied and rng.random() < _VARIED else self.pieces
        first = int(rng.integers(len(source)))
        frames = source[first].codes.shape[-1]
        alike = [i for i, p in enumerate(source) if p.codes.shape[-1] >= frames]
        others = rng.choice(alike, min(rows, len(alike)) - 1, replace=False).tolist() if len(alike) > 1 else []
        cut, captions, measures, sounds = [], [], [], []
        for row in [first, *others]:
            piece = source[row]
            start = int(rng.integers(0, piece.codes.shape[-1] - frames + 1))
            cut.append(piece.codes[:, start : start + frames])
            captions.append(thinned(piece.caption, rng))
            measures.append(piece.measures)
            sounds.append(piece.sound)
        z = torch.stack(measures)
        told = torch.from_numpy((rng.random(len(cut)) < _MEASURED)[:, None] & (rng.random(tuple(z.shape)) < _TOLD))
        dropped = rng.random(len(cut)) < TEXT_DROP
        width = max(sound.numel() for sound in sounds)
        has = np.array([sound.numel() > 0 for sound in sounds])
        heard = has & (rng.random() < _HEARD)
        return Batch(
            torch.stack(cut),
            captions,
            dropped.tolist(),
            z,
            told & z.isfinite(),
            torch.stack([sound if sound.numel() else torch.zeros(width) for sound in sounds]),
            torch.from_numpy(heard),
        )


def thinned(caption: str, rng: np.random.Generator) -> str:
    """A caption without some of its parts, which commas divide; the first one stays."""
    first, *rest = caption.split(", ")
    return ", ".join([first, *(part for part in rest if rng.random() >= _DROPPED_PART)])


def _standard(engine: Musicgen, values: Tensor) -> Tensor:
    """Values of all axes as the checkpoint is told them; of none where it is not."""
    if engine.axes is None:
        return torch.zeros(0)
    index = [_AXES.index(axis) for axis in engine.axes.axes]
    return engine.axes.standard(values[index].to(engine.axes.mean)).float().cpu()


def _encoded(
    engine: Musicgen, clip: TrainingClip, variant: int, augment: Sequence[str], cache: Path | None
) -> list[tuple[Tensor, Tensor]]:
    """Codes and descriptors of a clip's pieces, from the cache where they are in it."""
    key = clip.key or content_hash(Path(clip.path))
    what = json.dumps([key, variant, sorted(augment), SECONDS])
    name = hashlib.sha256(what.encode()).hexdigest()[:32]
    path = cache / engine.checkpoint.fingerprint / f"{name}.safetensors" if cache is not None else None
    seed = int(hashlib.sha256(what.encode()).hexdigest()[:8], 16)

    def make() -> dict[str, Tensor]:
        tensors = {}
        for i, piece in enumerate(_pieces(engine, clip, seed, augment)):
            tensors[f"codes.{i:05}"] = engine.encode_audio(piece)
            tensors[f"values.{i:05}"] = _values(piece, engine.sample_rate)
        return tensors

    held = cached(path, make)
    return [(held[f"codes.{i:05}"], held[f"values.{i:05}"]) for i in range(len(held) // 2)]


def cached(path: Path | None, make: Callable[[], dict[str, Tensor]]) -> dict[str, Tensor]:
    """Tensors on the CPU from a file, else made and kept in it; whole numbers take 16 bits there, as codes fit them."""
    if path is not None and path.exists():
        try:
            return {k: v.long() if v.dtype == torch.int16 else v for k, v in load_file(path).items()}
        except SafetensorError:
            path.unlink(missing_ok=True)  # written by a machine that lost power: made again
    made = {k: v.cpu() for k, v in make().items()}
    if path is not None:
        with atomic_path(path) as beside:
            save_file({k: (v.short() if v.dtype == torch.long else v).contiguous() for k, v in made.items()}, beside)
    return made


def _values(piece: Audio, rate: int) -> Tensor:
    """What a piece measures on every axis; NaN where it does not."""
    found = describe(piece, rate)
    return torch.tensor([float("nan") if (v := found[axis]) is None else v for axis in _AXES])


def _pieces(engine: Musicgen, clip: TrainingClip, seed: int, augment: Sequence[str]) -> list[Audio]:
    """Parts of a clip at the engine's rate (channels, samples), varied where asked."""
    audio, rate = read_audio(Path(clip.path))
    rng = np.random.default_rng(seed)
    wanted = engine.sample_rate
    # varispeed moves pitch and pace together, by up to a third of a semitone
    speed = 2 ** (rng.uniform(-0.35, 0.35) / 12) if "pitch" in augment else 1.0
    made = soxr.resample(audio.T, rate * speed, wanted).T.astype(np.float32)
    if "room" in augment:
        wet = float(rng.uniform(0.05, 0.2))
        made = room(made.astype(np.float64), wanted, float(rng.uniform(0.2, 0.6)), wet).astype(np.float32)
    if "gain" in augment:
        made = made * 10 ** (rng.uniform(-4, 2) / 20)
    made = made / max(1.0, float(np.abs(made).max(initial=0.0)))
    out = []
    for first, last in segments(made.mean(0), wanted, longest=SECONDS):
        piece = made[:, first:last]
        out.append(_laid_out(piece, wanted, rng) if last - first < _SHORT * wanted else piece)
    return out


def _laid_out(piece: Audio, rate: int, rng: np.random.Generator) -> Audio:
    """A short sound several times over, unevenly spaced and never quite as loud as before."""
    out = np.zeros((piece.shape[0], round(_LAID * rate)), np.float32)
    at = 0
    while at + piece.shape[1] <= out.shape[1]:
        out[:, at : at + piece.shape[1]] += piece * np.float32(10 ** (rng.uniform(-5, 0) / 20))
        at += max(piece.shape[1], round(0.12 * rate)) + round(float(rng.uniform(0.0, 0.5)) * rate)
    return out
