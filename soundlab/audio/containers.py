"""Audio that libsndfile does not read: M4A, video files and the rest, through FFmpeg's libraries (PyAV)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from soundlab.errors import UnreadableAudio

SUFFIXES = frozenset(
    (".m4a", ".aac", ".mp4", ".m4v", ".mov", ".mkv", ".webm", ".mka", ".wma", ".avi", ".mxf", ".ac3", ".wv", ".ape")
)
"""File names that are read this way when a folder is imported."""


def probe(path: Path) -> tuple[int, int, int, str]:
    """Return (sample rate, channels, frames, codec) of the first audio stream.

    Frames come from the container's duration and may be off by a codec frame.

    Raises
    ------
    UnreadableAudio
        When there is no audio in it, or it is no media file.
    """
    import av

    try:
        with av.open(str(path)) as container:
            if not container.streams.audio:
                raise UnreadableAudio(f"{path}: holds no audio track")
            stream = container.streams.audio[0]
            rate, channels = int(stream.rate or 0), int(stream.channels or 0)
            if stream.duration is not None and stream.time_base is not None:
                seconds = float(stream.duration * stream.time_base)
            else:
                seconds = (container.duration or 0) / av.time_base
            codec = stream.codec_context.name
    except (av.FFmpegError, OSError, ValueError) as error:
        raise UnreadableAudio(f"{path}: not readable as audio ({_reason(error)})") from error
    if not rate or not channels or seconds <= 0:
        raise UnreadableAudio(f"{path}: holds no audio")
    return rate, channels, round(seconds * rate), codec


def read(path: Path, start: float, seconds: float | None) -> tuple[npt.NDArray[np.float32], int]:
    """Decode from ``start`` for ``seconds`` (None: to the end), float32 (frames, channels) and the rate in Hz.

    Raises
    ------
    UnreadableAudio
        As :func:`probe`, and when the data breaks off at once.
    """
    import av

    pieces: list[npt.NDArray[np.float32]] = []
    wanted = None
    try:
        with av.open(str(path)) as container:
            stream = container.streams.audio[0]
            rate = int(stream.rate)
            first = round(start * rate)
            wanted = None if seconds is None else round(seconds * rate)
            if start > 1.0 and stream.time_base is not None:  # land a little before, then drop what is early
                container.seek(int((start - 0.5) / stream.time_base), stream=stream)
            resampler = av.AudioResampler(format="fltp", rate=rate)
            have = 0
            for frame in container.decode(stream):
                at = round(float(frame.time or 0.0) * rate)
                for part in resampler.resample(frame):
                    audio = part.to_ndarray().T
                    skip = max(0, first - at)
                    at += len(audio)
                    if skip < len(audio):
                        pieces.append(np.asarray(audio[skip:], np.float32))
                        have += len(audio) - skip
                if wanted is not None and have >= wanted:
                    break
    except (av.FFmpegError, OSError, ValueError, IndexError) as error:
        if not pieces:
            raise UnreadableAudio(f"{path}: breaks off ({_reason(error)})") from error
    if not pieces:
        raise UnreadableAudio(f"{path}: holds no audio after {start:g} s")
    joined = np.concatenate(pieces)
    return (joined if wanted is None else joined[:wanted]), rate


def _reason(error: Exception) -> str:
    return str(getattr(error, "strerror", "") or error).split(";")[0].strip().rstrip(".") or type(error).__name__
