"""soundlab taste."""

from __future__ import annotations

from pathlib import Path

import click

from soundlab.cli.options import emit, json_option, note, opened, project_option


@click.command("taste")
@click.option("--reset", is_flag=True, help="Let no verdict of until now count; the verdicts stay.")
@project_option
@json_option
def command(reset: bool, project: Path | None, as_json: bool) -> None:
    """Say what the project's verdicts teach, how sure that is, and which takes are to its taste."""
    with opened(project) as opened_project:
        if reset:
            note(f"{opened_project.taste.reset()} verdicts and pairs no longer count in ranking")
        taste = opened_project.taste.taste()
        ranked = opened_project.taste.ranked([t.id for t in opened_project.takes.all()])
        prompts = {t.id: t.prompt for t in opened_project.takes.all()}
    if as_json:
        emit({"taste": taste.as_json(), "takes": [{"id": i, "score": round(s, 3)} for i, s in ranked]})
        return
    click.echo(f"{taste.approved} approved, {taste.rejected} rejected, {taste.pairs} pairs compared")
    if taste.hit_rate is None:
        note("too little to go by: from 8 verdicts on, two of each kind at least, or pairs")
        return
    use = "used in ranking" if taste.counts else "not used: no better than guessing"
    click.echo(f"right about {taste.hit_rate:.0%} of verdicts it has not seen (chance is 50 %); {use}")
    for identity, score in ranked[:10]:
        click.echo(f"{score:+5.2f}  {identity}  {prompts[identity]}")
