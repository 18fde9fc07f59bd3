"""A search as one line: words, and limits written among them.

``distant rain tag:weather NOT rights:unknown brightness<2000`` — ``field:word``
(:data:`~soundlab.domain.fieldquery.FIELDS`) keeps what has the word, with NOT
(or a minus) what has not; ``axis>value`` limits a measure, ``rating>=3`` the stars,
``seconds<8`` the length; the rest is what is heard.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import get_close_matches

from soundlab.domain.axes import COUNTED
from soundlab.domain.fieldquery import FIELDS
from soundlab.errors import WrongInput

_FIELD = re.compile(rf'(?<!\S)(?:(AND|OR)\s+)?(-|NOT\s+|)((?:{"|".join(FIELDS)}):(?:"[^"]+"|[^\s"]+))', re.IGNORECASE)
_BOUND = re.compile(rf"(?<!\S)((?:{'|'.join(COUNTED)})[<>]=?-?\d+(?:\.\d+)?)(?!\S)", re.IGNORECASE)
_HALF = re.compile(rf"(?<!\S)(?:{'|'.join((*COUNTED, 'rating', 'seconds'))})[<>]=?\S+", re.IGNORECASE)
_LIMITED = (*COUNTED, "rating", "seconds")
_LIMIT = re.compile(r"(?<!\S)(\w+)[<>]=?-?\d+(?:\.\d+)?(?!\S)")
_COLON = re.compile(r"(?<!\S)(\w+):\S")
_PLAIN = re.compile(r"(?<!\S)(rating|seconds)([<>]=?)(\d+(?:\.\d+)?)(?!\S)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class SearchLine:
    """What a line asks for."""

    words: str
    fields: str | None
    """For :func:`~soundlab.domain.fieldquery.parse`."""
    bounds: tuple[str, ...]
    """Such as ``brightness<2000``."""
    plain: tuple[tuple[str, str, float], ...] = ()
    """Such as ("rating", ">=", 3.0)."""


def read(line: str) -> SearchLine:
    """Take a line apart. A colon after what is not nearly a field's name is part of the words.

    Raises
    ------
    WrongInput
        Where a limit has no number (``brightness<dark``), or is on what is not measured (``brightnes<2000``), and
        where a field's name is misspelt.
    """
    fields = ""
    for joint, minus, name in _FIELD.findall(line):
        fields += (f" {joint.upper() or 'AND'} " if fields else "") + ("NOT " if minus else "") + name
    line = _FIELD.sub(" ", line)
    bounds = tuple(found.lower() for found in _BOUND.findall(line))
    line = _BOUND.sub(" ", line)
    plain = tuple((name.lower(), sign, float(value)) for name, sign, value in _PLAIN.findall(line))
    line = _PLAIN.sub(" ", line)
    if (half := _HALF.search(line)) is not None:
        raise WrongInput(f"{half[0]!r} limits nothing", "write a number behind it: brightness<2000 rating>=3")
    if (limit := _LIMIT.search(line)) is not None:
        near = get_close_matches(limit[1].lower(), _LIMITED, 1) or _LIMITED
        raise WrongInput(f"nothing called {limit[1]!r} is measured", f"limits are on {', '.join(near)}")
    if (colon := _COLON.search(line)) is not None and (close := get_close_matches(colon[1].lower(), FIELDS, 1, 0.75)):
        raise WrongInput(f"no field called {colon[1]!r}", f"did you mean {close[0]}:? Fields: {', '.join(FIELDS)}")
    return SearchLine(" ".join(line.split()), fields or None, bounds, plain)
