"""soundlab doctor."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import platform
from pathlib import Path
from typing import Any

import click

from soundlab import __version__
from soundlab.cli.options import emit, json_option, meter, project_option
from soundlab.errors import NotFound, SoundlabError
from soundlab.project import Project

_PACKAGES = (
    "torch",
    "torchaudio",
    "transformers",
    "peft",
    "librosa",
    "soundfile",
    "textual",
    "usearch",
    "audiocraft",
    "laion-clap",
)
_OPTIONAL = ("audiocraft", "laion-clap")


@click.command("doctor")
@project_option
@json_option
def command(project: Path | None, as_json: bool) -> None:
    """Check the installation and the project; exit 1 when something needs mending."""
    rows = [*_installation(), *_sound(), *_weights(), *_project(project)]
    if as_json:
        emit({"checks": rows, "ok": all(row["ok"] for row in rows)})
    else:
        for row in rows:
            click.echo(
                f"{'✓' if row['ok'] else '✗'} {row['name']}: {row['found']}"
                + (f"  → {row['hint']}" if row["hint"] else "")
            )
    if not all(row["ok"] for row in rows):
        raise SoundlabError("something needs mending", "see the lines marked ✗")


def _row(name: str, found: str, ok: bool = True, hint: str = "") -> dict[str, Any]:
    return {"name": name, "found": found, "ok": ok, "hint": hint}


def _installation() -> list[dict[str, Any]]:
    rows = [_row("soundlab", f"{__version__} on Python {platform.python_version()}, {os.cpu_count()} cores")]
    for package in _PACKAGES:
        try:
            rows.append(_row(package, importlib.metadata.version(package)))
        except importlib.metadata.PackageNotFoundError:
            optional = package in _OPTIONAL
            rows.append(
                _row(
                    package,
                    "not installed (optional)" if optional else "missing",
                    optional,
                    "" if optional else f"pip install {package}",
                )
            )
    return rows


def _sound() -> list[dict[str, Any]]:
    from soundlab.audio.playback import has_device

    there = has_device()
    return [_row("sound card", "found" if there else "none: playback is silent")]


def _weights() -> list[dict[str, Any]]:
    from soundlab.engines import registry

    rows = []
    for kind, find in (("MusicGen", registry.musicgen), ("CLAP", registry.clap)):
        try:
            checkpoint = find("sketch")
            size = sum(f.stat().st_size for f in checkpoint.folder.glob("*.safetensors")) / 1e6
            rows.append(_row(f"sketch {kind}", f"{size:.1f} MB, {checkpoint.fingerprint}"))
        except NotFound as error:
            rows.append(_row(f"sketch {kind}", error.message, False, error.hint))
    return rows


def _project(path: Path | None) -> list[dict[str, Any]]:
    try:
        project = Project(path) if path else Project.locate(Path.cwd())
    except NotFound as error:
        return [_row("project", error.message, path is None, error.hint)]
    count, missing = project.clips.count(), len(project.clips.missing())
    model = project.embedder.model_id
    waiting = project.clips.count_without_vectors(model)
    dead = [t for t in project.takes.all(states=("pending",)) if not _alive(int(t.recipe.get("pid", 0)))]
    for take in dead:
        project.takes.change(take.id, state="failed", note="interrupted")
    from soundlab.storage.matrix import GRAPH_REACH

    with meter() as progress:
        graph = project.vectors.connect(model, progress)  # absent or stale, it is built now
    how = "search is exact"
    if graph is not None:
        how = f"search by graph over {graph.rows} windows, recall@10 {graph.recall:.3f}; over {GRAPH_REACH} hits exact"
    rows = [
        _row("project", str(project.folder)),
        _row("clips", f"{count}, {missing} missing", not missing, "" if not missing else "soundlab clips --missing"),
        _row("vectors", f"{count - waiting} of {count} for {model}; {how}"),
        _takes(project, len(dead)),
    ]
    project.close()
    return rows


def _takes(project: Project, cleared: int) -> dict[str, Any]:
    takes = project.takes.all()
    gone = [t.id for t in takes if not Path(t.path).is_file()]
    said = f"{len(takes)}, {cleared} interrupted ones cleared"
    if gone:
        said += f"; the sound of {len(gone)} is gone: {', '.join(gone[:5])}"
    return _row("takes", said, not gone, "bring the files back to takes/, or make the takes again" if gone else "")


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return pid > 0
