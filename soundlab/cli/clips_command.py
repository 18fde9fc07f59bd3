"""soundlab clips."""

from __future__ import annotations

from pathlib import Path

import click

from soundlab.audio.decode import plain
from soundlab.cli.options import emit, json_option, meter, note, opened, project_option
from soundlab.cli.rows import titled
from soundlab.domain.clip import Clip
from soundlab.domain.rights import STATUSES
from soundlab.project import Project


@click.command("clips")
@click.option("--tag", help="Only clips with this tag.")
@click.option("--collection", help="Only clips of this collection.")
@click.option("--rights", type=click.Choice(STATUSES), help="Only clips of this status.")
@click.option("--missing", is_flag=True, help="Only clips whose file is gone.")
@click.option("--embed", is_flag=True, help="Embed what the project's CLAP has not heard yet.")
@click.option("--duplicates", is_flag=True, help="Pairs that are alike, the same recordings first.")
@click.option("--outliers", metavar="COLLECTION", help="What does not belong there, and why; what it lacks.")
@project_option
@json_option
def command(
    tag: str | None,
    collection: str | None,
    rights: str | None,
    missing: bool,
    embed: bool,
    duplicates: bool,
    outliers: str | None,
    project: Path | None,
    as_json: bool,
) -> None:
    """List the library."""
    with opened(project) as opened_project:
        if embed:
            with meter() as progress:
                failed = opened_project.importer.embed_missing(progress)
            for path, reason in failed:
                note(f"failed: {plain(path)}: {reason}")
        if duplicates:
            _duplicates(opened_project, as_json)
            return
        if outliers is not None:
            _outliers(opened_project, outliers, as_json)
            return
        clips = opened_project.clips.all(tag=tag, collection=collection, rights=rights)
        if collection is not None and not clips:
            opened_project.clips.collected(collection)  # raises where it is the collection that there is not
    clips = [c for c in clips if c.missing] if missing else clips
    if as_json:
        emit({"clips": [clip.as_json() for clip in clips]})
        return
    for c in clips:
        click.echo(_line(c))
    if gone := sum(c.missing for c in clips):
        note(f"? {gone} of them missing: their files are gone  → soundlab relink FOLDER")
    note(f"{len(clips)} clips" if clips else "no clips  → soundlab import FOLDER")


def _line(c: Clip) -> str:
    mark = "?" if c.missing else "✓" if c.training.allowed else "·"
    tags = f"  [{', '.join(c.tags)}]" if c.tags else ""
    return f"{c.id}  {mark} {c.duration:7.2f} s  {c.rights:13}  {titled(c.title)}{tags}"


def _duplicates(project: Project, as_json: bool) -> None:
    with meter() as progress:
        project.importer.embed_missing(progress)
        pairs = project.curator.duplicates(progress)
    clips = {c.id: c for pair in pairs for c in (pair.first, pair.second)}
    if as_json:
        emit({"clips": [c.as_json() for c in clips.values()], "pairs": [p.as_json() for p in pairs]})
        return
    for p in pairs:
        what = "same recording" if p.same else "alike"
        where = f", {p.offset:+.2f} s, {p.gain:+.1f} dB" if p.same else ""
        click.echo(f"{p.similarity:.3f}  {what}{where}\n    {_line(p.first)}\n    {_line(p.second)}")
    note(f"{len(pairs)} pairs" if pairs else "no two clips are alike")


def _outliers(project: Project, collection: str, as_json: bool) -> None:
    with meter() as progress:
        project.importer.embed_missing(progress)
        rows = project.curator.outliers(collection, progress)
        gaps = project.curator.gaps(collection, progress)
    if as_json:
        emit({"clips": [r.as_json() for r in rows], "gaps": gaps})
        return
    for r in rows:
        apart = f"  {', '.join(r.apart)} than the rest" if r.apart else ""
        click.echo(f"{'✗' if r.outlying else '·'} {r.distance:.3f}  {r.clip.id}  {r.clip.title}{apart}")
    strange = sum(r.outlying for r in rows)
    note(f"{strange} of {len(rows)} do not belong" if strange else f"all {len(rows)} belong together")
    for gap in gaps:
        note(gap)
