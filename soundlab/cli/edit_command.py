"""soundlab edit."""

from __future__ import annotations

from pathlib import Path

import click

from soundlab.cli.options import emit, json_option, note, opened, project_option
from soundlab.domain.labels import Labels
from soundlab.domain.rights import CONSENTS, STATUSES, revoked
from soundlab.errors import NotFound


@click.command("edit")
@click.argument("clips", nargs=-1)
@click.option("--rights", type=click.Choice(STATUSES))
@click.option("--evidence")
@click.option("--consent", type=click.Choice(CONSENTS))
@click.option("--tag", "tags", multiple=True)
@click.option("--untag", multiple=True)
@click.option("--collection", "collections", multiple=True, help="Add to this collection.")
@click.option("--uncollect", multiple=True, help="Take out of this collection.")
@click.option("--holder", help="Who holds the rights.")
@click.option("--expires", help="Last day of the rights, as 2027-12-31; empty text takes it away.")
@click.option("--title")
@click.option("--note", "remark")
@click.option("--rating", type=int, help="1 to 5; 0 takes it away.")
@click.option("--category", help="UCS CatID, such as DOORWood.")
@click.option("--found", help="Change all clips that this search line limits to: 'tag:rain NOT rights:own'.")
@click.option("--undo", is_flag=True, help="Take back the last edit; imports and revocations stay.")
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
    uncollect: tuple[str, ...],
    holder: str | None,
    expires: str | None,
    title: str | None,
    remark: str | None,
    rating: int | None,
    category: str | None,
    found: str | None,
    undo: bool,
    project: Path | None,
    as_json: bool,
) -> None:
    """Change titles, tags, rights, ratings and collections of CLIPS: all of them or none."""
    labels = Labels(
        rights=rights,
        evidence=evidence,
        consent=consent,
        title=title,
        note=remark,
        holder=holder,
        expires=expires,
        tags=tags,
        untag=untag,
        collections=collections,
        uncollect=uncollect,
        rating=rating,
        category=category,
    )
    if undo == (labels != Labels()):
        raise click.UsageError("say what to change, such as --tag or --rights; or --undo alone")
    if not undo and bool(clips) == bool(found):
        raise click.UsageError("name clips, or --found with a search line")
    with opened(project) as opened_project:
        if undo:
            last = opened_project.clips.undo()
            if last is None:
                raise NotFound("there is no edit to take back", "the last fifty edits can be")
            what, ids = last
            note(f"taken back: {what}")
        else:
            if category and category not in opened_project.suggester.categories:
                raise NotFound(f"no UCS category {category!r}", f"soundlab suggest {clips[0] if clips else 'CLIP'}")
            if found:
                ids = opened_project.searcher.limited(found)
                if not ids:
                    raise NotFound(f"nothing passes {found!r}", "try it: soundlab search")
            else:
                ids = [opened_project.clips.get(name).id for name in clips]
            before = opened_project.clips.all(ids=ids)
            for what, taken, held in (
                ("tagged", untag, {tag for clip in before for tag in clip.tags}),
                ("in a collection called", uncollect, {name for clip in before for name in clip.collections}),
            ):
                if lacking := [name for name in taken if name not in held]:
                    raise NotFound(
                        f"nothing of that is {what} {lacking[0]!r}", f"there is: {', '.join(held) or 'none'}"
                    )
            for clip in before if rights or consent else ():
                if revoked(clip.evidence):
                    note(f"{clip.id} had been revoked; its rights are set anew: {clip.evidence}")
            opened_project.clips.label(ids, labels, undoable=True)
        changed = opened_project.clips.all(ids=ids)
    if as_json:
        emit({"clips": [clip.as_json() for clip in changed]})
    said = f"{labels.told}; " if labels.told else ""
    for clip in changed:
        note(f"{clip.id} {clip.title}: {said}{clip.training.reason}")
