"""What people ask of a take that feedback does not change: its length, its channels, a step back.

Taken for a sound to add, "make it stereo" would end up in the prompt. It is told apart
before feedback is read, by the patterns of the grammar's ``beyond`` tables.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from soundlab.domain.feedback import Adjustment


@dataclass(frozen=True, slots=True)
class Beyond:
    """One thing that feedback does not change."""

    what: str
    """As a sentence: "feedback leaves the length as it is"."""
    instead: str
    """What does it."""
    pattern: re.Pattern[str]


_ASKING = "(?:can|could|would) (?:you|we|it)|it should|it needs to"
_BEFORE = rf"(?:^|[,.;:!?(–]|\b(?:and|but|then|also|or|please|just|{_ASKING}))\s*"
_BEHIND = r"(?=\s*(?:$|[,.;:!?)–]|(?:and|but|then|please|pls|too|overall|again|instead|thanks?)\b))"
"""Where a clause begins and ends: what stands beside another word is of that, as in "less of the drum loop"."""
_NEVER = r"(?!)"


def read_tables(rows: Iterable[Mapping[str, Any]]) -> tuple[Beyond, ...]:
    """Read the grammar's tables: ``what``, ``instead``, and ``patterns`` of clauses or (``endings``) of their ends."""
    return tuple(
        Beyond(
            str(row["what"]),
            str(row["instead"]),
            re.compile(
                rf"(?:{_BEFORE}(?P<clause>{'|'.join(row['patterns'])})"
                rf"|\s(?P<ending>{'|'.join(row.get('endings', [_NEVER]))})){_BEHIND}",
                re.IGNORECASE,
            ),
        )
        for row in rows
    )


def without(text: str, found: Sequence[Adjustment], rows: Iterable[Beyond]) -> tuple[str, list[Beyond]]:
    """Return the text without what feedback does not change, and what that was.

    What was understood as a move along an axis (``found`` in ``text``) is none of it:
    the tail of "a longer tail" is the reverb's.
    """
    lower = text.lower()
    taken = [
        (at, at + len(a.text))
        for a in found
        if a.kind in ("axis", "like", "unlike") and a.text and (at := lower.find(a.text.lower())) >= 0
    ]
    said = []
    for row in rows:
        for match in reversed(list(row.pattern.finditer(text))):
            start, end = match.span("clause" if match["clause"] is not None else "ending")
            if any(start < stop and begin < end for begin, stop in taken):
                continue
            # Blanks of the same length, so that places found before still hold.
            text = text[:start] + " " * (end - start) + text[end:]
            if row not in said:
                said.append(row)
    return text, said
