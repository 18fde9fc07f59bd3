"""Forty-odd malformed and unusual files: each imports with the right outcome, and the rest goes on."""

import os
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from soundlab.domain.labels import Labels
from soundlab.errors import UnreadableAudio
from soundlab.project import Project
from soundlab.services.importing import audio_files

RATE = 32_000
GOOD = ""
Build = Callable[[Path], Path]


def tone(n: int = RATE, channels: int = 1) -> np.ndarray:
    wave = 0.3 * np.sin(2 * np.pi * 330 * np.arange(n) / RATE)
    return np.repeat(wave[:, None], channels, 1)


def written(name: str, *, rate: int = RATE, channels: int = 1, **form: str) -> Build:
    def build(folder: Path) -> Path:
        soundfile.write(folder / name, tone(rate // 2, channels), rate, **form)
        return folder / name

    return build


def raw(name: str, content: bytes | Callable[[], bytes]) -> Build:
    def build(folder: Path) -> Path:
        (folder / name).write_bytes(content() if callable(content) else content)
        return folder / name

    return build


def chunk(name: bytes, body: bytes, size: int | None = None) -> bytes:
    return name + struct.pack("<I", len(body) if size is None else size) + body + b"\0" * (len(body) % 2)


def wave(
    *, before: bytes = b"", after: bytes = b"", kind: bytes = b"RIFF", data: int | None = None, ds64: bool = False
) -> bytes:
    pcm = (tone()[:, 0] * 32767).astype("<i2").tobytes()
    form = chunk(b"fmt ", struct.pack("<HHIIHH", 1, 1, RATE, RATE * 2, 2, 16))
    head = chunk(b"ds64", struct.pack("<QQQI", 0, len(pcm), len(pcm) // 2, 0)) if ds64 else b""
    body = b"WAVE" + head + before + form + chunk(b"data", pcm, data) + after
    return kind + struct.pack("<I", 0xFFFFFFFF if ds64 else len(body)) + body


def floats(values: np.ndarray) -> Build:
    def build(folder: Path) -> Path:
        soundfile.write(folder / "float.wav", values.astype(np.float32), RATE, subtype="FLOAT")
        return folder / "float.wav"

    return build


def cut(name: str, share: float, **form: str) -> Build:
    def build(folder: Path) -> Path:
        path = written(name, **form)(folder)
        path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])
        return path

    return build


def holes() -> np.ndarray:
    values = tone()[:, 0]
    values[100:200] = np.nan
    values[300] = np.inf
    values[400] = -np.inf
    return values


def renamed(name: str, suffix: str, **form: str) -> Build:
    def build(folder: Path) -> Path:
        return written(name, **form)(folder).rename(folder / f"wrong{suffix}")

    return build


def byte_name(folder: Path) -> Path:
    path = Path(os.fsdecode(os.fsencode(folder) + b"/caf\xe9 \xff.wav"))
    path.write_bytes(wave())
    return path


CASES: dict[str, tuple[Build, str]] = {
    "8 bit": (written("a.wav", subtype="PCM_U8"), GOOD),
    "16 bit": (written("a.wav", subtype="PCM_16"), GOOD),
    "24 bit in three bytes": (written("a.wav", subtype="PCM_24"), GOOD),
    "32 bit": (written("a.wav", subtype="PCM_32"), GOOD),
    "double": (written("a.wav", subtype="DOUBLE"), GOOD),
    "mu-law": (written("a.wav", subtype="ULAW"), GOOD),
    "IMA ADPCM": (written("a.wav", subtype="IMA_ADPCM"), GOOD),
    "float with peaks of four": (floats(tone()[:, 0] * 13), GOOD),
    "float with NaN and infinities": (floats(holes()), GOOD),
    "float that is all NaN": (floats(np.full(RATE, np.nan)), "silent"),
    "silence": (floats(np.zeros(RATE)), "silent"),
    "one sample": (floats(np.array([0.5])), "too short"),
    "8 kHz": (written("a.wav", rate=8_000), GOOD),
    "11.025 kHz": (written("a.wav", rate=11_025), GOOD),
    "96 kHz": (written("a.wav", rate=96_000), GOOD),
    "192 kHz": (written("a.wav", rate=192_000), GOOD),
    "two channels": (written("a.wav", channels=2), GOOD),
    "three channels": (written("a.wav", channels=3), GOOD),
    "six channels": (written("a.flac", channels=6), GOOD),
    "eight channels": (written("a.wav", channels=8), GOOD),
    "AIFF": (written("a.aiff"), GOOD),
    "AIFF-C": (written("a.aif", format="AIFF", subtype="FLOAT"), GOOD),
    "FLAC": (written("a.flac", subtype="PCM_24"), GOOD),
    "Vorbis": (written("a.ogg"), GOOD),
    "Opus": (written("a.opus", rate=48_000, format="OGG", subtype="OPUS"), GOOD),
    "MP3": (written("a.mp3", format="MP3", subtype="MPEG_LAYER_III"), GOOD),
    "CAF": (written("a.caf"), GOOD),
    "Wave64": (written("a.w64"), GOOD),
    "RF64 of libsndfile": (written("a.rf64"), GOOD),
    "RF64 by hand": (raw("a.wav", wave(kind=b"RF64", data=0xFFFFFFFF, ds64=True)), GOOD),
    "RIFX, big-endian": (written("a.wav", endian="BIG"), GOOD),
    "a chunk of odd length before": (raw("a.wav", wave(before=chunk(b"junk", b"odd"))), GOOD),
    "an unknown chunk after": (raw("a.wav", wave(after=chunk(b"zzzz", b"\1" * 999))), GOOD),
    "a chunk that lies about its size": (raw("a.wav", wave(after=b"LIST" + struct.pack("<I", 1 << 30))), GOOD),
    "a data chunk of size zero": (raw("a.wav", wave(data=0)), "holds no audio"),
    "zero frames": (floats(np.zeros(0)), "holds no audio"),
    "a FLAC cut short": (cut("a.flac", 0.5), GOOD),
    "a WAV cut short": (cut("a.wav", 0.5), GOOD),
    "a WAV cut in its header": (cut("a.wav", 0.0006), "not readable as audio"),
    "an OGG cut in its header": (cut("a.ogg", 0.01), "not readable as audio"),
    "an empty file": (raw("a.wav", b""), "empty file"),
    "text called wav": (raw("a.wav", b"this is not audio\n" * 20), "not readable as audio"),
    "a picture called flac": (raw("a.flac", b"\x89PNG\r\n\x1a\n" + bytes(400)), "not readable as audio"),
    "FLAC called wav": (renamed("a.flac", ".wav"), GOOD),
    "WAV called mp3": (renamed("a.wav", ".mp3"), GOOD),
    "WAV called m4a": (renamed("a.wav", ".m4a"), GOOD),
    "text called m4a": (raw("a.m4a", b"nothing of the kind" * 9), "not readable as audio"),
    "a name that is not UTF-8": (byte_name, "rename it"),
    "a name of other alphabets": (written("дождь 雨 🌧.wav"), GOOD),
    "a very long name": (written("long " * 45 + ".wav"), GOOD),
}


@pytest.mark.parametrize("case", CASES)
def test_odd_files(warm: Project, tmp_path: Path, case: str) -> None:
    build, reason = CASES[case]
    folder = tmp_path / "odd"
    folder.mkdir()
    try:
        build(folder)
    except OSError as error:
        assert case == "a name that is not UTF-8"
        pytest.skip(f"this file system refuses such names: {error}")
    soundfile.write(folder / "zz good.wav", tone(), RATE)
    report = warm.importer.run([folder], Labels())
    assert "zz good" in {c.title for c in report.imported}, "the rest must go on"
    if reason:
        (failed,) = report.failed
        assert reason in failed[1]
        assert str(failed[0]) not in failed[1], "the path is said once"
    else:
        assert not report.failed
        assert len(report.imported) == 2
        assert [p.name for p in report.cut] == (["a.flac"] if case == "a FLAC cut short" else [])
        assert warm.clips.count() - warm.clips.count_without_vectors(warm.embedder.model_id) == 2
        assert np.isfinite(warm.vectors.search(warm.embedder.model_id, [1.0] * 256, 2)[0].score)


def test_what_is_no_plain_file_is_named_or_left_out(warm: Project, tmp_path: Path) -> None:
    folder = tmp_path / "odd"
    folder.mkdir()
    os.mkfifo(folder / "pipe.wav")
    (folder / "loop").symlink_to(folder)
    (folder / "gone.wav").symlink_to(tmp_path / "nowhere.wav")
    (folder / "folder.wav").mkdir()
    soundfile.write(folder / "good.wav", tone(), RATE)
    (folder / "again.wav").symlink_to(folder / "good.wav")
    report = warm.importer.run([folder], Labels())
    assert len(report.imported) == 1 and len(report.unchanged) == 1
    assert {(p.name, reason) for p, reason in report.failed} == {
        ("pipe.wav", "not a regular file"),
        ("gone.wav", "no such file"),
    }
    assert len(list(audio_files([folder]))) == 4


def test_a_device_is_refused(warm: Project) -> None:
    from soundlab.audio.decode import probe

    with pytest.raises(UnreadableAudio, match="not a regular file"):
        probe(Path("/dev/zero"))


def test_three_hours_are_embedded_in_windows(warm: Project, tmp_path: Path) -> None:
    path = tmp_path / "long.wav"
    with soundfile.SoundFile(path, "w", 8_000, 1, subtype="PCM_U8") as file:
        minute = 0.2 * np.random.default_rng(0).standard_normal(8_000 * 60)
        for _ in range(12):  # twelve minutes stand for three hours: windows are read one at a time
            file.write(minute)
    (clip,) = warm.importer.run([path], Labels()).imported
    assert clip.duration == pytest.approx(720)
    assert warm.vectors.get(warm.embedder.model_id, clip.id).shape[0] == 72
    assert warm.searcher.search("noise")[0].at is not None
