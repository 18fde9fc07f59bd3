"""soundlab suggest."""

from __future__ import annotations

from pathlib import Path

import click

from soundlab.cli.options import emit, json_option, note, opened, project_option


@click.command("suggest")
@click.argument("clips", nargs=-1)
@click.option("--found", help="All clips that this search line limits to: 'NOT tag:rain'.")
@click.option("--accept", type=click.IntRange(1), help="Give each clip so many of its tags, and the first category.")
@project_option
@json_option
def command(clips: tuple[str, ...], found: str | None, accept: int | None, project: Path | None, as_json: bool) -> None:
    """Suggest tags and a UCS category for CLIPS, from how they sound and what they are called.

    A project's own vocabulary/*.toml adds to the tags that are suggested.
    """
    if bool(clips) == bool(found):
        raise click.UsageError("name clips, or --found with a search line")
    with opened(project) as opened_project:
        opened_project.importer.embed_missing()
        ids = opened_project.searcher.limited(found) if found else [opened_project.clips.get(name).id for name in clips]
        rows = opened_project.suggester.suggest(ids)
        if accept:
            opened_project.suggester.accept(rows, accept)
            note(f"given to {len(rows)} clips; soundlab edit --undo takes it back, clip by clip")
    if as_json:
        emit({"suggestions": [row.as_json() for row in rows]})
        return
    for row in rows:
        tags = ", ".join(f"{tag} {score:.2f}" for tag, score in row.tags)
        categories = ", ".join(f"{name} {score:.2f}" for name, score in row.categories)
        click.echo(f"{row.clip.id}  {row.clip.title}\n    tags: {tags or 'none is clear'}\n    category: {categories}")
