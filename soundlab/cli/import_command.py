"""soundlab import."""

from __future__ import annotations

from pathlib import Path

import click

from soundlab.cli.options import emit, json_option, meter, note, opened, project_option
from soundlab.domain.rights import CONSENTS, STATUSES
from soundlab.errors import SoundlabError
from soundlab.services.importing import Labels


@click.command("import")
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--rights", type=click.Choice(STATUSES), help="What may be done with them.")
@click.option("--evidence", help="Why: a text, a file, a URL.")
@click.option("--consent", type=click.Choice(CONSENTS), help="The holder's word on training.")
@click.option("--tag", "tags", multiple=True, help="May be given again.")
@click.option("--collection", "collections", multiple=True, help="May be given again.")
@click.option("--copy", is_flag=True, help="Copy files into the project instead of using them in place.")
@project_option
@json_option
def command(
    paths: tuple[Path, ...],
    rights: str | None,
    evidence: str | None,
    consent: str | None,
    tags: tuple[str, ...],
    collections: tuple[str, ...],
    copy: bool,
    project: Path | None,
    as_json: bool,
) -> None:
    """Bring files and folders into the library.

    Known files are updated with what is given. Bad files are listed with a
    reason and the rest goes on.
    """
    labels = Labels(rights=rights, evidence=evidence, consent=consent, tags=tags, collections=collections)
    with opened(project) as opened_project, meter() as progress:
        report = opened_project.importer.run(paths, labels, copy=copy, progress=progress)
    if as_json:
        emit(report.as_json())
    else:
        click.echo(f"imported {len(report.imported)}, unchanged {len(report.unchanged)}, failed {len(report.failed)}")
    for path, reason in report.failed:
        note(f"failed: {path}: {reason}")
    if not report.imported and not report.unchanged:
        raise SoundlabError("nothing could be imported", "name audio files, or folders that hold some")
