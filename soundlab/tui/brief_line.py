"""A brief on one line: words, and options as the command line has them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from soundlab.domain.brief import Brief, Reference
from soundlab.errors import WrongInput

_OPTION = re.compile(r'(?:^|\s)(-n|-d|--seed|--adapter|--avoid|--guidance|--level)\s+("[^"]*"|\S+)')

_TOGETHER = re.compile(r"(?:^|\s)--together(?=\s|$)")
_UNKNOWN = re.compile(r"(?:^|\s)(?:-[a-z]|--[a-z][a-z-]*)(?=\s|=|$)")


@dataclass(frozen=True, slots=True)
class Asked:
    """What a line asks for."""

    brief: Brief
    takes: int
    seed: int | None


def read(
    line: str,
    *,
    seconds: float,
    takes: int,
    checkpoint: str,
    sampling: Mapping[str, Any] | None = None,
    references: tuple[Reference, ...] = (),
) -> Asked:
    """Read ``distant wind -n 4 -d 8 --adapter night=0.8 --avoid "birds"``; what is not said is as given.

    Raises
    ------
    WrongInput
        On a value that is no number, an option that there is none of, and as :class:`Brief`.
    """
    given: dict[str, Any] = {}
    adapters: list[tuple[str, float]] = []
    for name, quoted in _OPTION.findall(line):
        value = quoted.strip('"')
        if name == "--adapter":
            adapter, sign, weight = value.rpartition("=")
            adapters.append((adapter, _number(name, weight)) if sign else (value, 1.0))
        else:
            given[name] = value if name == "--avoid" else _number(name, value)
    drawn = dict(sampling or {})
    if "--guidance" in given:
        drawn["guidance"] = given["--guidance"]
    if "--level" in given:
        drawn["level"] = given["--level"]
    words, together = _TOGETHER.subn(" ", _OPTION.sub(" ", line))
    words = " ".join(words.split())
    if (unknown := _UNKNOWN.search(words)) is not None:
        known = "-n -d --seed --adapter --avoid --guidance --level --together"
        raise WrongInput(f"{unknown[0].strip()} is no option here, or lacks its value", f"there are {known}")
    brief = Brief(
        words,
        avoid=given.get("--avoid", ""),
        references=references,
        seconds=float(given.get("-d", seconds)),
        checkpoint=checkpoint,
        adapters=tuple(adapters),
        apart=not together,
        **drawn,
    )
    seed = given.get("--seed")
    return Asked(brief, int(given.get("-n", takes)), None if seed is None else int(seed))


def _number(name: str, value: str) -> float:
    try:
        return float(value)
    except ValueError as error:
        raise WrongInput(f"{name} {value}: not a number", "such as -n 4 -d 8") from error
