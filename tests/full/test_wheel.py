"""A wheel carries all it needs: installed elsewhere, it runs the main job."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

pytestmark = pytest.mark.full
ROOT = Path(__file__).parents[2]


def test_a_wheel_installed_elsewhere(tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--outdir", str(tmp_path), str(ROOT)],
        check=True,
        capture_output=True,
    )
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "site")  # what pip does; the dependencies come from this environment

    def run(*args: str) -> dict:
        code = "import sys; sys.path.insert(0, sys.argv.pop(1)); import soundlab; from soundlab.cli.main import run; "
        code += "assert 'site' in soundlab.__file__; run()"
        command = [sys.executable, "-c", code, str(tmp_path / "site"), *args, "--json"]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    assert run("init", "demo", "--starter")["clips"] >= 30
    take = run("generate", "rain", "-d", "1", "--project", "demo")["takes"][0]
    assert Path(take["path"]).exists()
