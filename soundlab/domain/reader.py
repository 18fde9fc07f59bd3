"""The left-to-right reading of feedback (:mod:`soundlab.domain.language`).

Words of degree and direction ("much", "less", "no") wait for the next thing they
can apply to, an axis of the lexicon or free words, and carry over "and" and
commas until another takes their place.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

from soundlab.domain.axes import AXES
from soundlab.domain.feedback import BARE, FULL, MUCH, TOUCH, Adjustment
from soundlab.domain.lexicon import Function, Sense
from soundlab.domain.patterns import INTO, POINTERS, Mode, Patterns
from soundlab.domain.sentence import MODALS

_LOOK_AHEAD = 4
_ASIDES = ("for", "between", "about", "as", "from", "at", "into")
_ADDING = frozenset(
    ("add", "throw", "layer", "mix", "blend", "put", "drop", "sneak", "work", "introduce", "include", "with", "bring")
)
_PARTS = frozenset(("some", "most", "half", "part", "much", "all"))
_FINITE = frozenset(("is", "was", "were", "are", "am", "has", "had", "does", "did", "can", "could", "will", "would"))
"""Verbs by which a clause stands for itself, so that it is no list of things that goes on."""
_SUBJECTS = frozenset(
    ("it", "this", "that", "they", "there", "everything", "you", "we", "i", "he", "she", "who", "which")
)
"""What begins a clause that says something, where a list would go on with a thing."""
_MOVES = {
    "in": (1, BARE),
    "added": (1, BARE),
    "up": (1, BARE),
    "down": (-1, BARE),
    "out": (-1, FULL),
    "removed": (-1, FULL),
    "gone": (-1, FULL),
}
"""What behind a thing says that it comes or goes: "birds out, owls in"."""
_WISHING = frozenset(("make", "making", "should", "want", "wants", "more", "need", "needs", "must", "imagine", "think"))
"""Words before "like" by which a likeness is wished for, and not only a picture drawn."""
_CONTRACTIONS = ("n't", "'ll", "'d", "'re", "'ve", "'m", "s'")
_IS = frozenset(
    ("it", "that", "this", "there", "here", "he", "she", "who", "what", "where", "how", "let", "everything", "nothing")
)


def _contracted(word: str) -> bool:
    """Whether a word with an apostrophe is one of grammar, and no owner: "it's", not "child's"."""
    return word.endswith(_CONTRACTIONS) or (word.endswith("'s") and word[:-2] in _IS)


class Reader(Patterns):
    """One pass over the words."""

    @property
    def complains(self) -> bool:
        """Whether all that was said is how it is now."""
        return not self._mode.directed and (self._opened or self._stated)

    def read(self) -> list[Adjustment]:
        while self._at < len(self._words):
            word = self._words[self._at]
            if self._whole() or self._verdict() or self._trait() or self._stays() or self._postposed():
                continue
            if self._swap() or self._instead() or self._phrasal() or self._ours() or self._mended():
                continue
            if self._parted() or self._named_take():
                continue
            if word == "than":  # what it is compared with is no wish
                self._at = self._clause_end(self._at)
                continue
            function, size = self._longest(self._lexicon.functions, self._at)
            sense, width = self._longest(self._lexicon.senses, self._at)
            modifies = function is not None and width == size and self._modifies(self._at + size)
            moves = function is not None and function.kind == "direction" and width == size > 1
            if moves and self._names(self._at + size):  # "turn down the wind"
                modifies = True
            named, parts = self._longest(self._lexicon.compounds, self._at)
            if word in self._lexicon.breaks:
                self._break(word)
            elif named and parts >= max(width, size):
                self._free(parts)
            elif sense is not None and width >= size and not modifies:
                if self._describes(sense, width):
                    self._free(width)
                else:
                    self._axis(sense, width)
            elif (
                function is not None
                and function.kind in ("like", "unlike")
                and sense
                and not self._target(self._at + size)[0]
            ):
                self._axis(sense, width)  # "closer to us" names no take
            elif function is not None:
                self._function(function, size)
            elif word.startswith("@"):
                self._emit(Adjustment("like", self._said(1), target=word[1:]), 1)
                self._owned()
            elif word in self._lexicon.filler or _contracted(word) or word[0].isdigit():
                if word in _ASIDES:  # "too low for a fairy": what follows is no thing to add or to take out
                    self._mode = replace(self._mode, said=False)
                compared = self._words[self._at + 1 : self._at + 2] in (["a"], ["an"], ["such"])
                self._at += 1
                if word == "for" and compared and len(self._out) > self._clause:  # "too deep for a small creature"
                    self._at = self._clause_end(self._at)
            else:
                self._free()
        said = {a.axis for a in self._out}
        return self._out + [a for a in self._remarks if a.axis not in said] or self._pictured

    def _describes(self, sense: Sense, width: int) -> bool:
        """An adjective belongs to a thing that is to be added ("add distant thunder"), or is one: "no ringing"."""
        after = self._at + width
        if self._mode.said and self._mode.strength == FULL and width == 1 and self._words[self._at].endswith("ing"):
            return not sense.noun and self._ends(after)
        if sense.phrase or sense.graded or after >= len(self._words) or not self._unknown(after):
            return False
        if sense.noun:  # "an air conditioner"
            return self._mode.adding or (self._mode.said and self._words[after] in self._lexicon.known)
        return self._mode.adding

    def _break(self, word: str) -> None:
        self._at += 1
        if word in self._lexicon.resets or (self._mode.directed and not self._mode.said):
            self._mode = Mode()
        self._start, self._clause = self._at, len(self._out)
        self._begun = self._at
        if len(self.left) > self._told:
            self._told_last = self._told
        lists = word in (",", "and", "&") and (self._opened or self._stated) and self._plain(self._at)
        self._opened, self._told = lists or self._complains(self._at), len(self.left)
        self._stated = self._states(self._at)
        self._excepted, self._content = self._content, False
        opening = self._words[self._at].partition("'")[0] if self._at < len(self._words) else ""
        subject = opening in (*_SUBJECTS, "should", "must")
        if self._opened or self._stated or (subject and self._mode.used):
            self._mode = Mode()
        self._story = self._tells(self._at)

    def _plain(self, at: int) -> bool:
        """Whether a clause is an adjective alone, with or without a word of degree: "it's boxy and a bit boomy"."""
        function, size = self._longest(self._lexicon.functions, at)
        if function is not None and function.kind == "degree":
            at += size
        sense, width = self._longest(self._lexicon.senses, at)
        return sense is not None and not (sense.noun or sense.graded or sense.phrase) and self._ends(at + width)

    def _function(self, function: Function, size: int) -> None:
        self._asked = self._at
        if function.kind == "degree" and self._words[self._at] == "only" and self._lists():
            self._mode = Mode(adding=True, said=True, directed=True)  # "only wind and a creaking door"
            self._at += size
        elif function.kind == "degree":
            self._at += size
            if self._trailing():
                self._out[-1] = replace(self._out[-1], strength=function.value)
                self._start = self._at
            else:
                mode = Mode(-1 if self._mode.overdone else 1) if self._mode.used else self._mode
                counts = self._counts(size)
                self._mode = replace(mode, strength=function.value, said=mode.said or counts)
        elif function.kind == "direction" and self._out and self._explains(size):
            self._tell()
        elif function.kind == "forbid":
            things = self._words[self._at] in ("neither", "nor") and self._names(self._at + size)
            strength = FULL if things else None  # "neither birds nor frogs" are wished away, "neither louder" is not
            self._mode = Mode(-1, strength, said=True, directed=True, forbidding=not things)
            self._at += size
        elif function.kind == "direction":
            degree = None if self._mode.used else self._mode.strength
            said = self._words[self._at : self._at + size]
            article = said[-1] in ("a", "an") or self._words[self._at + size : self._at + size + 1] in (["a"], ["an"])
            adding = function.value > 0 and (said[0] in _ADDING or said[-1] == "some" or article)
            hinted = tuple(said) in self._lexicon.hints
            self._mode = Mode(
                int(function.value),
                degree,
                adding=adding,
                said=True,
                directed=True,
                hinted=hinted,
                overdone="too" in said,
            )
            self._at += size
        elif function.kind == "none" and (
            self._that(self._at + size, self._at + size + 1) or (self._removes(size) and self._last_told(size))
        ):
            pass
        elif function.kind == "none":
            compares = self._words[self._at] in ("not", "isn't", "rather")
            if self._words[self._at] == "rather" and len(self._out) > self._clause and self._out[-1].kind == "term":
                compares = False  # "glass rather than wood"
            self._mode = Mode(-1, FULL, said=not compares, directed=True)
            self._at += size
        elif function.kind == "keep" and self._trait_of(self._at + size)[2]:
            self._at += size  # "I like the room of #2" keeps nothing
        elif function.kind == "keep":
            self._keep(size)
        else:
            self._reference(function, size)

    def _parted(self) -> bool:
        """ "Roll off some of the top end", "lose most of the hiss": words that only say how much of it."""
        word, after = self._words[self._at], self._words[self._at + 1 : self._at + 2]
        waits = self._mode.directed and not self._mode.used
        if not waits or word not in _PARTS or not (after == ["of"] or (word == "some" and self._mode.direction < 0)):
            return False
        self._at += 1
        return True

    def _explains(self, size: int) -> bool:
        """Whether what comes is why something was asked: "less underwater, I can't make out the hit"."""
        said = self._words[self._at : self._at + size]
        return said[-3:] in (["make", "out", "the"], ["can't", "hear", "the"])

    def _lists(self) -> bool:
        """Whether "only" at the head of a clause says what there is to be: "only wind and a creaking door"."""
        return self._at == self._begun and self._names(self._at + 1)

    def _counts(self, size: int) -> bool:
        """Whether a degree, read just now, counts things ("plenty of birds") and does not qualify ("completely")."""
        after = self._words[self._at : self._at + 2]
        if after[:1] == ["of"]:
            return after[1:] not in (["a"], ["an"])  # "a bit of a mess" counts nothing
        return tuple(self._words[self._at - size : self._at]) in self._lexicon.amounts

    def _trailing(self) -> bool:
        """Whether a degree stands at the end of its clause, after the wish it belongs to."""
        return self._ends(self._at) and bool(self._out) and self._mode.used and self._out[-1].kind in ("axis", "term")

    def _aside(self, width: int) -> bool:
        """Whether a noun here only says what is spoken of: "a warmer tone", "the ambience bed"."""
        if self._mode.said:
            return False
        if len(self._out) > self._clause:
            return True
        rest = [*self._words[self._start : self._at], *self._words[self._at + width : self._clause_end(self._at)]]
        return any(word not in self._lexicon.filler for word in rest)

    def _remarked(self, sense: Sense, width: int) -> bool:
        """Whether an adjective only says how it is now."""
        if sense.noun:  # "it's all presence now"
            return self._opened and not self._mode.said and self._words[self._at - 1] == "all"
        if self._mode.directed or sense.graded or (sense.phrase and "too" in self._words[self._at : self._at + width]):
            return False
        if self._faulty(width):
            return True
        touched = self._mode.strength == TOUCH and not sense.phrase
        return (
            self._opened
            or (self._stated and not sense.phrase)
            or (touched and (self._excepted or self._words[self._begun] in ("bit", "still")))
        )

    def _faulty(self, width: int) -> bool:
        """Whether a clause is a fault and nothing else, before anything was wished: "a bit muddy"."""
        after, place = self._at + width, self._begun
        if self._out or self._mode.said or tuple(self._words[self._at : after]) not in self._lexicon.faults:
            return False
        while place < self._at:
            function, size = self._longest(self._lexicon.functions, place)
            if function is None or function.kind != "degree":
                return False
            place += size
        return after == self._clause_end(after)

    def _heads(self, width: int) -> bool:
        """Whether a noun that is not asked for stands in a heading: "ambience bed: drier"."""
        end = self._clause_end(self._at + width)
        asked = self._mode.said or self._mode.directed or self._mode.used
        return not asked and self._words[end : end + 1] in ([":"], ["-"], ["–"], ["—"])

    def _given(self) -> bool:
        """Whether a noun is what a thing is added to: "add more metal to the tone"."""
        return (
            self._mode.used and len(self._out) > self._clause and self._words[self._at - 2 : self._at] == ["to", "the"]
        )

    def _repeats(self, sense: Sense) -> bool:
        """Whether a noun names the axis that the words just before it moved: "softer the attack"."""
        last = self._out[-1] if len(self._out) > self._clause else None
        return last is not None and last.axis == sense.axis and self._mode.used

    def _axis(self, sense: Sense, width: int) -> None:
        if self._words[self._at] == "still" and self._at == self._begun and self._described(self._at + 1):
            kept = self._words[self._at - 1 : self._at] == ["but"]
            self._at += 1  # "still a bit dull"
            if kept:  # "less crunchy but still loud"
                self.forbidden.append(" ".join(self._raw[self._at - 1 : self._clause_end(self._at)]))
                self._at = self._start = self._clause_end(self._at)
            return
        if self._beside(sense, width):
            return
        if sense.phrase and (self._fetches() or self._placed(sense)):
            self._at += width
            return
        after = self._at + width
        if self._words[self._at : after] == ["push", "it"] and self._described(
            after
        ):  # "push it a little further away"
            self._at = after
            return
        praised, more = self._longest(self._lexicon.stays, after)
        if praised and self._ends(after + more) and not self._mode.directed:  # "spooky is fine, but too quiet"
            self._at = self._start = after + more
            return
        if self._depicts(sense, width):
            self._at += width
            return
        if sense.noun and (self._aside(width) or self._repeats(sense) or self._heads(width) or self._given()):
            self._at += width
            return
        if self._story and not (sense.phrase or sense.graded or self._mode.directed):
            self._at += width
            return
        following = self._words[self._at + width : self._at + width + 1]
        lacking = following == ["enough"] or (following == ["yet"] and self._lacks(width))
        if lacking and self._mode.direction < 0:  # "not ghostly enough"
            self._mode = replace(self._mode, direction=1, strength=None)
        elif self._remarked(sense, width):
            said = self._said(width)
            self._remarks.append(Adjustment("axis", said, axis=sense.axis, direction=-sense.direction))
            self._at += width
            self._start = self._at
            return
        if sense.graded and self._mode.used:
            self._mode = Mode()
        mode = self._mode
        denied = sense.phrase and self._words[self._at - 1 : self._at] in (["don't"], ["not"], ["never"])
        compared = sense.graded and not sense.phrase and self._words[self._at - 1 : self._at] in (["not"], ["never"])
        if denied or compared or self._mode.forbidding:  # "warmer but not darker"
            self.forbidden.append(self._said(width))
            self._at += width
            self._start = self._at
            self._mode = Mode()
            return
        strength = BARE if mode.strength is None else mode.strength
        if sense.graded and self._words[self._at].endswith("est"):
            strength = max(strength, MUCH)
        if mode.direction < 0 and not sense.noun and self._words[self._at - 1] in ("not", "isn't"):
            strength = BARE  # "not metallic" is milder than "no metal"
        whole = self._longest(self._lexicon.functions, self._asked)[1] == self._at - self._asked
        compared = whole and self._words[self._at - 1] in ("too", "much", "as", "so", "less")
        overdone = mode.direction < 0 and compared  # "too far away", "not as far away"
        direction = sense.direction * (1 if sense.phrase and not overdone else mode.direction)
        said = self._said(width)
        self._emit(Adjustment("axis", said, axis=sense.axis, direction=direction, strength=strength), width)
        if sense.phrase or sense.graded or mode.said or mode.directed:
            self._wished.append(len(self._out) - 1)
        if not (sense.noun or sense.phrase):
            self._qualified, self._plainly = self._at, sense.graded or not mode.said

    def _lacks(self, width: int) -> bool:
        """Whether a sentence ends in "yet" behind what is not there: "the audience isn't nervous yet"."""
        return self._at + width + 1 == len(self._words) and self._words[self._at - 1] in ("not", "isn't", "aren't")

    def _beside(self, sense: Sense, width: int) -> bool:
        """Pass by a word that says what of the sound is meant, or where: "a warmer tone", "thunder on top of this"."""
        after = self._at + width
        if sense.noun and self._out and self._qualified in (self._at, self._at - 1):
            inside = self._qualified < self._at and self._words[self._at - 1] == "in"  # "darker in tone"
            plain = self._qualified == self._at and (self._plainly or sense.axis == "tonality")
            axis = self._out[-1].axis
            if inside or (plain and axis and (AXES[axis].counted or sense.axis == "tonality")):
                self._at = self._start = after
                return True
        heap = self._words[max(0, self._at - 1) : after + 2]
        if heap[:3] == ["on", "top", "of"] or heap[1:4] == ["on", "top", "of"]:
            pointed = self._words.index("of", self._at) + 1
            if self._words[pointed : pointed + 1] and self._words[pointed] in (*POINTERS, "everything"):
                self._at = pointed + 1
                return True
        return False

    def _placed(self, sense: Sense) -> bool:
        """Whether a place is that of a thing which comes in: "add a dog in the distance", "some drizzle on top"."""
        last = self._out[-1] if len(self._out) > self._clause else None
        place = sense.axis in ("distance", "space") or self._words[self._at] in ("on", "in", "at", "up", "down")
        return place and last is not None and last.kind == "term" and last.direction > 0

    def _depicts(self, sense: Sense, width: int) -> bool:
        """Whether a word tells of a picture: "this is the quiet before the attack", "it's a real street"."""
        if not (self._opened or self._stated) or self._mode.directed or sense.phrase or sense.graded:
            return False
        before, after = self._words[self._at - 1], self._at + width
        if sense.noun:
            judged = self._longest(self._lexicon.verdicts, after)[0] or self._longest(self._lexicon.smothers, after)[0]
            return before == "the" and not (judged or self._longest(self._lexicon.rises, after)[0])
        named = before in ("a", "an") and after < len(self._words) and self._unknown(after)
        if named:  # "it is a flat line": a remark, if nothing else is said
            said = self._said(width)
            self._pictured.append(Adjustment("axis", said, axis=sense.axis, direction=-sense.direction))
        return named or before == "the"

    def _fetches(self) -> bool:
        """Whether "bring it in" speaks of a thing that was just asked for, and so of no distance."""
        verb = self._words[self._at] in INTO and self._words[self._at + 1 : self._at + 2] in (["it"], ["them"])
        last = self._out[-1] if self._out else None
        return verb and self._at == self._begun and last is not None and last.kind == "term" and last.direction > 0

    def _free(self, width: int = 1) -> None:
        """Words the lexicon lacks, after ``width`` that describe them: a term, up to the next that means something."""
        stop = self._at + width
        while stop < len(self._words):
            word = self._words[stop]
            known = self._longest(self._lexicon.functions, stop)[0] or self._longest(self._lexicon.senses, stop)[0]
            if (beyond := self._joined(stop)) or (beyond := self._named_so(stop, width)):
                stop = beyond
                continue
            if known or word in self._lexicon.breaks or word in self._lexicon.filler or word.startswith("@"):
                break
            stop += 1
        size = stop - self._at
        if size == 1 + (width > 1) and self._qualifies(stop):
            self._at = stop
            return
        if self._comes_or_goes(stop):
            return
        told = (self._story and self._mode.hinted) or self._elsewhere(stop)
        if (not self._mode.said and not self._replaced(stop)) or told or self._acts(stop):
            self.left.append(" ".join(self._raw[self._at : stop]))
            self._at = stop
            return
        if size == 1 and self._words[self._at - 1 : self._at] == ["too"] and self._ends(stop):
            # "Too sweet" is a quality and no thing; it is one to lose only if nothing else is said.
            term = self._raw[self._at]
            self._pictured.append(Adjustment("term", self._said(1), term=term, direction=-1))
            self._at = self._start = stop
            return
        if self._mode.forbidding:
            self.forbidden.append(self._said(size))
            self._at = self._start = stop
            self._mode = Mode()
            return
        strength = BARE if self._mode.strength is None else self._mode.strength
        term, said = " ".join(self._raw[self._at : stop]), self._said(size)
        self._emit(Adjustment("term", said, term=term, direction=self._mode.direction, strength=strength), size)

    def _named_so(self, at: int, width: int) -> int:
        """Where the name of a thing ends that comes in, a word of an axis in it: "a fridge buzz"; 0 if it is none."""
        sense, size = self._longest(self._lexicon.senses, at)
        if sense is None or size > 1 or not sense.noun or not self._mode.adding or self._mode.used:
            return 0
        if self._words[at] not in self._lexicon.layering.sounds:  # "give me a concert hall"
            return 0
        ends = at + 1 == len(self._words) or self._words[at + 1] in self._lexicon.filler | self._lexicon.breaks
        return at + 1 if ends and at >= self._at + width and self._unknown(at - 1) else 0

    def _comes_or_goes(self, stop: int) -> bool:
        """ "Birds out, owls in", "water drips added": a thing, and behind it that it comes or goes."""
        behind = stop if stop < len(self._words) and self._words[stop] in _MOVES else stop - 1
        if self._words[behind] not in _MOVES:
            return False
        way, strength = _MOVES[self._words[behind]]
        degree, size = self._longest(self._lexicon.functions, behind + 1)
        end = behind + 1
        if degree is not None and degree.kind == "degree":  # "rain down a touch"
            strength, end = max(degree.value, strength if strength == FULL else 0.0), end + size
        if self._mode.said or behind == self._at or not self._ends(end):
            return False
        if self._words[behind - 1].endswith("ing"):  # "it's poking out"
            return False
        said, term = self._said(end - self._at), " ".join(self._raw[self._at : behind])
        wish = Adjustment("term", said, term=term, direction=way, strength=strength)
        self._emit(wish, end - self._at)
        self._mode = Mode()
        return True

    def _elsewhere(self, stop: int) -> bool:
        """Whether words are no object of what was asked, which has one already or stands in another clause."""
        clause = self._words[self._begun : self._clause_end(stop)]
        stands = clause[0] in _SUBJECTS or any(w in _FINITE | MODALS or _contracted(w) for w in clause)
        # "the war's over", which is no owner's
        stands |= any(w.endswith("'s") and v in self._lexicon.filler for w, v in pairwise(clause))
        if self._asked < self._begun and self._mode.said and stands:
            return True
        return self._mode.used and self._mode.strength != FULL and len(self._out) > self._clause

    def _acts(self, at: int) -> bool:
        """Whether a thing is to do something, and so is there already: "I want the river to wake up"."""
        after = self._words[at + 1 : at + 2]
        if self._mode.adding or self._words[at : at + 1] != ["to"] or not after:  # "add birds to front"
            return False
        return after[0].isalpha() and after[0] not in POINTERS and after[0] not in self._lexicon.takes

    def _keep(self, size: int) -> None:
        for ahead in range(self._at + size, min(len(self._words), self._at + size + _LOOK_AHEAD)):
            target = self._lexicon.keep_targets.get(self._words[ahead])
            again = self._words[ahead] in ("it", "that", "this") and self._out and self._out[-1].kind == "keep"
            if target == "all" and (other := self._kept_of_it(ahead + 1)):  # "keep it at the same level"
                target, ahead = other
            if target == "all" and (again or self._described(ahead + 1)):  # "the room is fine, keep it"; "keep it dry"
                self._at = ahead + 1
                self._mode = Mode()
                return
            if target is not None:
                span = ahead + 1 - self._at
                self._emit(Adjustment("keep", self._said(span), direction=0, strength=FULL, target=target), span)
                self._mode = Mode()
                self._kept_too()
                return
            if self._words[ahead] not in (
                "the",
                "same",
                "its",
                "of",
                "that",
                "overall",
                "general",
                "exact",
                "current",
                "our",
                "my",
                "your",
            ):
                break
        if self._words[self._at : self._at + 2] == ["like", "the"]:
            self._reference(Function("like", 1.0), 1)
            return
        self._mode = Mode()  # keeping a thing that is no identity ("keep the birds") is more of it
        self._at += size

    def _reference(self, function: Function, size: int) -> None:
        """like / unlike: an @id or "the second one"; plain words after it are a term."""
        target, end = self._target(self._at + size)
        if target is not None:
            span = end - self._at
            said = self._said(span)
            self._emit(Adjustment(function.kind, said, direction=int(function.value), target=target), span)
            if self._at < len(self._words) and self._words[self._at] in self._lexicon.takes:
                self._at += 1
                self._start = self._at
            self._owned()
            return
        if function.kind == "unlike":  # "less like a synth"
            self._mode = Mode(-1, said=True, directed=True)
            sense, width = self._longest(self._lexicon.senses, self._at + size - 1)
            if sense is not None and width > 1:  # "less like a machine", of which the lexicon knows the likeness
                said = self._said(size - 1 + width)
                wish = Adjustment("axis", said, axis=sense.axis, direction=-sense.direction)
                self._emit(wish, size - 1 + width)
                return
            self._at += size
            return
        wished = any(w in _WISHING for w in self._words[self._start : self._at + size])
        self._at += size
        if self._words[self._at : self._at + 1] and self._words[self._at] in self._lexicon.pictures and not wished:
            self._picture()
            return
        self._mode = Mode(int(function.value), directed=True)  # a likeness in words is read as far as it is known

    def _picture(self) -> None:
        """ "Drier, like a secret told under a blanket": a picture of what was said, or of how it is now."""
        end = self._clause_end(self._at)
        if self._opened:
            while self._at < end:
                sense, width = self._longest(self._lexicon.senses, self._at)
                if sense is not None:
                    said = self._said(width)
                    remark = sense.phrase and sense.graded  # it says itself which way
                    way = sense.direction if remark else -sense.direction
                    self._pictured.append(Adjustment("axis", said, axis=sense.axis, direction=way))
                self._at += max(width, 1)
            self._start = self._at
        elif self._out:
            self.left.append(" ".join(self._raw[self._at : end]))
            self._at = self._start = end
        else:
            self._mode = Mode(directed=True)
