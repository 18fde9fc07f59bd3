"""What the slow tests share: a project, and the command line in a process of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest


def soundlab(folder: Path, *args: str, **given) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "soundlab", *args]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, **given)


@pytest.fixture
def film(tmp_path: Path) -> Path:
    folder = tmp_path / "film"
    assert soundlab(tmp_path, "init", str(folder)).returncode == 0
    return folder
