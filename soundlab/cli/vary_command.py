"""soundlab vary."""

from __future__ import annotations

from pathlib import Path

import click

from soundlab.cli.options import emit, json_option, meter, opened, project_option
from soundlab.cli.rows import print_takes


@click.command("vary")
@click.argument("take")
@click.option(
    "--axis", metavar="AXIS", help="What if this were otherwise: from the least of it to the most, in 5 steps."
)
@click.option("--to", "other", metavar="TAKE", help="On the way from TAKE to this one.")
@click.option("-n", "n", type=click.IntRange(1, 16), default=3, show_default=True, help="Takes on the way.")
@project_option
@json_option
def command(take: str, axis: str | None, other: str | None, n: int, project: Path | None, as_json: bool) -> None:
    """Vary TAKE along one axis, or towards another take."""
    if (axis is None) == (other is None):
        raise click.UsageError("say --axis AXIS, or --to TAKE")
    with opened(project) as opened_project, meter() as progress:
        if axis is not None:
            takes = opened_project.exploring.sweep(take, axis, progress=progress)
        else:
            takes = opened_project.exploring.between(take, str(other), n, progress=progress)
    if as_json:
        emit({"takes": [t.as_json() for t in takes]})
    else:
        print_takes(takes)
