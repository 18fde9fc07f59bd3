"""How takes and clips are printed for people."""

from __future__ import annotations

from collections.abc import Sequence

import click

from soundlab.domain.feedback import undecided, wished
from soundlab.domain.take import Take

_MARKS = {"approved": "✓", "rejected": "✗", None: "·"}


_TITLE = 80


def titled(name: str) -> str:
    """A title as it stands in a line of a list; the end of a very long one goes."""
    return name if len(name) <= _TITLE else f"{name[: _TITLE - 1]}…"


def obeyed_text(take: Take) -> str:
    """One phrase for each asked axis: what it was, what it is, whether it obeyed."""
    parts = []
    for row in take.obeyed or []:
        name = wished(row)
        if row["ok"] is None:
            parts.append(f"{name} ({undecided(row['axis'])})")
        else:
            by = " by treatment" if row["axis"] in take.treated else ""
            parts.append(f"{name} {row['before']:.2f} → {row['after']:.2f} {'✓' if row['ok'] else '✗'}{by}")
    return ", ".join(parts)


def print_takes(takes: Sequence[Take], depth: int = 0) -> None:
    """Print takes, a line each, with their check on a line below."""
    indent = "  " * depth
    for take in takes:
        click.echo(f"{indent}{take.id} {_MARKS[take.verdict]} {take.duration:5.1f} s  seed {take.seed}  {take.prompt}")
        click.echo(f"{indent}    {take.path}  [{take.licence}]")
        if text := obeyed_text(take):
            click.echo(f"{indent}    {text}")
