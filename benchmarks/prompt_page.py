"""Write docs/sketch.md: twelve prompts of the bundled checkpoint with spectrograms and measures.

``python benchmarks/prompt_page.py`` needs nothing but the package; the same
checkpoint and seeds give the same page.
"""

from __future__ import annotations

import struct
import tempfile
import zlib
from pathlib import Path

import numpy as np
import soundfile

from soundlab.audio.descriptors import Analysis
from soundlab.domain.brief import Brief
from soundlab.project import Project

SEED = 7
PROMPTS = (
    "heavy rain on a tin roof",
    "rain with distant church bells",
    "a dark, slowly evolving drone",
    "a bright drone",
    "a crackling fire, close",
    "footsteps in a cathedral",
    "a slow heartbeat, underwater",
    "crickets at night",
    "clanking machinery in a factory hall",
    "a sad piano in A minor at 70 bpm",
    "a metallic groan in the distance",
    "a tension riser building up",
)
WIDTH, HEIGHT = 500, 160
_STOPS = np.array([[8, 8, 24], [60, 20, 90], [170, 50, 90], [245, 140, 60], [252, 245, 190]], float)


def picture(audio: np.ndarray) -> np.ndarray:
    """Log-frequency spectrogram as an image (HEIGHT, WIDTH, 3), 50 Hz at the bottom to 16 kHz, 70 dB range."""
    power = Analysis(audio.astype(np.float64)).power
    frames = np.linspace(0, len(power) - 1, WIDTH).astype(int)
    hz = np.geomspace(16_000, 50, HEIGHT)
    rows = np.clip(np.round(hz / 16_000 * (power.shape[1] - 1)).astype(int), 0, power.shape[1] - 1)
    level = 10 * np.log10(power[frames][:, rows].T + 1e-12)
    shade = np.clip((level - level.max() + 70) / 70, 0, 1) * (len(_STOPS) - 1)
    low = np.minimum(shade.astype(int), len(_STOPS) - 2)
    part = (shade - low)[..., None]
    return (_STOPS[low] * (1 - part) + _STOPS[low + 1] * part).astype(np.uint8)


def write_png(path: Path, image: np.ndarray) -> None:
    """Write an 8-bit RGB PNG."""
    height, width, _ = image.shape
    raw = b"".join(b"\0" + row.tobytes() for row in image)

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(raw, 9)) + chunk(b"IEND", b"")
    )


def main() -> None:
    """Generate and write."""
    docs = Path(__file__).resolve().parent.parent / "docs"
    (docs / "sketch").mkdir(parents=True, exist_ok=True)
    lines = [
        "# What the sketch sounds like",
        "",
        f"Twelve prompts, 10 s, seed {SEED}, first take, nothing chosen. Left to right 10 s, bottom to top",
        "50 Hz to 16 kHz. Hear one: `soundlab generate PROMPT --seed 7`. Made by `python benchmarks/prompt_page.py`.",
        "",
    ]
    with tempfile.TemporaryDirectory() as folder:
        project = Project.create(Path(folder) / "page")
        for index, prompt in enumerate(PROMPTS, 1):
            brief = Brief(prompt, seconds=10.0, **project.sampling("sketch"))
            (take,) = project.generation.generate(brief, 1, SEED)
            write_png(docs / "sketch" / f"{index:02d}.png", picture(soundfile.read(take.path, dtype="float32")[0]))
            centroid = 2 ** (take.descriptors["brightness"] or 0)
            onsets = 2 ** (take.descriptors["density"] or 0) - 1
            lines += [
                f"**{prompt}** · centroid {centroid:,.0f} Hz, {onsets:.1f} onsets a second",
                "",
                f"![{prompt}](sketch/{index:02d}.png)",
                "",
            ]
        project.close()
    (docs / "sketch.md").write_text("\n".join(lines), encoding="utf-8")


if __name__ == "__main__":
    main()
