"""Render the starter library: ``python -m soundlab.corpus.references references``.

Each clip is a scene written out below; its title and tags say what was asked
for. FLAC, 16 bit, 32 kHz, CC0.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import soundfile

from soundlab.corpus.bends import Bends
from soundlab.corpus.scene import SAMPLE_RATE, Layer, Scene, render

_EVIDENCE = "Synthesised by soundlab from its own procedural corpus; dedicated to the public domain with CC0 1.0."

_CLIPS: tuple[tuple[str, str, tuple[Layer, ...]], ...] = (
    ("Wind over an empty plain", "wind weather distant", (Layer("wind", Bends(distance=0.5, movement=0.6)),)),
    (
        "Howling gale, whistling",
        "wind weather intense",
        (Layer("wind", Bends(energy=0.9, tonality=0.8, register=0.5)),),
    ),
    ("Steady rain, close", "rain weather water close", (Layer("rain", Bends(distance=-0.6, movement=-0.8)),)),
    ("Sparse raindrops", "rain weather water sparse", (Layer("rain", Bends(density=-0.9)),)),
    (
        "Storm: rain and thunder",
        "rain thunder weather storm",
        (Layer("rain", Bends(energy=0.7)), Layer("thunder", Bends(distance=0.5), gain=0.8)),
    ),
    ("Slow surf at night", "sea water waves slow dark", (Layer("sea", Bends(speed=-0.7, brightness=-0.5)),)),
    ("Forest stream", "stream water nature", (Layer("stream"),)),
    ("Cave drips, reverberant", "drips water cave reverb sparse", (Layer("drips", Bends(density=-0.5, space=0.9)),)),
    ("Campfire, close", "fire crackle close warm", (Layer("fire", Bends(distance=-0.5, warmth=0.4)),)),
    ("Summer crickets", "crickets insects night", (Layer("crickets"),)),
    ("Morning birds", "birds nature bright", (Layer("birds", Bends(density=0.3)),)),
    ("Dry leaves", "leaves foley rustle", (Layer("leaves"),)),
    ("Empty room tone", "room tone ambience quiet", (Layer("room_tone", Bends(energy=-0.8)),)),
    ("Crowd murmur in a hall", "crowd voices walla reverb", (Layer("crowd", Bends(space=0.6)),)),
    ("Radio static", "static radio noise", (Layer("static"),)),
    ("Transformer hum", "hum electric mains", (Layer("hum", Bends(energy=0.4)),)),
    ("Heartbeat, slow", "heartbeat body low slow", (Layer("heartbeat", Bends(speed=-0.6)),)),
    ("Idling diesel engine", "engine motor vehicle", (Layer("engine", Bends(speed=-0.4)),)),
    (
        "Factory floor",
        "machinery industrial busy",
        (Layer("machinery", Bends(density=0.6)), Layer("industrial", Bends(), gain=0.5)),
    ),
    (
        "Low industrial drone",
        "drone industrial dark low",
        (Layer("industrial", Bends(register=-0.5, brightness=-0.4)),),
    ),
    ("Evolving dark drone", "drone dark evolving ambient", (Layer("drone", Bends(movement=0.9, brightness=-0.6)),)),
    ("Ticking clock in a quiet room", "clock ticking tense", (Layer("clock"), Layer("room_tone", Bends(), gain=0.25))),
    ("Metal hits, cavernous", "metal hits impact reverb", (Layer("metal_hits", Bends(space=0.8)),)),
    (
        "Heavy metal door slam",
        "metal door slam impact",
        (Layer("door", Bends(energy=0.7, space=0.5)), Layer("metal_hits", Bends(density=-0.6), gain=0.5)),
    ),
    (
        "Rusty metal groan, underwater",
        "metal scrape groan underwater distant",
        (Layer("metal_scrape", Bends(speed=-0.7, register=-0.5), ("underwater",)),),
    ),
    ("Church bells, far away", "bells church distant", (Layer("bells", Bends(distance=0.8)),)),
    ("Temple gong", "gong metal slow", (Layer("gong"),)),
    ("Breaking glass", "glass break impact bright", (Layer("glass", Bends(brightness=0.4)),)),
    ("Creaking floorboards", "creak wood tense", (Layer("creak", Bends(density=-0.3), ("tension",)),)),
    ("Warm synth pad", "pad music warm sustained", (Layer("pad", Bends(warmth=0.7)),)),
    ("Cold strings", "strings music cold sustained", (Layer("strings", Bends(warmth=-0.7)),)),
    ("Ghostly choir", "choir voices supernatural music", (Layer("choir", Bends(space=0.5), ("supernatural",)),)),
    (
        "Soft piano, intimate",
        "piano music soft intimate",
        (Layer("piano", Bends(energy=-0.7, speed=-0.5), ("intimate",)),),
    ),
    ("Music box, dreamlike", "music box dreamlike", (Layer("music_box", Bends(speed=-0.4), ("dreamlike",)),)),
    ("Bass pulse", "bass pulse music low tense", (Layer("bass_pulse"),)),
    ("Tension riser", "riser transition tense", (Layer("riser", Bends(energy=0.6)),)),
    ("Whooshes", "whoosh transition air", (Layer("whoosh", Bends(density=0.5)),)),
    ("Deep boom", "boom impact low cinematic", (Layer("boom", Bends(density=-0.6, space=0.6)),)),
    ("Reverse swells", "reverse swell transition", (Layer("reverse_swell"),)),
    ("Granular cloud", "granular texture abstract", (Layer("granular", Bends(movement=0.6)),)),
)


def main() -> None:
    """Render all clips and write the manifest."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--seconds", type=float, default=6.0)
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    lines = ["# The starter library. Rendered by soundlab.corpus.references; CC0 1.0.\n"]
    for index, (title, tags, layers) in enumerate(_CLIPS):
        audio = render(Scene(7_000_000 + index, args.seconds, layers, title))
        name = "".join(c if c.isalnum() else "-" for c in title.lower()).replace("--", "-").strip("-") + ".flac"
        soundfile.write(args.out / name, np.clip(audio, -1, 1), SAMPLE_RATE, subtype="PCM_16")
        lines.append(
            f"[[clip]]\nfile = {json.dumps(name)}\ntitle = {json.dumps(title)}\ntags = {json.dumps(tags.split())}\n"
            f'rights = "cc0"\nevidence = {json.dumps(_EVIDENCE)}\n'
        )
    (args.out / "references.toml").write_text("\n".join(lines), encoding="utf-8")


if __name__ == "__main__":
    main()
