"""The parent's side of a worker: starts it when first needed, restarts it when it died.

Imports no torch: this is what the interface holds.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from soundlab import errors
from soundlab.domain.ports import (
    AudioEvent,
    Cancelled,
    Embedded,
    GenerationRequest,
    GenerationResult,
    Progress,
    TrainingRequest,
    TrainingResult,
    ignore_progress,
    never,
)

_POLL = 0.05


class Worker:
    """One child process. Calls block the calling thread and are served one at a time."""

    def __init__(self, role: str, log: Path) -> None:
        self._role, self._log = role, log
        self._process: subprocess.Popen[str] | None = None
        self._turn = threading.Lock()
        self._write = threading.Lock()
        self._next = 0

    @property
    def pid(self) -> int | None:
        """Process id while it runs."""
        return self._process.pid if self._process and self._process.poll() is None else None

    def _running(self) -> subprocess.Popen[str]:
        if self._process is None or self._process.poll() is not None:
            self._log.parent.mkdir(parents=True, exist_ok=True)
            with self._log.open("a", encoding="utf-8") as log:
                self._process = subprocess.Popen(
                    [sys.executable, "-m", "soundlab.engines.worker", self._role],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=log,
                    text=True,
                    encoding="utf-8",
                    env={**os.environ, "PYTHONUNBUFFERED": "1"},
                )
        return self._process

    def call(
        self,
        method: str,
        params: dict[str, Any],
        progress: Progress = ignore_progress,
        cancelled: Cancelled = never,
        on_audio: Any = None,
    ) -> Any:
        """Send a request and wait for its answer.

        Raises
        ------
        SoundlabError
            Of the kind that the worker raised, or EngineFailed when it died.
        """
        with self._turn:
            process = self._running()
            self._next += 1
            request = self._next
            done = threading.Event()
            watcher = threading.Thread(target=self._watch, args=(process, request, cancelled, done), daemon=True)
            try:
                self._send(process, {"id": request, "method": method, "params": params})
                watcher.start()
                return self._answer(process, request, progress, on_audio)
            except BrokenPipeError as error:
                raise self._died(process) from error
            finally:
                done.set()

    def _send(self, process: subprocess.Popen[str], row: dict[str, Any]) -> None:
        assert process.stdin is not None
        with self._write:
            process.stdin.write(json.dumps(row) + "\n")
            process.stdin.flush()

    def _watch(self, process: subprocess.Popen[str], request: int, cancelled: Cancelled, done: threading.Event) -> None:
        while not done.wait(_POLL):
            if cancelled():
                with contextlib.suppress(BrokenPipeError, ValueError):  # it died: the waiting call reports that
                    self._send(process, {"id": request, "method": "cancel", "params": {}})
                return

    def _answer(self, process: subprocess.Popen[str], request: int, progress: Progress, on_audio: Any) -> Any:
        assert process.stdout is not None
        for line in process.stdout:
            row = json.loads(line)
            if row["id"] != request:
                continue
            if row.get("event") == "progress":
                progress(row["done"], row["total"], row["what"])
            elif row.get("event") == "audio":
                if on_audio is not None:
                    on_audio(row["take"], row["path"], row["seconds"])
            elif "error" in row:
                kind = getattr(errors, row["error"]["kind"], errors.EngineFailed)
                raise kind(row["error"]["message"], row["error"]["hint"])
            else:
                return row["result"]
        raise self._died(process)

    def _died(self, process: subprocess.Popen[str]) -> errors.EngineFailed:
        code = process.wait()
        why = f"signal {-code}" if code < 0 else f"exit code {code}"
        return errors.EngineFailed(
            f"the {self._role} worker died ({why})", f"it starts again with the next request; log: {self._log}"
        )

    def close(self) -> None:
        """End the process: politely, then not."""
        process = self._process
        if process is None or process.poll() is not None:
            return
        if process.stdin is not None:
            process.stdin.close()
        try:
            process.wait(timeout=3)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


class WorkerEmbedder:
    """CLAP in a worker."""

    def __init__(self, checkpoint: str, worker: Worker) -> None:
        self._checkpoint, self._worker = checkpoint, worker
        self._model_id: str | None = None

    @property
    def model_id(self) -> str:
        if self._model_id is None:
            from soundlab.engines import registry

            found = registry.clap(self._checkpoint)
            self._model_id = f"{Path(found.name).name}@{found.fingerprint}"
        return self._model_id

    def embed_files(
        self, paths: Sequence[Path], progress: Progress = ignore_progress, cancelled: Cancelled = never
    ) -> list[Embedded | str]:
        """See :class:`soundlab.domain.ports.Embedder`."""
        params = {"checkpoint": self._checkpoint, "paths": [str(p) for p in paths]}
        rows = self._worker.call("embed_files", params, progress, cancelled)
        return [
            row if isinstance(row, str) else Embedded(tuple(row["at"]), tuple(map(tuple, row["vectors"])))
            for row in rows
        ]

    def embed_texts(self, texts: Sequence[str]) -> list[tuple[float, ...]]:
        """See :class:`soundlab.domain.ports.Embedder`."""
        rows = self._worker.call("embed_texts", {"checkpoint": self._checkpoint, "texts": list(texts)})
        return [tuple(row) for row in rows]

    def meanings(self, texts: Sequence[str]) -> list[tuple[float, ...]] | None:
        """See :class:`soundlab.domain.ports.Embedder`."""
        rows = self._worker.call("meanings", {"checkpoint": self._checkpoint, "texts": list(texts)})
        return None if rows is None else [tuple(row) for row in rows]


class WorkerGenerator:
    """MusicGen in a worker; generates and trains."""

    def __init__(self, worker: Worker, on_audio: AudioEvent | None = None) -> None:
        self._worker = worker
        self.on_audio = on_audio

    def generate(
        self, request: GenerationRequest, progress: Progress = ignore_progress, cancelled: Cancelled = never
    ) -> GenerationResult:
        """See :class:`soundlab.domain.ports.Generator`."""
        return GenerationResult(**self._worker.call("generate", asdict(request), progress, cancelled, self.on_audio))

    def train(
        self, request: TrainingRequest, progress: Progress = ignore_progress, cancelled: Cancelled = never
    ) -> TrainingResult:
        """See :class:`soundlab.domain.ports.Trainer`."""
        row = self._worker.call("train", asdict(request), progress, cancelled)
        held_out = tuple((int(step), float(loss)) for step, loss in row["held_out"])
        return TrainingResult(**{**row, "losses": tuple(row["losses"]), "held_out": held_out})
