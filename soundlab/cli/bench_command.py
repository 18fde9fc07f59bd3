"""soundlab bench."""

from __future__ import annotations

from pathlib import Path

import click

from soundlab.cli.options import emit, json_option
from soundlab.errors import NotFound
from soundlab.project import usual_sampling

_PARTS = ("codec", "language", "clap", "speed")


@click.command("bench")
@click.argument("what", type=click.Choice(["sketch"]))
@click.option("--part", "parts", multiple=True, type=click.Choice(_PARTS), help="Only this; may be repeated.")
@click.option("--seeds", default=20, show_default=True, type=click.IntRange(1), help="Takes a prompt.")
@click.option("--clips", default=1000, show_default=True, type=click.IntRange(20), help="Held-out clips for CLAP.")
@click.option(
    "--recordings",
    type=click.Path(path_type=Path),
    help="Tab-separated manifest of recordings: file, caption, group, licence, class.",
)
@click.option("--checkpoint", default="sketch", show_default=True, help="sketch, or a folder of its format.")
@json_option
def command(
    what: str, parts: tuple[str, ...], seeds: int, clips: int, recordings: Path | None, checkpoint: str, as_json: bool
) -> None:
    """Measure the bundled checkpoint and print every figure beside its bar.

    All of it takes long; --part and --seeds make it shorter.
    """
    if recordings is not None and not recordings.is_file():
        raise NotFound(f"no such file: {recordings}", "name a manifest of recordings, or leave it out")
    from soundlab.engines import registry
    from soundlab.engines.clap import Clap
    from soundlab.engines.local import LocalGenerator

    def tell(line: str) -> None:
        click.echo(line, err=True)

    generator = LocalGenerator()
    sampling = usual_sampling(checkpoint)
    figures = []
    for part in parts or _PARTS:
        if part == "codec":
            from soundlab.engines.sketch.measure import codec

            found = codec.measure(generator.load(checkpoint), recordings, tell)
        elif part == "language":
            from soundlab.engines.sketch.measure import language

            clap = Clap(registry.clap(checkpoint))
            found = language.measure(generator, checkpoint, clap, sampling, tell, seeds=seeds)
        elif part == "clap":
            from soundlab.engines.sketch.measure import clap as retrieval

            found = retrieval.measure(Clap(registry.clap(checkpoint)), recordings, tell, clips=clips)
        else:
            from soundlab.engines.sketch.measure import speed

            found = speed.measure(generator.load(checkpoint), sampling, tell)
        if not as_json:
            for figure in found:
                click.echo(str(figure))
        figures += found
    if as_json:
        emit({"figures": [figure.as_json() for figure in figures]})
