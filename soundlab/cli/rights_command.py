"""soundlab rights audit | revoke | apply."""

from __future__ import annotations

import csv
from pathlib import Path

import click

from soundlab.audio.write import atomic_path
from soundlab.cli.options import emit, json_option, note, opened, project_option
from soundlab.domain.rights import expired
from soundlab.errors import SoundlabError
from soundlab.services.clearing import AuditRow

_COLUMNS = ("id", "title", "rights", "holder", "evidence", "consent", "expires", "trainable", "reason")


@click.group("rights")
def command() -> None:
    """Who holds what, what may train, and what came of it."""


@command.command("audit")
@click.option("--collection", help="Only clips of this collection.")
@click.option("--csv", "table", type=click.Path(dir_okay=False, path_type=Path), help="Write the table as CSV.")
@project_option
@json_option
def audit(collection: str | None, table: Path | None, project: Path | None, as_json: bool) -> None:
    """List every clip with its rights, evidence and descent; what may not train comes first."""
    with opened(project) as opened_project:
        rows = opened_project.clearing.audit(collection)
    if table is not None:
        write_table(table, rows)
    if as_json:
        emit({"clips": [row.as_json() for row in rows]})
        return
    for row in rows:
        clip, used = row.clip, row.descent
        mark = "✓ may train" if clip.training.allowed else "✗ may not train"
        until = f", until {clip.expires}" if clip.expires else ""
        click.echo(f"{clip.id}  {clip.title}")
        click.echo(
            f"    {clip.rights}{f', {clip.holder}' if clip.holder else ''}{until}  {mark}: {clip.training.reason}"
        )
        click.echo(f"    evidence: {clip.evidence or 'none'}")
        if used.takes or used.adapters or used.exports:
            click.echo(
                f"    used in {len(used.takes)} takes, {len(used.adapters)} adapters"
                f"{' (' + ', '.join(used.adapters) + ')' if used.adapters else ''}, {len(used.exports)} exports"
            )
    if not rows:
        note("no clips  → soundlab import FOLDER")
        return
    bad = sum(not row.clip.training.allowed for row in rows)
    bare = sum(not row.clip.evidence for row in rows)
    note(f"{len(rows)} clips: {len(rows) - bad} may train, {bad} may not; {bare} without evidence")


@command.command("revoke")
@click.argument("clip")
@click.option("--why", default="withdrawn by its holder", show_default=True, help="Kept in the clip's evidence.")
@project_option
@json_option
def revoke(clip: str, why: str, project: Path | None, as_json: bool) -> None:
    """Restrict CLIP and list every take, adapter and export that descends from it.

    Nothing is deleted: what to do with them is a person's decision.
    """
    with opened(project) as opened_project:
        changed, descent = opened_project.clearing.revoke(clip, why)
    if as_json:
        emit({"clip": changed.as_json(), **descent.as_json()})
        return
    click.echo(f"{changed.id} {changed.title}: {changed.training.reason}")
    for name, found in (("takes", descent.takes), ("adapters", descent.adapters), ("exports", descent.exports)):
        click.echo(f"{name}: {', '.join(found) if found else 'none'}")
    if descent.adapters:
        note("train these adapters again without it: soundlab train NAME --collection … --replace")


@command.command("apply")
@click.argument("manifest", type=click.Path(path_type=Path))
@project_option
@json_option
def apply(manifest: Path, project: Path | None, as_json: bool) -> None:
    """Set rights of known clips from MANIFEST, a CSV with a header or TOML with [[clip]] tables.

    Fields: file, sha256 or id; rights, evidence, consent, holder, expires, title, note, tags.
    soundlab edit --undo takes it back as one.
    """
    with opened(project) as opened_project:
        changed, left = opened_project.clearing.apply(manifest)
    if as_json:
        emit({"clips": [c.as_json() for c in changed], "failed": [{"row": r, "reason": why} for r, why in left]})
    else:
        click.echo(f"changed {len(changed)}, left out {len(left)}")
    for row, why in left:
        note(f"left out: {row}: {why}")
    for clip in changed:
        if expired(clip.expires):
            note(f"{clip.id} {clip.title}: {clip.training.reason}")
    if left and not changed:
        raise SoundlabError("nothing in it could be applied", "each row names a clip by file, sha256 or id")


def write_table(path: Path, rows: list[AuditRow]) -> None:
    """Write the audit as CSV, a clip a row."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_path(path) as beside, beside.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file)
        out.writerow((*_COLUMNS, "takes", "adapters", "exports", "path", "sha256"))
        for row in rows:
            found = row.as_json()
            lists = (" ".join(found[k]) for k in ("takes", "adapters", "exports"))
            out.writerow((*(found[k] for k in _COLUMNS), *lists, found["path"], found["sha256"]))
