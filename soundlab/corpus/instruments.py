"""Sampled instruments as a corpus source: notes of an MIT-licensed soundfont.

``python -m soundlab.corpus.instruments FluidR3_GM.sf2 OUT`` renders single notes
of the programs below with the ``fluidsynth`` program (Debian: ``fluidsynth``,
``fluid-soundfont-gm``; Fluid R3 by Frank Wen, MIT) into ``OUT/NN-name.npz``:
``notes`` int16 (n, samples) at 32 kHz, ``pitches`` (MIDI) and ``velocities``.
:func:`render` then lays phrases from them.
"""

from __future__ import annotations

import argparse
import shutil
import struct
import subprocess
import tempfile
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile

from soundlab.corpus.bends import Bends, Score
from soundlab.corpus.families.voice import Family
from soundlab.corpus.signals import SAMPLE_RATE, Audio, Rng, hull, place, unit_rms

_SPACING = 4.0
"""Seconds from note to note in the render; 3 are held, the rest is release."""
_VELOCITIES = (55, 105)
_WEIGHT = 0.4
"""Drawn less often than a synthesised family: there are many, and they are alike."""


@dataclass(frozen=True, slots=True)
class Program:
    """A General MIDI program: what it is called, the notes it is good for, how it is played."""

    number: int
    name: str
    nouns: tuple[str, ...]
    low: int
    high: int
    held: bool = False
    """Sustained (chords and long lines) instead of struck or plucked."""


def _program(number: int, name: str, nouns: str, low: int, high: int, *, held: bool = False) -> Program:
    return Program(number, name, tuple(nouns.split("|")), low, high, held)


PROGRAMS = (
    _program(0, "grand", "a piano|piano|a piano melody|a concert piano|solo piano", 28, 96),
    _program(4, "e_piano", "an electric piano|rhodes piano chords|a mellow electric piano", 36, 88),
    _program(6, "harpsichord", "a harpsichord|baroque harpsichord", 40, 84),
    _program(8, "celesta", "a celesta|celesta notes", 60, 96),
    _program(9, "glockenspiel", "a glockenspiel|little metal bars", 67, 100),
    _program(10, "music_box", "a music box|a wind-up music box", 60, 96),
    _program(11, "vibraphone", "a vibraphone|vibes", 52, 88),
    _program(12, "marimba", "a marimba|marimba notes", 45, 88),
    _program(13, "xylophone", "a xylophone", 60, 96),
    _program(14, "tubular_bells", "tubular bells|orchestral chimes|a tolling bell", 53, 79),
    _program(15, "dulcimer", "a dulcimer|a hammered dulcimer", 48, 84),
    _program(16, "organ", "an organ|a hammond organ", 36, 84, held=True),
    _program(19, "church_organ", "a church organ|a pipe organ", 36, 84, held=True),
    _program(21, "accordion", "an accordion|a squeezebox", 48, 84, held=True),
    _program(22, "harmonica", "a harmonica|a lonely harmonica", 60, 88, held=True),
    _program(24, "nylon_guitar", "an acoustic guitar|a classical guitar|fingerpicked guitar", 40, 80),
    _program(25, "steel_guitar", "a steel-string guitar|folk guitar", 40, 80),
    _program(27, "clean_guitar", "a clean electric guitar|electric guitar notes", 40, 84),
    _program(30, "distorted_guitar", "a distorted electric guitar|heavy guitar", 36, 76, held=True),
    _program(32, "double_bass", "an upright bass|plucked double bass", 28, 55),
    _program(33, "bass_guitar", "a bass guitar|an electric bass", 28, 55),
    _program(40, "violin", "a violin|a solo violin|a fiddle", 55, 93, held=True),
    _program(41, "viola", "a viola", 48, 81, held=True),
    _program(42, "cello", "a cello|a solo cello|a mournful cello", 36, 72, held=True),
    _program(43, "contrabass", "a bowed double bass|bowed basses", 28, 55, held=True),
    _program(44, "tremolo_strings", "tremolo strings|trembling strings", 40, 84, held=True),
    _program(45, "pizzicato", "pizzicato strings|plucked violins", 43, 84),
    _program(46, "harp", "a harp|harp notes|a concert harp", 36, 96),
    _program(47, "timpani", "timpani|kettledrums|orchestral drums", 36, 55),
    _program(48, "strings", "strings|a string section|an orchestra holding chords", 36, 88, held=True),
    _program(50, "synth_strings", "synth strings|a string machine", 36, 84, held=True),
    _program(52, "choir", "a choir|choral voices|a wordless choir", 43, 79, held=True),
    _program(53, "voices", "oohing voices|soft voices humming", 48, 79, held=True),
    _program(56, "trumpet", "a trumpet|a lone trumpet", 55, 84, held=True),
    _program(57, "trombone", "a trombone|trombones", 40, 72, held=True),
    _program(58, "tuba", "a tuba", 28, 58, held=True),
    _program(60, "french_horn", "a french horn|horns|distant horns calling", 41, 77, held=True),
    _program(61, "brass", "a brass section|brass chords", 40, 80, held=True),
    _program(65, "saxophone", "a saxophone|an alto sax", 49, 80, held=True),
    _program(68, "oboe", "an oboe", 58, 86, held=True),
    _program(70, "bassoon", "a bassoon", 36, 70, held=True),
    _program(71, "clarinet", "a clarinet", 50, 86, held=True),
    _program(73, "flute", "a flute|a flute melody|a concert flute", 60, 96, held=True),
    _program(75, "pan_flute", "a pan flute|pan pipes", 60, 90, held=True),
    _program(77, "shakuhachi", "a shakuhachi|a bamboo flute", 55, 84, held=True),
    _program(79, "ocarina", "an ocarina", 60, 84, held=True),
    _program(88, "pad", "a synth pad|a new age pad|an ambient pad", 36, 84, held=True),
    _program(89, "warm_pad", "a warm pad|a soft synth pad", 36, 84, held=True),
    _program(95, "sweep_pad", "a sweeping pad|a filtered pad", 36, 84, held=True),
    _program(104, "sitar", "a sitar|indian strings", 45, 80),
    _program(107, "koto", "a koto|japanese strings", 45, 84),
    _program(108, "kalimba", "a kalimba|a thumb piano", 55, 88),
    _program(109, "bagpipe", "bagpipes|a bagpipe drone", 50, 76, held=True),
    _program(112, "tinkle_bell", "tinkling bells|tiny bells", 60, 96),
    _program(114, "steel_drum", "steel drums|a steel pan", 52, 84),
    _program(116, "taiko", "taiko drums|huge taiko hits", 36, 60),
)


def _pitches(program: Program) -> list[int]:
    return list(range(program.low, program.high + 1, 5))


def _midi(program: Program) -> bytes:
    """A one-track MIDI file that plays every pitch at every velocity, ``_SPACING`` apart."""
    ticks = 480  # a quarter, at 120 beats a minute half a second
    track = bytes([0, 0xC0, program.number])

    def varying(value: int) -> bytes:
        out = bytes([value & 0x7F])
        while value := value >> 7:
            out = bytes([0x80 | value & 0x7F]) + out
        return out

    for velocity in _VELOCITIES:
        for pitch in _pitches(program):
            track += b"\x00" + bytes([0x90, pitch, velocity])
            track += varying(int(3.0 * 2 * ticks)) + bytes([0x80, pitch, 0])
            track += varying(int((_SPACING - 3.0) * 2 * ticks)) + bytes([0x90, 0, 0])
    track += b"\x00\xff\x2f\x00"
    head = b"MThd" + struct.pack(">IHHH", 6, 0, 1, ticks)
    return head + b"MTrk" + struct.pack(">I", len(track)) + track


def build(soundfont: Path, out: Path) -> None:
    """Render all programs of ``soundfont`` into ``out``; those that are there are left alone."""
    out.mkdir(parents=True, exist_ok=True)
    if shutil.which("fluidsynth") is None:
        raise SystemExit("fluidsynth is not installed (Debian: apt install fluidsynth fluid-soundfont-gm)")
    for program in PROGRAMS:
        path = out / f"{program.number:02d}-{program.name}.npz"
        if path.exists():
            continue
        with tempfile.TemporaryDirectory() as folder:
            midi, wav = Path(folder) / "notes.mid", Path(folder) / "notes.wav"
            midi.write_bytes(_midi(program))
            command = ["fluidsynth", "-niq", "-R", "0", "-C", "0", "-g", "0.8", "-r", str(SAMPLE_RATE), "-F", wav]
            subprocess.run([*map(str, command), str(soundfont), str(midi)], check=True, capture_output=True)
            audio = soundfile.read(wav, dtype="float32", always_2d=True)[0].mean(1)
        pitches = _pitches(program) * len(_VELOCITIES)
        size = int(_SPACING * SAMPLE_RATE)
        audio = np.pad(audio, (0, max(0, size * len(pitches) - audio.size)))[: size * len(pitches)]
        notes = np.round(audio.reshape(len(pitches), size) / max(np.abs(audio).max(), 1e-6) * 32000)
        velocities = np.repeat(_VELOCITIES, len(_pitches(program)))
        np.savez(path, notes=notes.astype(np.int16), pitches=np.array(pitches), velocities=velocities)
        print(path.name, flush=True)


@lru_cache(maxsize=64)
def _load(path: Path) -> tuple[npt.NDArray[np.int16], npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    with np.load(path, allow_pickle=False) as held:
        return held["notes"], held["pitches"], held["velocities"]


def _note(rng: Rng, bank: Path, program: Program, pitch: float, seconds: float, loud: float) -> Audio:
    """One note: the nearest sampled pitch, resampled to ``pitch`` (MIDI), cut and released."""
    notes, pitches, velocities = _load(bank / f"{program.number:02d}-{program.name}.npz")
    wanted = _VELOCITIES[1] if loud > rng.uniform(0.3, 0.7) else _VELOCITIES[0]
    cost = np.abs(pitches - pitch) + 1000 * (velocities != wanted)
    row = int(np.argmin(cost))
    ratio = 2.0 ** ((pitch - pitches[row]) / 12)
    source = notes[row].astype(np.float64) / 32000
    length = min(int(seconds * SAMPLE_RATE), int((source.size - 2) / ratio))
    tone = np.interp(np.arange(length) * ratio, np.arange(source.size), source)
    return tone * hull(length, 0.0, min(0.25, 0.3 * seconds)) * (0.4 + 0.6 * loud)


def render(rng: Rng, n: int, b: Bends, bank: Path, program: Program) -> Audio:
    """Play a phrase of ``program`` in the bends' key and tempo, shape (n,).

    Struck and plucked programs play a melody with an occasional chord; held
    ones overlap long notes or chords.
    """
    score = b.score or Score(0, False, 90)
    scale = np.array([0, 2, 3, 5, 7, 8, 10] if score.minor else [0, 2, 4, 5, 7, 9, 11])
    middle = 0.5 * (program.low + program.high)
    span = 0.5 * (program.high - program.low)
    centre = middle + 0.75 * span * b.register
    base = score.root + 12 * round((centre - score.root) / 12)

    def pitch(degree: int) -> float:
        octave, step = divmod(degree, 7)
        return float(np.clip(base + 12 * octave + scale[step], program.low - 3, program.high + 3))

    beat = 60.0 / score.bpm
    each = beat * float(rng.choice([2, 4])) if program.held else beat * float(rng.choice([0.5, 0.5, 1.0]))
    chords = rng.random() < (0.55 if program.held else 0.25)
    skip = b.linear("density", 0.6, 0.2, 0.0) if not program.held else b.linear("density", 0.3, 0.05, 0.0)
    out = np.zeros(n)
    degree, at = int(rng.integers(-2, 5)), rng.uniform(0, 0.3)
    pattern = rng.integers(-2, 3, int(rng.choice([4, 6, 8])))  # a motif that comes back, as music does
    step = 0
    while at < n / SAMPLE_RATE:
        if rng.random() >= skip:
            loud = float(np.clip(0.5 + 0.4 * b.energy + rng.uniform(-0.15, 0.15), 0.05, 1.0))
            length = each * (1.25 if program.held else float(rng.uniform(1.5, 4.0)))
            voices = [degree, degree + 2, degree + 4] if chords else [degree]
            if chords and rng.random() < 0.5:
                voices.append(degree - 7)
            for voice in voices:
                tone = _note(rng, bank, program, pitch(voice), min(length, _SPACING), loud)
                place(n, int((at + rng.uniform(0, 0.012)) * SAMPLE_RATE), tone, out)
        move = int(pattern[step % pattern.size]) if rng.random() < 0.8 else int(rng.integers(-3, 4))
        if b.movement > -0.4 or rng.random() < 0.3:
            degree = int(np.clip(degree + move, -6, 8))
        step += 1
        at += each
    return unit_rms(out)


def families(bank: Path) -> dict[str, Family]:
    """Return the programs of a rendered bank as sound families, by name.

    Raises
    ------
    FileNotFoundError
        When a program's notes are missing.
    """
    out = {}
    for program in PROGRAMS:
        path = bank / f"{program.number:02d}-{program.name}.npz"
        if not path.exists():
            raise FileNotFoundError(f"{path}: render the bank first (python -m soundlab.corpus.instruments)")
        name = f"sampled_{program.name}"
        axes = frozenset(("register", "density", "energy", "speed"))
        voice = partial(render, bank=bank, program=program)
        out[name] = Family(name, program.nouns, axes, voice, "bed" if program.held else "events", _WEIGHT, scored=True)
    return out


def main() -> None:
    """Parse arguments and render the bank."""
    parser = argparse.ArgumentParser(prog="python -m soundlab.corpus.instruments", description=__doc__)
    parser.add_argument("soundfont", type=Path)
    parser.add_argument("out", type=Path)
    args = parser.parse_args()
    build(args.soundfont, args.out)


if __name__ == "__main__":
    main()
