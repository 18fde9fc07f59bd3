"""Models in child processes: answers, progress, cancelling, and coming back after death."""

import os
import signal
import threading
from pathlib import Path

import numpy as np
import pytest
import soundfile

from soundlab.domain.layers import Layer
from soundlab.domain.ports import GenerationRequest
from soundlab.engines.client import Worker, WorkerEmbedder, WorkerGenerator
from soundlab.errors import Cancelled, EngineFailed, NotFound


def request(folder: Path, seconds: float = 1.0, **given) -> GenerationRequest:
    return GenerationRequest("rain", (1,), (str(folder / "t.wav"),), seconds, "sketch", **given)


def test_a_worker_generates_streams_cancels_and_recovers(tmp_path: Path) -> None:
    worker = Worker("generate", tmp_path / "log")
    heard: list[float] = []
    progress: list[tuple[int, int, str]] = []
    generator = WorkerGenerator(worker, on_audio=lambda take, path, seconds: heard.append(seconds))
    try:
        assert worker.pid is None
        result = generator.generate(request(tmp_path, stream=True), lambda *row: progress.append(row))
        assert soundfile.info(tmp_path / "t.wav").frames == 32_000
        assert result.sample_rate == 32_000 and heard and progress[-1][0] == progress[-1][1]

        stems = ((str(tmp_path / "rain.wav"),), (str(tmp_path / "bells.wav"),))
        generator.generate(request(tmp_path, layers=(Layer("rain"), Layer("bells", level=-6.0)), stems=stems))
        mix, rain, bells = (soundfile.read(tmp_path / name)[0] for name in ("t.wav", "rain.wav", "bells.wav"))
        assert np.abs(rain + 0.5012 * bells - mix).max() < 1e-3

        stop = threading.Event()
        with pytest.raises(Cancelled):
            generator.generate(
                request(tmp_path, 120.0), lambda done, total, what: done > 30 and stop.set(), stop.is_set
            )

        with pytest.raises(NotFound, match="no checkpoint called"):
            generator.generate(GenerationRequest("rain", (1,), (str(tmp_path / "x.wav"),), 1.0, "nope"))

        first = worker.pid
        os.kill(first, signal.SIGKILL)
        with pytest.raises(EngineFailed, match="worker died"):
            generator.generate(request(tmp_path))
        generator.generate(request(tmp_path))
        assert worker.pid not in (None, first)
    finally:
        worker.close()
    assert worker.pid is None


def test_an_embedding_worker_gives_what_this_process_gives(tmp_path: Path, tone: Path, shared_engines) -> None:
    worker = Worker("embed", tmp_path / "log")
    try:
        remote, here = WorkerEmbedder("sketch", worker), shared_engines["embedder"]
        assert remote.model_id == here.model_id
        assert remote.embed_texts(["rain"])[0] == pytest.approx(here.embed_texts(["rain"])[0], abs=1e-4)
        found, bad = remote.embed_files([tone, tmp_path / "gone.wav"])
        assert found.vectors[0] == pytest.approx(here.embed_files([tone])[0].vectors[0], abs=1e-4)
        assert "no such file" in bad
    finally:
        worker.close()
