"""soundlab adapters."""

from __future__ import annotations

from pathlib import Path

import click

from soundlab.cli.options import emit, json_option, note, opened, project_option


@click.command("adapters")
@click.argument("name", required=False)
@project_option
@json_option
def command(name: str | None, project: Path | None, as_json: bool) -> None:
    """List adapters, or show NAME with what it was trained on."""
    with opened(project) as opened_project:
        found = [opened_project.adapters.get(name)] if name else opened_project.adapters.all()
    if as_json:
        emit({"adapters": [a.as_json() for a in found]})
        return
    for a in found:
        click.echo(
            f"{a.name}  on {a.checkpoint}, {a.steps} steps, rank {a.rank}, {len(a.clips)} sources  [{a.licence}]"
        )
        if name:
            for clip in a.clips:
                click.echo(f"    {clip['id']}  {clip['rights']}  {clip['caption']}  {clip['evidence']}")
    if not found:
        note("no adapters  → soundlab approve TAKE, then soundlab train NAME")
