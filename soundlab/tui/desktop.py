"""What the desktop does with a file: show it in its folder, open it in an editor."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

from soundlab.errors import NotFound


def reveal(path: Path) -> None:
    """Show a file in its folder. Raises NotFound when it is gone, or there is nothing to show it with."""
    _there(path)
    if sys.platform == "darwin":
        _start(["open", "-R", str(path)])
    elif sys.platform == "win32":
        _start(["explorer", f"/select,{path}"])
    else:
        _start(["xdg-open", str(path.parent)])


def edit(path: Path) -> None:
    """Open a file in ``$SOUNDLAB_EDITOR``, else in what the system opens it with. Raises NotFound as :func:`reveal`."""
    _there(path)
    if chosen := os.environ.get("SOUNDLAB_EDITOR"):
        _start([*shlex.split(chosen), str(path)])
    elif sys.platform == "darwin":
        _start(["open", str(path)])
    elif sys.platform == "win32":
        os.startfile(path)
    else:
        _start(["xdg-open", str(path)])


def _there(path: Path) -> None:
    if not path.exists():
        raise NotFound(f"{path} is missing", "soundlab relink FOLDER finds it again")


def _start(command: list[str]) -> None:
    """Start a program that lives on by itself."""
    if shutil.which(command[0]) is None:
        raise NotFound(f"{command[0]} is not there", "name a program in SOUNDLAB_EDITOR; ctrl+Y copies the path")
    subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
