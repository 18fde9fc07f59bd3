"""soundlab presets."""

from __future__ import annotations

from pathlib import Path

import click

from soundlab.cli.options import emit, json_option, opened, project_option
from soundlab.config import packaged
from soundlab.errors import NotFound
from soundlab.presets import list_presets, read_preset


@click.command("presets")
@project_option
@json_option
def command(project: Path | None, as_json: bool) -> None:
    """List saved briefs."""
    try:
        with opened(project) as opened_project:
            files = opened_project.presets()
    except NotFound:
        if project is not None:
            raise
        files = list_presets([packaged("presets") / "briefs"])
    found = [read_preset(path) for path in files.values()]
    if as_json:
        emit(
            {
                "presets": [
                    {"name": p.name, "title": p.title, "prompt": p.prompt, "avoid": p.avoid, "tags": list(p.tags)}
                    for p in found
                ]
            }
        )
        return
    for p in found:
        click.echo(f"{p.name:20}  {p.prompt}")
