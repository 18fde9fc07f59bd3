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
_SHORTEST_SLIP, _LONG_WORD = 5, 8
_ADDING = frozenset(
    ("add", "throw", "layer", "mix", "blend", "put", "drop", "sneak", "work", "introduce", "include", "with", "bring")
)
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Mode:
    """What waits to be applied."""

    direction: int = 1
    strength: float | None = None
    used: bool = False
    """It has been applied; a new more or less starts afresh, a list goes on."""
    adding: bool = False
    """A thing is to come in."""
    said: bool = False
    """A word of direction or degree was said."""


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
        self._clause = 0
        """Where in what came out the present clause begins."""

    def read(self) -> list[Adjustment]:
        while self._at < len(self._words):
            word = self._words[self._at]
            if self._whole() or self._swap() or self._phrasal():
                continue
            function, size = self._longest(self._lexicon.functions, self._at)
            sense, width = self._longest(self._lexicon.senses, self._at)
            if word in self._lexicon.breaks:
                self._break(word)
            elif sense is not None and width >= size and not (function and self._modifies(size)):
                if self._describes(sense, width):
                    self._free(width)
                else:
                    self._axis(sense, width)
            elif function is not None:
                self._function(function, size)
            elif word.startswith("@"):
                self._emit(Adjustment("like", self._said(1), target=word[1:]), 1)
            elif word in self._lexicon.filler:
                self._at += 1
            elif (meant := self._misspelt(word)) is not None:
                self._words[self._at] = meant
            else:
                self._free()
        return self._out

    def _whole(self) -> bool:
        """What says as a whole that all else stays: "the rest is fine"."""
        target, size = self._longest(self._lexicon.keep_phrases, self._at)
        if target is None:
            return False
        self._emit(Adjustment("keep", self._said(size), direction=0, strength=FULL, target=target), size)
        self._mode = _Mode()
        return True

    def _swap(self) -> bool:
        """ "Swap the birds for crickets": one thing goes, another comes."""
        if self._words[self._at] not in self._lexicon.swaps:
            return False
        end = self._clause_end(self._at)
        joint = next((k for k in range(self._at + 2, end - 1) if self._words[k] in self._lexicon.joints), None)
        if joint is None:
            return False
        said = " ".join(self._raw[self._start : end])
        for first, last, direction, strength in ((self._at + 1, joint, -1, FULL), (joint + 1, end, 1, BARE)):
            self._thing(first, last, direction, strength, said)
        self._at = self._start = end
        self._mode = _Mode()
        return True

    def _phrasal(self) -> bool:
        """ "Bring the highs down", "turn the birds up a bit": a verb, what it is about, which way."""
        if self._words[self._at] not in self._lexicon.phrasals:
            return False
        if (
            max(self._longest(self._lexicon.functions, self._at)[1], self._longest(self._lexicon.senses, self._at)[1])
            > 1
        ):
            return False
        end = min(self._clause_end(self._at), self._at + 7)
        for place in range(self._at + 2, end):
            direction = self._lexicon.particles.get(self._words[place])
            if direction is None:
                continue
            kept = [w for w in self._words[self._at + 1 : place] if w not in self._lexicon.filler]
            if not kept:
                return False
            degree, size = self._longest(self._lexicon.functions, place + 1)
            strength = BARE
            stop = place + 1
            if degree is not None and degree.kind == "degree":
                strength, stop = degree.value, place + 1 + size
            if direction == -2:
                direction, strength = -1, FULL
            said = " ".join(self._raw[self._start : stop])
            self._thing(self._at + 1, place, direction, strength, said)
            self._at = self._start = stop
            self._mode = _Mode()
            return True
        return False

    def _thing(self, first: int, last: int, direction: int, strength: float, said: str) -> None:
        """Emit what the words from ``first`` to ``last`` name: an axis, else a term."""
        words = [k for k in range(first, last) if self._words[k] not in self._lexicon.filler]
        while words and (found := self._longest(self._lexicon.functions, words[0])[0]) is not None:
            if found.kind == "degree":
                strength = found.value
            words = words[1:]
        if not words:
            return
        sense = self._lexicon.senses.get(tuple(self._words[k] for k in words))
        if sense is not None:
            way = direction * sense.direction
            self._out.append(Adjustment("axis", said, axis=sense.axis, direction=way, strength=strength))
        else:
            term = " ".join(self._raw[k] for k in words)
            self._out.append(Adjustment("term", said, term=term, direction=direction, strength=strength))

    def _clause_end(self, at: int) -> int:
        return next(
            (k for k in range(at, len(self._words)) if self._words[k] in self._lexicon.breaks), len(self._words)
        )

    def _describes(self, sense: Sense, width: int) -> bool:
        """An adjective before a thing that is to be added belongs to it: "add distant thunder"."""
        if sense.noun or sense.phrase or sense.graded or not self._mode.adding:
            return False
        after = self._at + width
        return after < len(self._words) and self._unknown(after)

    def _unknown(self, at: int) -> bool:
        word = self._words[at]
        return not (
            self._longest(self._lexicon.functions, at)[0]
            or self._longest(self._lexicon.senses, at)[0]
            or word in self._lexicon.breaks
            or word in self._lexicon.filler
            or word.startswith("@")
            or self._misspelt(word)
        )

    def _misspelt(self, word: str) -> str | None:
        """The word of the lexicon that an unknown one is a slip of, if one clearly is."""
        if len(word) < _SHORTEST_SLIP or word in self._lexicon.known or word.rstrip("s") in self._lexicon.known:
            return None
        return next((known for known in self._lexicon.single if _slip(word, known)), None)

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
        self._start, self._clause = self._at, len(self._out)

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
                self._mode = replace(mode, strength=function.value, said=True)
        elif function.kind == "direction":
            degree = None if self._mode.used else self._mode.strength
            adding = function.value > 0 and self._words[self._at] in _ADDING
            self._mode = _Mode(int(function.value), degree, adding=adding, said=True)
            self._at += size
        elif function.kind == "none":
            self._mode = _Mode(-1, FULL, said=True)
            self._at += size
        elif function.kind == "keep":
            self._keep(size)
        else:
            self._reference(function, size)

    def _trailing(self) -> bool:
        """Whether a degree stands at the end of its clause, after the wish it belongs to."""
        ended = self._at >= len(self._words) or self._words[self._at] in self._lexicon.breaks
        return ended and bool(self._out) and self._mode.used and self._out[-1].kind in ("axis", "term")

    def _aside(self) -> bool:
        """Whether a noun here only says what the clause's wish is about: "a warmer tone"."""
        return not self._mode.said and len(self._out) > self._clause

    def _axis(self, sense: Sense, width: int) -> None:
        if sense.noun and self._aside():
            self._at += width
            return
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

    def _free(self, width: int = 1) -> None:
        """Words the lexicon lacks, after ``width`` that describe them: a term, up to the next that means something."""
        stop = self._at + width
        while stop < len(self._words):
            word = self._words[stop]
            known = self._longest(self._lexicon.functions, stop)[0] or self._longest(self._lexicon.senses, stop)[0]
            if known or word in self._lexicon.breaks or word in self._lexicon.filler or word.startswith("@"):
                break
            stop += 1
        size = stop - self._at
        if self._aside():
            self._at = stop
            return
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
            if self._words[ahead] not in ("the", "same", "its", "of", "that", "overall", "general", "exact", "current"):
                break
        if self._words[self._at : self._at + 2] == ["like", "the"]:
            self._reference(Function("like", 1.0), 1)
            return
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
            if word not in ("the", "in", "take", "clip", "number", "version"):
                break
        self._mode = _Mode(int(function.value), said=True)
        self._at += size


def _slip(word: str, known: str) -> bool:
    """Whether one is the other with a letter too many, too few, wrong, or two changed round; in long words twice.

    The optimal string alignment distance (Damerau 1964). First letters agree: few slips begin a word.
    """
    allowed = 2 if min(len(word), len(known)) >= _LONG_WORD else 1
    if word[0] != known[0] or abs(len(word) - len(known)) > allowed or len(known) < _SHORTEST_SLIP:
        return False
    before: list[int] = []
    row = list(range(len(known) + 1))
    for i, a in enumerate(word, 1):
        before, row, earlier = row, [i], before
        for j, b in enumerate(known, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (a != b))
            if i > 1 and j > 1 and a == known[j - 2] and word[i - 2] == b:
                cost = min(cost, earlier[j - 2] + 1)
            row.append(cost)
    return row[-1] <= allowed
