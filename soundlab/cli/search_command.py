"""soundlab search."""

from __future__ import annotations

from pathlib import Path

import click

from soundlab.cli.options import emit, json_option, note, opened, project_option
from soundlab.domain.rights import STATUSES


@click.command("search")
@click.argument("text", nargs=-1)
@click.option("--like", multiple=True, help="A clip id or a file; may be given again.")
@click.option("--unlike", multiple=True, help="Away from this clip or file.")
@click.option("-k", "k", default=10, show_default=True, help="How many results.")
@click.option("--tag")
@click.option("--collection")
@click.option("--rights", type=click.Choice(STATUSES))
@project_option
@json_option
def command(
    text: tuple[str, ...],
    like: tuple[str, ...],
    unlike: tuple[str, ...],
    k: int,
    tag: str | None,
    collection: str | None,
    rights: str | None,
    project: Path | None,
    as_json: bool,
) -> None:
    """Find clips by words, by example, or both."""
    with opened(project) as opened_project:
        if not opened_project.clips.count():
            note("the library is empty  → soundlab import FOLDER")
        opened_project.importer.embed_missing()
        results = opened_project.searcher.search(
            " ".join(text), like=like, unlike=unlike, k=k, tag=tag, collection=collection, rights=rights
        )
    if as_json:
        emit({"results": [r.as_json() for r in results]})
        return
    for r in results:
        at = f" at {int(r.at // 60):02}:{r.at % 60:04.1f}" if r.at is not None else ""
        click.echo(f"{r.score:5.2f}  {r.clip.id}  {r.clip.duration:7.2f} s  {r.clip.title}{at}")
