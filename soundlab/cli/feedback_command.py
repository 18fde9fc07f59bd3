"""soundlab feedback."""

from __future__ import annotations

from pathlib import Path

import click

from soundlab.cli.options import emit, json_option, meter, note, opened, project_option
from soundlab.cli.rows import print_takes
from soundlab.config import find_project
from soundlab.domain.feedback import spoken
from soundlab.domain.language import Reading
from soundlab.domain.lint import style_of
from soundlab.errors import NotFound


@click.command("feedback")
@click.argument("take", required=False)
@click.argument("text", nargs=-1)
@click.option("--parse", "parse_text", metavar="TEXT", help="Only say how TEXT is understood.")
@click.option("-n", "n", type=int, default=1, show_default=True, help="Takes to keep; several times as many are tried.")
@click.option(
    "--treat/--generate",
    "treat",
    default=None,
    help="By signal processing, the take staying itself; or by new takes and nothing else. Unsaid: treated where all "
    "else is to stay or one is to be louder or wetter, else by new takes, and what they miss is treated.",
)
@project_option
@json_option
def command(
    take: str | None,
    text: tuple[str, ...],
    parse_text: str | None,
    n: int,
    treat: bool | None,
    project: Path | None,
    as_json: bool,
) -> None:
    """Say what should change about TAKE: "more metallic, less bright, further away".

    The answer is a new take whose parent is TAKE, with a measured check of
    each asked direction.
    """
    if parse_text is not None:
        _only_parse(parse_text, project, as_json)
        return
    if not take or not text:
        raise click.UsageError('name a take and say what should change: soundlab feedback TAKE "darker"')
    with opened(project) as opened_project:
        parent = opened_project.takes.get(take)
        words = " ".join(text)
        found = opened_project.understanding.read(words, parent)
        understood = found.adjustments
        note("understood: " + ", ".join(spoken(a) for a in understood))
        if (whose := style_of(words)) is not None:
            note(f"“{whose}” is a name, not a sound: say what is heard, such as instruments, pace, register, space")
        _tell(found)
        with meter() as progress:
            takes = opened_project.steering.follow(
                parent.id, words, n, by_treatment=treat, understood=understood, progress=progress
            )
        if left := (takes[0].recipe.get("treatment") or {}).get("left"):
            note(f"no treatment does: {', '.join(left)}")
    if as_json:
        emit({"takes": [t.as_json() for t in takes]})
    else:
        print_takes(takes)


def _only_parse(text: str, project: Path | None, as_json: bool) -> None:
    """Say how text is understood, with the words of the project where there is one."""
    from soundlab.domain.language import read
    from soundlab.services.understanding import lexicon_of

    folder: Path | None
    try:
        folder = find_project(project or Path.cwd())
    except NotFound:
        if project is not None:
            raise
        folder = None  # outside of any project: the words that come along
    found = read(text, lexicon_of(folder))
    if as_json:
        emit(
            {"adjustments": [a.as_json() for a in found.adjustments], "left": found.left, "beyond": list(found.beyond)}
        )
        return
    for a in found.adjustments:
        click.echo(spoken(a))
    _tell(found)


def _tell(found: Reading) -> None:
    """Say what was no wish, and what feedback does not change."""
    for line in found.beyond:
        note(line)
    if found.left:
        note(f"taken for no wish: {', '.join(found.left)}")
