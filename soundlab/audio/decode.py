"""Reading audio files, and saying plainly why one cannot be read."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile

from soundlab.audio import containers
from soundlab.errors import UnreadableAudio

SUFFIXES = containers.SUFFIXES | frozenset(
    (".wav", ".wave", ".bwf", ".aif", ".aiff", ".flac", ".ogg", ".oga", ".opus", ".mp3", ".w64", ".rf64", ".caf", ".au")
)
"""File names that are taken for audio when a folder is imported."""

_BLOCK = 1 << 10
"""Frames read at once: what is lost at most where a file breaks off."""
_SECONDS = 10.0
CONTAINER = "CONTAINER"
"""Format of files that FFmpeg's libraries read."""


@dataclass(frozen=True, slots=True)
class AudioInfo:
    """What a header says."""

    sample_rate: int
    channels: int
    frames: int
    format: str
    subtype: str

    @property
    def seconds(self) -> float:
        return self.frames / self.sample_rate


def plain(path: Path) -> str:
    """A path as text that can be printed and stored, whatever bytes its name has."""
    return os.fsencode(path).decode("utf-8", "replace")


def probe(path: Path) -> AudioInfo:
    """Read a file's header.

    Raises
    ------
    UnreadableAudio
        With the reason: missing, not a regular file, empty, unreadable, not audio, no samples.
    """
    try:
        str(path).encode()
    except UnicodeEncodeError as error:
        raise UnreadableAudio(f"{plain(path)}: its name is not valid UTF-8; rename it") from error
    try:
        state = path.stat()
    except FileNotFoundError as error:
        raise UnreadableAudio(f"{path}: no such file") from error
    except OSError as error:
        raise UnreadableAudio(f"{path}: {error.strerror}") from error
    if not stat.S_ISREG(state.st_mode):
        raise UnreadableAudio(f"{path}: not a regular file")
    if state.st_size == 0:
        raise UnreadableAudio(f"{path}: empty file")
    try:
        with soundfile.SoundFile(path) as file:
            info = AudioInfo(file.samplerate, file.channels, file.frames, file.format, file.subtype)
    except (soundfile.LibsndfileError, OSError) as error:
        if path.suffix.lower() in containers.SUFFIXES:
            rate, channels, frames, codec = containers.probe(path)
            return AudioInfo(rate, channels, frames, CONTAINER, codec)
        reason = str(error).rsplit(":", 1)[-1].strip().rstrip(".")
        raise UnreadableAudio(f"{path}: not readable as audio ({reason})") from error
    if info.frames <= 0:
        raise UnreadableAudio(f"{path}: holds no audio")
    return info


def read_audio(path: Path, *, start: float = 0.0, seconds: float | None = None) -> tuple[npt.NDArray[np.float32], int]:
    """Read audio as float32 (channels, samples) and its rate in Hz.

    Samples that are not finite become zero. Of a file that breaks off, what
    comes before is read.

    Raises
    ------
    UnreadableAudio
        As :func:`probe`, and when the data breaks off at once.
    """
    info = probe(path)
    if info.format == CONTAINER:
        audio, rate = containers.read(path, start, seconds)
        return _clean(audio), rate
    first = min(info.frames, round(start * info.sample_rate))
    count = -1 if seconds is None else round(seconds * info.sample_rate)
    try:
        with soundfile.SoundFile(path) as file:
            file.seek(first)
            audio = file.read(count, dtype="float32", always_2d=True)
    except (soundfile.LibsndfileError, OSError) as error:
        audio = _salvage(path, first, count)
        if not len(audio):
            raise UnreadableAudio(f"{path}: breaks off ({error})") from error
    if not len(audio):
        raise UnreadableAudio(f"{path}: holds no audio after {start:g} s")
    return _clean(audio), info.sample_rate


def breaks_off(path: Path) -> bool:
    """Whether a file that can be read has no end: its header promises more than there is. Reads its last block.

    Raises
    ------
    UnreadableAudio
        As :func:`probe`.
    """
    info = probe(path)
    if info.format == CONTAINER:
        return False  # which say how long they are by what is in them
    try:
        with soundfile.SoundFile(path) as file:
            file.seek(max(0, info.frames - _BLOCK))
            return len(file.read(_BLOCK, dtype="float32")) < min(_BLOCK, info.frames)
    except (soundfile.LibsndfileError, OSError):
        return True


def blocks(path: Path, *, start: float = 0.0) -> Iterator[npt.NDArray[np.float32]]:
    """Yield a file's audio from ``start`` seconds on, (frames, channels), some at a time; one that breaks off ends.

    Raises
    ------
    UnreadableAudio
        As :func:`probe`.
    """
    info = probe(path)
    if info.format != CONTAINER:
        with soundfile.SoundFile(path) as file:
            file.seek(min(info.frames, round(start * info.sample_rate)))
            try:
                for block in file.blocks(1 << 16, dtype="float32", always_2d=True):
                    yield np.nan_to_num(block, posinf=0.0, neginf=0.0)
            except soundfile.LibsndfileError:  # it breaks off here
                return
        return
    at = start
    while True:
        try:
            audio, rate = read_audio(path, start=at, seconds=_SECONDS)
        except UnreadableAudio:  # nothing after here: its header has been read, so this is its end
            return
        yield audio.T
        at += audio.shape[1] / rate
        if audio.shape[1] < round(_SECONDS * rate):
            return


def _salvage(path: Path, first: int, count: int) -> npt.NDArray[np.float32]:
    """Read what comes before the place where a file breaks off, block by block."""
    pieces: list[npt.NDArray[np.float32]] = []
    with soundfile.SoundFile(path) as file:
        left = file.frames if count < 0 else first + count
        while left > 0:
            try:
                piece = file.read(min(left, _BLOCK), dtype="float32", always_2d=True)
            except soundfile.LibsndfileError:
                break
            if not len(piece):
                break
            pieces.append(piece)
            left -= len(piece)
        channels = file.channels
    whole = np.concatenate(pieces) if pieces else np.zeros((0, channels), np.float32)
    return whole[first:]


def _clean(audio: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """(frames, channels) → (channels, frames) without what is not a number."""
    return np.ascontiguousarray(np.nan_to_num(audio, nan=0.0, posinf=0.0, neginf=0.0).T)


def content_hash(path: Path) -> str:
    """SHA-256 of the file's bytes, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
