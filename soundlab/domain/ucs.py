"""The Universal Category System: what film sound calls its categories.

UCS by Tim Nielsen, Justin Drury and others, a public domain initiative
(https://universalcategorysystem.com); version 8.2.1.
"""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Category:
    """One line of the list."""

    id: str
    """CatID, such as DOORWood."""
    category: str
    subcategory: str
    explanation: str
    synonyms: frozenset[str]

    @property
    def sentence(self) -> str:
        """The category in words, for a text encoder."""
        return f"{self.category.lower()}, {self.subcategory.lower()}: {self.explanation}"

    def named_in(self, words: set[str]) -> float:
        """How clearly words of a title or tags name it, from 0 to 1."""
        own = set(re.findall(r"[a-z]+", self.subcategory.lower()))
        main = set(re.findall(r"[a-z]+", self.category.lower()))
        near = _stems(words)
        score = 0.5 * bool(near & _stems(main)) + 0.4 * bool(near & _stems(own))
        return min(1.0, score + 0.1 * min(3, len(near & _stems(set(self.synonyms)))))


def _stems(words: set[str]) -> set[str]:
    """Words without a plural s: lists say DOOR, people doors."""
    return {w[:-1] if w.endswith("s") and not w.endswith("ss") and len(w) > 3 else w for w in words}
