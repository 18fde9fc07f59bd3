"""soundlab relink."""

from __future__ import annotations

from pathlib import Path

import click

from soundlab.cli.options import emit, json_option, meter, note, opened, project_option
from soundlab.cli.rows import titled

_SHOWN = 10
"""Missing clips that are named one by one."""


@click.command("relink")
@click.argument("folders", nargs=-1, required=True, type=click.Path(path_type=Path))
@project_option
@json_option
def command(folders: tuple[Path, ...], project: Path | None, as_json: bool) -> None:
    """Look in FOLDERS for the files of missing clips, by content, and point the clips at them."""
    with opened(project) as opened_project, meter() as progress:
        found, lost = opened_project.keeper.relink(folders, progress)
    if as_json:
        emit({"clips": [c.as_json() for c in found], "missing": [c.as_json() for c in lost]})
        return
    for c in found:
        click.echo(f"{c.id}  {titled(c.title)}  → {c.path}")
    for c in lost[:_SHOWN]:
        note(f"still missing: {c.id}  {titled(c.title)}  {c.path}")
    if len(lost) > _SHOWN:
        note(f"… and {len(lost) - _SHOWN} more; --json lists them all")
    note(f"{len(found)} found, {len(lost)} still missing" if found or lost else "no clip is missing")
