"""soundlab train."""

from __future__ import annotations

from pathlib import Path

import click

from soundlab.cli.options import emit, json_option, meter, note, opened, project_option


@click.command("train")
@click.argument("name")
@click.option("--collection", help="Also the clips of this collection that may train.")
@click.option("--checkpoint", default=None, help="sketch, a folder or a hub id.")
@click.option("--steps", type=int, default=200, show_default=True)
@click.option("--rank", type=int, default=8, show_default=True)
@click.option("--resume", is_flag=True, help="Go on with a run that was stopped.")
@project_option
@json_option
def command(
    name: str,
    collection: str | None,
    checkpoint: str | None,
    steps: int,
    rank: int,
    resume: bool,
    project: Path | None,
    as_json: bool,
) -> None:
    """Fine-tune adapter NAME on approved takes and cleared clips."""
    with opened(project) as opened_project, meter() as progress:
        adapter, refused = opened_project.training.train(
            name,
            collection=collection,
            checkpoint=checkpoint or opened_project.settings.checkpoint,
            steps=steps,
            rank=rank,
            resume=resume,
            progress=progress,
        )
    for source in refused:
        note(f"left out: {source.id} {source.caption}: {source.reason}")
    if as_json:
        emit({"adapters": [adapter.as_json()]})
    else:
        click.echo(
            f"{adapter.name}: {adapter.steps} steps on {len(adapter.clips)} sources, "
            f"loss {adapter.loss_first:.3f} → {adapter.loss_last:.3f}  [{adapter.licence}]"
        )
        note(f"  → soundlab generate … --adapter {adapter.name}")
