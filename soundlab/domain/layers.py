"""What a prompt asks for: the sounds in it, and what the adjectives of each say."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from soundlab.domain.axes import AXES
from soundlab.domain.lexicon import Layering, Lexicon, Sense

MOST = 4
"""Sounds that are made apart; what comes after the fourth is made with it."""
BEHIND = -4.0
"""dB by which a sound lies behind the others that is said to; distant ones are made softer already."""
_LONGEST = 3
"""Words of an adjective: "out of tune"."""
_PLACE = re.compile(r"\s(?:in|inside|within|at|through|from)\s.+$", re.IGNORECASE)
_WITHOUT = re.compile(r"\b(?:no|without(?: any)?|not any)\s+[\w-]+", re.IGNORECASE)


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
    level
        dB above the level that it comes at by itself.
    several
        Whether it is of several sounds after all. Its adjectives are then not read: each is one's, and what is
        read is of all.
    """

    prompt: str
    read_as: str = ""
    against: str = ""
    level: float = 0.0
    several: bool = False


@dataclass(slots=True)
class _Part:
    """A stretch of a prompt, the join that it came behind, and the kinds of sound in it."""

    text: str
    join: str
    kinds: set[int]
    level: float = 0.0


def asked(
    prompt: str, lexicon: Lexicon, taught: Collection[str] = (), names: Collection[str] = (), *, apart: bool
) -> tuple[Layer, ...]:
    """What a prompt asks for, its adjectives read; ``apart`` makes several sounds each a layer.

    ``taught`` are words that a checkpoint reads measures from as they are; ``names`` are
    parts of sounds' names, and no adjectives: "a crackling fire".
    """
    found = layers(prompt, lexicon)
    if len(found) > 1 and not apart:
        return (Layer(prompt, several=True),)
    return tuple(_read(layer, lexicon, taught, names) for layer in found)


def layers(prompt: str, lexicon: Lexicon) -> list[Layer]:
    """The sounds that a prompt puts beside one another; one alone is the whole prompt.

    A stretch behind "with", "over", a comma and the like is a sound of its own where it
    names one that makes sound by itself; "piano with long reverb" is one sound. Words
    at the end that name none are of all: "rain with thunder, dark"; so is where they are
    heard, when both are on a par: "piano and strings in a cathedral".
    """
    parts, shared = _parts(prompt, lexicon.layering)
    if len(parts) < 2:
        return [Layer(prompt)]
    return [Layer(", ".join([part.text, *shared]), level=part.level) for part in parts]


def _parts(prompt: str, table: Layering) -> tuple[list[_Part], list[str]]:
    """The sounds of a prompt, and what is said of all of them."""
    parts: list[_Part] = []
    shared: list[str] = []
    for join, text in _stretches(prompt, table):
        named = kinds(text, table)
        placed = join in table.above and _bare(text.split()[-1]) in table.places
        own = named and not placed and not any(named & part.kinds for part in parts)
        if not parts:
            parts.append(_Part(text, join, named))
        elif not parts[0].kinds:  # where it is, or what is done to it: "a night with crickets"
            parts[0].text, parts[0].kinds = _joined(parts[0].text, join, text), named
        elif own and len(parts) < MOST:
            parts[-1].text = ", ".join([parts[-1].text, *shared])  # these were not of all: there comes another sound
            shared.clear()
            parts.append(_Part(text, join, named))
            if join in table.under:
                parts[-2].level = BEHIND
        elif join == "," and not named:
            shared.append(text)
        elif shared:
            shared[-1] = _joined(shared[-1], join, text)
        else:
            parts[-1].text = _joined(parts[-1].text, join, text)
    for part in parts:
        for phrases, level in ((table.back, BEHIND), (table.front, 0.0)):
            phrase = next((p for p in phrases if part.text.lower().endswith(f" {p}")), None)
            if phrase is not None:
                part.text, part.level = part.text[: -len(phrase)].strip(" ,"), level
    if len(parts) > 1 and parts[-1].join in ("and", "&", "plus") and (place := _PLACE.search(parts[-1].text)):
        for part in parts[:-1]:
            if not _PLACE.search(part.text):
                part.text += place[0]
    return parts, shared


def _joined(text: str, join: str, more: str) -> str:
    return f"{text}, {more}" if join == "," else f"{text} {join} {more}"


def _stretches(prompt: str, table: Layering) -> list[tuple[str, str]]:
    """A prompt cut at its joins and commas: (join in lower case, text)."""
    weather = "|".join(sorted(table.weather))
    joins = "|".join(re.escape(join) for join in table.joins)
    if not joins:
        return [("", prompt)]
    found = re.split(
        rf"\s*([,;])\s*(?:(?:{joins})\s+)?|\s+({joins})\s+|\s+(in)\s+(?=(?:(?:the|a)\s+)?(?:{weather})\b)",
        prompt,
        flags=re.I,
    )
    out = [("", found[0].strip())]
    for at in range(1, len(found), 4):
        join = next(j for j in found[at : at + 3] if j).lower()
        text = found[at + 3].strip()
        if text:
            out.append(("," if join == ";" else join, text))
    return [(join, text) for join, text in out if text]


def together(prompts: Sequence[str]) -> str:
    """A prompt for sounds beside one another: "a", "a with b", "a with b and c"."""
    first, *others = prompts
    return f"{first} with {' and '.join(others)}" if others else first


def kinds(text: str, table: Layering) -> set[int]:
    """Kinds of sound that a stretch names; what a hyphen joins to another word is none: "bell-like"."""
    words = [_bare(w) for w in _WITHOUT.sub(" ", text).split()]
    words += [f"{a}-{b}" for a, b in pairwise(words)]
    return {table.sounds[w] for w in words if w in table.sounds}


def _read(layer: Layer, lexicon: Lexicon, taught: Collection[str], names: Collection[str]) -> Layer:
    """A layer with what its adjectives say and what their opposites would."""
    words = layer.prompt.split()
    own: list[str] = []
    contrary: list[str] = []
    at = 0
    while at < len(words):
        sense, width = (None, 1) if _bare(words[at]) in names else _adjective(words[at:], lexicon)
        if sense is None:
            own.append(words[at])
            contrary.append(words[at])
        else:
            axis = AXES[sense.axis]
            said = words[at : at + width]
            own += said if all(_bare(w) in taught for w in said) else [axis.word(sense.direction)]
            contrary += [axis.word(-sense.direction)] if axis.counted else said
        at += width
    read_as, against = ("" if text == words else " ".join(text) for text in (own, contrary))
    return replace(layer, read_as=read_as, against=against)


def _adjective(words: list[str], lexicon: Lexicon) -> tuple[Sense | None, int]:
    """The adjective that words begin with, and how many of them it takes."""
    for size in range(min(_LONGEST, len(words)), 0, -1):
        found = lexicon.senses.get(tuple(_bare(w) for w in words[:size]))
        if found is not None and not found.noun and (AXES[found.axis].counted or found.direction > 0):
            return found, size
    return None, 1


def _bare(word: str) -> str:
    return word.lower().strip(",.;:!?")
