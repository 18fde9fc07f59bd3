"""Feedback on a take that is mixed from sounds: what becomes of each of them.

"Less rain" turns the rain down, "lose the piano" takes it out, "add birds" puts some
beside what there is, "make the bells darker" is said of the bells alone, and
"darker" of all. What nothing is said of stays as it is, to the sample, but for the
level of the mix, which stays its parent's.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from soundlab.domain.feedback import FULL, LOUDER, Adjustment
from soundlab.domain.layers import kinds
from soundlab.domain.lexicon import Layering

_ALONE = re.compile(r"\s*(?:just|only|solo)\s+((?:the\s+)?[\w\s'-]+?)\s*[.!]*$", re.IGNORECASE)
_SPARED = re.compile(
    r"\b(?:keep|leave|but not|except(?: for)?|apart from)\s+((?:the\s+|on\s+)*[\w-]+(?:\s+[\w-]+)?)", re.IGNORECASE
)

_ADDED = re.compile(r"\s*(?:and\s+)?(?:add|put|bring|mix|layer|throw|include)\b", re.IGNORECASE)
"""How a sound joins a mix that no list of sounds has: "add a baby crying". "More texture" is said of what there is."""


@dataclass(slots=True)
class Sounding:
    """One sound of the answer.

    Attributes
    ----------
    prompt
        What it is.
    index
        Its place in the take that feedback is about; None where it is new.
    change
        dB by which it is turned up; None takes it out.
    wishes
        What is asked of the sound itself.
    """

    prompt: str
    index: int | None
    change: float | None = 0.0
    wishes: list[Adjustment] = field(default_factory=list)


def planned(prompts: Sequence[str], adjustments: Iterable[Adjustment], table: Layering) -> list[Sounding] | None:
    """What becomes of sounds by ``prompts``, and which come; None where what is asked is not one sound's.

    That is likeness to another take: what of it is whose can't be told.
    """
    sounds = [Sounding(prompt, index) for index, prompt in enumerate(prompts)]
    for a in adjustments:
        if a.kind in ("like", "unlike"):
            return None
        named = kinds(a.term if a.kind == "term" and a.term else a.scope or "", table)
        meant = [s for s in sounds if named & kinds(s.prompt, table)]
        if meant and (a.kind == "term" or a.axis == "loudness"):
            gone = a.kind == "term" and a.direction < 0 and a.strength >= FULL
            by = a.direction * LOUDER * a.strength
            for sound in meant:
                sound.change = None if gone or sound.change is None else sound.change + by
        elif a.kind == "term" and a.term and a.direction > 0 and (named or (len(prompts) > 1 and _ADDED.match(a.text))):
            sounds.append(Sounding(a.term, None))
        elif a.kind == "term" and named and len(prompts) > 1 and not table.noises & set((a.term or "").split()):
            continue  # less of what is not there; noises may be in any sound
        elif a.axis != "loudness":  # which is the mix's
            for sound in meant or sounds[: len(prompts)]:
                sound.wishes.append(a)
    return sounds


def alone(text: str, wishes: list[Adjustment], names: Sequence[str], table: Layering) -> list[Adjustment]:
    """What "only the bells", "solo the bells" ask for: that the others of ``names`` go; else ``wishes`` as they are."""
    found = _ALONE.match(text)
    meant = kinds(found[1], table) if found else set()
    others = [name for name in names if not meant & kinds(name, table)]
    if not meant or len(others) in (0, len(names)):
        return wishes
    return [Adjustment("term", text, term=name, direction=-1, strength=FULL) for name in others]


def spared(text: str, wishes: list[Adjustment], names: Sequence[str], table: Layering) -> list[Adjustment]:
    """Wishes of all said of the others, where some sounds are to stay: "keep the rain, darker", "darker but not it"."""
    kept = {kind for phrase in _SPARED.findall(text) for kind in kinds(phrase, table)}
    others = [name for name in names if not kept & kinds(name, table)]
    if len(others) in (0, len(names)):
        return wishes
    return [a if a.kind != "axis" or a.scope else replace(a, scope=" and ".join(others)) for a in wishes]
