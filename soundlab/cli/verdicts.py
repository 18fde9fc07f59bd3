"""The commands approve and reject."""

from __future__ import annotations

from pathlib import Path

import click

from soundlab.cli.options import emit, json_option, note, opened, project_option


def verdict_command(name: str, verdict: str) -> click.Command:
    """Build the command that gives takes a verdict, or takes it back."""

    @click.command(name, help=f"Mark TAKES as {verdict}.")
    @click.argument("takes", nargs=-1, required=True)
    @click.option("--note", "remark", help="Why; kept with the take.")
    @click.option("--undo", is_flag=True, help="Take the verdict back.")
    @project_option
    @json_option
    def command(takes: tuple[str, ...], remark: str | None, undo: bool, project: Path | None, as_json: bool) -> None:
        from soundlab.services.reviewing import decide

        with opened(project) as opened_project:
            changed = decide(opened_project.takes, opened_project.taste, takes, None if undo else verdict, remark)
        if as_json:
            emit({"takes": [take.as_json() for take in changed]})
        for take in changed:
            note(f"{take.id} {take.verdict or 'no verdict'}: {take.prompt}")

    return command
