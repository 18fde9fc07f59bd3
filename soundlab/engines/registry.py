"""Checkpoints by name: ``sketch``, a folder, or a hub id. Knows licences; loads nothing.

Hub ids are looked up in the local hub cache only; fetching is a deliberate act
(``soundlab checkpoints fetch ID``).
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from soundlab.config import packaged
from soundlab.domain.rights import UNKNOWN, licence_class
from soundlab.errors import NotFound, WrongInput

SKETCH = "sketch"
_HUB_ID = re.compile(r"^[\w.-]+/[\w.-]+$")
_HUB_LICENCES = {
    "facebook/musicgen": "cc-by-nc-4.0",
    "facebook/audiogen": "cc-by-nc-4.0",
    "facebook/magnet": "cc-by-nc-4.0",
    "laion/": "apache-2.0",
}
_HUB_FILES = ("*.json", "*.safetensors", "*.txt", "*.model", "README.md")


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Weights on this machine."""

    name: str
    folder: Path
    licence: str
    """As its card says: an SPDX-like id, or ``unknown``."""

    @property
    def ceiling(self) -> str:
        """What takes made with it may be used for."""
        return licence_class(self.licence) if self.licence != "unknown" else UNKNOWN

    @property
    def fingerprint(self) -> str:
        """Short hash over names and sizes of weights and the config's text."""
        digest = hashlib.sha256()
        for path in sorted(self.folder.glob("*.safetensors")) + sorted(self.folder.glob("config.json")):
            digest.update(f"{path.name}:{path.stat().st_size}".encode())
            if path.suffix == ".json":
                digest.update(path.read_bytes())
            else:
                with path.open("rb") as file:
                    digest.update(file.read(1 << 20))
                    file.seek(max(0, path.stat().st_size - (1 << 20)))
                    digest.update(file.read())
        return digest.hexdigest()[:12]


def sketch_folder() -> Path:
    """The bundled checkpoint."""
    return packaged("presets") / "checkpoints" / SKETCH


def musicgen(name: str) -> Checkpoint:
    """Find MusicGen weights.

    Raises
    ------
    NotFound
        When there are none of that name on this machine.
    """
    return _find(name, "musicgen")


def clap(name: str) -> Checkpoint:
    """Find CLAP weights. Raises NotFound like :func:`musicgen`."""
    return _find(name, "clap")


def _find(name: str, part: str) -> Checkpoint:
    if name == SKETCH:
        root = sketch_folder()
        if not (root / part / "config.json").is_file():
            raise NotFound(f"the bundled sketch checkpoint has no {part} weights", "reinstall soundlab")
        return Checkpoint(SKETCH, root / part, "cc0-1.0")
    folder = Path(name).expanduser()
    if folder.is_dir():
        inner = folder / part if (folder / part / "config.json").is_file() else folder
        if not (inner / "config.json").is_file():
            raise NotFound(f"{folder} holds no checkpoint: config.json is missing", "name a transformers folder")
        if not any(inner.glob("*.safetensors")):
            raise NotFound(f"{inner} holds no safetensors weights", "convert it: nothing else is loaded")
        return Checkpoint(str(folder.resolve()), inner.resolve(), _card_licence(folder))
    if not _HUB_ID.match(name):
        raise NotFound(
            f"no checkpoint called {name!r}", "use sketch, a folder, or a hub id such as facebook/musicgen-small"
        )
    return Checkpoint(name, _cached(name), _hub_licence(name))


def _cached(name: str) -> Path:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import LocalEntryNotFoundError

    try:
        folder = Path(snapshot_download(name, allow_patterns=list(_HUB_FILES), local_files_only=True))
    except LocalEntryNotFoundError as error:
        raise NotFound(
            f"checkpoint {name} is not on this machine", f"fetch it: soundlab checkpoints fetch {name}"
        ) from error
    if not (folder / "config.json").is_file():
        raise NotFound(f"checkpoint {name} is not complete on this machine", f"soundlab checkpoints fetch {name}")
    return folder


def fetch(name: str) -> Checkpoint:
    """Download a hub id into the local hub cache.

    Raises
    ------
    WrongInput
        When the name is no hub id.
    NotFound
        When the hub cannot be reached or does not know it.
    """
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

    if not _HUB_ID.match(name):
        raise WrongInput(f"{name!r} is not a hub id", "such as facebook/musicgen-small")
    try:
        folder = Path(snapshot_download(name, allow_patterns=list(_HUB_FILES)))
    except (HfHubHTTPError, LocalEntryNotFoundError, OSError) as error:
        reason = str(error).splitlines()[0]
        raise NotFound(f"could not fetch {name}: {reason}", "check the name and the network") from error
    return Checkpoint(name, folder, _hub_licence(name))


def on_this_machine() -> list[Checkpoint]:
    """The bundled checkpoint and the MusicGen and CLAP weights in the hub cache."""
    from huggingface_hub import scan_cache_dir
    from huggingface_hub.errors import CacheNotFound

    found = [musicgen(SKETCH)]
    try:
        repos = scan_cache_dir().repos
    except CacheNotFound:
        return found
    for repo in sorted(repos, key=lambda r: r.repo_id):
        if repo.repo_type == "model" and re.search(r"musicgen|clap", repo.repo_id):
            found.append(Checkpoint(repo.repo_id, Path(repo.repo_path), _hub_licence(repo.repo_id)))
    return found


def _hub_licence(name: str) -> str:
    return next((licence for start, licence in _HUB_LICENCES.items() if name.startswith(start)), "unknown")


def _card_licence(folder: Path) -> str:
    """Read ``license:`` from the front matter of a model card."""
    card = folder / "README.md"
    if not card.is_file():
        return "unknown"
    match = re.search(r"^license:\s*(\S+)", card.read_text(encoding="utf-8", errors="replace"), re.MULTILINE)
    return match.group(1).strip("'\"") if match else "unknown"
