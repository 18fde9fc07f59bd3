"""soundlab, the interface."""

from __future__ import annotations

from pathlib import Path

import click

from soundlab.project import Project


@click.command("open")
@click.argument("path", required=False, type=click.Path(path_type=Path))
def command(path: Path | None = None) -> None:
    """Open the interface on the project in PATH."""
    project = Project(path, workers=True) if path is not None else Project.locate(Path.cwd(), workers=True)
    from soundlab.tui.app import SoundlabApp

    try:
        SoundlabApp(project).run()
    finally:
        project.close()
