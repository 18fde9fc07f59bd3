"""What a prompt asks for, and what its adjectives say."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from soundlab.domain.axes import AXES
from soundlab.domain.lexicon import Lexicon, Sense

_LONGEST = 3
"""Words of an adjective: "out of tune"."""
_LAYERS = {"with", "over", "under", "beneath", "behind", "against", "amid", "beside", "background", "foreground"}
"""Words that put one sound beside another."""


@dataclass(frozen=True, slots=True)
class Layer:
    """One sound that a prompt asks for.

    Attributes
    ----------
    read_as
        The prompt with adjectives that a checkpoint was not taught in the axes' own words,
        boundless rain → cavernous rain, for it to read from them what a sound should measure; empty where it has none.
    against
        The same with the opposites of those that are measured: dry rain. What both are read as differs in those axes
        alone, so guiding from one to the other stresses the adjective and not the noun. Empty where there are none;
        moods are not stressed, as it is the noun that suffers.
    """

    prompt: str
    read_as: str = ""
    against: str = ""


def layered(prompt: str) -> bool:
    """Whether a prompt speaks of one sound beside another: rain with distant bells."""
    return not _LAYERS.isdisjoint(_bare(w) for w in prompt.split())


def stressed(prompt: str, lexicon: Lexicon, taught: Collection[str] = ()) -> Layer:
    """A prompt, with what its adjectives say and what their opposites would; ``taught`` are words that say it best.

    Neither where several sounds are layered: an adjective is one's, and what is read is of all.
    """
    if layered(prompt):
        return Layer(prompt)
    words = prompt.split()
    own: list[str] = []
    contrary: list[str] = []
    at = 0
    while at < len(words):
        sense, width = _adjective(words[at:], lexicon)
        if sense is None:
            own.append(words[at])
            contrary.append(words[at])
        else:
            axis = AXES[sense.axis]
            said = words[at : at + width]
            own += said if all(_bare(w) in taught for w in said) else [axis.word(sense.direction)]
            contrary += [axis.word(-sense.direction)] if axis.counted else said
        at += width
    return Layer(prompt, *("" if text == words else " ".join(text) for text in (own, contrary)))


def _adjective(words: list[str], lexicon: Lexicon) -> tuple[Sense | None, int]:
    """The adjective that words begin with, and how many of them it takes."""
    for size in range(min(_LONGEST, len(words)), 0, -1):
        found = lexicon.senses.get(tuple(_bare(w) for w in words[:size]))
        if found is not None and not found.noun and (AXES[found.axis].counted or found.direction > 0):
            return found, size
    return None, 1


def _bare(word: str) -> str:
    return word.lower().strip(",.;:!?")
