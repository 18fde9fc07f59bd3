"""Briefs saved as TOML.

Schema of ``presets/briefs/*.toml``::

    title = "Distant storm"            # shown in lists
    subject = "distant thunder"        # what is heard (required)
    mood = "uneasy"                    # optional words, joined into the prompt
    texture = "low, slowly rolling"
    space = "far away, over a wide field"
    genre = ""
    avoid = "voices, melody"
    seconds = 10.0
    tags = ["weather"]
    inherits = "world-outdoors"        # a project's world, a scene, a moment: what is not said here is its
    restrictions = ["melody", "drums"] # join the avoid list, and those inherited
    variables = { surface = "tin" }    # fill {surface} in the other texts; --set surface=glass

Unknown keys are refused with the file, the key and the nearest right one.
"""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from soundlab.errors import NotFound, WrongInput

_KEYS = (
    "title",
    "subject",
    "mood",
    "texture",
    "space",
    "genre",
    "avoid",
    "seconds",
    "tags",
    "inherits",
    "restrictions",
    "variables",
)
_FILLED = ("subject", "mood", "texture", "space", "genre", "avoid")
_DEEPEST = 8


def refuse_unknown(table: Mapping[str, Any], known: Iterable[str], where: str) -> None:
    """Raise WrongInput for the first key that is not known, naming the nearest that is."""
    known = tuple(known)
    for key in table:
        if key not in known:
            near = difflib.get_close_matches(key, known, n=1)
            hint = f"did you mean {near[0]}?" if near else f"known keys: {', '.join(known)}"
            raise WrongInput(f"{where}: unknown key {key!r}", hint)


def read_toml(path: Path) -> dict[str, Any]:
    """Read a TOML file. Raises WrongInput with the place that is broken."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise WrongInput(f"{path} is not TOML: {error}", "mend the line it names") from error


_GENERATION = ("guidance", "temperature", "top_k", "top_p", "candidates")


def generation_defaults(folder: Path, checkpoint: str) -> dict[str, Any]:
    """How a checkpoint's tokens are drawn unless the person says otherwise.

    Reads ``presets/generation/NAME.toml`` (NAME is the last part of the
    checkpoint's name), else ``default.toml``. Keys: guidance, temperature,
    top_k, top_p, candidates.
    """
    own = folder / f"{Path(checkpoint).name}.toml"
    path = own if own.is_file() else folder / "default.toml"
    table = read_toml(path)
    refuse_unknown(table, _GENERATION, str(path))
    return table


@dataclass(frozen=True, slots=True)
class Preset:
    """A saved brief."""

    name: str
    title: str
    subject: str
    mood: str = ""
    texture: str = ""
    space: str = ""
    genre: str = ""
    avoid: str = ""
    seconds: float | None = None
    tags: tuple[str, ...] = ()

    @property
    def prompt(self) -> str:
        """The brief in one sentence."""
        return ", ".join(part for part in (self.subject, self.texture, self.mood, self.space, self.genre) if part)


def read_preset(
    path: Path, known: Mapping[str, Path] | None = None, variables: Mapping[str, str] | None = None
) -> Preset:
    """Read one preset file with what it inherits.

    Parameters
    ----------
    known
        Presets by name, where inherited ones are looked for; those beside the file by default.
    variables
        Values that fill ``{name}`` in place of the file's own.

    Raises
    ------
    WrongInput
        On broken TOML, an unknown key, a missing subject, a wrong type, a variable
        without a value, or presets that inherit each other.
    """
    beside = list_presets([path.parent]) if known is None else known
    table = _inherited(path, beside, ())
    if not table.get("subject"):
        raise WrongInput(f"{path}: a brief needs a subject", 'add subject = "what is heard"')
    values = {**table.pop("variables", {}), **(variables or {})}
    for key in _FILLED:
        if key in table:
            try:
                table[key] = table[key].format_map(values)
            except (KeyError, ValueError, IndexError) as error:
                raise WrongInput(
                    f"{path}: {key} = {table[key]!r} has no value for {error}", "give one with --set NAME=VALUE"
                ) from error
    avoided = [part for part in (table.pop("avoid", ""), *table.pop("restrictions", ())) if part]
    table["avoid"] = ", ".join(dict.fromkeys(avoided))
    table["tags"] = tuple(dict.fromkeys(table.get("tags", ())))
    return Preset(name=path.stem, **{"title": path.stem.replace("-", " "), **table})


def _inherited(path: Path, known: Mapping[str, Path], chain: tuple[str, ...]) -> dict[str, Any]:
    """A preset's table over those it inherits from; lists join, all else is replaced."""
    table = read_toml(path)
    refuse_unknown(table, _KEYS, str(path))
    for key, value in table.items():
        right: Any = {"seconds": (int, float), "tags": list, "restrictions": list, "variables": dict}.get(key, str)
        if not isinstance(value, right):
            raise WrongInput(f"{path}: {key} = {value!r} has the wrong type", "see the schema in soundlab/presets.py")
    parent = table.pop("inherits", None)
    if parent is None:
        return table
    if parent in chain or len(chain) > _DEEPEST:
        raise WrongInput(f"{path}: presets inherit each other: {' → '.join((*chain, parent))}", "break the circle")
    if parent not in known:
        near = difflib.get_close_matches(parent, known, n=1)
        hint = f"did you mean {near[0]}?" if near else "list them: soundlab presets"
        raise WrongInput(f"{path}: inherits {parent!r}, which is not there", hint)
    base = _inherited(known[parent], known, (*chain, parent))
    base.pop("title", None)
    joined = {
        "tags": [*base.get("tags", ()), *table.get("tags", ())],
        "restrictions": [*base.get("restrictions", ()), *table.get("restrictions", ())],
        "variables": {**base.get("variables", {}), **table.get("variables", {})},
    }
    return {**base, **table, **joined}


def list_presets(folders: Iterable[Path]) -> dict[str, Path]:
    """Return preset files by name; later folders (the project's own) win."""
    return {path.stem: path for folder in folders for path in sorted(folder.glob("*.toml"))}


def find_preset(name: str, folders: Iterable[Path], variables: Mapping[str, str] | None = None) -> Preset:
    """Read the preset called ``name``, or the file of that path, with values for its variables.

    Raises
    ------
    NotFound
        With the nearest name there is.
    """
    known = list_presets(folders)
    if name.endswith(".toml") and Path(name).is_file():
        return read_preset(Path(name), {**known, **list_presets([Path(name).parent])}, variables)
    if name not in known:
        near = difflib.get_close_matches(name, known, n=1)
        hint = f"did you mean {near[0]}?" if near else "list them: soundlab presets"
        raise NotFound(f"no preset called {name!r}", hint)
    return read_preset(known[name], known, variables)
