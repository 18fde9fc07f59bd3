"""soundlab compare."""

from __future__ import annotations

from pathlib import Path

import click

from soundlab.cli.options import emit, json_option, note, opened, project_option
from soundlab.cli.rows import print_takes


@click.command("compare")
@click.argument("first")
@click.argument("second")
@click.option("--prefer", metavar="TAKE", help="Keep that this one of the two is preferred; ranking learns from it.")
@project_option
@json_option
def command(first: str, second: str, prefer: str | None, project: Path | None, as_json: bool) -> None:
    """Say how two takes differ: what was asked, what they measure, how alike they are.

    The interface plays them blind and at one loudness: f3, then c.
    """
    with opened(project) as opened_project:
        found = opened_project.comparer.compare(first, second)
        if prefer is not None:
            chosen = opened_project.takes.get(prefer).id
            pair = (found.first.id, found.second.id)
            if chosen not in pair:
                raise click.UsageError(f"{prefer} is neither of the two")
            opened_project.comparer.prefer(chosen, pair[1] if chosen == pair[0] else pair[0])
            note(f"kept: {chosen} is preferred")
    if as_json:
        takes = [found.first.as_json(), found.second.as_json()]
        emit({"takes": takes, "difference": found.as_json()})
        return
    print_takes([found.first, found.second])
    click.echo("\n".join(found.lines()))
