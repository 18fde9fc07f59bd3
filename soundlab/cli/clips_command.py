"""soundlab clips."""

from __future__ import annotations

from pathlib import Path

import click

from soundlab.cli.options import emit, json_option, note, opened, project_option
from soundlab.domain.rights import STATUSES


@click.command("clips")
@click.option("--tag", help="Only clips with this tag.")
@click.option("--collection", help="Only clips of this collection.")
@click.option("--rights", type=click.Choice(STATUSES), help="Only clips of this status.")
@click.option("--missing", is_flag=True, help="Only clips whose file is gone.")
@project_option
@json_option
def command(
    tag: str | None, collection: str | None, rights: str | None, missing: bool, project: Path | None, as_json: bool
) -> None:
    """List the library."""
    with opened(project) as opened_project:
        clips = opened_project.clips.all(tag=tag, collection=collection, rights=rights)
    clips = [c for c in clips if c.missing] if missing else clips
    if as_json:
        emit({"clips": [clip.as_json() for clip in clips]})
        return
    for c in clips:
        mark = "✓" if c.training.allowed else "·"
        click.echo(
            f"{c.id}  {mark} {c.duration:7.2f} s  {c.rights:13}  {c.title}"
            + (f"  [{', '.join(c.tags)}]" if c.tags else "")
        )
    note(f"{len(clips)} clips" if clips else "no clips  → soundlab import FOLDER")
