"""Where things are: packaged folders, and a project's settings."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from soundlab.errors import NotFound, WrongInput
from soundlab.presets import read_toml, refuse_unknown

PROJECT_FILE = "soundlab.toml"

_SETTINGS = ("name", "checkpoint", "clap", "seconds", "takes")


def packaged(name: str) -> Path:
    """Return the folder ``presets`` or ``references``, in a checkout or an installed wheel.

    Raises
    ------
    NotFound
        When the installation is incomplete.
    """
    here = Path(__file__).resolve().parent
    for place in (here / "packaged" / name, here.parent / name):
        if place.is_dir():
            return place
    raise NotFound(f"the folder {name}/ is missing from this installation", "reinstall soundlab")


def cache_folder() -> Path:
    """Where what can be made again is kept between projects: ``$SOUNDLAB_CACHE`` or ``~/.cache/soundlab``."""
    return Path(os.environ.get("SOUNDLAB_CACHE") or Path.home() / ".cache" / "soundlab")


@dataclass(frozen=True, slots=True)
class Settings:
    """``soundlab.toml`` of a project.

    Keys: ``name``, ``checkpoint`` and ``clap`` (``sketch``, a folder or a hub
    id), ``seconds`` and ``takes`` (defaults of generate).
    """

    name: str
    checkpoint: str = "sketch"
    clap: str = "sketch"
    seconds: float = 10.0
    takes: int = 1


def absolute(path: Path) -> Path:
    """An absolute path without ``..``; links stay."""
    return path.resolve() if ".." in path.parts else path.absolute()


def find_project(start: Path) -> Path:
    """Return the nearest folder at or above ``start`` that holds ``soundlab.toml``.

    Raises
    ------
    NotFound
        When there is none.
    """
    start = start.resolve()
    for folder in (start, *start.parents):
        if (folder / PROJECT_FILE).is_file():
            return folder
    raise NotFound(f"no project in {start} or above it", "make one: soundlab init PATH --starter")


def read_settings(folder: Path) -> Settings:
    """Read a project's settings.

    Raises
    ------
    WrongInput
        On broken TOML, an unknown key or a value of the wrong type.
    """
    path = folder / PROJECT_FILE
    table = read_toml(path)
    refuse_unknown(table, _SETTINGS, str(path))
    for key, kind in (("name", str), ("checkpoint", str), ("clap", str), ("seconds", (int, float)), ("takes", int)):
        if key in table and not isinstance(table[key], kind):
            raise WrongInput(f"{path}: {key} = {table[key]!r} has the wrong type", f"give {key} another value")
    return Settings(**{"name": folder.name, **table})


def write_settings(folder: Path, settings: Settings) -> None:
    """Write ``soundlab.toml`` of a new project."""
    text = (
        f'name = "{settings.name}"\n'
        f'checkpoint = "{settings.checkpoint}"  # sketch, a folder, or a hub id such as facebook/musicgen-small\n'
        f'clap = "{settings.clap}"        # sketch, a folder, or a hub id such as laion/clap-htsat-unfused\n'
        f"seconds = {settings.seconds:g}\n"
        f"takes = {settings.takes}\n"
    )
    (folder / PROJECT_FILE).write_text(text, encoding="utf-8")
