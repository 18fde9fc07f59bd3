"""The codec against Opus on held-out corpus clips and, where there are some, on recordings."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

import librosa
import numpy as np
import numpy.typing as npt
import soundfile
import torch
from librosa.onset import onset_detect

from soundlab.corpus import recordings, scene
from soundlab.corpus.shards import EVALUATION_SEED
from soundlab.engines.musicgen import Musicgen
from soundlab.engines.sketch.measure.figures import Figure, Tell
from soundlab.engines.sketch.train_codec import perplexity
from soundlab.engines.streaming import StreamDecoder

_EVEN = 600
"""Clips on which use of the books is counted: one clip uses a few entries of the first."""

Audio = npt.NDArray[np.float32]
RATE = scene.SAMPLE_RATE
TONAL = ("flute", "choir", "music_box", "organ", "piano", "strings", "theremin", "alarm", "singing_bowl", "plucked")
STRUCK = ("clock", "footsteps", "hand_drum", "percussion", "typing", "metal_hits", "marimba", "hooves")
OPUS = (6, 16)
"""Kilobits a second."""
_RANGE = 70.0
"""dB below the loudest band of a file: quieter detail does not count."""


def log_mel(x: Audio) -> Audio:
    """80 mel bands of 20 Hz–16 kHz, window 64 ms, hop 16 ms, dB with a floor ``_RANGE`` under the loudest."""
    mel = librosa.feature.melspectrogram(y=x, sr=RATE, n_fft=2048, hop_length=512, n_mels=80, fmin=20, fmax=16_000)
    decibels = 10 * np.log10(mel + 1e-12)
    return np.asarray(np.maximum(decibels, decibels.max() - _RANGE), np.float32)


def mel_distance(x: Audio, y: Audio) -> float:
    """Mean absolute difference of log-mel spectra in dB; ``y`` is held to the floor of ``x``."""
    a = log_mel(x)
    b = 10 * np.log10(
        librosa.feature.melspectrogram(y=y, sr=RATE, n_fft=2048, hop_length=512, n_mels=80, fmin=20, fmax=16_000)
        + 1e-12
    )
    width = min(a.shape[1], b.shape[1])
    return float(np.abs(a[:, :width] - np.maximum(b[:, :width], a.min())).mean())


def pitch_error(x: Audio, y: Audio) -> float | None:
    """Median difference of f0 in cents over frames that are clearly periodic in ``x`` (YIN, de Cheveigné 2002)."""
    f0 = [librosa.yin(s, fmin=60, fmax=2000, sr=RATE, frame_length=4096, hop_length=1024) for s in (x, y)]
    width = min(len(f0[0]), len(f0[1]))
    level = librosa.feature.rms(y=x, frame_length=4096, hop_length=1024)[0][:width]
    steady = np.abs(np.diff(np.log2(f0[0][:width]), prepend=np.log2(f0[0][0]))) < 0.02
    kept = (level > level.max() * 0.05) & steady & (f0[0][:width] < 1900)
    if kept.sum() < 10:
        return None
    return float(np.median(np.abs(1200 * np.log2(f0[1][:width][kept] / f0[0][:width][kept]))))


def onset_error(x: Audio, y: Audio) -> float | None:
    """Median distance in milliseconds of each onset of ``x`` to the nearest of ``y``, within 100 ms."""
    times = [onset_detect(y=s, sr=RATE, hop_length=64, units="time", backtrack=False) for s in (x, y)]
    if len(times[0]) < 3 or not len(times[1]):
        return None
    gaps = np.abs(times[0][:, None] - times[1][None]).min(1)
    return float(np.median(np.minimum(gaps, 0.1)) * 1000)


def opus(x: Audio, kilobits: int) -> Audio:
    """Code with libopus through libsndfile and decode; 6 to 256 kbit/s, resampled to and from 48 kHz."""
    wide = librosa.resample(x, orig_sr=RATE, target_sr=48_000)
    held = io.BytesIO()
    level = 1.0 - (kilobits - 6) / 250  # libsndfile's scale for Opus
    soundfile.write(held, wide, 48_000, subtype="OPUS", format="OGG", compression_level=level)
    held.seek(0)
    back = librosa.resample(soundfile.read(held, dtype="float32")[0], orig_sr=48_000, target_sr=RATE)
    return np.asarray(back[: x.size], np.float32)


def coded(engine: Musicgen, x: Audio) -> Audio:
    """Code and decode with the checkpoint's codec."""
    out = engine.decode_audio(engine.encode_audio(x[None])[None])[0, 0].numpy()[: x.size]
    return np.asarray(out, np.float32)


def _plain(names: Sequence[str], each: int, start: int) -> list[Audio]:
    return [scene.render(scene.plain(name, start + k, seconds=6.0)) for name in names for k in range(each)]


def border_step(engine: Musicgen, x: Audio) -> float:
    """Largest difference between streamed and one-shot decoding, dB below the sound's peak (lower is better)."""
    codes = engine.encode_audio(x[None])[None]
    whole = engine.decode_audio(codes)[0, 0].numpy()
    samples = round(engine.sample_rate / engine.frame_rate)
    context = engine.stream_context
    stream = StreamDecoder(engine.decode_audio, samples, context, context)
    pieces = [stream.push(codes[..., :end], last=False) for end in range(12, codes.shape[-1], 13)]
    pieces.append(stream.push(codes, last=True))
    joined = torch.cat(pieces, -1)[0, 0].numpy()
    gap = np.abs(joined - whole[: joined.size]).max() / max(np.abs(whole).max(), 1e-9)
    return float(20 * np.log10(gap + 1e-9))


def measure(engine: Musicgen, manifest: Path | None, tell: Tell, *, clips: int = 60) -> list[Figure]:
    """Return the codec's figures.

    Parameters
    ----------
    manifest
        Recordings as for :mod:`soundlab.corpus.recordings`; only those never trained on are used.
    """
    tell("codec: held-out corpus clips")
    books = engine.model.audio_encoder.config.num_quantizers
    entries = engine.model.audio_encoder.config.codebook_size
    rate = engine.frame_rate * books * np.log2(entries) / 1000
    sets = {"corpus": [scene.render(scene.draw(EVALUATION_SEED + k)) for k in range(clips)]}
    if manifest is not None:
        loud = [recordings.load(r.path) for r in recordings.unheard(manifest)]
        sets["recordings"] = [np.asarray(x / max(np.abs(x).max(), 1e-6) * 0.5, np.float32) for x in loud]
    out = [Figure("codec", "bitrate", rate, "kbit/s", note=f"{books} × {entries} at {engine.frame_rate:g} Hz")]
    for name, audio in sets.items():
        ours = float(np.mean([mel_distance(x, coded(engine, x)) for x in audio]))
        low, high = (float(np.mean([mel_distance(x, opus(x, k)) for x in audio])) for k in OPUS)
        note = f"Opus at {OPUS[0]} kbit/s {low:.2f}, at {OPUS[1]} {high:.2f}; {len(audio)} clips"
        out.append(Figure("codec", f"log-mel distance, {name}", ours, "dB", low, False, note))
    tell("codec: pitch and onsets")
    tonal, struck = _plain(TONAL, 3, EVALUATION_SEED), _plain(STRUCK, 3, EVALUATION_SEED)
    for name, error, audio, unit, bar in (
        ("f0 error", pitch_error, tonal, "cents", 20.0),
        ("onset error", onset_error, struck, "ms", 10.0),
    ):
        values = {
            "ours": [error(x, coded(engine, x)) for x in audio],
            **{f"Opus {k}": [error(x, opus(x, k)) for x in audio] for k in OPUS},
        }
        medians = {k: float(np.median([v for v in row if v is not None])) for k, row in values.items()}
        note = ", ".join(f"{k} kbit/s {v:.1f}" for k, v in medians.items() if k != "ours")
        out.append(Figure("codec", f"median {name}", medians["ours"], unit, bar, False, note))
    tell("codec: use of the books")
    more = (scene.render(scene.draw(EVALUATION_SEED + clips + k)) for k in range(_EVEN - clips))
    codes = torch.stack([engine.encode_audio(x[None]) for x in (*sets["corpus"], *more)])
    shares = [perplexity(codes[:, k], entries) / entries for k in range(books)]
    note = f"by book {' '.join(f'{s:.0%}' for s in shares)}; {_EVEN} clips"
    out.append(Figure("codec", "lowest codebook perplexity", min(shares), "of its size", 0.6, True, note))
    step = max(border_step(engine, x) for x in (tonal[0], struck[0]))
    out.append(Figure("codec", "streamed against one-shot", step, "dB of peak", -60.0, False))
    return out
