"""soundlab archive."""

from __future__ import annotations

from pathlib import Path

import click

from soundlab.cli.options import emit, json_option, meter, note, opened, project_option


@click.command("archive")
@click.argument("folder", type=click.Path(path_type=Path))
@project_option
@json_option
def command(folder: Path, project: Path | None, as_json: bool) -> None:
    """Copy the project with all its media into a new FOLDER that opens anywhere."""
    with opened(project) as opened_project, meter() as progress:
        packed = opened_project.keeper.archive(folder, progress)
    if as_json:
        emit(
            {
                "path": str(packed.folder),
                "clips": packed.clips,
                "takes": packed.takes,
                "adapters": packed.adapters,
                "bytes": packed.bytes,
                "missing": list(packed.missing),
            }
        )
    else:
        click.echo(
            f"{packed.folder}: {packed.clips} clips, {packed.takes} takes, {packed.adapters} adapters, "
            f"{packed.bytes / 1e6:.1f} MB"
        )
    for path in packed.missing:
        note(f"missing, left out: {path}")
