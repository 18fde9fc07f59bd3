"""soundlab train."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from soundlab.cli.options import emit, json_option, meter, note, opened, project_option
from soundlab.domain.ports import TrainingSettings

if TYPE_CHECKING:
    from soundlab.services.dataset import Plan


@click.command("train")
@click.argument("name")
@click.option("--collection", help="Also the clips of this collection that may train.")
@click.option("--take", "takes", multiple=True, metavar="TAKE", help="These takes instead of all approved ones.")
@click.option("--checkpoint", default=None, help="sketch, a folder or a hub id.")
@click.option("--plan", is_flag=True, help="Only say who is in and who is out; write captions to be edited.")
@click.option("--steps", type=int, default=300, show_default=True)
@click.option("--rank", type=int, default=16, show_default=True)
@click.option("--targets", type=click.Choice(["all", "attention"]), default="all", show_default=True)
@click.option("--dora", is_flag=True, help="Also learn the weights' magnitudes (DoRA); slower.")
@click.option("--batch", type=int, default=4, show_default=True, help="Pieces of up to 10 s at once.")
@click.option("--accumulate", type=int, default=1, show_default=True, help="Batches a step.")
@click.option("--precision", type=click.Choice(["auto", "fp32", "bf16", "fp16"]), default="auto", show_default=True)
@click.option("--checkpointing", is_flag=True, help="Less memory, a third slower.")
@click.option("--optimiser", type=click.Choice(["adamw", "adamw8bit"]), default="adamw", show_default=True)
@click.option(
    "--patience", type=int, default=4, show_default=True, help="Looks at held-out clips without gain; 0: all."
)
@click.option("--preview-every", type=int, default=0, metavar="N", help="An audible preview every N steps.")
@click.option("--seed", type=int, default=0, show_default=True)
@click.option("--evaluate/--no-evaluate", default=True, help="Compare with the base at the end.")
@click.option("--replace", is_flag=True, help="Train anew an adapter that takes were made with.")
@click.option("--resume", is_flag=True, help="Go on with a run that was stopped.")
@project_option
@json_option
def command(
    name: str,
    collection: str | None,
    takes: tuple[str, ...],
    checkpoint: str | None,
    plan: bool,
    evaluate: bool,
    replace: bool,
    resume: bool,
    project: Path | None,
    as_json: bool,
    **settings: Any,
) -> None:
    """Fine-tune adapter NAME on approved takes and cleared clips.

    Every fifth source is held out and says when to stop. At the end the adapter
    is compared with its base by the same prompts and seeds. Captions are in
    adapters/NAME/captions.tsv; --plan writes them without training, to be edited.
    """
    from soundlab.services.dataset import write_captions
    from soundlab.services.training import refuse_nothing

    with opened(project) as opened_project, meter() as progress:
        training = opened_project.training
        if plan:
            planned = training.plan(name, collection, takes or None)
            refuse_nothing(planned)
            write_captions(planned)
            _show(planned, as_json)
            return
        adapter, planned = training.train(
            name,
            TrainingSettings(**settings),
            collection=collection,
            takes=takes or None,
            checkpoint=checkpoint or opened_project.settings.checkpoint,
            resume=resume,
            replace=replace,
            progress=progress,
        )
        if adapter is None:
            return  # another process of this run writes and tells
        if evaluate:
            adapter = opened_project.evaluation.evaluate(name, progress)
    for source in planned.refused:
        note(f"left out: {source.id} {source.caption}: {source.reason}")
    for source in planned.apart:
        note(f"does not sound like the others: {source.id} {source.caption}")
    if as_json:
        emit({"adapters": [adapter.as_json()]})
        return
    click.echo(
        f"{adapter.name}: {adapter.steps} steps on {len(adapter.clips)} sources, {adapter.learnt}  [{adapter.licence}]"
    )
    if adapter.evaluation is not None:
        click.echo(adapter.evaluation["verdict"])
    note(f"  → soundlab generate … --adapter {adapter.name}; soundlab adapters {adapter.name} shows its card")


def _show(planned: Plan, as_json: bool) -> None:
    if as_json:
        emit({"plan": planned.as_json()})
        return
    for s in planned.sources:
        mark = "held out" if s.held_out else "in" if s.allowed else "out"
        apart = "  (does not sound like the others)" if s.apart and s.allowed else ""
        click.echo(f"{mark:>8}  {s.id}  {s.caption}  [{s.reason}]{apart}")
    varied = ", ".join(planned.augment) or "nothing"
    click.echo(f"{len(planned.used)} sources train, {len(planned.refused)} do not; varied: {varied}")
    note(f"  → edit {planned.captions}, then train without --plan")
