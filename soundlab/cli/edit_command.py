"""soundlab edit."""

from __future__ import annotations

from pathlib import Path

import click

from soundlab.cli.options import emit, json_option, note, opened, project_option
from soundlab.domain.rights import CONSENTS, STATUSES
from soundlab.services.importing import Labels


@click.command("edit")
@click.argument("clips", nargs=-1, required=True)
@click.option("--rights", type=click.Choice(STATUSES))
@click.option("--evidence")
@click.option("--consent", type=click.Choice(CONSENTS))
@click.option("--tag", "tags", multiple=True)
@click.option("--untag", multiple=True)
@click.option("--collection", "collections", multiple=True, help="Add to this collection.")
@click.option("--holder", help="Who holds the rights.")
@click.option("--expires", help="Last day of the rights, as 2027-12-31; empty text takes it away.")
@click.option("--title")
@click.option("--note", "remark")
@project_option
@json_option
def command(
    clips: tuple[str, ...],
    rights: str | None,
    evidence: str | None,
    consent: str | None,
    tags: tuple[str, ...],
    untag: tuple[str, ...],
    collections: tuple[str, ...],
    holder: str | None,
    expires: str | None,
    title: str | None,
    remark: str | None,
    project: Path | None,
    as_json: bool,
) -> None:
    """Change titles, tags, rights and collections of CLIPS: all of them or none."""
    labels = Labels(rights, evidence, consent, title, remark, holder, expires, tags, untag, collections)
    if labels == Labels():
        raise click.UsageError("say what to change, such as --tag or --rights")
    with opened(project) as opened_project:
        ids = [opened_project.clips.get(name).id for name in clips]
        opened_project.clips.change(ids, labels.columns(), tags=tags, untag=untag, collections=collections)
        changed = opened_project.clips.all(ids=ids)
    if as_json:
        emit({"clips": [clip.as_json() for clip in changed]})
    for clip in changed:
        note(f"{clip.id} {clip.title}: {clip.training.reason}")
