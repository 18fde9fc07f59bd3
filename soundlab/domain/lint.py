"""Advice on briefs: words that tell a model little, and what to say instead."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

_VAGUE = {
    "what is heard": (
        "cinematic|amazing|awesome|beautiful|best|cool|dramatic|emotional|epic|evocative|fantastic|gorgeous|"
        "immersive|impressive|incredible|interesting|nice|original|perfect|powerful|stunning|unique|wonderful"
    ),
    "nothing: every take is as good as the checkpoint": (
        "high quality|high-quality|hi-fi quality|hd|hq|4k|masterpiece|professional|pro|studio quality|award-winning|"
        "well produced|well-produced|high fidelity|best quality|realistic quality"
    ),
}
_NEGATED = re.compile(r"\b(?:no|without(?: any)?|not any|free of)\s+([a-z]+(?: [a-z]+)?)", re.IGNORECASE)
_STYLE = re.compile(
    r"\b(?:in the style of|in the vein of|sounds? like|à la|a la|by)\s+([A-Z][\w'’.-]*(?:\s+[A-Z][\w'’.-]*)*)"
)
_WORD = re.compile(r"[A-Za-z]{2,}")
_LONG = 45


@dataclass(frozen=True, slots=True)
class Advice:
    """One remark: the words it is about, and what to do."""

    words: str
    text: str


def style_of(text: str) -> str | None:
    """Whose style is asked for ("in the style of Some Composer"), or None."""
    found = _STYLE.search(text)
    return found.group(1) if found else None


def lint(prompt: str, restrictions: Iterable[str] = ()) -> list[Advice]:
    """Return advice on a prompt; none when it says what is heard.

    Parameters
    ----------
    restrictions
        What the brief rules out; asking for it as well is a contradiction.
    """
    found = []
    for instead, words in _VAGUE.items():
        for match in re.finditer(rf"\b(?:{words})\b", prompt, re.IGNORECASE):
            found.append(Advice(match.group(), f"“{match.group()}” tells the model little; say {instead}"))
    for match in _NEGATED.finditer(prompt):
        found.append(
            Advice(match.group(), f"“{match.group()}” in a prompt asks for it as much as not; use --avoid {match[1]!r}")
        )
    if (whose := style_of(prompt)) is not None:
        found.append(
            Advice(whose, f"“{whose}” is a name, not a sound; say what is heard: instruments, pace, register, space")
        )
    for thing in restrictions:
        if re.search(rf"\b{re.escape(thing.rstrip('s'))}s?\b", prompt, re.IGNORECASE):
            found.append(Advice(thing, f"“{thing}” is asked for and ruled out; take it out of one of them"))
    if prompt.strip() and not _WORD.search(prompt):
        found.append(Advice(prompt, f"“{prompt}” has no word that a checkpoint knows; say in English what is heard"))
    if len(prompt.split()) > _LONG:
        found.append(Advice("length", f"{len(prompt.split())} words: the first dozen steer, the rest blurs them"))
    return found
