"""Reading and writing: what comes back is what went in; bad files say why."""

import errno
import os
from pathlib import Path

import numpy as np
import pytest
import soundfile

from soundlab.audio.decode import probe, read_audio
from soundlab.audio.loudness import gain_for, integrated, true_peak
from soundlab.audio.peaks import outline
from soundlab.audio.spectrum import spectrogram
from soundlab.audio.write import atomic_path, resample, write_audio
from soundlab.errors import SoundlabError, UnreadableAudio, WrongInput


def sine(hz: float, seconds: float = 1.0, rate: int = 48_000, level: float = 0.5) -> np.ndarray:
    return (level * np.sin(2 * np.pi * hz * np.arange(int(seconds * rate)) / rate)).astype(np.float32)[None]


@pytest.mark.parametrize(("bits", "subtype"), [("16", "PCM_16"), ("24", "PCM_24"), ("32f", "FLOAT")])
def test_wav_round_trip(tmp_path: Path, bits: str, subtype: str) -> None:
    audio = np.concatenate([sine(440), sine(880)])
    write_audio(tmp_path / "a.wav", audio, 48_000, bits=bits, tags={"comment": "GENERATED"})
    back, rate = read_audio(tmp_path / "a.wav")
    with soundfile.SoundFile(tmp_path / "a.wav") as file:
        assert (file.subtype, file.comment) == (subtype, "GENERATED")
    assert rate == 48_000
    assert np.abs(back - audio).max() < 1e-4


def test_flac_holds_no_float(tmp_path: Path) -> None:
    with pytest.raises(WrongInput, match="32f"):
        write_audio(tmp_path / "a.flac", sine(440), 48_000, bits="32f", container="flac")


def test_a_failed_write_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_text("before")
    with pytest.raises(RuntimeError), atomic_path(tmp_path / "a.wav") as beside:
        beside.write_text("half")
        raise RuntimeError
    assert (tmp_path / "a.wav").read_text() == "before"
    assert list(tmp_path.iterdir()) == [tmp_path / "a.wav"]


def test_resampling_keeps_pitch() -> None:
    out = resample(sine(1000), 48_000, 32_000)
    assert abs(np.argmax(np.abs(np.fft.rfft(out[0]))) - 1000) <= 1
    assert out.shape == (1, 32_000)


def bad_files(folder: Path) -> dict[str, str]:
    (folder / "text.wav").write_text("this is no audio")
    (folder / "empty.wav").touch()
    soundfile.write(folder / "nothing.wav", np.zeros((0, 1)), 48_000)
    whole = folder / "whole.flac"
    soundfile.write(whole, sine(440)[0], 48_000)
    (folder / "cut.flac").write_bytes(whole.read_bytes()[:20])
    os.mkfifo(folder / "pipe.wav")
    (folder / "dangling.wav").symlink_to(folder / "gone")
    return {
        "text.wav": "not readable",
        "empty.wav": "empty file",
        "nothing.wav": "no audio",
        "cut.flac": "not readable",
        "pipe.wav": "not a regular file",
        "dangling.wav": "no such file",
        "/dev/zero": "not a regular file",
    }


def test_bad_files_say_why(tmp_path: Path) -> None:
    for name, reason in bad_files(tmp_path).items():
        with pytest.raises(UnreadableAudio, match=reason):
            probe(tmp_path / name)


@pytest.mark.parametrize(
    ("rate", "channels", "subtype"), [(11_025, 1, "PCM_U8"), (8_000, 8, "PCM_16"), (96_000, 2, "DOUBLE")]
)
def test_odd_formats_are_read(tmp_path: Path, rate: int, channels: int, subtype: str) -> None:
    soundfile.write(tmp_path / "odd.wav", np.repeat(sine(200, 0.5, rate).T, channels, 1), rate, subtype=subtype)
    audio, found = read_audio(tmp_path / "odd.wav")
    assert (found, audio.shape[0]) == (rate, channels)
    assert 0.4 < np.abs(audio).max() < 0.6


def test_nan_becomes_silence(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "nan.wav", np.array([0.5, np.nan, np.inf, -0.5]), 48_000, subtype="FLOAT")
    audio, _ = read_audio(tmp_path / "nan.wav")
    assert audio.tolist() == [[0.5, 0.0, 0.0, -0.5]]


def test_loudness_of_the_reference_tone() -> None:
    # BS.1770: a 997 Hz sine at 0 dBFS in one channel measures -3.01 LUFS.
    assert integrated(sine(997, 5, level=1.0), 48_000) == pytest.approx(-3.01, abs=0.1)
    assert integrated(np.zeros((1, 48_000)), 48_000) is None


def test_gain_respects_the_true_peak() -> None:
    quiet = sine(997, 3, level=0.01)
    assert integrated(quiet * gain_for(quiet, 48_000, -23, -1), 48_000) == pytest.approx(-23, abs=0.2)
    clicks = np.zeros((1, 48_000))
    clicks[0, 100] = 0.5
    assert true_peak(clicks * gain_for(clicks, 48_000, -5, -1), 48_000) <= -0.9


def test_outline_covers_the_file(tmp_path: Path) -> None:
    x = np.zeros(100_000)
    x[50_000:] = 0.5
    soundfile.write(tmp_path / "a.wav", x, 48_000)
    peaks, seconds = outline(tmp_path / "a.wav", 100)
    assert seconds == pytest.approx(100_000 / 48_000)
    assert max(h for _, h in peaks[:49]) == 0
    assert min(h for _, h in peaks[51:]) == pytest.approx(0.5, abs=1e-3)


def test_a_full_disk_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(SoundlabError, match="No space left"), atomic_path(tmp_path / "a" / "b.wav") as beside:
        beside.write_bytes(b"half")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    assert not list((tmp_path / "a").iterdir())


def test_a_spectrogram_shows_where_the_sound_is(tmp_path: Path) -> None:
    rate = 48_000
    t = np.arange(4 * rate) / rate
    tone = 0.5 * np.sin(2 * np.pi * np.where(t < 2, 200, 4000) * t)
    soundfile.write(tmp_path / "two.wav", tone, rate)
    soundfile.write(tmp_path / "long.wav", np.tile(tone, 10), rate, subtype="PCM_16")
    soundfile.write(tmp_path / "silent.wav", np.zeros(rate), rate)
    soundfile.write(tmp_path / "tiny.wav", tone[:100], 8000)
    levels = spectrogram(tmp_path / "two.wav", 40, 48)
    assert levels.shape == (48, 40) and levels.max() == 1.0 and levels.min() >= 0.0
    edges = np.geomspace(40, 16_000, 49)
    for column, hz in ((10, 200), (30, 4000)):
        band = int(levels[:, column].argmax())
        assert edges[band] <= hz * 1.1 and edges[band + 1] >= hz / 1.1
    again = spectrogram(tmp_path / "long.wav", 40, 48)
    assert again[:, 0].argmax() == levels[:, 10].argmax()
    assert spectrogram(tmp_path / "silent.wav", 10, 8).max() == 0
    assert spectrogram(tmp_path / "tiny.wav", 10, 8).shape == (8, 10)
