"""M4A and video files."""

from pathlib import Path

import av
import numpy as np
import pytest

from soundlab.audio.decode import CONTAINER, probe, read_audio
from soundlab.audio.peaks import outline
from soundlab.audio.playback import ContainerReader
from soundlab.audio.spectrum import spectrogram
from soundlab.errors import UnreadableAudio

RATE = 48_000


def media(path: Path, codec: str = "aac", *, seconds: float = 4.0, video: bool = False) -> Path:
    """A stereo file: a tone of 440 Hz for the first half, 880 Hz after."""
    t = np.arange(round(seconds * RATE)) / RATE
    tone = 0.5 * np.sin(2 * np.pi * np.where(t < seconds / 2, 440, 880) * t).astype(np.float32)
    with av.open(str(path), "w") as out:
        audio = out.add_stream(codec, rate=RATE, layout="stereo")
        picture = out.add_stream("mpeg4", rate=10) if video else None
        if picture is not None:
            picture.width = picture.height = 32
            picture.pix_fmt = "yuv420p"
            for _ in range(round(seconds * 10)):
                frame = av.VideoFrame.from_ndarray(np.zeros((32, 32, 3), np.uint8), format="rgb24")
                out.mux(picture.encode(frame))
            out.mux(picture.encode(None))
        size = audio.codec_context.frame_size or 1024
        for k in range(0, tone.size, size):
            part = np.stack([tone[k : k + size]] * 2)
            frame = av.AudioFrame.from_ndarray(part, format="fltp", layout="stereo")
            frame.sample_rate, frame.pts = RATE, k
            out.mux(audio.encode(frame))
        out.mux(audio.encode(None))
    return path


def pitch(audio: np.ndarray) -> float:
    spectrum = np.abs(np.fft.rfft(audio[0] * np.hanning(audio.shape[1])))
    return float(np.argmax(spectrum) * RATE / audio.shape[1])


@pytest.mark.parametrize(("name", "video"), [("a.m4a", False), ("picture.mp4", True), ("picture.mov", True)])
def test_sound_of_other_containers(tmp_path: Path, name: str, video: bool) -> None:
    path = media(tmp_path / name, video=video)
    info = probe(path)
    assert (info.sample_rate, info.channels, info.format) == (RATE, 2, CONTAINER)
    assert info.seconds == pytest.approx(4.0, abs=0.1)
    audio, rate = read_audio(path)
    assert rate == RATE and audio.shape[0] == 2 and audio.shape[1] == pytest.approx(4 * RATE, abs=3000)
    late, _ = read_audio(path, start=2.5, seconds=1.0)
    assert late.shape[1] == RATE
    assert pitch(late) == pytest.approx(880, abs=4)
    assert pitch(read_audio(path, start=0.5, seconds=1.0)[0]) == pytest.approx(440, abs=4)


def test_containers_are_drawn(tmp_path: Path) -> None:
    path = media(tmp_path / "a.m4a", seconds=12.0)
    peaks, seconds = outline(path, 60)
    assert seconds == pytest.approx(12.0, abs=0.1)
    assert min(high for _, high in peaks[:-1]) > 0.3
    assert spectrogram(path, 20, 16).argmax(0)[2] < spectrogram(path, 20, 16).argmax(0)[15]


def test_what_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "no.m4a").write_bytes(b"not a container at all")
    (tmp_path / "empty.mp4").write_bytes(b"")
    whole = media(tmp_path / "whole.m4a")
    (tmp_path / "cut.m4a").write_bytes(whole.read_bytes()[:200])
    for name in ("no.m4a", "empty.mp4", "cut.m4a"):
        with pytest.raises(UnreadableAudio, match=name):
            probe(tmp_path / name)
    with pytest.raises(UnreadableAudio, match="no audio after"):
        read_audio(whole, start=60.0)


@pytest.mark.parametrize("start", [0.0, 10.5])
def test_a_container_is_played_on_from_where_it_was(tmp_path: Path, start: float) -> None:
    path = media(tmp_path / "long.m4a", seconds=20.0)
    whole, _ = read_audio(path, start=start)
    reader = ContainerReader(path, start)
    blocks = []
    while len(block := reader.read(4096)):
        blocks.append(block)
    played = np.concatenate(blocks).T
    assert played.shape == pytest.approx(whole.shape, abs=2100)
    before, after = played[:, : 9 * RATE], played[:, -2 * RATE : -RATE]
    assert pitch(before) == pytest.approx(880 if start else 440, abs=4)
    assert pitch(after) == pytest.approx(880, abs=4)
