"""Playing files with miniaudio; where there is no sound card, time passes silently."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Generator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import soundfile

from soundlab.audio.decode import CONTAINER, AudioInfo, blocks, probe, read_audio

_DEVICE: list[bool] = []


def has_device() -> bool:
    """Whether a playback device can be opened; asked once.

    Asked in a child process: sound libraries write their complaints straight to
    the terminal, and a listed device may still refuse to open.
    """
    if not _DEVICE:
        probe = "import miniaudio; miniaudio.PlaybackDevice().close()"
        try:
            done = subprocess.run([sys.executable, "-c", probe], capture_output=True, timeout=10, check=False)
            _DEVICE.append(done.returncode == 0)
        except subprocess.TimeoutExpired:
            _DEVICE.append(False)
    return _DEVICE[0]


class ContainerReader:
    """Reads an M4A or a video's sound onwards as :class:`soundfile.SoundFile` would; decoded some seconds at a time."""

    def __init__(self, path: Path, start: float) -> None:
        self._blocks = blocks(path, start=start)
        self._left = np.zeros((0, 1), np.float32)
        self.closed = False

    def read(self, frames: int, dtype: str = "float32", always_2d: bool = True) -> npt.NDArray[np.float32]:
        """Return (frames, channels), fewer at the end."""
        while len(self._left) < frames and (block := next(self._blocks, None)) is not None:
            self._left = np.concatenate([self._left, block]) if len(self._left) else block
        block, self._left = self._left[:frames], self._left[frames:]
        return block

    def close(self) -> None:
        self.closed = True


def gain_of_beginning(path: Path, seconds: float, lufs: float) -> float:
    """Linear gain, from -18 to 12 dB, at which the first seconds of a file that is still being filled have a loudness.

    What is filled later may be louder: it is a guess, so that nobody starts at once when it is played.

    Raises
    ------
    UnreadableAudio
        When the file cannot be read.
    """
    from soundlab.audio.loudness import gain_for

    audio, rate = read_audio(path, seconds=seconds)
    return float(np.clip(gain_for(audio, rate, lufs), 10 ** (-18 / 20), 10 ** (12 / 20)))


class FilePlayer:
    """Plays one file at a time, streaming from disk, also one that is still being filled."""

    def __init__(self) -> None:
        self._device: Any = None
        self._file: soundfile.SoundFile | ContainerReader | None = None
        self._lock = threading.Lock()
        self._started = 0.0
        self._offset = 0.0
        self._duration = 0.0
        self._playing = False
        self._gain = 1.0

    @property
    def playing(self) -> bool:
        """Whether sound (or silence in its place) is going on."""
        return self._playing and self.position < self._duration

    @property
    def position(self) -> float:
        """Seconds into the file."""
        if not self._playing:
            return self._offset
        return min(self._duration, self._offset + time.monotonic() - self._started)

    def play(self, path: Path, start: float = 0.0, gain: float = 1.0) -> None:
        """Start ``path`` at ``start`` seconds, stopping what played; samples are multiplied by ``gain``.

        Raises
        ------
        UnreadableAudio
            When the file cannot be read.
        """
        self.stop()
        self._gain = gain
        info = probe(path)
        self._duration, self._offset = info.seconds, min(start, info.seconds)
        if has_device():
            self._open(path, info)
        self._started = time.monotonic()
        self._playing = True

    def _open(self, path: Path, info: AudioInfo) -> None:
        import miniaudio

        rate, channels = info.sample_rate, info.channels
        file: soundfile.SoundFile | ContainerReader
        if info.format == CONTAINER:
            file = ContainerReader(path, self._offset)
        else:
            file = soundfile.SoundFile(path)
            file.seek(int(self._offset * rate))
        self._file = file
        self._device = miniaudio.PlaybackDevice(
            output_format=miniaudio.SampleFormat.FLOAT32, nchannels=channels, sample_rate=rate, app_name="soundlab"
        )
        stream = self._stream(file, channels)
        next(stream)
        self._device.start(stream)

    def _stream(self, file: soundfile.SoundFile | ContainerReader, channels: int) -> Generator[bytes, int, None]:
        wanted = yield b""
        while True:
            with self._lock:
                block = (
                    file.read(wanted, dtype="float32", always_2d=True) if not file.closed else np.zeros((0, channels))
                )
            if not len(block):
                return
            wanted = yield (block * self._gain).astype(np.float32).tobytes()

    def stop(self) -> None:
        """Stop at the present position."""
        self._offset = self.position
        self._playing = False
        if self._device is not None:
            self._device.close()
            self._device = None
        if self._file is not None:
            with self._lock:
                self._file.close()
            self._file = None
