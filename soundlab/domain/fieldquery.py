"""Text search in fields: words with AND, OR, NOT, parentheses and ``field:word``.

``door AND (wood OR metal) NOT tag:slam`` — words beside each other mean AND; a
word matches the start of a word in any field, ``field:word`` in that field,
``"several words"`` as they stand.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from soundlab.errors import WrongInput

Record = Mapping[str, str]
Matches = Callable[[Record], bool]

FIELDS = ("title", "tag", "note", "collection", "rights", "holder", "category", "path", "evidence", "description")
_TOKEN = re.compile(r'\(|\)|(?:[A-Za-z]+:)?"[^"]*"|[^\s()]+')


def compile_query(text: str) -> Matches:
    """Return a predicate over records of :data:`FIELDS`.

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

    def either(self) -> Matches:
        parts = [self.every()]
        while self._next("OR"):
            parts.append(self.every())
        return parts[0] if len(parts) == 1 else lambda record: any(p(record) for p in parts)

    def every(self) -> Matches:
        parts = [self.one()]
        while self.left and self.left[0] != ")" and self.left[0].upper() != "OR":
            self._next("AND")
            parts.append(self.one())
        return parts[0] if len(parts) == 1 else lambda record: all(p(record) for p in parts)

    def one(self) -> Matches:
        if not self.left:
            raise WrongInput("a word is missing at the end", "such as: title:door NOT tag:slam")
        token = self.left.pop(0)
        if token.upper() == "NOT":
            inner = self.one()
            return lambda record: not inner(record)
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


def _word(token: str) -> Matches:
    name, colon, rest = token.partition(":")
    if colon and rest and not token.startswith('"'):
        if name.lower() not in FIELDS:
            raise WrongInput(f"there is no field {name!r}", f"fields: {', '.join(FIELDS)}")
        fields: tuple[str, ...] = (name.lower(),)
    else:
        fields, rest = FIELDS, token
    pattern = re.compile(r"(?<!\w)" + re.escape(rest.strip('"')), re.IGNORECASE)
    return lambda record: any(pattern.search(record.get(field, "")) for field in fields)
