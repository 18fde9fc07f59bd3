"""soundlab collections."""

from __future__ import annotations

from pathlib import Path

import click

from soundlab.cli.options import emit, json_option, note, opened, project_option


@click.command("collections")
@click.option("--forget", metavar="NAME", help="Forget a saved search; no clip is touched.")
@project_option
@json_option
def command(forget: str | None, project: Path | None, as_json: bool) -> None:
    """List collections, and the saved searches that fill themselves."""
    with opened(project) as opened_project:
        if forget is not None:
            opened_project.searches.remove(forget)
            note(f"forgot the search {forget}")
        named, saved = opened_project.clips.collections(), opened_project.searches.all()
    if as_json:
        emit({"collections": named, "searches": saved})
        return
    for name, count in named.items():
        click.echo(f"{count:7}  {name}")
    for name, recipe in saved.items():
        said = ", ".join(f"{key} {value}" for key, value in recipe.items())
        click.echo(f" search  {name}: {said}")
    if not named and not saved:
        note("none yet  → soundlab edit CLIP --collection NAME, or soundlab search … --save NAME")
