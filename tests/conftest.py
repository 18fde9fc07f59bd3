"""Shared fixtures: synthetic files, a tiny random checkpoint for speed, the bundled one for truth."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile

from soundlab.cli.main import exit_code
from soundlab.project import Project

# Tests run beside workers of their own: with a thread a core each, both would wait for the other's threads.
os.environ.setdefault("OMP_NUM_THREADS", "1")


@pytest.fixture(scope="session", autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Nothing is kept outside the tests' folders."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SOUNDLAB_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(autouse=True)
def few_other_words(monkeypatch: pytest.MonkeyPatch) -> None:
    """Adapters keep two of the base's prompts in mind, not as many as they do for people, which takes longer."""
    from soundlab.services import training

    monkeypatch.setattr(training, "OTHERS", 2)


@pytest.fixture
def tone(tmp_path: Path) -> Path:
    """A 2 s stereo tone at 44.1 kHz."""
    path = tmp_path / "sounds" / "tone.wav"
    path.parent.mkdir(exist_ok=True)
    t = np.arange(88_200) / 44_100
    soundfile.write(path, 0.3 * np.stack([np.sin(440 * 6.283 * t), np.sin(442 * 6.283 * t)], 1), 44_100)
    return path


@pytest.fixture
def noises(tmp_path: Path) -> Path:
    """A folder of noise, a click train and a low tone, with telling names."""
    folder = tmp_path / "sounds"
    folder.mkdir(exist_ok=True)
    rng = np.random.default_rng(0)
    n = 64_000
    clicks = np.zeros(n)
    clicks[::8000] = 0.9
    soundfile.write(folder / "rain_hiss.wav", 0.2 * rng.standard_normal(n), 32_000, subtype="PCM_24")
    soundfile.write(folder / "clock clicks.flac", clicks, 32_000)
    soundfile.write(folder / "low drone.ogg", 0.4 * np.sin(60 * 6.283 * np.arange(n) / 32_000), 32_000)
    return folder


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    """An empty project on the bundled checkpoint."""
    made = Project.create(tmp_path / "film")
    yield made
    made.close()


@pytest.fixture(scope="session")
def shared_engines() -> dict[str, object]:
    """Engines loaded once for all tests that drive them through a project."""
    from soundlab.engines.local import LocalEmbedder, LocalGenerator

    return {"embedder": LocalEmbedder("sketch"), "generator": LocalGenerator()}


@pytest.fixture
def warm(project: Project, shared_engines: dict[str, object]) -> Project:
    """A project whose models are loaded already."""
    project.__dict__.update(shared_engines)
    return project


class Cli:
    """Runs the command line in this process, inside a project."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys
        self.out = self.err = ""

    def __call__(self, *args: str) -> int:
        self._capsys.readouterr()
        code = exit_code(list(args))
        self.out, self.err = self._capsys.readouterr()
        return code

    def json(self, *args: str) -> dict:
        import json

        code = self(*args, "--json")
        assert code == 0, self.err
        return json.loads(self.out)


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str]) -> Cli:
    """The command line."""
    return Cli(capsys)


@pytest.fixture
def inside(tmp_path: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch, shared_engines: dict[str, object]) -> Path:
    """A project that is the current folder, with models that load once for all tests."""
    folder = tmp_path / "film"
    assert cli("init", str(folder)) == 0
    monkeypatch.chdir(folder)
    monkeypatch.setattr("soundlab.engines.local.LocalEmbedder", lambda name: shared_engines["embedder"])
    monkeypatch.setattr("soundlab.engines.local.LocalGenerator", lambda *a: shared_engines["generator"])
    return folder
