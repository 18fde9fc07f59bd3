"""Measure each descriptor's just-noticeable difference and write it to the presets.

The 75th percentile of absolute differences between takes of one prompt with
different seeds. ``python benchmarks/measure_jnd.py --write``
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from soundlab.audio.decode import read_audio
from soundlab.audio.descriptors import DESCRIPTORS, describe
from soundlab.audio.loudness import gain_for
from soundlab.config import packaged
from soundlab.domain.brief import USUAL_LEVEL
from soundlab.domain.ports import GenerationRequest
from soundlab.engines.local import LocalGenerator
from soundlab.project import usual_sampling
from soundlab.services.proving import noticeable

PROMPTS = ("rain", "church bells", "a low drone", "soft piano notes", "a crackling fire", "machinery", "distant wind",
           "a synth pad", "footsteps", "metal hits in a huge hall")  # fmt: skip
AT_MOST = {"register": 0.5, "speed": 0.5}
"""Octaves that anyone hears, though takes of one prompt are pitched and paced anywhere, octaves apart."""
AT_LEAST = {"loudness": 1.0}
"""LU, about the least change of level that is heard at all; takes, brought to one loudness, hardly differ in it."""
HEAD = """\
# Just-noticeable difference of each descriptor: the 75th percentile of the
# differences between takes of one prompt with different seeds, measured on the
# sketch checkpoint by benchmarks/measure_jnd.py; of register and speed half an
# octave at most, which anyone hears, and of loudness, to which takes are brought,
# 1 LU at least. Less than this is no change.

[jnd]
"""


def _described(path: Path) -> dict[str, float | None]:
    """What a take measures at the loudness that takes come at."""
    audio, rate = read_audio(path)
    return describe(audio * gain_for(audio, rate, USUAL_LEVEL), rate)


def main() -> None:
    """Measure, print, perhaps write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=8.0)
    parser.add_argument("--write", action="store_true")
    args = parser.parse_args()
    groups = []
    generator = LocalGenerator()
    usual = usual_sampling("sketch")
    with tempfile.TemporaryDirectory() as folder:
        for prompt in PROMPTS:
            outputs = tuple(str(Path(folder) / f"{s}.wav") for s in range(args.seeds))
            generator.generate(
                GenerationRequest(prompt, tuple(range(args.seeds)), outputs, args.seconds, "sketch", **usual)
            )
            groups.append([_described(Path(p)) for p in outputs])
    jnds = {}
    for axis in DESCRIPTORS:
        least = noticeable([[values[axis] for values in group] for group in groups])
        jnds[axis] = max(min(least, AT_MOST.get(axis, least)), AT_LEAST.get(axis, 0.0))
    text = HEAD + "".join(f"{axis} = {jnd:.3g}\n" for axis, jnd in jnds.items())
    print(text)
    if args.write:
        (packaged("presets") / "feedback" / "jnd.toml").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
