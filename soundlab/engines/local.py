"""Engines in this process: what the command line runs, and what a worker wraps.

Models are loaded on first use and kept; one of each kind at a time.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

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
from soundlab.engines import registry

if TYPE_CHECKING:
    import torch

    from soundlab.engines.clap import Clap
    from soundlab.engines.musicgen import Musicgen


def best_device() -> str:
    """``$SOUNDLAB_DEVICE``, else CUDA, else MPS, else the CPU."""
    import torch

    if chosen := os.environ.get("SOUNDLAB_DEVICE"):
        return chosen
    if torch.cuda.is_available():  # of several processes that train together each has its own
        return f"cuda:{os.environ['LOCAL_RANK']}" if "LOCAL_RANK" in os.environ else "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


_LARGE = 200_000_000
"""Bytes of weights from which half precision is worth a difference in the fifth digit of a cosine."""


def _clap_dtype(checkpoint: registry.Checkpoint, device: str) -> torch.dtype:
    """bfloat16 for large checkpoints where the processor multiplies it faster, which is tried, not guessed."""
    import torch

    size = sum(f.stat().st_size for f in checkpoint.folder.glob("*.safetensors"))
    if size < _LARGE:
        return torch.float32
    if device != "cpu":
        return torch.bfloat16
    from soundlab.engines.precision import fast_bf16

    return torch.bfloat16 if fast_bf16() else torch.float32


class LocalEmbedder:
    """CLAP in this process."""

    def __init__(self, checkpoint: str) -> None:
        self._checkpoint = registry.clap(checkpoint)
        self._clap: Clap | None = None

    @property
    def model_id(self) -> str:
        return f"{Path(self._checkpoint.name).name}@{self._checkpoint.fingerprint}"

    def _loaded(self) -> Clap:
        if self._clap is None:
            from soundlab.engines.clap import Clap

            device = best_device()
            self._clap = Clap(self._checkpoint, device=device, dtype=_clap_dtype(self._checkpoint, device))
        return self._clap

    def embed_files(
        self, paths: Sequence[Path], progress: Progress = ignore_progress, cancelled: Cancelled = never
    ) -> list[Embedded | str]:
        """See :class:`soundlab.domain.ports.Embedder`."""
        return self._loaded().embed_files(paths, progress, cancelled)

    def embed_texts(self, texts: Sequence[str]) -> list[tuple[float, ...]]:
        """See :class:`soundlab.domain.ports.Embedder`."""
        return self._loaded().embed_texts(texts)

    def meanings(self, texts: Sequence[str]) -> list[tuple[float, ...]] | None:
        """See :class:`soundlab.domain.ports.Embedder`."""
        return self._loaded().meanings(texts)


class LocalGenerator:
    """MusicGen in this process; generates and trains."""

    def __init__(self, on_audio: AudioEvent | None = None) -> None:
        self._engine: Musicgen | None = None
        self._name = ""
        self.on_audio = on_audio

    def load(self, name: str) -> Musicgen:
        """Load a checkpoint unless it is the loaded one."""
        checkpoint = registry.musicgen(name)
        if self._engine is None or self._name != name:
            from soundlab.engines.musicgen import Musicgen

            self._engine = None
            import torch

            device = best_device()
            dtype = torch.float32 if device == "cpu" else torch.bfloat16
            self._engine, self._name = Musicgen(checkpoint, device=device, dtype=dtype), name
        return self._engine

    def generate(
        self, request: GenerationRequest, progress: Progress = ignore_progress, cancelled: Cancelled = never
    ) -> GenerationResult:
        """See :class:`soundlab.domain.ports.Generator`."""
        progress(0, 0, f"loading {request.checkpoint}")
        return self.load(request.checkpoint).generate(request, progress, cancelled, self.on_audio)

    def train(
        self, request: TrainingRequest, progress: Progress = ignore_progress, cancelled: Cancelled = never
    ) -> TrainingResult:
        """See :class:`soundlab.domain.ports.Trainer`."""
        progress(0, 0, f"loading {request.checkpoint}")
        engine = self.load(request.checkpoint)
        from soundlab.engines.lora_training import train

        return train(engine, request, progress, cancelled)
