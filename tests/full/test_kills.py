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

from soundlab.domain.labels import Labels
from soundlab.project import Project
from tests.full.conftest import soundlab

pytestmark = pytest.mark.full


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


KILLED_IMPORT = """
import os, signal, sys
from soundlab.cli.main import exit_code
from soundlab.services.importing import Importer

fatal, calls, run = int(sys.argv[1]), 0, Importer.run

def count(frame, event, arg):
    global calls
    if event in ("call", "c_call"):
        calls += 1
        if calls == fatal:
            os.kill(os.getpid(), signal.SIGKILL)

def watched(*args, **given):
    sys.setprofile(count)
    try:
        return run(*args, **given)
    finally:
        sys.setprofile(None)

Importer.run = watched
code = exit_code(["import", sys.argv[2], "--copy", "--tag", "noise", "--collection", "all", "--json"])
print(calls, file=sys.stderr)
sys.exit(code)
"""
"""Imports a folder and dies, as by kill -9, at the given call of any function during it."""


def library(folder: Path) -> list[object]:
    """All that an import leaves: rows, labels, vectors, copied media."""
    project = Project(folder)
    clips = sorted(project.clips.all(), key=lambda c: c.sha256)
    model = project.embedder.model_id
    rows: list[object] = [
        (c.id, c.title, c.duration, c.tags, c.collections, c.missing, Path(c.path).name, project.clips.names([c.id]))
        for c in clips
    ]
    heard = [project.vectors.get(model, c.id) for c in clips]
    rows += [v.tolist() if v is not None else None for v in heard]
    rows.append(sorted(f.name for f in (folder / "references").glob("*")))
    rows.append(sorted(h.owner for h in project.vectors.search(model, [1.0] * 256, 100)))
    project.close()
    return rows


def test_import(tmp_path: Path) -> None:
    """Killed at 20 random points, each import opens, and goes on to what an unbroken one gives."""
    rng = np.random.default_rng(0)
    sounds = tmp_path / "many"
    sounds.mkdir()
    for k in range(6):
        soundfile.write(sounds / f"{k}.wav", rng.standard_normal(96_000) * 0.1, 48_000)

    def attempt(folder: Path, fatal: int) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-c", KILLED_IMPORT, str(fatal), str(sounds)]
        return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)

    def film(name: str) -> Path:
        Project.create(tmp_path / name).close()
        return tmp_path / name

    whole = attempt(film("whole"), 0)
    assert whole.returncode == 0, whole.stderr
    wanted, calls = library(tmp_path / "whole"), int(whole.stderr.splitlines()[-1])
    died = 0
    for turn, fatal in enumerate(rng.integers(1, calls, 20)):
        folder = film(f"film{turn}")
        died += attempt(folder, int(fatal)).returncode == -signal.SIGKILL
        Project(folder).close()
        project = Project(folder)
        project.importer.run([sounds], Labels(tags=("noise",), collections=("all",)), copy=True)
        project.close()
        assert library(folder) == wanted, f"killed at call {fatal} of {calls}"
    assert died >= 18, "the points must lie within the import"


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
    done = soundlab(film, "train", "night", "--steps", str(reached + 5), "--resume", "--no-evaluate", "--json")
    assert json.loads(done.stdout)["adapters"][0]["steps"] == reached + 5
    assert not state.exists()


def test_interrupting_with_ctrl_c(film: Path) -> None:
    # a shell in the background hands on that the signal is ignored
    heeded = (
        "import os, signal, sys; signal.signal(signal.SIGINT, signal.SIG_DFL);"
        "os.execv(sys.executable, [sys.executable, '-m', 'soundlab', *sys.argv[1:]])"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", heeded, "generate", "wind", "-d", "250"], cwd=film, stderr=subprocess.PIPE, text=True
    )
    assert child.stderr is not None
    for line in child.stderr:
        if "generating" in line:
            child.send_signal(signal.SIGINT)
            break
    _, err = child.communicate()
    assert child.returncode == 130
    assert "interrupted; what was done is kept" in err and "Traceback" not in err
