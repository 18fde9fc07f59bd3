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

from soundlab.domain.axes import AXES
from soundlab.domain.feedback import BARE, FULL, MUCH, Adjustment
from soundlab.domain.lexicon import Function, Lexicon, Sense, Words
from soundlab.errors import WrongInput

_TOKEN = re.compile(r"@[\w-]+|[a-zA-Z0-9'’#-]+|[,;.!?&]")
_LOOK_AHEAD, _PHRASE = 4, 7
_ASIDES = ("for", "between", "about", "as", "from", "at", "into")
_JOINED = ("on", "of", "through", "against")
_LINKS = ("the", "that", "those", "this", "its", "of", "some", "all")
_SHORTEST_SLIP, _LONG_WORD = 5, 8
_SHORT = ("more", "less", "with", "keep", "very", "much", "make", "bass", "the", "and")
"""Short words that slips are common in; in others, one letter makes another word."""
_ADDING = frozenset(
    ("add", "throw", "layer", "mix", "blend", "put", "drop", "sneak", "work", "introduce", "include", "with", "bring")
)
_POINTERS = frozenset(
    ("the", "a", "an", "it", "this", "that", "these", "those", "my", "our", "your", "its", "their", "his", "her")
)
"""What stands after "to" where a place follows and no verb."""
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
    directed: bool = False
    """It was one of direction."""


_OVERALL = re.compile(r"(?<![\w.])([+-])\s?\d+(?:\.\d+)?\s(?:overall|on the master|in level)\b", re.IGNORECASE)
_DECIBEL = re.compile(r"(?<![\w.])([+-])\s?\d+(?:\.\d+)?\s?d[bB]\b(?!\s*(?:at|around|@))")
_MOVED = re.compile(
    r"\b(up|down|drop|lower|raise|louder|quieter)\s+(?:it\s+|by\s+|the level\s+|another\s+)*"
    r"\d+(?:\.\d+)?\s?db\b(?:\s+(?:or so|overall))?",
    re.IGNORECASE,
)
_EQUALISED = re.compile(
    r"([+-])\s?\d+(?:\.\d+)?\s?(?:db)?\s?(?:at|around|@)\s?(\d+(?:\.\d+)?)\s?(k?)(?:hz)?\b", re.IGNORECASE
)
_CORNER = re.compile(r"\b(above|over|below|under)\s(\d+(?:\.\d+)?)\s?(k?)(?:hz)?\b", re.IGNORECASE)
_LONG = re.compile(r"(\w)\1{2,}")


def _region(number: str, kilo: str) -> str:
    """What a frequency is called."""
    hertz = float(number) * (1000 if kilo else 1)
    return "bass" if hertz < 160 else "low mids" if hertz < 1500 else "treble"


def plain(text: str) -> str:
    """Write out what engineers write in figures: "-4 dB" is level down, "+3 at 8k" more treble."""
    text = text.replace("’", "'")
    text = _EQUALISED.sub(lambda m: f"{'more' if m[1] == '+' else 'less'} {_region(m[2], m[3])}", text)
    text = _OVERALL.sub(lambda m: "level up" if m[1] == "+" else "level down", text)
    text = _DECIBEL.sub(lambda m: "level up" if m[1] == "+" else "level down", text)
    text = _MOVED.sub(lambda m: "level up" if m[1].lower() in ("up", "raise", "louder") else "level down", text)
    text = _CORNER.sub(lambda m: "treble" if m[1].lower() in ("above", "over") else "bass", text)
    return _LONG.sub(r"\1", text)


@dataclass(frozen=True, slots=True)
class Reading:
    """What feedback was understood as, and the words in it that were taken for no wish."""

    adjustments: list[Adjustment]
    left: list[str]


def parse(text: str, lexicon: Lexicon) -> list[Adjustment]:
    """Return the adjustments of :func:`read`."""
    return read(text, lexicon).adjustments


def read(text: str, lexicon: Lexicon) -> Reading:
    """Read feedback into adjustments, in the order they were said.

    Words that the lexicon lacks become terms where a word of direction asks for
    them, or when there is nothing else to go by; otherwise they are told back.

    Raises
    ------
    WrongInput
        When nothing in it can be understood as a wish.
    """
    reader = _Reader(_TOKEN.findall(plain(text)), lexicon)
    found, left = reader.read(), reader.left
    if not found:
        found, left = [Adjustment("term", words, term=words) for words in left], []
    merged: dict[tuple[str, str | None, str | None, str | None], Adjustment] = {}
    for a in found:  # said twice counts once: the later word, at the stronger degree
        key = (a.kind, a.axis, a.term, a.target)
        earlier = merged.get(key)
        if earlier is not None and earlier.direction == a.direction:
            a = replace(a, strength=max(a.strength, earlier.strength))
        merged[key] = a
    if not merged:
        raise WrongInput(
            f"nothing to do in {text.strip()!r}", 'say what should change: "darker, further away, no birds"'
        )
    return Reading(list(merged.values()), left)


_LAYERS = {"with", "over", "under", "beneath", "behind", "against", "amid", "beside", "background", "foreground"}
"""Words that put one sound beside another."""


def contrary(prompt: str, lexicon: Lexicon) -> str:
    """A prompt with each adjective of a measured axis turned into its opposite: dark rain → bright rain.

    Empty when there is none. What both prompts are read as differs in those axes
    alone, so guiding from one to the other stresses the adjective and not the noun.
    Empty, too, where several sounds are layered: an adjective is one's, and what is
    read is of all.
    """
    words = prompt.split()
    plain_words = [w.lower().strip(",.;:!?") for w in words]
    if not _LAYERS.isdisjoint(plain_words):
        return ""
    out: list[str] = []
    turned = False
    at = 0
    while at < len(words):
        sense, width = None, 1
        for size in range(min(3, len(words) - at), 0, -1):
            found = lexicon.senses.get(tuple(plain_words[at : at + size]))
            if found is not None and not found.noun and AXES[found.axis].counted:
                sense, width = found, size
                break
        if sense is None:
            out.append(words[at])
        else:
            out.append(AXES[sense.axis].word(-sense.direction))
            turned = True
        at += width
    return " ".join(out) if turned else ""


class _Reader:
    """One pass over the words."""

    def __init__(self, words: list[str], lexicon: Lexicon) -> None:
        self._raw = words
        self._lexicon = lexicon
        self._words = [self._spelt(w.lower()) for w in words]
        self._at = 0
        self._start = 0
        self._mode = _Mode()
        self._out: list[Adjustment] = []
        self._clause = 0
        """Where in what came out the present clause begins."""
        self._opened = self._complains(0)
        self._remarks: list[Adjustment] = []
        self.left: list[str] = []
        """Words that tell of something and ask for nothing."""
        self._told = 0

    def read(self) -> list[Adjustment]:
        while self._at < len(self._words):
            word = self._words[self._at]
            if self._whole() or self._verdict() or self._trait() or self._swap() or self._phrasal():
                continue
            if self._named_take():
                continue
            if word == "than":  # what it is compared with is no wish
                self._at = self._clause_end(self._at)
                continue
            function, size = self._longest(self._lexicon.functions, self._at)
            sense, width = self._longest(self._lexicon.senses, self._at)
            if word in self._lexicon.breaks:
                self._break(word)
            elif sense is not None and width >= size and not (function and width == size and self._modifies(size)):
                if self._describes(sense, width):
                    self._free(width)
                else:
                    self._axis(sense, width)
            elif function is not None and function.kind in ("like", "unlike") and sense and not self._target(size)[0]:
                self._axis(sense, width)  # "closer to us" names no take
            elif function is not None:
                self._function(function, size)
            elif word.startswith("@"):
                self._emit(Adjustment("like", self._said(1), target=word[1:]), 1)
            elif word in self._lexicon.filler or "'" in word or word[0].isdigit():
                if word in _ASIDES:  # "too low for a fairy": what follows is no thing to add or to take out
                    self._mode = replace(self._mode, said=False)
                self._at += 1
            else:
                self._free()
        said = {a.axis for a in self._out}
        return self._out + [a for a in self._remarks if a.axis not in said]

    def _verdict(self) -> bool:
        """ "… is too much", "… has to go": what the clause has named so far is to be less, or not at all."""
        strength, size = self._longest(self._lexicon.verdicts, self._at)
        if strength is None or self._clause_end(self._at) != self._at + size:
            return False
        for k in range(self._clause, len(self._out)):
            if self._out[k].kind in ("axis", "term"):
                self._out[k] = replace(self._out[k], direction=-1, strength=strength)
        if len(self._out) == self._clause:
            self._thing(self._start, self._at, -1, strength, self._said(size))
            del self.left[self._told :]
        self._at += size
        return True

    def _trait(self) -> bool:
        """ "The reverb of #2", "the pace from take 3": one axis of another take, and nothing else of it."""
        axis = self._lexicon.traits.get(self._words[self._at])
        if axis is None or self._words[self._at + 1 : self._at + 2] not in (["of"], ["from"]):
            return False
        target, end = self._target(2)
        if target is None:
            return False
        away = self._mode.said and self._mode.direction < 0
        kind, direction = ("unlike", -1) if away else ("like", 1)
        size = end - self._at
        if self._words[end : end + 1] and self._words[end] in self._lexicon.takes:
            size += 1
        self._emit(Adjustment(kind, self._said(size), axis=axis, direction=direction, target=target), size)
        return True

    def _named_take(self) -> bool:
        """ "Take 2", "the third one": a take by its place, without a word of likeness."""
        word, after = self._words[self._at], self._words[self._at + 1 : self._at + 2]
        if word in self._lexicon.takes and after and after[0] in self._lexicon.numbers:
            target, size = self._lexicon.numbers[after[0]], 2
        elif word in self._lexicon.ordinals and after and after[0] in self._lexicon.takes:
            target, size = self._lexicon.ordinals[word], 2
        else:
            return False
        away = self._mode.said and self._mode.direction < 0
        kind, direction = ("unlike", -1) if away else ("like", 1)
        self._emit(Adjustment(kind, self._said(size), direction=direction, target=target), size)
        return True

    def _target(self, size: int) -> tuple[str | None, int]:
        """The take or clip that words of likeness, ``size`` long, point at, and where its name ends."""
        for ahead in range(self._at + size, min(len(self._words), self._at + size + _LOOK_AHEAD)):
            word = self._words[ahead]
            numbered = word in self._lexicon.numbers and self._words[ahead - 1] in self._lexicon.takes
            target = self._lexicon.numbers[word] if numbered else self._lexicon.ordinals.get(word)
            if word.startswith("@"):
                target = word[1:]
            if target is not None:
                return target, ahead + 1
            if word not in ("the", "in", "clip", "that", "of") and word not in self._lexicon.takes:
                break
        return None, self._at

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
        after = self._at + width
        if sense.phrase or sense.graded or after >= len(self._words) or not self._unknown(after):
            return False
        if sense.noun:  # "an air conditioner"
            return self._mode.said and self._words[after] in self._lexicon.known
        return self._mode.adding

    def _unknown(self, at: int) -> bool:
        word = self._words[at]
        return not (
            self._longest(self._lexicon.functions, at)[0]
            or self._longest(self._lexicon.senses, at)[0]
            or word in self._lexicon.breaks
            or word in self._lexicon.filler
            or word.startswith("@")
        )

    def _spelt(self, word: str) -> str:
        """The word of the lexicon that an unknown one is a slip of, if one clearly is; else the word."""
        if (
            word in self._lexicon.words
            or word.rstrip("s") in self._lexicon.words
            or not word.isalpha()
            or len(word) < 3
        ):
            return word
        near = _SHORT if len(word) < _SHORTEST_SLIP else self._lexicon.single
        return next((known for known in near if _slip(word, known)), word)

    def _longest(self, table: Mapping[Words, T], at: int) -> tuple[T | None, int]:
        """Return the meaning of the longest phrase of ``table`` that starts at ``at``, and its length."""
        for size in range(min(_PHRASE, len(self._words) - at), 0, -1):
            if (found := table.get(tuple(self._words[at : at + size]))) is not None:
                return found, size
        return None, 0

    def _modifies(self, size: int) -> bool:
        """A word that is both ("far", "lower") modifies when a word of direction follows: "far darker"."""
        after = self._at + size
        while after < len(self._words) and self._words[after] in _LINKS:
            after += 1
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
        self._opened, self._told = self._complains(self._at), len(self.left)

    def _complains(self, at: int) -> bool:
        """Whether a clause begins as a remark on how it is now: "it's a bit boomy"."""
        return self._longest(self._lexicon.complaints, at)[0] is not None

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
            self._mode = _Mode(int(function.value), degree, adding=adding, said=True, directed=True)
            self._at += size
        elif function.kind == "none":
            compares = self._words[self._at] in ("not", "isn't", "rather")
            self._mode = _Mode(-1, FULL, said=not compares, directed=True)
            self._at += size
        elif function.kind == "keep":
            self._keep(size)
        else:
            self._reference(function, size)

    def _trailing(self) -> bool:
        """Whether a degree stands at the end of its clause, after the wish it belongs to."""
        ended = self._at >= len(self._words) or self._words[self._at] in self._lexicon.breaks
        return ended and bool(self._out) and self._mode.used and self._out[-1].kind in ("axis", "term")

    def _aside(self, width: int) -> bool:
        """Whether a noun here only says what is spoken of: "a warmer tone", "the ambience bed"."""
        if self._mode.said:
            return False
        if len(self._out) > self._clause:
            return True
        rest = [*self._words[self._start : self._at], *self._words[self._at + width : self._clause_end(self._at)]]
        return any(word not in self._lexicon.filler for word in rest)

    def _repeats(self, sense: Sense) -> bool:
        """Whether a noun names the axis that the words just before it moved: "softer the attack"."""
        last = self._out[-1] if len(self._out) > self._clause else None
        return last is not None and last.axis == sense.axis and self._mode.used

    def _axis(self, sense: Sense, width: int) -> None:
        if sense.noun and (self._aside(width) or self._repeats(sense)):
            self._at += width
            return
        following = self._words[self._at + width : self._at + width + 1]
        if following == ["enough"] and self._mode.direction < 0:  # "not ghostly enough"
            self._mode = replace(self._mode, direction=1, strength=None)
        elif self._opened and not self._mode.directed and not sense.graded and not sense.noun:
            said = self._said(width)
            self._remarks.append(Adjustment("axis", said, axis=sense.axis, direction=-sense.direction))
            self._at += width
            self._start = self._at
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
            if word in _JOINED and (beyond := self._joined(stop)):
                stop = beyond
                continue
            if known or word in self._lexicon.breaks or word in self._lexicon.filler or word.startswith("@"):
                break
            stop += 1
        size = stop - self._at
        if (not self._mode.said and not self._replaced(stop)) or self._acts(stop):
            self.left.append(" ".join(self._raw[self._at : stop]))
            self._at = stop
            return
        strength = BARE if self._mode.strength is None else self._mode.strength
        term, said = " ".join(self._raw[self._at : stop]), self._said(size)
        self._emit(Adjustment("term", said, term=term, direction=self._mode.direction, strength=strength), size)

    def _acts(self, at: int) -> bool:
        """Whether a thing is to do something, and so is there already: "I want the river to wake up"."""
        after = self._words[at + 1 : at + 2]
        if self._mode.adding or self._words[at : at + 1] != ["to"] or not after:  # "add birds to front"
            return False
        return after[0].isalpha() and after[0] not in _POINTERS and after[0] not in self._lexicon.takes

    def _joined(self, at: int) -> int:
        """Where a thing goes on behind "on", "of" and the like: "footsteps on gravel"; 0 when it does not."""
        after = at + 1 + (self._words[at + 1 : at + 2] in (["the"], ["a"], ["an"]))
        if after >= len(self._words) or self._words[after] in self._lexicon.filler | self._lexicon.breaks:
            return 0
        thing = self._words[after] in self._lexicon.known or self._unknown(after)
        return after + 1 if thing and (self._words[after],) not in self._lexicon.functions else 0

    def _replaced(self, at: int) -> bool:
        """Whether "instead of" and the like come next: "rain instead of wind" asks for rain."""
        function, _ = self._longest(self._lexicon.functions, at)
        return function is not None and function.kind == "none"

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
        target, end = self._target(size)
        if target is not None:
            span = end - self._at
            said = self._said(span)
            self._emit(Adjustment(function.kind, said, direction=int(function.value), target=target), span)
            if self._at < len(self._words) and self._words[self._at] in self._lexicon.takes:
                self._at += 1
                self._start = self._at
            return
        self._mode = _Mode(int(function.value), directed=True)  # a likeness in words is read as far as it is known
        self._at += size


def _slip(word: str, known: str) -> bool:
    """Whether one is the other with a letter too many, too few, wrong, or two changed round; in long words twice.

    The optimal string alignment distance (Damerau 1964). First letters agree: few slips begin a word.
    """
    allowed = 2 if min(len(word), len(known)) >= _LONG_WORD else 1
    if word[0] != known[0] or abs(len(word) - len(known)) > allowed:
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
