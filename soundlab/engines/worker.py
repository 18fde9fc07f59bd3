"""A model in a child process: JSON lines on stdin and stdout, audio in files.

``python -m soundlab.engines.worker embed|generate`` reads requests
``{"id", "method", "params"}`` and answers each with any number of
``{"id", "event": "progress" | "audio", …}`` and then one ``{"id", "result"}`` or
``{"id", "error": {"kind", "message", "hint"}}``. ``{"id", "method": "cancel"}``
stops the request of that id within a step. When stdin closes, it ends.
"""

from __future__ import annotations

import json
import os
import queue
import sys
import threading
from dataclasses import asdict
from pathlib import Path
from typing import Any

from soundlab.domain.layers import Layer
from soundlab.domain.ports import GenerationRequest, Replayed, TrainingClip, TrainingRequest
from soundlab.errors import SoundlabError


class _Server:
    """Reads requests on one thread, works on another."""

    def __init__(self, role: str) -> None:
        self._role = role
        self._out = os.fdopen(os.dup(1), "w", encoding="utf-8")
        os.dup2(2, 1)  # a library that prints must not break the protocol
        self._cancelled: set[int] = set()
        self._lock = threading.Lock()
        self._current = -1
        self._embedders: dict[str, Any] = {}
        self._generator: Any = None

    def _send(self, row: dict[str, Any]) -> None:
        with self._lock:
            self._out.write(json.dumps(row) + "\n")
            self._out.flush()

    def serve(self) -> None:
        """Work until stdin closes."""
        inbox: queue.Queue[dict[str, Any] | None] = queue.Queue()
        threading.Thread(target=self._read, args=(inbox,), daemon=True).start()
        while (request := inbox.get()) is not None:
            self._current = int(request["id"])
            if self._current in self._cancelled:
                self._error(self._current, "Cancelled", "stopped before it began", "")
                continue
            try:
                result = self._work(request["method"], request["params"])
                self._send({"id": self._current, "result": result})
            except SoundlabError as error:
                self._error(self._current, type(error).__name__, error.message, error.hint)
            except Exception as error:  # the parent must hear of it; the process stays usable
                import traceback

                traceback.print_exc()
                self._error(self._current, "EngineFailed", f"{type(error).__name__}: {error}", "see the log")

    def _read(self, inbox: queue.Queue[dict[str, Any] | None]) -> None:
        for line in sys.stdin:
            request = json.loads(line)
            if request["method"] == "cancel":
                self._cancelled.add(int(request["id"]))
            else:
                inbox.put(request)
        self._cancelled.add(self._current)  # the parent is gone: stop what runs
        inbox.put(None)

    def _error(self, request: int, kind: str, message: str, hint: str) -> None:
        self._send({"id": request, "error": {"kind": kind, "message": message, "hint": hint}})

    def _progress(self, done: int, total: int, what: str) -> None:
        self._send({"id": self._current, "event": "progress", "done": done, "total": total, "what": what})

    def _audio(self, take: int, path: str, seconds: float) -> None:
        self._send({"id": self._current, "event": "audio", "take": take, "path": path, "seconds": seconds})

    def _is_cancelled(self) -> bool:
        return self._current in self._cancelled

    def _work(self, method: str, params: dict[str, Any]) -> Any:
        if method == "ping":
            return {"role": self._role, "pid": os.getpid()}
        if self._role == "embed":
            return self._embed(method, params)
        return self._generate(method, params)

    def _embed(self, method: str, params: dict[str, Any]) -> Any:
        from soundlab.engines.local import LocalEmbedder

        name = params["checkpoint"]
        if name not in self._embedders:
            self._embedders[name] = LocalEmbedder(name)
        embedder = self._embedders[name]
        if method == "model_id":
            return embedder.model_id
        if method == "embed_texts":
            return embedder.embed_texts(params["texts"])
        if method == "meanings":
            return embedder.meanings(params["texts"])
        if method == "embed_files":
            rows = embedder.embed_files([Path(p) for p in params["paths"]], self._progress, self._is_cancelled)
            return [row if isinstance(row, str) else asdict(row) for row in rows]
        raise SoundlabError(f"the embedding worker has no method {method!r}")

    def _generate(self, method: str, params: dict[str, Any]) -> Any:
        from soundlab.engines.local import LocalGenerator

        if self._generator is None:
            self._generator = LocalGenerator(self._audio)
        if method == "load":
            self._generator.load(params["checkpoint"])
            return None
        if method == "generate":
            params = {
                **params,
                "terms": tuple(map(tuple, params["terms"])),
                "adapters": tuple(map(tuple, params["adapters"])),
            }
            params |= {"seeds": tuple(params["seeds"]), "outputs": tuple(params["outputs"])}
            params["layers"] = tuple(Layer(**layer) for layer in params["layers"])
            params["replay"] = Replayed(**params["replay"]) if params["replay"] else None
            return asdict(self._generator.generate(GenerationRequest(**params), self._progress, self._is_cancelled))
        if method == "train":
            clips = tuple(TrainingClip(**{**clip, "sound": tuple(clip["sound"])}) for clip in params["clips"])
            params = {**params, "clips": clips, "augment": tuple(params["augment"])}
            return asdict(self._generator.train(TrainingRequest(**params), self._progress, self._is_cancelled))
        raise SoundlabError(f"the generating worker has no method {method!r}")


def _be_polite() -> None:
    """Leave a core and the front of the queue to the interface."""
    os.nice(5)
    import torch

    torch.set_num_threads(max(1, (os.cpu_count() or 2) - 1))


if __name__ == "__main__":
    _be_polite()
    _Server(sys.argv[1]).serve()
