"""soundlab generate."""

from __future__ import annotations

from pathlib import Path

import click

from soundlab.cli.options import emit, json_option, meter, note, opened, project_option
from soundlab.cli.rows import print_takes
from soundlab.domain.brief import USUAL_LEVEL, Brief, Reference, weighted
from soundlab.domain.lint import lint


def _pair(text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not sign or not name.strip():
        raise click.BadParameter(f"{text!r}: write it as NAME=VALUE", param_hint="--set")
    return name.strip(), value.strip()


@click.command("generate")
@click.argument("prompt", nargs=-1)
@click.option("--preset", help="Start from a saved brief.")
@click.option("--set", "values", multiple=True, metavar="NAME=VALUE", help="Fill a variable of the saved brief.")
@click.option("--avoid", default="", help="What should not be heard.")
@click.option(
    "--like", multiple=True, metavar="CLIP[=W]", help="Steer towards a clip, take or file; may be given again."
)
@click.option("--continue", "continued", metavar="TAKE", help="Go on from a take.")
@click.option("-d", "--duration", type=float, default=None, help="Seconds of each take.")
@click.option("-n", "n", type=int, default=None, help="Number of takes.")
@click.option("--seed", type=int, default=None, help="Take i has this seed + i.")
@click.option("--checkpoint", default=None, help="sketch, a folder or a hub id.")
@click.option("--adapter", "adapters", multiple=True, metavar="A[=W]", help="A trained adapter; may be given again.")
@click.option("--guidance", type=float, default=None, help="Pull of the prompt; 3 to 5 is usual.")
@click.option("--temperature", type=float, default=None, help="Chance in drawing; 0 is none, 1 is usual.")
@click.option(
    "--level", type=float, default=None, help="LUFS that takes are brought to; -23, or as it goes on from a take."
)
@click.option("--together", is_flag=True, help="Make several sounds of the prompt as one, where they would be mixed.")
@click.option("--top-k", type=int, default=None, help="Draw among this many likeliest; 0 is all.")
@project_option
@json_option
def command(
    prompt: tuple[str, ...],
    preset: str | None,
    values: tuple[str, ...],
    avoid: str,
    like: tuple[str, ...],
    continued: str | None,
    duration: float | None,
    n: int | None,
    seed: int | None,
    checkpoint: str | None,
    adapters: tuple[str, ...],
    guidance: float | None,
    temperature: float | None,
    top_k: int | None,
    level: float | None,
    together: bool,
    project: Path | None,
    as_json: bool,
) -> None:
    """Make takes from PROMPT, a preset, or a preset with more words."""
    with opened(project) as opened_project:
        words = " ".join(prompt)
        saved = opened_project.preset(preset, dict(_pair(v) for v in values)) if preset else None
        if saved:
            words = f"{saved.prompt}, {words}" if words else saved.prompt
            avoid = ", ".join(a for a in (saved.avoid, avoid) if a)
            duration = duration if duration is not None else saved.seconds
        parent = opened_project.takes.get(continued) if continued else None
        if parent and not words:
            words = parent.prompt
        for advice in lint(words, [a.strip() for a in avoid.split(",") if a.strip()]):
            note(f"brief: {advice.text}")
        settings = opened_project.settings
        chosen = checkpoint or settings.checkpoint
        said = {"guidance": guidance, "temperature": temperature, "top_k": top_k}
        sampling = opened_project.sampling(chosen) | {k: v for k, v in said.items() if v is not None}
        brief = Brief(
            prompt=words,
            avoid=avoid,
            references=tuple(Reference(*weighted(name)) for name in like),
            seconds=duration if duration is not None else settings.seconds + (parent.duration if parent else 0.0),
            checkpoint=chosen,
            adapters=tuple(weighted(name) for name in adapters),
            parent=parent.id if parent else None,
            continue_from=parent.id if parent else None,
            apart=not together,
            level=level if level is not None else None if parent else USUAL_LEVEL,
            **sampling,
        )
        for line in opened_project.clearing.warnings(name for name, _ in brief.adapters):
            note(line)
        with meter() as progress:
            takes = opened_project.generation.generate(
                brief, n if n is not None else settings.takes, seed, progress=progress
            )
    if takes and len(made := takes[0].recipe["layers"]) > 1:
        note(f"made apart and mixed: {' + '.join(layer['prompt'] for layer in made)}; --together makes them as one")
    if as_json:
        emit({"takes": [take.as_json() for take in takes]})
    else:
        print_takes(takes)
