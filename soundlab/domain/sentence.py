"""A sentence of feedback, and what can be asked of its words in their places."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from soundlab.domain.axes import AXES
from soundlab.domain.lexicon import Lexicon, Words
from soundlab.domain.spelling import spelt

_LOOK_AHEAD, _PHRASE = 4, 7
_BEFORE_TAKES = ("the", "in", "clip", "that", "of", "very")
_JOINED = ("on", "of", "through", "against")
_LINKS = ("the", "that", "those", "this", "its", "of", "some", "all")
_REPORTING = frozenset(
    ("says", "said", "say", "think", "thinks", "thought", "reckon", "reckons", "told", "find", "finds", "found", "feel")
)
MODALS = frozenset(
    ("should", "must", "needs", "need", "supposed", "meant", "shouldn't", "could", "would", "can", "has")
)
"""Words by which a clause says how it is to be and not how it is."""
_COPULAS = frozenset(("is", "are", "isn't", "aren't", "feels", "feel", "sounds", "seems", "sits", "comes"))
_PEOPLE = frozenset(("we", "you", "he", "she", "they", "i"))
_SUBJECT = 4
"""Words within which the verb of a remark comes."""
T = TypeVar("T")


class Sentence:
    """Words as they were said and as they are spelt; questions are by place and change nothing."""

    def __init__(self, words: list[str], lexicon: Lexicon) -> None:
        self._raw = words
        self._lexicon = lexicon
        self._words = [spelt(w.lower(), lexicon) for w in words]
        for k in range(len(self._words) - 1):
            if self._words[k] == "to" and self._overdone(k):  # "it is to loud", "to much bass"
                self._words[k] = "too"

    def _longest(self, table: Mapping[Words, T], at: int) -> tuple[T | None, int]:
        """Return the meaning of the longest phrase of ``table`` that starts at ``at``, and its length."""
        for size in range(min(_PHRASE, len(self._words) - at), 0, -1):
            if (found := table.get(tuple(self._words[at : at + size]))) is not None:
                return found, size
        return None, 0

    def _clause_end(self, at: int) -> int:
        return next(
            (k for k in range(at, len(self._words)) if self._words[k] in self._lexicon.breaks), len(self._words)
        )

    def _overdone(self, at: int) -> bool:
        """Whether "to" stands for "too": behind a verb of being or at the head of a clause, an adjective behind it."""
        sense = self._lexicon.senses.get((self._words[at + 1],))
        before = self._words[at - 1] if at else ","
        headed = (
            before in self._lexicon.breaks or before in _COPULAS or before in ("it's", "way", "still", "far", "bit")
        )
        if self._words[at + 1] in ("much", "many"):
            return headed
        return headed and sense is not None and not (sense.noun or sense.graded or sense.phrase)

    def _unknown(self, at: int) -> bool:
        word = self._words[at]
        return not (
            self._longest(self._lexicon.functions, at)[0]
            or self._longest(self._lexicon.senses, at)[0]
            or word in self._lexicon.breaks
            or word in self._lexicon.filler
            or word.startswith("@")
        )

    def _modifies(self, after: int) -> bool:
        """A word that is both ("far", "lower") modifies when a word of direction comes after it: "far darker"."""
        while after < len(self._words) and self._words[after] in _LINKS:
            after += 1
        if after >= len(self._words) or self._words[after] in self._lexicon.breaks:
            return False
        function, _ = self._longest(self._lexicon.functions, after)
        return self._longest(self._lexicon.senses, after)[0] is not None or (
            function is not None and function.kind == "direction"
        )

    def _names(self, at: int) -> bool:
        """Whether a thing comes next that the lexicon has no axis for: "the wind"."""
        while at < len(self._words) and self._words[at] in _LINKS:
            at += 1
        return at < len(self._words) and self._unknown(at)

    def _complains(self, at: int) -> bool:
        """Whether a clause begins as a remark on how it is now: "it's a bit boomy", "they say it's boomy"."""
        begins = (at, self._reported(at))
        return any(self._longest(self._lexicon.complaints, k)[0] for k in begins) and not self._modal(at)

    def _states(self, at: int) -> bool:
        """Whether a clause says how something in it is: "the hits are mushy right now"."""
        at = self._reported(at)
        if self._words[at : at + 1] and self._words[at] in _PEOPLE:
            return False
        for place in range(at, min(at + _SUBJECT, self._clause_end(at))):
            if self._words[place] in _COPULAS:
                return place > at and not self._modal(at)
            if self._longest(self._lexicon.functions, place)[0] is not None:
                return False
        return False

    def _modal(self, at: int) -> bool:
        """Whether a clause says how it is to be, not how it is: "this is meant to be real"."""
        return not MODALS.isdisjoint(self._words[at : self._clause_end(at)])

    def _reported(self, at: int) -> int:
        """Where a clause begins that someone says or thinks: behind "the director said that"."""
        for place in range(at, min(at + 5, self._clause_end(at))):
            if self._words[place] in _REPORTING:
                return place + 1 + (self._words[place + 1 : place + 2] == ["that"])
        return at

    def _tells(self, at: int) -> bool:
        """Whether a clause tells of someone in the story: "she's at the window"; no wish unless it says so."""
        while self._words[at : at + 1] and self._words[at] in ("the", "a", "my", "our", "if", "when", "as"):
            at += 1
        if self._words[at : at + 2] in (["you", "know"], ["you", "remember"], ["reads", "as"]):
            return True
        return at < len(self._words) and self._words[at] in self._lexicon.tellers

    def _target(self, at: int) -> tuple[str | None, int]:
        """The take or clip that the words from ``at`` name, and where its name ends."""
        for ahead in range(at, min(len(self._words), at + _LOOK_AHEAD)):
            word = self._words[ahead]
            numbered = word in self._lexicon.numbers and self._words[ahead - 1] in self._lexicon.takes
            target = self._lexicon.numbers[word] if numbered else self._lexicon.ordinals.get(word)
            if word.startswith("@"):
                target = word[1:]
            if target is not None:
                return target, ahead + 1
            if word not in _BEFORE_TAKES and word not in self._lexicon.takes:
                break
        return None, at

    def _trait_of(self, at: int) -> tuple[str | None, int, str | None]:
        """The axis of a take that the words from ``at`` name, where they end, and the take: "reverb of #2"."""
        while self._words[at : at + 1] in (["the"], ["that"]):
            at += 1
        axis, width = self._longest(self._lexicon.traits, at)
        after = at + width
        while width and self._words[after : after + 1] and self._words[after] in ("that", "you", "had", "in", "on"):
            after += 1
        if axis is not None and self._words[at + width : at + width + 1] in (["on"], ["in"]):  # "the room on #3"
            target, end = self._target(at + width + 1)
            if target is not None and (self._words[end - 1][0] in "#@" or self._words[end : end + 1] == ["one"]):
                return axis, end, target
        if axis is None or self._words[after : after + 1] not in (["of"], ["from"], ["like"], ["as"]):
            return None, at, None
        target, end = self._target(after + 1 + (self._words[after + 1 : after + 2] == ["in"]))
        return axis, end, target

    def _compared(self, at: int) -> tuple[str | None, int, str | None]:
        """The same of "as dense as #2" and "the same distance as take 2"."""
        axis, end, target = self._trait_of(at + 1)
        if target is not None:
            return axis, end, target
        sense, width = self._longest(self._lexicon.senses, at + 1)
        after = at + 1 + width
        if self._words[at] != "as" or sense is None or self._words[after : after + 1] != ["as"]:
            return None, at, None
        target, end = self._target(after + 1)
        return (sense.axis if AXES[sense.axis].counted else None), end, target

    def _joined(self, at: int) -> int:
        """Where a thing goes on behind "on", "of" and the like: "footsteps on gravel"; 0 when it does not."""
        if self._words[at] not in _JOINED:
            return 0
        after = at + 1 + (self._words[at + 1 : at + 2] in (["the"], ["a"], ["an"]))
        if after >= len(self._words) or self._words[after] in self._lexicon.filler | self._lexicon.breaks:
            return 0
        thing = self._words[after] in self._lexicon.known or self._unknown(after)
        return after + 1 if thing and (self._words[after],) not in self._lexicon.functions else 0

    def _qualifies(self, stop: int) -> bool:
        """Whether an unknown word only qualifies a quantity that comes next: "more internal movement"."""
        sense, _ = self._longest(self._lexicon.senses, stop)
        return sense is not None and sense.noun and self._words[stop - 1] not in self._lexicon.known

    def _replaced(self, at: int) -> bool:
        """Whether "instead of" and the like come next: "rain instead of wind" asks for rain."""
        function, _ = self._longest(self._lexicon.functions, at)
        return function is not None and function.kind == "none" and self._words[at] in ("instead", "rather", "in")

    def _described(self, at: int) -> bool:
        """Whether an adjective comes next, with or without a word of degree."""
        function, size = self._longest(self._lexicon.functions, at)
        if function is not None and function.kind in ("degree", "direction"):
            at += size
        sense, _ = self._longest(self._lexicon.senses, at)
        return sense is not None and not sense.noun

    def _kept_of_it(self, at: int) -> tuple[str, int] | None:
        """What of a take is to be kept, behind "keep it", and where it stands: "at the same level"."""
        while at < len(self._words) and self._words[at] in ("at", "on", "in", "to", "this", "that", "the", "same"):
            at += 1
        target = self._lexicon.keep_targets.get(self._words[at]) if at < len(self._words) else None
        return (target, at) if target is not None and target != "all" else None

    def _ends(self, at: int) -> bool:
        """Whether a clause ends before the word at ``at``."""
        return at >= len(self._words) or self._words[at] in self._lexicon.breaks
