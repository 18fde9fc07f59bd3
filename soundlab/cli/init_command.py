"""soundlab init."""

from __future__ import annotations

from pathlib import Path

import click

from soundlab.cli.options import emit, json_option, meter, note
from soundlab.config import packaged
from soundlab.project import Project


@click.command("init")
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--starter", is_flag=True, help="Copy in the starter library.")
@json_option
def command(path: Path, starter: bool, as_json: bool) -> None:
    """Make a new project in PATH."""
    references = packaged("references") if starter else None  # asked for before anything is made
    project = Project.create(path)
    _ = project.database
    count = 0
    if references is not None:
        from soundlab.services.starting import add_starter

        with meter() as progress:
            report = add_starter(references, project.folder / "references", project.importer, progress=progress)
        count = len(report.imported)
        for bad, reason in report.failed:
            note(f"not imported: {bad}: {reason}")
    project.close()
    if as_json:
        emit({"project": str(project.folder), "clips": count})
    else:
        click.echo(f"project {project.folder}" + (f" with {count} starter clips" if starter else ""))
        note(f'  → cd {path} && soundlab generate "distant wind over a low drone"')
