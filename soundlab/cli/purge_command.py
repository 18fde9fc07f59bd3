"""soundlab purge."""

from __future__ import annotations

from pathlib import Path

import click

from soundlab.cli.options import emit, json_option, note, opened, project_option


@click.command("purge")
@click.option("--rejected", is_flag=True, help="Only rejected takes.")
@click.option("--unranked", is_flag=True, help="Only candidates that ranking left out.")
@click.option("--yes", is_flag=True, help="Delete; without it only the size is shown.")
@project_option
@json_option
def command(rejected: bool, unranked: bool, yes: bool, project: Path | None, as_json: bool) -> None:
    """Delete rejected takes and left-out candidates; takes that others descend from stay."""
    both = not rejected and not unranked
    with opened(project) as opened_project:
        takes, size = opened_project.keeper.purgeable(rejected=rejected or both, unranked=unranked or both)
        if yes:
            opened_project.keeper.purge(takes)
    if as_json:
        emit({"takes": [t.id for t in takes], "bytes": size, "deleted": yes})
        return
    click.echo(f"{'deleted' if yes else 'would delete'} {len(takes)} takes, {size / 1e6:.1f} MB")
    if takes and not yes:
        limits = "".join(f" --{name}" for name, only in (("rejected", rejected), ("unranked", unranked)) if only)
        note(f"to do it: soundlab purge{limits} --yes")
