"""Patterns of feedback that are read as a whole: "swap the birds for crickets", "the level stays put".

They are what :mod:`soundlab.domain.reader` tries at each place before it reads word by word.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from soundlab.domain.feedback import BARE, FULL, Adjustment
from soundlab.domain.lexicon import Lexicon
from soundlab.domain.sentence import Sentence

_REST = frozenset(("rest", "everything", "all", "else", "remainder"))
_JUDGED = frozenset(("was", "is", "had", "felt", "sounded", "works", "worked", "has"))
"""What stands behind a take that only its place names: "the third was best"."""
_REMOVING = frozenset(("remove", "lose", "cut", "kill", "delete", "mute", "drop", "ditch", "scrap", "bin", "axe"))
_MOVING = frozenset(("move", "push"))
INTO = frozenset(("put", "bring", "throw", "mix", "fade", "drop", "sneak", "layer", "pop", "get"))
"""Verbs by which, with "in" behind it, a thing comes in: "put rain in instead"."""
POINTERS = frozenset(
    ("the", "a", "an", "it", "this", "that", "these", "those", "my", "our", "your", "its", "their", "his", "her")
)
"""What stands after "to" where a place follows and no verb."""


@dataclass(frozen=True, slots=True)
class Mode:
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
    hinted: bool = False
    """It was one that in a story asks for nothing."""
    overdone: bool = False
    """It was "too": what it describes is how it is now."""
    forbidding: bool = False
    """It says what is not to come: "don't make it", "not" before a comparative."""


class Patterns(Sentence):
    """Where a reading stands, what waits and what came out; each pattern takes its words, or none."""

    def __init__(self, words: list[str], lexicon: Lexicon) -> None:
        super().__init__(words, lexicon)
        self._at = 0
        self._start = 0
        self._mode = Mode()
        self._out: list[Adjustment] = []
        self._clause = 0
        """Where in what came out the present clause begins."""
        self._begun = 0
        """Where the present clause begins."""
        self._asked = 0
        """Where the last word of direction or degree stood."""
        self._wished: list[int] = []
        """Places in what came out of wishes that say themselves which way: a remedy does not turn them round."""
        self._qualified = -1
        """Where an adjective of an axis was read to just now."""
        self._plainly = False
        """It was a comparative, or nothing was asked for before it."""
        self._content = False
        """This clause says that the rest is fine."""
        self._excepted = False
        """The one before said so: what this one names is what is not."""
        self._opened = self._complains(0)
        self._stated = self._states(0)
        self._story = self._tells(0)
        self._remarks: list[Adjustment] = []
        self._pictured: list[Adjustment] = []
        """What a picture of how it is now would say, if nothing else does."""
        self.forbidden: list[str] = []
        """Words that say only what is not to become more."""
        self.left: list[str] = []
        """Words that tell of something and ask for nothing."""
        self._told = 0
        self._told_last = 0
        """Where in what is left the last clause that left anything begins."""

    def _said(self, size: int) -> str:
        return " ".join(self._raw[min(self._start, self._at) : self._at + size])

    def _emit(self, adjustment: Adjustment, size: int) -> None:
        self._out.append(adjustment)
        self._mode = replace(self._mode, used=True)
        self._at += size
        self._start = self._at

    def _tell(self) -> None:
        """Take the rest of the clause for words that ask for nothing."""
        end = self._clause_end(self._at)
        self.left.append(" ".join(self._raw[self._at : end]))
        self._at = self._start = end

    def _whole(self) -> bool:
        """What says as a whole that all else stays: "the rest is fine"."""
        target, size = self._longest(self._lexicon.keep_phrases, self._at)
        if target is None:
            return False
        self._emit(Adjustment("keep", self._said(size), direction=0, strength=FULL, target=target), size)
        self._mode = Mode()
        self._content = target == "all"
        if target != "all":
            self._kept_too()
        return True

    def _stays(self) -> bool:
        """ "The level stays put", "the room is fine so leave it": a thing, and behind it that it is to stay."""
        target = self._lexicon.keep_targets.get(self._words[self._at])
        if target is None or (target == "all" and self._words[self._at] not in _REST):
            return False
        after = self._at + 1
        if self._words[after : after + 1] == ["of"]:  # "the rhythm of the steps is perfect"
            after += 1
            while after < len(self._words) and not self._longest(self._lexicon.stays, after)[0]:
                if self._words[after] in self._lexicon.breaks:
                    return False
                after += 1
        known, size = self._longest(self._lexicon.stays, after)
        if not known:
            return False
        size += after - self._at
        self._emit(Adjustment("keep", self._said(size), direction=0, strength=FULL, target=target), size)
        self._mode = Mode()
        self._content = target == "all"
        return True

    def _kept_too(self) -> None:
        """ "Keep the rhythm and the level": more that is to stay, named behind "and" or a comma."""
        while self._words[self._at : self._at + 1] and self._words[self._at] in ("and", "&", ",", "or"):
            place = self._at + 1
            while self._words[place : place + 1] and self._words[place] in ("and", "the", "its", "same"):
                place += 1
            target = self._lexicon.keep_targets.get(self._words[place]) if place < len(self._words) else None
            if target is None or target == "all" or not self._ends(place + 1):
                return
            size = place + 1 - self._at
            self._emit(Adjustment("keep", self._said(size), direction=0, strength=FULL, target=target), size)

    def _verdict(self) -> bool:
        """ "… is too much", "… has to go", "… eats my headroom": what the clause has named is to be less, or go."""
        strength, size = self._longest(self._lexicon.verdicts, self._at)
        if self._longest(self._lexicon.smothers, self._at)[0]:
            strength, size = BARE, self._clause_end(self._at) - self._at
        if strength is None or self._clause_end(self._at) != self._at + size:
            return False
        for k in range(self._clause, len(self._out)):
            if self._out[k].kind in ("axis", "term"):
                self._out[k] = replace(self._out[k], direction=-1, strength=strength)
                self._wished.append(k)
        if len(self._out) == self._clause:
            self._thing(self._start, self._at, -1, strength, self._said(size))
            self._wished.append(len(self._out) - 1)
            del self.left[self._told :]
        self._at += size
        return True

    def _trait(self) -> bool:
        """ "The reverb of #2", "the pace from take 3", "as dense as #2": one axis of another take, no more of it."""
        compared = self._words[self._at] in ("as", "same")
        axis, end, target = self._compared(self._at) if compared else self._trait_of(self._at)
        if axis is None or target is None:
            return False
        away = self._mode.said and self._mode.direction < 0 and self._words[self._at] != "as"
        kind, direction = ("unlike", -1) if away else ("like", 1)
        size = end - self._at
        if self._words[end : end + 1] and self._words[end] in self._lexicon.takes:
            size += 1
        self._emit(Adjustment(kind, self._said(size), axis=axis, direction=direction, target=target), size)
        return True

    def _owned(self) -> None:
        """ "#2 had the right reverb", "take 2's reverb", "like #5 in loudness": what was a likeness is of one axis."""
        if self._words[self._at : self._at + 1] in (["in"], ["for"], ["on"]):
            place = self._at + 1
            while self._words[place : place + 1] and self._words[place] in ("the", "terms", "of"):
                place += 1
            axis, width = self._longest(self._lexicon.traits, place)
            if axis is not None and self._ends(place + width):
                self._out[-1] = replace(self._out[-1], axis=axis)
                self._at = self._start = place + width
            return
        if self._words[self._at : self._at + 1] not in (["had"], ["has"], ["got"], ["'s"]):
            return
        for place in range(self._at + 1, min(self._at + 5, len(self._words))):
            axis, width = self._longest(self._lexicon.traits, place)
            if axis is not None:
                self._out[-1] = replace(self._out[-1], axis=axis)
                self._at = self._start = self._clause_end(place + width)
                self._mode = Mode()
                return

    def _postposed(self) -> bool:
        """ "The pitch should come down a bit": a quantity, and behind it which way it should go."""
        sense, width = self._longest(self._lexicon.senses, self._at)
        if sense is None or not sense.noun:
            return False
        direction, size = self._longest(self._lexicon.rises, self._at + width)
        after = self._at + width + size
        if self._longest(self._lexicon.functions, self._at)[1] >= width + size:  # "tone down"
            return False
        if direction is None or self._words[after : after + 1] in (["low"], ["there"], ["below"], ["here"]):
            return False
        size += width
        degree, more = self._longest(self._lexicon.functions, self._at + size)
        strength = BARE
        if degree is not None and degree.kind == "degree":
            strength, size = degree.value, size + more
        way = direction * sense.direction
        self._emit(Adjustment("axis", self._said(size), axis=sense.axis, direction=way, strength=strength), size)
        self._mode = Mode()
        return True

    def _named_take(self) -> bool:
        """ "Take 2", "the third one": a take by its place, without a word of likeness."""
        word, after = self._words[self._at], self._words[self._at + 1 : self._at + 2]
        if word in self._lexicon.takes and after and after[0] in self._lexicon.numbers:
            target, size = self._lexicon.numbers[after[0]], 2
        elif word in self._lexicon.ordinals and after and after[0] in self._lexicon.takes:
            target, size = self._lexicon.ordinals[word], 2
        elif word in self._lexicon.ordinals and (word.startswith("#") or self._judged()):
            target, size = self._lexicon.ordinals[word], 1
        else:
            return False
        if self._words[self._at + size : self._at + size + 2] in (["was", "too"], ["is", "too"]):  # that one, not this
            self._tell()
            return True
        away = (self._mode.directed and self._mode.direction < 0) or self._rejected(self._at + size)
        kind, direction = ("unlike", -1) if away else ("like", 1)
        self._emit(Adjustment(kind, self._said(size), direction=direction, target=target), size)
        self._owned()
        return True

    def _rejected(self, at: int) -> bool:
        """Whether the rest of a clause says that something is bad: "take 5 was the wrong direction"."""
        return not self._lexicon.bad.isdisjoint(self._words[at : self._clause_end(at)])

    def _judged(self) -> bool:
        """Whether a place in a row is said to be good or not: "the third was best"."""
        before, after = self._words[self._at - 1], self._words[self._at + 1 : self._at + 2]
        return before == "the" and after != [] and after[0] in _JUDGED

    def _ours(self) -> bool:
        """ "We'll add our own reverb in the mix": what the people will do themselves is no wish."""
        if self._at != self._begun or self._words[self._at] not in ("we'll", "i'll", "they'll", "he'll", "she'll"):
            return False
        self._tell()
        return True

    def _mended(self) -> bool:
        """ "Thin and harsh, can you fix?": what was named is how it is now."""
        known, size = self._longest(self._lexicon.mends, self._at)
        if not known or not self._ends(self._at + size):
            return False
        for k, a in enumerate(self._out):
            if a.kind == "axis" and k not in self._wished:
                self._out[k] = replace(a, direction=-a.direction)
        self._at = self._start = self._at + size
        self._mode = Mode()
        return True

    def _swap(self) -> bool:
        """ "Swap the birds for crickets": one thing goes, another comes."""
        if self._words[self._at] not in self._lexicon.swaps:
            return False
        end = self._clause_end(self._at)
        # "turn the clock into a heartbeat", but "turn the birds to the left"
        joints = {"into"} if self._words[self._at] == "turn" else self._lexicon.joints
        joint = next((k for k in range(self._at + 2, end - 1) if self._words[k] in joints), None)
        if joint is None:
            return False
        said = " ".join(self._raw[self._start : end])
        for first, last, direction, strength in ((self._at + 1, joint, -1, FULL), (joint + 1, end, 1, BARE)):
            self._thing(first, last, direction, strength, said)
        self._at = self._start = end
        self._mode = Mode()
        return True

    def _instead(self) -> bool:
        """ "Frogs, not ducks", "make the owl a wolf": one thing goes, another comes, without "swap"."""
        if self._at != self._begun or self._mode.said:
            return False
        end = self._clause_end(self._at)
        if self._words[self._at] in ("make", "turn") and self._words[self._at + 1 : self._at + 2] == ["the"]:
            article = next((k for k in range(self._at + 3, end - 1) if self._words[k] in ("a", "an")), None)
            if article is None or not (self._things(self._at + 2, article) and self._things(article + 1, end)):
                return False
            gone, come, stop = (self._at + 2, article), (article + 1, end), end
        else:
            stop = self._clause_end(end + 1)
            if self._words[end : end + 2] != [",", "not"] or not self._things(self._at, end):
                return False
            if not self._things(end + 2, stop):
                return False
            gone, come = (end + 2, stop), (self._at, end)
        said = " ".join(self._raw[self._start : stop])
        for (first, last), direction, strength in ((gone, -1, FULL), (come, 1, BARE)):
            self._thing(first, last, direction, strength, said)
        self._at = self._start = stop
        self._mode = Mode()
        return True

    def _things(self, first: int, last: int) -> bool:
        """Whether words name a thing and nothing else: none of them means anything here but an article before it."""
        if self._words[first : first + 1] and self._words[first] in ("a", "an", "the", "some"):
            first += 1
        known = 0 < last - first < 4 and self._words[last - 1] in self._lexicon.known
        return known and all(self._unknown(k) for k in range(first, last))

    def _phrasal(self) -> bool:
        """ "Bring the highs down", "turn the birds up a bit": a verb, what it is about, which way."""
        if self._words[self._at] not in self._lexicon.phrasals:
            return False
        tables = (self._lexicon.functions, self._lexicon.senses)
        width = max(self._longest(table, self._at)[1] for table in tables)
        if width > 2 or (width == 2 and self._words[self._at + 1] != "the"):  # "push the bells" may go on: "… back"
            return False
        end = min(self._clause_end(self._at), self._at + 7)
        for place in range(self._at + 2, end):
            direction = self._lexicon.particles.get(self._words[place])
            if self._words[place] == "in" and self._words[self._at] in INTO and self._trails(place + 1):
                direction = 1
            if direction is None:
                continue
            phrases = [(k, *self._longest(self._lexicon.senses, k)) for k in range(self._at + 1, place)]
            if any(width > place - k + 1 for k, _, width in phrases):
                return False  # the particle is part of what follows: "take its foot off the gas"
            for k, sense, width in phrases:
                if width == place - k + 1 and sense is not None and sense.axis == "distance":
                    moved = [self._raw[n] for n in range(self._at + 1, k) if self._words[n] not in self._lexicon.filler]
                    self.left += [" ".join(moved)] if moved else []
                    self._at = k  # "push the bells further back": the phrase says it all
                    return True
            kept = [w for w in self._words[self._at + 1 : place] if w not in self._lexicon.filler]
            if not kept:
                return direction == -2 and self._that(self._at + 1, place + 1)
            degree, size = self._longest(self._lexicon.functions, place + 1)
            strength = BARE
            stop = place + 1
            if degree is not None and degree.kind == "degree":
                strength, stop = degree.value, place + 1 + size
            if direction == -2:
                direction, strength = -1, FULL
            said = " ".join(self._raw[self._start : stop])
            named = all(sense is None for _, sense, _ in phrases)
            if named and self._words[self._at] in _MOVING and self._words[place] == "away":  # "move the thunder away"
                self._out.append(Adjustment("axis", said, axis="distance", direction=1, strength=strength))
            else:
                self._thing(self._at + 1, place, direction, strength, said)
            self._at = self._start = stop
            self._mode = Mode()
            return True
        return False

    def _trails(self, at: int) -> bool:
        """Whether nothing comes in the clause from ``at`` on but words that say nothing."""
        return all(word in self._lexicon.filler for word in self._words[at : self._clause_end(at)])

    def _that(self, at: int, stop: int) -> bool:
        """ "There's a generator in there, lose it": take out what was spoken of last, if the clause ends so."""
        if self._words[at : at + 1] not in (["it"], ["that"], ["them"], ["those"]) or self._clause_end(at) != stop:
            return False
        return self._last_told(stop - self._at)

    def _removes(self, size: int) -> bool:
        """Whether a verb that takes out stands alone at the end of its clause: "please remove"."""
        named = self._words[self._at - 1 : self._at] and self._words[self._at - 1] in POINTERS
        return self._words[self._at] in _REMOVING and not named and self._ends(self._at + size)

    def _last_told(self, size: int) -> bool:
        """Take out what was spoken of last, if nothing else was asked for: "a phone is ringing, please remove"."""
        if not self.left or any(a.kind != "keep" for a in self._out):
            return False
        stop = self._at + size
        told = self.left[self._told_last :]
        term = next((words for words in told if words.split()[-1].lower() in self._lexicon.known), told[0])
        said = " ".join(self._raw[self._start : stop])
        self._out.append(Adjustment("term", said, term=term, direction=-1, strength=FULL))
        self._at = self._start = stop
        self._mode = Mode()
        return True

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
        for start in range(first, last):  # "some low end", though "end" alone says nothing
            if (whole := self._lexicon.senses.get(tuple(self._words[start:last]))) is not None:
                sense = whole
                break
        if sense is not None:
            way = direction * sense.direction
            self._out.append(Adjustment("axis", said, axis=sense.axis, direction=way, strength=strength))
        else:
            term = " ".join(self._raw[k] for k in words)
            self._out.append(Adjustment("term", said, term=term, direction=direction, strength=strength))
