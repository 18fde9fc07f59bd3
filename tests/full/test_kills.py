"""Kill -9 at any point leaves a project that opens, with all that was done before."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from soundlab.project import Project

pytestmark = pytest.mark.full


def soundlab(folder: Path, *args: str, **given) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "soundlab", *args]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, **given)


def kill_when(folder: Path, args: list[str], text: str) -> None:
    """Start a command and kill it -9 when its narration first holds ``text``."""
    child = subprocess.Popen(
        [sys.executable, "-m", "soundlab", *args], cwd=folder, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert child.stderr is not None
    for line in child.stderr:
        if text in line:
            os.kill(child.pid, signal.SIGKILL)
            break
    child.communicate()
    assert child.returncode == -signal.SIGKILL


@pytest.fixture
def film(tmp_path: Path) -> Path:
    folder = tmp_path / "film"
    assert soundlab(tmp_path, "init", str(folder)).returncode == 0
    return folder


def test_generation(film: Path) -> None:
    first = json.loads(soundlab(film, "generate", "rain", "-d", "1", "--json").stdout)["takes"][0]["id"]
    assert soundlab(film, "approve", first).returncode == 0
    kill_when(film, ["generate", "wind", "-d", "250"], "generating")
    project = Project(film)
    assert [(t.id, t.verdict) for t in project.takes.all()] == [(first, "approved")]
    assert len(project.takes.all(states=("pending",))) == 1
    project.close()
    assert soundlab(film, "doctor").returncode == 0
    assert soundlab(film, "generate", "wind", "-d", "1").returncode == 0


def test_import(film: Path, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    sounds = tmp_path / "many"
    sounds.mkdir()
    for k in range(60):
        soundfile.write(sounds / f"{k}.wav", rng.standard_normal(200_000) * 0.1, 48_000)
    kill_when(film, ["import", str(sounds)], "embedding")
    done = soundlab(film, "import", str(sounds), "--json")
    row = json.loads(done.stdout)
    assert row["imported"] + row["unchanged"] == 60 and row["failed"] == []
    assert len(json.loads(soundlab(film, "search", "noise", "-k", "100", "--json").stdout)["results"]) == 60


def test_training_resumes_where_it_was(film: Path) -> None:
    take = json.loads(soundlab(film, "generate", "rain", "-d", "2", "--json").stdout)["takes"][0]["id"]
    soundlab(film, "approve", take)
    state = film / "adapters" / "night" / "state.safetensors"
    child = subprocess.Popen(
        [sys.executable, "-m", "soundlab", "train", "night", "--steps", "4000"],
        cwd=film,
        stderr=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    )
    while not state.exists():
        assert child.poll() is None
        os.sched_yield()
    os.kill(child.pid, signal.SIGKILL)
    child.wait()
    from safetensors import safe_open

    with safe_open(state, "pt") as file:
        reached = len(json.loads(file.metadata()["losses"]))
    assert reached >= 20
    done = soundlab(film, "train", "night", "--steps", str(reached + 5), "--resume", "--json")
    assert json.loads(done.stdout)["adapters"][0]["steps"] == reached + 5
    assert not state.exists()


def test_interrupting_with_ctrl_c(film: Path) -> None:
    child = subprocess.Popen(
        [sys.executable, "-m", "soundlab", "generate", "wind", "-d", "250"], cwd=film, stderr=subprocess.PIPE, text=True
    )
    assert child.stderr is not None
    for line in child.stderr:
        if "generating" in line:
            child.send_signal(signal.SIGINT)
            break
    _, err = child.communicate()
    assert child.returncode == 130
    assert "interrupted; what was done is kept" in err and "Traceback" not in err
