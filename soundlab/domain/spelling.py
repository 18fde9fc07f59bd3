"""Slips of the fingers: which known word an unknown one was meant to be."""

from __future__ import annotations

from soundlab.domain.lexicon import Lexicon

_SHORTEST_SLIP, _LONG_WORD = 5, 8
_SHORT = ("more", "less", "with", "keep", "very", "much", "make", "lose", "drop", "bass", "the", "and")
"""Short words that slips are common in; in others, one letter makes another word."""


def spelt(word: str, lexicon: Lexicon) -> str:
    """The word of the lexicon that an unknown one is a slip of, if one clearly is; else the word."""
    if word in lexicon.words or word.rstrip("s") in lexicon.words or not word.isalpha() or len(word) < 3:
        return word
    if word in lexicon.real and len(word) >= _SHORTEST_SLIP:
        return word
    near = _SHORT if len(word) < _SHORTEST_SLIP else lexicon.single
    return next((known for known in near if slip(word, known)), word)


def slip(word: str, known: str) -> bool:
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
