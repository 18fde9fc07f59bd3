"""Writing audio files whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile
import soxr

from soundlab.errors import SoundlabError, WrongInput

SUBTYPES = {"16": "PCM_16", "24": "PCM_24", "32f": "FLOAT"}
"""Bit depths by the names of the command line."""


@contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """Give a temporary path beside ``path``; rename it into place on success, remove it otherwise."""
    beside = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield beside
        beside.replace(path)
    except OSError as error:
        raise SoundlabError(f"cannot write {path}: {error.strerror or error}", "check space and permissions") from error
    finally:
        beside.unlink(missing_ok=True)


def resample(audio: npt.NDArray[np.float32], rate: int, wanted: int) -> npt.NDArray[np.float32]:
    """Resample (channels, samples) with soxr's very high quality."""
    if rate == wanted:
        return audio
    return np.ascontiguousarray(soxr.resample(audio.T, rate, wanted, quality="VHQ").T.astype(np.float32))


def write_audio(
    path: Path,
    audio: npt.NDArray[np.float32],
    rate: int,
    *,
    bits: str = "24",
    container: str = "wav",
    tags: Mapping[str, str | None] | None = None,
) -> None:
    """Write (channels, samples) as WAV or FLAC; full scale is ±1, 16 bit is TPDF-dithered.

    ``tags`` are title, comment, software and copyright, as RIFF INFO or Vorbis comments.

    Raises
    ------
    WrongInput
        When the container cannot hold that bit depth.
    """
    if bits not in SUBTYPES or (container == "flac" and bits == "32f"):
        raise WrongInput(f"{container} cannot hold {bits} bit", "use 16 or 24, or 32f in WAV")
    data = audio.T
    if bits == "16":
        rng = np.random.default_rng(0)
        data = data + (rng.random(data.shape) - rng.random(data.shape)).astype(np.float32) / 32768.0
    if bits != "32f":
        data = np.clip(data, -1.0, 1.0 - 2.0**-23)
    # RF64 takes over from WAV where 4 GiB would overflow the header.
    kind = "FLAC" if container == "flac" else ("RF64" if data.size * 4 > 2**32 - 2**20 else "WAV")
    with (
        atomic_path(path) as beside,
        soundfile.SoundFile(beside, "w", rate, audio.shape[0], SUBTYPES[bits], format=kind) as file,
    ):
        for name, value in (tags or {}).items():
            if value:
                setattr(file, name, value)
        file.write(data)
