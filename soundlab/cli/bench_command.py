"""soundlab bench."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import click

from soundlab.cli.options import emit, json_option
from soundlab.config import packaged
from soundlab.domain.axes import COUNTED
from soundlab.domain.layers import asked
from soundlab.errors import NotFound
from soundlab.project import teaching, usual_sampling

_PARTS = ("codec", "language", "clap", "speed")


@click.command("bench")
@click.argument("what", type=click.Choice(["sketch", "direction"]))
@click.option("--part", "parts", multiple=True, type=click.Choice(_PARTS), help="Only this; may be repeated.")
@click.option("--seeds", default=20, show_default=True, type=click.IntRange(1), help="Takes a prompt.")
@click.option("--clips", default=1000, show_default=True, type=click.IntRange(20), help="Held-out clips for CLAP.")
@click.option(
    "--recordings",
    type=click.Path(path_type=Path),
    help="Tab-separated manifest of recordings: file, caption, group, licence, class.",
)
@click.option(
    "--parents", default=8, show_default=True, type=click.IntRange(1), help="Takes that direction is given on."
)
@click.option("--seconds", default=4.0, show_default=True, type=click.FloatRange(2.0, 30.0), help="Length of those.")
@click.option("--axis", "axes", multiple=True, type=click.Choice(COUNTED), help="Only this axis; may be repeated.")
@click.option("--checkpoint", default="sketch", show_default=True, help="sketch, or a folder of its format.")
@json_option
def command(
    what: str,
    parts: tuple[str, ...],
    seeds: int,
    clips: int,
    recordings: Path | None,
    parents: int,
    seconds: float,
    axes: tuple[str, ...],
    checkpoint: str,
    as_json: bool,
) -> None:
    """Measure the bundled checkpoint, or whether feedback is obeyed, and print every figure.

    All of it takes long; --part and --seeds, or --parents and --axis, make it shorter.
    """
    if what == "direction":
        _direction(parents, seconds, axes or COUNTED, checkpoint, as_json)
        return
    if recordings is not None and not recordings.is_file():
        raise NotFound(f"no such file: {recordings}", "name a manifest of recordings, or leave it out")
    from soundlab.engines import registry
    from soundlab.engines.clap import Clap
    from soundlab.engines.local import LocalGenerator
    from soundlab.services.understanding import read_lexicon

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
            words, taught = read_lexicon(packaged("presets") / "feedback"), teaching(checkpoint)
            found = language.measure(
                generator,
                checkpoint,
                clap,
                sampling,
                tell,
                asked=partial(asked, lexicon=words, taught=taught.words, names=taught.names, apart=taught.apart),
                seeds=seeds,
            )
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


def _direction(parents: int, seconds: float, axes: Sequence[str], checkpoint: str, as_json: bool) -> None:
    """Print the share obeyed by each means, with its interval, judged by a measure that ranking never sees."""
    import tempfile

    from soundlab.project import Project
    from soundlab.services.proving import Proof, odds_ratio

    with tempfile.TemporaryDirectory() as folder:
        project = Project.create(Path(folder) / "direction")
        proof = Proof(
            project.generation,
            project.steering,
            project.vectors,
            project.embedder.model_id,
            project.sampling(checkpoint),
            checkpoint,
        )
        rows = proof.run(parents, seconds, lambda line: click.echo(line, err=True), axes)
        project.close()
    if as_json:
        emit({"rows": [row.as_json() for row in rows]})
        return
    words = next(row for row in rows if row.name == "words")
    for row in rows:
        found = row.as_json()
        low, high = found["interval"]
        click.echo(
            f"{row.name:10} moved {found['moved']:4.0%}  obeyed {row.share:4.0%} ({low:.0%} to {high:.0%})"
            f" of {found['n']}  odds against words {odds_ratio(row.share, words.share):5.2f}"
            f"  collateral {found['collateral']:4.0%}"
            f"  like the parent {found['likeness']:.2f}, more than {found['kinship']:.0%} of its siblings,"
            f" rhythm {found['rhythm']:.2f}"
        )
