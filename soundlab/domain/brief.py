"""What is asked of the generator."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from soundlab.errors import WrongInput

MAX_PROMPT = 2000
"""Characters; more is a paste accident, and encoders read the first few hundred at most."""
MAX_SECONDS = 300.0
HEAVIEST = 5.0
"""Beyond which no weight is meant."""
USUAL_LEVEL = -23.0
"""LUFS that takes come at, so that they can be compared: the programme loudness of EBU R 128."""


@dataclass(frozen=True, slots=True)
class Term:
    """A guidance term: words and how strongly they pull (negative pushes away)."""

    text: str
    weight: float

    def as_json(self) -> dict[str, Any]:
        return {"text": self.text, "weight": round(self.weight, 3)}


@dataclass(frozen=True, slots=True)
class Reference:
    """A clip, take or file that steers, with a signed weight."""

    target: str
    weight: float = 1.0

    def as_json(self) -> dict[str, Any]:
        return {"target": self.target, "weight": self.weight}


@dataclass(frozen=True, slots=True)
class Imagined:
    """What an answer may come to sound like: its parent, as treatment would change it, some of the way there.

    Attributes
    ----------
    vector
        CLAP embedding of that, of unit length.
    share
        How far it lies from the parent to the treated parent; 1 is that itself.
    treatment
        What was done, and how much of it.
    """

    vector: tuple[float, ...] = field(repr=False)
    share: float
    treatment: tuple[dict[str, Any], ...]


@dataclass(frozen=True, slots=True)
class Brief:
    """The request for takes.

    ``seconds`` in (0, 300]; ``guidance`` ≥ 0 multiplies the pull of the prompt.
    """

    prompt: str
    avoid: str = ""
    terms: tuple[Term, ...] = ()
    references: tuple[Reference, ...] = ()
    seconds: float = 10.0
    guidance: float = 3.0
    temperature: float = 1.0
    top_k: int = 250
    top_p: float = 1.0
    checkpoint: str = "sketch"
    adapters: tuple[tuple[str, float], ...] = ()
    parent: str | None = None
    anchor: str | None = None
    """Take id that is heard with every term, for checkpoints that are steered by sound: what is not asked for stays."""
    imagined: Imagined | None = None
    """What stands in the anchor's place with what pulls towards the answer: between both lies what was asked."""
    continue_from: str | None = None
    """Take id whose opening or whole is continued."""
    keep_seconds: float | None = None
    """Seconds of ``continue_from`` that stay; None is all of it."""
    measures: tuple[tuple[str, float], ...] = ()
    """(axis, value) that the sound should measure, for checkpoints that are steered by measure."""
    level: float | None = USUAL_LEVEL
    """Loudness in LUFS that takes are brought to, as near as their peaks allow; None leaves it."""
    limited: bool = False
    """Whether peaks are limited where they stand in the level's way."""
    stressed: bool = True
    """Whether a prompt's adjectives are stressed against their opposites, where the checkpoint can be told."""
    apart: bool = True
    """Whether several sounds of a prompt are made each by itself and mixed, where the checkpoint is better at it."""
    contrast: tuple[tuple[str, float], ...] = ()
    """(axis, value) on the other side of what it is to move away from: the difference between both is stressed."""
    replay: str | None = None
    """Take id that is made again as it would have been under this brief, by the chance that made it."""
    passes: tuple[int, ...] = (0,)
    """How far takes may go from what is replayed, one after the other and over again: few passes stay close."""

    def __post_init__(self) -> None:
        if not self.prompt.strip():
            raise WrongInput("the prompt is empty", "say what should be heard")
        if len(self.prompt) > MAX_PROMPT or len(self.avoid) > MAX_PROMPT:
            longest = max(len(self.prompt), len(self.avoid))
            raise WrongInput(f"the prompt has {longest:,} characters", f"at most {MAX_PROMPT:,} are read; shorten it")
        if not 0 < self.seconds <= MAX_SECONDS:
            raise WrongInput(
                f"duration {self.seconds:g} s is out of range", f"choose more than 0, at most {MAX_SECONDS:g} s"
            )
        if not 0 <= self.guidance <= 20:
            raise WrongInput(f"guidance {self.guidance:g} is out of range", "choose 0 to 20; 3 is usual")
        if self.level is not None and not -70 <= self.level <= 0:
            raise WrongInput(f"a level of {self.level:g} LUFS is out of range", "choose -70 to 0; -23 is usual")

    def with_(self, **changes: Any) -> Brief:
        """Return a changed copy."""
        return replace(self, **changes)


def weighted(text: str) -> tuple[str, float]:
    """Read NAME or NAME=WEIGHT. Raises WrongInput."""
    name, sign, weight = text.rpartition("=")
    if not sign:
        return text, 1.0
    try:
        found = float(weight)
    except ValueError as error:
        raise WrongInput(f"{text!r}: the weight after = is not a number", f"such as {name}=0.5") from error
    if not abs(found) <= HEAVIEST:
        raise WrongInput(f"{text!r}: the weight is out of range", f"choose -{HEAVIEST:g} to {HEAVIEST:g}; 1 is usual")
    return name, found
