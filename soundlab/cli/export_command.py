"""soundlab export."""

from __future__ import annotations

from pathlib import Path

import click

from soundlab.cli.options import emit, json_option, meter, opened, project_option
from soundlab.services.exporting import Delivery


@click.command("export")
@click.argument("takes", nargs=-1)
@click.option("--collection", help="The clips of this collection.")
@click.option("--to", "folder", type=click.Path(path_type=Path), required=True, help="Folder to write to.")
@click.option("--format", "container", type=click.Choice(["wav", "flac"]), default="wav", show_default=True)
@click.option("--rate", type=int, default=48_000, show_default=True, help="Hz.")
@click.option("--bits", type=click.Choice(["16", "24", "32f"]), default="24", show_default=True)
@click.option("--loudness", type=float, default=None, help="Bring to this many LUFS.")
@click.option("--true-peak", type=float, default=-1.0, show_default=True, help="dBTP never exceeded by --loudness.")
@click.option("--stems", is_flag=True, help="Also the sounds that takes are mixed from, at levels that add up.")
@project_option
@json_option
def command(
    takes: tuple[str, ...],
    collection: str | None,
    folder: Path,
    container: str,
    rate: int,
    bits: str,
    loudness: float | None,
    true_peak: float,
    stems: bool,
    project: Path | None,
    as_json: bool,
) -> None:
    """Write TAKES or a collection as files for an editor, each with its recipe beside it."""
    delivery = Delivery(container, rate, bits, loudness, true_peak)
    with opened(project) as opened_project, meter() as progress:
        written = opened_project.exporter.export(takes, collection, folder, delivery, stems=stems, progress=progress)
    if as_json:
        emit({"exported": written})
        return
    for row in written:
        click.echo(f"{row['path']}  [{row['licence']}]")
