"""From feedback in words to adjustments.

A left-to-right reading: words of degree and direction ("much", "less", "no")
wait for the next thing they can apply to, an axis of the lexicon or free words,
and carry over "and" and commas until another takes their place.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

from soundlab.domain.feedback import BARE, FULL, MUCH, Adjustment
from soundlab.domain.lexicon import Function, Lexicon, Sense, Words
from soundlab.errors import WrongInput

_TOKEN = re.compile(r"@[\w-]+|[a-zA-Z0-9'’#-]+|[,;.!?&]")
_LOOK_AHEAD = 4
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Mode:
    """What waits to be applied."""

    direction: int = 1
    strength: float | None = None
    used: bool = False
    """It has been applied; a new more or less starts afresh, a list goes on."""


def parse(text: str, lexicon: Lexicon) -> list[Adjustment]:
    """Read feedback into adjustments, in the order they were said.

    Raises
    ------
    WrongInput
        When nothing in it can be understood as a wish.
    """
    words = [w.replace("’", "'") for w in _TOKEN.findall(text)]
    merged: dict[tuple[str, str | None, str | None, str | None], Adjustment] = {}
    for a in _Reader(words, lexicon).read():  # said twice counts once: the later word, at the stronger degree
        key = (a.kind, a.axis, a.term, a.target)
        earlier = merged.get(key)
        if earlier is not None and earlier.direction == a.direction:
            a = replace(a, strength=max(a.strength, earlier.strength))
        merged[key] = a
    if not merged:
        raise WrongInput(
            f"nothing to do in {text.strip()!r}", 'say what should change: "darker, further away, no birds"'
        )
    return list(merged.values())


class _Reader:
    """One pass over the words."""

    def __init__(self, words: list[str], lexicon: Lexicon) -> None:
        self._raw = words
        self._words = [w.lower() for w in words]
        self._lexicon = lexicon
        self._at = 0
        self._start = 0
        self._mode = _Mode()
        self._out: list[Adjustment] = []

    def read(self) -> list[Adjustment]:
        while self._at < len(self._words):
            word = self._words[self._at]
            function, size = self._longest(self._lexicon.functions, self._at)
            sense, width = self._longest(self._lexicon.senses, self._at)
            if word in self._lexicon.breaks:
                self._break(word)
            elif sense is not None and width >= size and not (function and self._modifies(size)):
                self._axis(sense, width)
            elif function is not None:
                self._function(function, size)
            elif word.startswith("@"):
                self._emit(Adjustment("like", self._said(1), target=word[1:]), 1)
            elif word in self._lexicon.filler:
                self._at += 1
            else:
                self._free()
        return self._out

    def _longest(self, table: Mapping[Words, T], at: int) -> tuple[T | None, int]:
        """Return the meaning of the longest phrase of ``table`` that starts at ``at``, and its length."""
        for size in range(min(5, len(self._words) - at), 0, -1):
            if (found := table.get(tuple(self._words[at : at + size]))) is not None:
                return found, size
        return None, 0

    def _modifies(self, size: int) -> bool:
        """A word that is both ("far", "lower") modifies when a word of direction follows: "far darker"."""
        after = self._at + size
        if after >= len(self._words) or self._words[after] in self._lexicon.breaks:
            return False
        function, _ = self._longest(self._lexicon.functions, after)
        return self._longest(self._lexicon.senses, after)[0] is not None or (
            function is not None and function.kind == "direction"
        )

    def _break(self, word: str) -> None:
        self._at += 1
        if word in self._lexicon.resets:
            self._mode = _Mode()
        self._start = self._at

    def _said(self, size: int) -> str:
        return " ".join(self._raw[min(self._start, self._at) : self._at + size])

    def _emit(self, adjustment: Adjustment, size: int) -> None:
        self._out.append(adjustment)
        self._mode = replace(self._mode, used=True)
        self._at += size
        self._start = self._at

    def _function(self, function: Function, size: int) -> None:
        if function.kind == "degree":
            self._at += size
            if self._trailing():
                self._out[-1] = replace(self._out[-1], strength=function.value)
                self._start = self._at
            else:
                mode = _Mode() if self._mode.used else self._mode
                self._mode = replace(mode, strength=function.value)
        elif function.kind == "direction":
            degree = None if self._mode.used else self._mode.strength
            self._mode = _Mode(int(function.value), degree)
            self._at += size
        elif function.kind == "none":
            self._mode = _Mode(-1, FULL)
            self._at += size
        elif function.kind == "keep":
            self._keep(size)
        else:
            self._reference(function, size)

    def _trailing(self) -> bool:
        """Whether a degree stands at the end of its clause, after the wish it belongs to."""
        ended = self._at >= len(self._words) or self._words[self._at] in self._lexicon.breaks
        return ended and bool(self._out) and self._mode.used and self._out[-1].kind in ("axis", "term")

    def _axis(self, sense: Sense, width: int) -> None:
        if sense.graded and self._mode.used:
            self._mode = _Mode()
        mode = self._mode
        strength = BARE if mode.strength is None else mode.strength
        if sense.graded and self._words[self._at].endswith("est"):
            strength = max(strength, MUCH)
        if mode.direction < 0 and not sense.noun and self._words[self._at - 1] in ("not", "isn't"):
            strength = BARE  # "not metallic" is milder than "no metal"
        direction = sense.direction * (1 if sense.phrase else mode.direction)
        said = self._said(width)
        self._emit(Adjustment("axis", said, axis=sense.axis, direction=direction, strength=strength), width)

    def _free(self) -> None:
        """Words the lexicon lacks: a term, up to the next word that means something."""
        stop = self._at + 1
        while stop < len(self._words):
            word = self._words[stop]
            known = self._longest(self._lexicon.functions, stop)[0] or self._longest(self._lexicon.senses, stop)[0]
            if known or word in self._lexicon.breaks or word in self._lexicon.filler or word.startswith("@"):
                break
            stop += 1
        size = stop - self._at
        strength = BARE if self._mode.strength is None else self._mode.strength
        term, said = " ".join(self._raw[self._at : stop]), self._said(size)
        self._emit(Adjustment("term", said, term=term, direction=self._mode.direction, strength=strength), size)

    def _keep(self, size: int) -> None:
        for ahead in range(self._at + size, min(len(self._words), self._at + size + _LOOK_AHEAD)):
            target = self._lexicon.keep_targets.get(self._words[ahead])
            if target is not None:
                span = ahead + 1 - self._at
                self._emit(Adjustment("keep", self._said(span), direction=0, strength=FULL, target=target), span)
                self._mode = _Mode()
                return
            if self._words[ahead] not in ("the", "same", "its", "of"):
                break
        self._mode = _Mode()  # keeping a thing that is no identity ("keep the birds") is more of it
        self._at += size

    def _reference(self, function: Function, size: int) -> None:
        """like / unlike: an @id or "the second one"; plain words after it are a term."""
        for ahead in range(self._at + size, min(len(self._words), self._at + size + _LOOK_AHEAD)):
            word = self._words[ahead]
            target = word[1:] if word.startswith("@") else self._lexicon.ordinals.get(word)
            if target is not None:
                span = ahead + 1 - self._at
                said = self._said(span)
                self._emit(Adjustment(function.kind, said, direction=int(function.value), target=target), span)
                if self._at < len(self._words) and self._words[self._at] in ("one", "take", "version"):
                    self._at += 1
                    self._start = self._at
                return
            if word not in ("the", "in", "take", "clip"):
                break
        self._mode = _Mode(int(function.value))
        self._at += size
