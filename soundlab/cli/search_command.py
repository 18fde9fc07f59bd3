"""soundlab search."""

from __future__ import annotations

from pathlib import Path

import click

from soundlab.cli.options import emit, json_option, meter, note, opened, project_option
from soundlab.cli.rows import titled
from soundlab.domain.names import checked
from soundlab.domain.rights import STATUSES


@click.command("search")
@click.argument("text", nargs=-1)
@click.option("--like", multiple=True, help="A clip, a take or a file, =WEIGHT, @FROM-TO in seconds; may be repeated.")
@click.option("--unlike", multiple=True, help="Away from this one; the same forms.")
@click.option("--more", multiple=True, help="Push towards a word: --more metallic.")
@click.option("-k", "k", default=10, show_default=True, help="How many results.")
@click.option("--tag")
@click.option("--collection")
@click.option("--rights", type=click.Choice(STATUSES))
@click.option("--min", "shortest", type=click.FloatRange(min=0), help="Seconds at least.")
@click.option("--max", "longest", type=click.FloatRange(min=0), help="Seconds at most; -k limits the results.")
@click.option("--rate", type=int, help="Sample rate in Hz.")
@click.option("--kind", help="File type, such as wav.")
@click.option("--fields", help="Text in fields: 'title:door AND (wood OR metal) NOT tag:slam'.")
@click.option("--where", multiple=True, help="Limit on a measure: 'brightness>2000' (Hz), 'speed<90' (bpm).")
@click.option("--rating", type=click.IntRange(1, 5), help="Stars at least.")
@click.option("--save", metavar="NAME", help="Keep this search under a name.")
@click.option("--saved", metavar="NAME", help="Search as saved; what else is given comes on top.")
@click.option("--why", is_flag=True, help="Say what brought each result up.")
@project_option
@json_option
def command(
    text: tuple[str, ...],
    like: tuple[str, ...],
    unlike: tuple[str, ...],
    more: tuple[str, ...],
    k: int,
    tag: str | None,
    collection: str | None,
    rights: str | None,
    shortest: float | None,
    longest: float | None,
    rate: int | None,
    kind: str | None,
    fields: str | None,
    where: tuple[str, ...],
    rating: int | None,
    save: str | None,
    saved: str | None,
    why: bool,
    project: Path | None,
    as_json: bool,
) -> None:
    """Find clips by words, by example, or by a mixture of both.

    Limits may stand among the words: rain tag:weather NOT rights:unknown 'brightness<2000'.
    """
    from soundlab.domain.searchrecipe import Recipe

    said = Recipe(
        text=" ".join(text),
        like=like,
        unlike=unlike,
        more=more,
        where=where,
        tag=tag,
        collection=collection,
        rights=rights,
        shortest=shortest,
        longest=longest,
        rate=rate,
        kind=kind,
        rating=rating,
        fields=fields,
    )
    with opened(project) as opened_project:
        if not opened_project.clips.count():
            note("the library is empty  → soundlab import FOLDER")
        if opened_project.switch.best() is opened_project.embedder:
            with meter() as progress:
                opened_project.importer.embed_missing(progress)
        else:
            note(
                f"searching by an earlier CLAP: {opened_project.switch.waiting()} clips wait for "
                f"{opened_project.settings.clap}  → soundlab clips --embed"
            )
        if saved is not None:
            said = Recipe.from_json(opened_project.searches.get(saved)).with_more(said)
        results = opened_project.searcher.find(said, k)
        if save is not None:
            opened_project.searches.save(checked(save, "a search"), said.as_json())
            note(f"saved as {save}; search it again: --saved {save}")
    if as_json:
        emit({"results": [r.as_json() for r in results]})
        return
    for r in results:
        at = f" at {int(r.at // 60):02}:{r.at % 60:04.1f}" if r.at is not None else ""
        click.echo(f"{r.score:5.2f}  {r.clip.id}  {r.clip.duration:7.2f} s  {titled(r.clip.title)}{at}")
        if why:
            click.echo(f"       {', '.join(r.why)}")
    if not results:
        note("nothing passes the filters")
