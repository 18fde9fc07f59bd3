"""Text search in fields: words with AND, OR, NOT, parentheses and ``field:word``.

``door AND (wood OR metal) NOT tag:slam`` — words beside each other mean AND; a
word matches the start of a word in any field, ``field:word`` in that field,
``"several words"`` as they stand. :func:`parse` gives a tree that the library's
full-text index answers (:meth:`soundlab.storage.clips.ClipStore.matching`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from soundlab.errors import WrongInput

FIELDS = ("title", "tag", "note", "collection", "rights", "holder", "category", "path", "evidence", "description")
_TOKEN = re.compile(r'\(|\)|(?:[A-Za-z]+:)?"[^"]*"|[^\s()]+')


@dataclass(frozen=True, slots=True)
class Word:
    """The start of a word, or words as they stand, in a field or in any."""

    text: str
    field: str | None = None


@dataclass(frozen=True, slots=True)
class Not:
    """What the rest does not match."""

    inner: Query


@dataclass(frozen=True, slots=True)
class Every:
    """All parts match."""

    parts: tuple[Query, ...]


@dataclass(frozen=True, slots=True)
class Either:
    """One part matches, at least."""

    parts: tuple[Query, ...]


Query = Word | Not | Every | Either


def parse(text: str) -> Query:
    """Return the tree of a query.

    Raises
    ------
    WrongInput
        On an unknown field, an unbalanced parenthesis or a missing word.
    """
    tokens = _TOKEN.findall(text)
    if not tokens:
        raise WrongInput("the field query is empty", "such as: title:door NOT tag:slam")
    parser = _Parser(tokens)
    found = parser.either()
    if parser.left:
        raise WrongInput(f"{parser.left[0]!r} is not expected there", "check the parentheses")
    return found


@dataclass(slots=True)
class _Parser:
    left: list[str]

    def either(self) -> Query:
        parts = [self.every()]
        while self._next("OR"):
            parts.append(self.every())
        return parts[0] if len(parts) == 1 else Either(tuple(parts))

    def every(self) -> Query:
        parts = [self.one()]
        while self.left and self.left[0] != ")" and self.left[0].upper() != "OR":
            self._next("AND")
            parts.append(self.one())
        return parts[0] if len(parts) == 1 else Every(tuple(parts))

    def one(self) -> Query:
        if not self.left:
            raise WrongInput("a word is missing at the end", "such as: title:door NOT tag:slam")
        token = self.left.pop(0)
        if token.upper() == "NOT":
            return Not(self.one())
        if token == "(":
            inner = self.either()
            if not self.left or self.left.pop(0) != ")":
                raise WrongInput("a parenthesis is not closed", "such as: (wood OR metal)")
            return inner
        if token == ")" or token.upper() in ("AND", "OR"):
            raise WrongInput(f"{token!r} is not expected there", "a word belongs before and after it")
        return _word(token)

    def _next(self, word: str) -> bool:
        if self.left and self.left[0].upper() == word:
            self.left.pop(0)
            return True
        return False


def _word(token: str) -> Word:
    name, colon, rest = token.partition(":")
    field = None
    if colon and rest and not token.startswith('"'):
        if name.lower() not in FIELDS:
            raise WrongInput(f"there is no field {name!r}", f"fields: {', '.join(FIELDS)}")
        field, token = name.lower(), rest
    text = token.strip('"')
    if not re.search(r"\w", text):
        raise WrongInput(f"{token!r} has no letter to look for", "such as: title:door NOT tag:slam")
    return Word(text, field)
