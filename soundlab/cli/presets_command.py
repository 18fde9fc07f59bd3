"""soundlab presets."""

from __future__ import annotations

import json
from pathlib import Path

import click

from soundlab.audio.write import atomic_path
from soundlab.cli.options import emit, json_option, note, opened, project_option
from soundlab.config import packaged
from soundlab.domain.lint import lint
from soundlab.domain.names import checked
from soundlab.errors import NotFound, WrongInput
from soundlab.presets import Preset, list_presets, read_preset


@click.command("presets")
@click.option("--lint", "linted", is_flag=True, help="Say which words tell the model little, and what to say instead.")
@click.option("--save", nargs=2, metavar="TAKE NAME", help="Save what a take was asked for as a brief of this project.")
@project_option
@json_option
def command(linted: bool, save: tuple[str, str] | None, project: Path | None, as_json: bool) -> None:
    """List saved briefs."""
    if save is not None:
        _save(project, *save)
        return
    try:
        with opened(project) as opened_project:
            files = opened_project.presets()
    except NotFound:
        if project is not None:
            raise
        files = list_presets([packaged("presets") / "briefs"])
    found = [read_preset(path, files) for path in files.values()]
    if linted:
        _lint(found, as_json)
        return
    if as_json:
        emit(
            {
                "presets": [
                    {"name": p.name, "title": p.title, "prompt": p.prompt, "avoid": p.avoid, "tags": list(p.tags)}
                    for p in found
                ]
            }
        )
        return
    for p in found:
        click.echo(f"{p.name:20}  {p.prompt}")


def _lint(presets: list[Preset], as_json: bool) -> None:
    advice = {p.name: lint(p.prompt, [a.strip() for a in p.avoid.split(",") if a.strip()]) for p in presets}
    if as_json:
        rows = {name: [{"words": a.words, "advice": a.text} for a in said] for name, said in advice.items() if said}
        emit({"advice": rows})
        return
    for name, said in advice.items():
        for a in said:
            click.echo(f"{name}: {a.text}")
    note(f"{sum(map(len, advice.values()))} remarks on {len(presets)} briefs")


def _save(project: Path | None, take: str, name: str) -> None:
    with opened(project) as opened_project:
        found = opened_project.takes.get(take)
        folder = opened_project.folder / "briefs"
        path = folder / f"{checked(name, 'a brief')}.toml"
        folder.mkdir(exist_ok=True)
        if path.exists():
            raise WrongInput(f"{path} is there already", "choose another name")
        rows = {"title": name.replace("-", " "), "subject": found.prompt, "avoid": found.avoid}
        text = "".join(f"{key} = {json.dumps(value, ensure_ascii=False)}\n" for key, value in rows.items() if value)
        with atomic_path(path) as beside:
            beside.write_text(f"{text}seconds = {found.duration}\n", encoding="utf-8")
    note(f"saved {path}; soundlab generate --preset {name}")
