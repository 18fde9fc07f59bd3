"""soundlab import."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import click

from soundlab.audio.decode import plain
from soundlab.audio.write import atomic_path
from soundlab.cli.options import emit, json_option, meter, note, opened, project_option
from soundlab.domain.labels import Labels
from soundlab.domain.rights import CONSENTS, STATUSES
from soundlab.errors import SoundlabError


@click.command("import")
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@click.option("--rights", type=click.Choice(STATUSES), help="What may be done with them.")
@click.option("--evidence", help="Why: a text, a file, a URL.")
@click.option("--consent", type=click.Choice(CONSENTS), help="The holder's word on training.")
@click.option("--tag", "tags", multiple=True, help="May be given again.")
@click.option("--collection", "collections", multiple=True, help="May be given again.")
@click.option("--holder", help="Who holds the rights.")
@click.option("--expires", help="Last day of the rights, as 2027-12-31.")
@click.option("--report", type=click.Path(dir_okay=False, path_type=Path), help="Write what failed, and why, as CSV.")
@click.option(
    "--from-project",
    type=click.Path(path_type=Path),
    help="Bring clips of another project in with their rights; --collection says which.",
)
@click.option("--copy", is_flag=True, help="Copy files into the project instead of using them in place.")
@click.option("--watch", is_flag=True, help="Stay, and import what appears in the folders; ctrl+C ends.")
@project_option
@json_option
def command(
    paths: tuple[Path, ...],
    rights: str | None,
    evidence: str | None,
    consent: str | None,
    tags: tuple[str, ...],
    collections: tuple[str, ...],
    holder: str | None,
    expires: str | None,
    report: Path | None,
    from_project: Path | None,
    copy: bool,
    watch: bool,
    project: Path | None,
    as_json: bool,
) -> None:
    """Bring files and folders into the library.

    Known files are updated with what is given. Bad files are listed with a
    reason and the rest goes on.
    """
    if bool(paths) == bool(from_project):
        raise click.UsageError("name files or folders, or --from-project PROJECT")
    if watch and (as_json or from_project or not all(path.is_dir() for path in paths)):
        raise click.UsageError("--watch takes folders only, and neither --json nor --from-project")
    labels = Labels(
        rights=rights,
        evidence=evidence,
        consent=consent,
        holder=holder,
        expires=expires,
        tags=tags,
        collections=collections,
    )
    with opened(project) as opened_project, meter() as progress:
        if from_project is not None:
            if len(collections) > 1 or replace(labels, collections=()) != Labels():
                raise click.UsageError("--from-project brings rights and tags along: give one --collection at most")
            with opened(from_project) as other:
                wanted = collections[0] if collections else None
                done = opened_project.keeper.adopt(other.clips, wanted, copy=copy, progress=progress)
        else:
            done = opened_project.importer.run(paths, labels, copy=copy, progress=progress)
    if report is not None:
        write_report(report, done.failed)
    if as_json:
        emit(done.as_json())
    else:
        click.echo(f"imported {len(done.imported)}, unchanged {len(done.unchanged)}, failed {len(done.failed)}")
        if done.unchanged and labels != Labels():
            note(f"known by content: {len(done.unchanged)}; what was given was set on them, too")
    for clip in done.held:
        note(
            f"{clip.id} was revoked and keeps its rights ({clip.rights}); to clear it again: soundlab edit {clip.id} …"
        )
    for path in done.cut:
        note(f"breaks off before its end; what comes before is there: {plain(path)}")
    for path, reason in done.failed:
        note(f"failed: {plain(path)}: {reason}")
    if watch:
        _watch(project, paths, labels, copy)
        return
    if not done.imported and not done.unchanged:
        raise SoundlabError("nothing could be imported", "name audio files, or folders that hold some")


def _watch(project: Path | None, folders: tuple[Path, ...], labels: Labels, copy: bool) -> None:
    """Import what appears until ctrl+C."""
    from threading import Event

    from soundlab.services.watching import watch

    note(f"watching {', '.join(map(str, folders))}; ctrl+C ends")
    with opened(project) as opened_project:
        try:
            for found in watch(opened_project.importer, folders, labels, Event(), copy=copy):
                for clip in found.imported:
                    click.echo(f"{clip.id}  {clip.duration:7.2f} s  {clip.title}")
                for path, reason in found.failed:
                    note(f"failed: {plain(path)}: {reason}")
        except KeyboardInterrupt:
            note("watching ended")


def write_report(path: Path, failed: list[tuple[Path, str]]) -> None:
    """Write what failed as CSV: path, reason."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_path(path) as beside, beside.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(("path", "reason"))
        rows.writerows((plain(p), reason) for p, reason in failed)
