"""What services need from engines and the sound card, without knowing which."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from soundlab.domain.layers import Layer
from soundlab.errors import WrongInput

Progress = Callable[[int, int, str], None]
"""(done, total, what) — called often; total 0 means unknown."""
Cancelled = Callable[[], bool]


def ignore_progress(done: int, total: int, what: str) -> None:
    """A progress that tells no one."""


def never() -> bool:
    """A cancellation that never comes."""
    return False


@dataclass(frozen=True, slots=True)
class Replayed:
    """A sound to be made again under other conditions, by the chance that made it.

    Attributes
    ----------
    prompt, measures
        What it was asked for, and what it measures, as in :class:`GenerationRequest`.
    passes
        One a take: from 1, which stays close to the sound, to many; 0 lets the take go all its own way.
    """

    path: str
    prompt: str
    measures: tuple[tuple[str, float], ...]
    passes: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class GenerationRequest:
    """Everything a generator needs; audio passes as files.

    ``outputs[i]`` gets the take with ``seeds[i]``. ``terms`` are (text, weight)
    beside the prompt, which weighs ``guidance``.
    """

    prompt: str
    seeds: tuple[int, ...]
    outputs: tuple[str, ...]
    seconds: float
    checkpoint: str
    guidance: float = 3.0
    terms: tuple[tuple[str, float], ...] = ()
    sounds: tuple[tuple[tuple[float, ...], float], ...] = ()
    """(CLAP embedding, weight), for checkpoints that are steered by sound."""
    anchor: tuple[float, ...] = ()
    """CLAP embedding that is heard with prompt and terms alike: they pull, and the rest goes on sounding like it."""
    towards: tuple[float, ...] = ()
    """CLAP embedding in the anchor's place with what pulls, while what pushes away hears the anchor: the difference
    pulls, too."""
    adapters: tuple[tuple[str, float], ...] = ()
    """(folder, weight)."""
    temperature: float = 1.0
    top_k: int = 250
    top_p: float = 1.0
    continue_path: str | None = None
    continue_seconds: float | None = None
    """Seconds from the start of ``continue_path`` to keep; None keeps all."""
    stream: bool = False
    measures: tuple[tuple[str, float], ...] = ()
    """(axis, value) that the prompt's sound should measure, in the descriptor's unit, where it is known."""
    layers: tuple[Layer, ...] = ()
    """What the prompt's adjectives say, where ``measures`` does not; several are made apart, each with the take's
    seed, and mixed, which goes with no sounds, anchor, continuation or replay. None leaves the prompt as it is."""
    contrast: tuple[tuple[str, float], ...] = ()
    """(axis, value) that it should not: guidance pulls from these to ``measures``; empty pulls from unknown ones."""
    stems: tuple[tuple[str, ...], ...] = ()
    """Where layers that are made apart are written, too, one tuple a layer and one file a take."""
    replay: Replayed | None = None
    """A sound that is to be made again as it would have been under this request; beyond its end takes go on."""


@dataclass(frozen=True, slots=True)
class GenerationResult:
    """What was written."""

    sample_rate: int
    channels: int
    seconds: float
    """Wall-clock seconds the batch took, model loading excluded."""
    first_audio: float | None
    """Seconds from request to the first streamed audio, if streamed."""
    dtype: str
    licence: str
    fingerprint: str
    """Identifies the weights."""


AUGMENTATIONS = ("gain", "pitch", "room")
"""What may be changed about a training clip without changing what it is."""


@dataclass(frozen=True, slots=True)
class TrainingClip:
    """One source.

    Attributes
    ----------
    key
        Its content hash, which its tokens are kept by.
    held_out
        Only listened to: its loss says when to stop.
    sound
        Its CLAP embedding in the space that the checkpoint is steered in; empty where it is not steered by sound.
    """

    path: str
    caption: str
    key: str = ""
    held_out: bool = False
    sound: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingSettings:
    """How to train.

    Attributes
    ----------
    rate
        Peak learning rate; None chooses by the decoder's width.
    batch, accumulate
        Segments at once, and how many times before a step is taken.
    precision
        ``fp32``, ``bf16``, ``fp16`` (only on a GPU), or ``auto``.
    optimiser
        ``adamw``, or ``adamw8bit`` where bitsandbytes is installed.
    targets
        Linears that are adapted: ``all``, or ``attention``.
    ema
        Decay of the running mean of weights that is kept at the end; 0 keeps the last ones.
    check_every, patience
        Steps between looks at what is held out, and looks without a better one before
        it stops; 0 never stops early.
    preview_every
        Steps between audible previews; 0 makes none.

    Raises
    ------
    WrongInput
        On a value that cannot be.
    """

    steps: int = 300
    rank: int = 16
    seed: int = 0
    rate: float | None = None
    batch: int = 4
    accumulate: int = 1
    precision: str = "auto"
    checkpointing: bool = False
    optimiser: str = "adamw"
    targets: str = "all"
    dora: bool = False
    ema: float = 0.95
    check_every: int = 25
    patience: int = 4
    preview_every: int = 0

    def __post_init__(self) -> None:
        if self.steps < 1 or not 1 <= self.rank <= 256:
            raise WrongInput("steps must be at least 1 and rank between 1 and 256")
        if self.batch < 1 or self.accumulate < 1:
            raise WrongInput("batch and accumulate must be at least 1")
        for what, value, known in (
            ("targets", self.targets, ("all", "attention")),
            ("precision", self.precision, ("auto", "fp32", "bf16", "fp16")),
            ("optimiser", self.optimiser, ("adamw", "adamw8bit")),
        ):
            if value not in known:
                raise WrongInput(f"no {what} called {value!r}", f"choose {', '.join(known)}")


@dataclass(frozen=True, slots=True)
class TrainingRequest(TrainingSettings):
    """What a trainer needs: files with captions, how to train, and where the adapter goes.

    Attributes
    ----------
    cache
        Folder that tokens are kept in; without one they are made each time.
    augment
        Of :data:`AUGMENTATIONS`, those that leave what the clips have in common.
    others
        Prompts that the adapter should answer as its base does; none: nothing is kept in mind.
    """

    name: str
    checkpoint: str
    clips: tuple[TrainingClip, ...]
    folder: str
    resume: bool = False
    cache: str = ""
    augment: tuple[str, ...] = ()
    others: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TrainingResult:
    """What training ended with.

    Attributes
    ----------
    held_out
        (step, loss) of what was not trained on; empty where nothing was held out.
    kept
        Step whose weights were kept.
    leads
        False in the other processes of a distributed run, which write nothing.
    """

    steps: int
    losses: tuple[float, ...]
    seconds: float
    licence: str
    segments: int
    held_out: tuple[tuple[int, float], ...] = ()
    kept: int = 0
    precision: str = "fp32"
    leads: bool = True


@dataclass(frozen=True, slots=True)
class Embedded:
    """Vectors of one file: one a window."""

    at: tuple[float, ...]
    vectors: tuple[tuple[float, ...], ...] = field(repr=False)


class Embedder(Protocol):
    """Puts audio and words into one space. Vectors have unit length."""

    @property
    def model_id(self) -> str:
        """Which weights made the vectors; vectors of different ids are never compared."""
        ...

    def embed_files(
        self, paths: Sequence[Path], progress: Progress = ignore_progress, cancelled: Cancelled = never
    ) -> list[Embedded | str]:
        """Embed files in windows of 10 s; a string is the reason why one could not be."""
        ...

    def embed_texts(self, texts: Sequence[str]) -> list[tuple[float, ...]]:
        """Embed sentences."""
        ...

    def meanings(self, texts: Sequence[str]) -> list[tuple[float, ...]] | None:
        """Return the text encoder's own mean states, of unit length; None where it was not trained to be read so."""
        ...


AudioEvent = Callable[[int, str, float], None]
"""(take, part file, seconds so far) — called while a take is streamed."""


class Generator(Protocol):
    """Makes audio from words. ``on_audio`` hears of streamed audio."""

    on_audio: AudioEvent | None

    def generate(
        self, request: GenerationRequest, progress: Progress = ignore_progress, cancelled: Cancelled = never
    ) -> GenerationResult:
        """Write the requested files. Raises Cancelled within one step of being asked."""
        ...


class Trainer(Protocol):
    """Fits an adapter."""

    def train(
        self, request: TrainingRequest, progress: Progress = ignore_progress, cancelled: Cancelled = never
    ) -> TrainingResult:
        """Train and write the adapter's folder; resumable from what was saved."""
        ...


class Player(Protocol):
    """Plays a file; works silently where there is no sound card."""

    @property
    def position(self) -> float:
        """Seconds into the file."""
        ...

    @property
    def playing(self) -> bool: ...

    def play(self, path: Path, start: float = 0.0, gain: float = 1.0) -> None: ...

    def stop(self) -> None: ...
