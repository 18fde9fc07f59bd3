"""soundlab checkpoints."""

from __future__ import annotations

import click

from soundlab.cli.options import emit, json_option


@click.command("checkpoints")
@click.argument("action", type=click.Choice(["list", "fetch"]), default="list")
@click.argument("name", required=False)
@json_option
def command(action: str, name: str | None, as_json: bool) -> None:
    """List checkpoints on this machine, or `fetch` one by hub id."""
    from soundlab.engines import registry

    if action == "fetch":
        if not name:
            raise click.UsageError("name a hub id: soundlab checkpoints fetch facebook/musicgen-small")
        found = [registry.fetch(name)]
    else:
        found = registry.on_this_machine()
    if as_json:
        emit(
            {
                "checkpoints": [
                    {"name": c.name, "path": str(c.folder), "licence": c.licence, "ceiling": c.ceiling} for c in found
                ]
            }
        )
        return
    for c in found:
        click.echo(f"{c.name}  {c.licence} → takes: {c.ceiling}  {c.folder}")
