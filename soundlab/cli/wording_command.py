"""soundlab wording."""

from __future__ import annotations

from pathlib import Path

import click

from soundlab.cli.options import emit, json_option, note, opened, project_option


@click.command("wording")
@click.option("--forget", is_flag=True, help="Let words mean again what the checkpoint says.")
@project_option
@json_option
def command(forget: bool, project: Path | None, as_json: bool) -> None:
    """Teach search what this project's tags and approved prompts mean; kept only when it helps."""
    with opened(project) as opened_project:
        if forget:
            there = opened_project.wording.forget()
            note("words mean again what the checkpoint says" if there else "nothing had been learnt")
            if as_json:
                emit({"wording": None})
            return
        learnt = opened_project.wording.learn()
    if as_json:
        emit({"wording": learnt.as_json()})
        return
    click.echo(f"{len(learnt.names)} tags: {', '.join(learnt.names)}")
    click.echo(
        f"clips not learnt from, found by their tags: {learnt.before:.3f} → {learnt.after:.3f} (average precision)"
    )
    click.echo(f"tags not learnt: {learnt.others_before:.3f} → {learnt.others_after:.3f}")
    click.echo("used in search; --forget undoes it" if learnt.helps else "not used: it does not help")
