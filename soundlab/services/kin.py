"""Words that the lexicon of feedback lacks: which of its words, or of a take's sounds, they are kin to.

A kernel ridge regression over a text encoder's states, from the lexicon's
adjectives to the axes they point along, with the things that sounds are made by
(UCS categories) as words that point nowhere. Encoders put "bright" beside
"dark", so the nearest word alone would often be the wrong way round; the
regression weighs all of them. What it is unsure of stays the free term it was.
``benchmarks/unknown_words.py`` measures it on words of the lexicon that were left out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from soundlab.domain.axes import AXES
from soundlab.domain.feedback import Adjustment
from soundlab.domain.lexicon import Lexicon

Rows = npt.NDArray[np.float64]
Meanings = Callable[[Sequence[str]], Sequence[tuple[float, ...]] | None]
"""Mean states of texts, of unit length; None where an encoder has none that were measured here."""

SURE = 0.5
"""How far along an axis a word has to point; 1 is a word of the lexicon. Of left-out words nine in ten are right."""
ALIKE = 0.53
"""Likeness from which a word is another name of a sound. Of 13 such pairs the sketch's encoder puts 5 beyond it (bird
and owl, voices and choir, engine and machinery), of 17 pairs of different sounds none (thunder and rain 0.50)."""
_THINGS = 200
"""Names of things that are learnt to point nowhere; more only take longer."""
_WIDTH, _RIDGE = 4.0, 0.1
_WORD = re.compile(r"[a-z]+(?:-[a-z]+)?", re.IGNORECASE)
_TEXT = "a {} sound"


def taught(lexicon: Lexicon, things: Sequence[str]) -> tuple[list[str], Rows]:
    """Words that are learnt from, and the way each points along every axis, (words, axes), zero for ``things``."""
    axes = list(AXES)
    said = {w[0]: s for w, s in lexicon.senses.items() if len(w) == 1 and not (s.noun or s.phrase or s.graded)}
    adjectives = [w for w in said if _WORD.fullmatch(w)]
    others = [w for w in dict.fromkeys(things) if w not in said][:_THINGS]
    goals = np.zeros((len(adjectives) + len(others), len(axes)))
    for row, word in enumerate(adjectives):
        goals[row, axes.index(said[word].axis)] = said[word].direction
    return [*adjectives, *others], goals


def states(words: Sequence[str], meanings: Meanings) -> Rows | None:
    """Encoder states of words, (words, width); None where the encoder has none."""
    rows = meanings([_TEXT.format(w) for w in words])
    return None if rows is None else np.array(rows, np.float64)


def kernel(one: Rows, other: Rows) -> Rows:
    """Gaussian kernel of unit vectors."""
    return np.asarray(np.exp(-_WIDTH * (2.0 - 2.0 * one @ other.T)), np.float64)


def fitted(known: Rows, goals: Rows) -> Rows:
    """Weights of the known words, (words, axes)."""
    return np.asarray(np.linalg.solve(kernel(known, known) + _RIDGE * np.eye(len(known)), goals), np.float64)


def pointed(row: npt.NDArray[np.float64]) -> tuple[str, int] | None:
    """The axis and way that predicted values (axes,) point to, if they do so surely."""
    best = int(np.abs(row).argmax())
    return (list(AXES)[best], 1 if row[best] > 0 else -1) if abs(row[best]) >= SURE else None


@dataclass(slots=True)
class Kin:
    """Reads terms of one unknown word as wishes along an axis, where it is sure of them."""

    lexicon: Lexicon
    meanings: Meanings
    things: Sequence[str]
    """Names of what sounds are made by."""
    _known: Rows | None = field(default=None, init=False)
    _weights: Rows | None = field(default=None, init=False)
    _read: dict[str, tuple[str, int] | None] = field(default_factory=dict, init=False)

    def sense(self, word: str) -> tuple[str, int] | None:
        """Axis and direction of a word that the lexicon lacks; None for the name of a thing, which is a thing."""
        if word not in self._read:
            self._read[word] = None if word in self.things else self._sense(word)
        return self._read[word]

    def _sense(self, word: str) -> tuple[str, int] | None:
        if self._known is None:
            words, goals = taught(self.lexicon, self.things)
            self._known = states(words, self.meanings)
            self._weights = None if self._known is None else fitted(self._known, goals)
        asked = states([word], self.meanings) if self._weights is not None else None
        if asked is None or self._known is None or self._weights is None:
            return None
        return pointed((kernel(asked, self._known) @ self._weights)[0])

    def called(self, word: str, names: Sequence[str]) -> str | None:
        """Which of the sounds by ``names`` a word is another name of, "voices" of a choir; None where of none."""
        rows = self.meanings([word, *names])
        if rows is None:
            return None
        asked, *known = np.array(rows, np.float64)
        likeness = np.array(known) @ asked
        best = int(likeness.argmax())
        return names[best] if likeness[best] >= ALIKE else None

    def resolved(self, a: Adjustment) -> Adjustment:
        """Return a term as a wish along an axis where its one word surely points along one; else as it is."""
        if a.kind != "term" or not a.term or not _WORD.fullmatch(a.term) or a.term[0].isupper():
            return a
        found = self.sense(a.term.lower())
        if found is None:
            return a
        axis, way = found
        return replace(a, kind="axis", term=None, axis=axis, direction=way * (a.direction or 1))
