"""soundlab adapters."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from soundlab.cli.options import emit, json_option, meter, note, opened, project_option
from soundlab.domain.adapter import Adapter
from soundlab.domain.brief import weighted
from soundlab.project import Project


@click.command("adapters")
@click.argument("names", nargs=-1)
@click.option("--evaluate", is_flag=True, help="Compare with the base, by the same prompts and seeds.")
@click.option("--lineage", is_flag=True, help="Sources, takes and exports.")
@click.option("--merge", "to", type=click.Path(path_type=Path), help="Write base and adapters (A=W) as one folder.")
@project_option
@json_option
def command(
    names: tuple[str, ...], evaluate: bool, lineage: bool, to: Path | None, project: Path | None, as_json: bool
) -> None:
    """List adapters, or show those named: what they were trained on, and what they do against their base."""
    if (evaluate or lineage or to is not None) and not names:
        raise click.UsageError("name an adapter")
    with opened(project) as opened_project:
        chosen = [weighted(name) for name in names]
        found = [opened_project.adapters.get(n) for n, _ in chosen] if names else opened_project.adapters.all()
        if to is not None:
            for line in opened_project.clearing.warnings(a.name for a in found):
                note(line)
            opened_project.merge([(a, w) for a, (_, w) in zip(found, chosen, strict=True)], to)
            note(f"written: {to}")
        if evaluate:
            with meter() as progress:
                found = [opened_project.evaluation.evaluate(a.name, progress) for a in found]
        rows = [_row(opened_project, a, lineage) for a in found]
    if as_json:
        emit({"adapters": rows})
        return
    for a, row in zip(found, rows, strict=True):
        _print(a, row, whole=bool(names))
    if not found:
        note("no adapters  → soundlab approve TAKE, then soundlab train NAME")


def _row(project: Project, adapter: Adapter, lineage: bool) -> dict[str, Any]:
    outdated = [{"id": i, "reason": why} for i, why in project.clearing.outdated(adapter)]
    row = {**adapter.as_json(), "outdated": outdated}
    return {**row, "lineage": project.clearing.ancestry(adapter)} if lineage else row


def _print(a: Adapter, row: dict[str, Any], *, whole: bool) -> None:
    click.echo(f"{a.name}  on {a.checkpoint}, {a.steps} steps, rank {a.rank}, {len(a.clips)} sources  [{a.licence}]")
    for gone in row["outdated"]:
        again = f"soundlab train {a.name} --collection … --replace trains without it"
        note(f"    {gone['id']} may not train any more: {gone['reason']}  → {again}")
    if a.evaluation is not None:
        click.echo(f"    {a.evaluation['verdict']}")
    if not whole:
        return
    for line in a.findings():
        click.echo(f"    {line}")
    for match in a.evaluation["memorised"]["takes"][:3] if a.evaluation else ():
        flagged = "  FLAGGED" if match["flagged"] else ""
        click.echo(f"        {match['take']}  {match['match']}  {match['source']}{flagged}")
    if "lineage" in row:
        for name in ("sources", "takes", "exports"):
            click.echo(f"    {name:>10}  {', '.join(row['lineage'][name]) or 'none'}")
    for clip in a.clips:
        held = "  (held out)" if clip.get("held_out") else ""
        click.echo(f"    {clip['id']}  {clip['rights']}  {clip['caption']}  {clip['evidence']}{held}")
