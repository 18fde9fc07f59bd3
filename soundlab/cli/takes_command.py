"""soundlab takes."""

from __future__ import annotations

from pathlib import Path

import click

from soundlab.cli.options import emit, json_option, note, opened, project_option
from soundlab.cli.rows import print_takes
from soundlab.domain.take import Take


@click.command("takes")
@click.argument("take", required=False)
@click.option("--unranked", is_flag=True, help="Also candidates that ranking left out.")
@project_option
@json_option
def command(take: str | None, unranked: bool, project: Path | None, as_json: bool) -> None:
    """Show the tree of takes, or one TAKE with its recipe."""
    with opened(project) as opened_project:
        if take:
            takes = [opened_project.takes.get(take)]
        else:
            takes = opened_project.takes.all(states=("done", "unranked") if unranked else ("done",))
    if as_json:
        emit({"takes": [t.as_json() for t in takes]})
    elif take:
        print_takes(takes)
        _recipe(takes[0])
    else:
        shown = {t.id for t in takes}
        _tree(takes, [t for t in takes if t.parent not in shown], 0)
        if not takes:
            note('no takes  → soundlab generate "rain on a tin roof"')


def _tree(takes: list[Take], level: list[Take], depth: int) -> None:
    for take in level:
        print_takes([take], depth)
        _tree(takes, [t for t in takes if t.parent == take.id], depth + 1)


def _recipe(take: Take) -> None:
    rows = {
        "checkpoint": take.checkpoint,
        "avoid": take.avoid,
        "parent": take.parent,
        "terms": take.terms,
        "adapters": take.adapters,
        "references": take.references,
        **take.recipe,
        "descriptors": take.descriptors,
    }
    for name, value in rows.items():
        if value not in (None, "", [], {}):
            click.echo(f"    {name}: {value}")
