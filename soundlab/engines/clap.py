"""CLAP through transformers: the sketch, a folder or a hub id, one code path."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soxr
import torch
from torch import Tensor
from transformers import AutoConfig, AutoTokenizer, ClapFeatureExtractor, ClapModel

from soundlab.audio.decode import probe, read_audio
from soundlab.domain.ports import Cancelled as CancelledFlag
from soundlab.domain.ports import Embedded, Progress, ignore_progress, never
from soundlab.engines.ahead import ahead
from soundlab.engines.loading import load_model, mean_state
from soundlab.engines.mel import ClapMel
from soundlab.engines.registry import Checkpoint
from soundlab.errors import Cancelled, EngineFailed, UnreadableAudio

BATCH = 8
_TEXTS = 64
"""Texts that are encoded at once."""
_AHEAD = 2 * BATCH
"""Windows that are decoded before they are needed."""
_SHORTEST = 0.02
"""Seconds under which there is no telling what something is."""
_SILENCE = 1e-5
"""Peak of what is called silent, -100 dBFS."""
_SHORTEST_TAIL = 1.0
"""Seconds: a shorter rest of a long file joins the window before it."""


Window = npt.NDArray[np.float32]


class Clap:
    """A loaded CLAP checkpoint. Vectors have unit length."""

    def __init__(self, checkpoint: Checkpoint, *, dtype: torch.dtype = torch.float32, device: str = "cpu") -> None:
        config = AutoConfig.from_pretrained(checkpoint.folder)
        if config.model_type != "clap":
            raise EngineFailed(f"{checkpoint.name} is a {config.model_type} model", "name a CLAP checkpoint")
        self.checkpoint = checkpoint
        self.model_id = f"{Path(checkpoint.name).name}@{checkpoint.fingerprint}"
        self._model = load_model(ClapModel, checkpoint.folder, dtype=dtype).to(device)
        shared = getattr(config, "soundlab_text", None)
        self._mean_text = getattr(config, "soundlab_pooling", "first") == "mean"
        """Whether sentences are read as the mean of their tokens' states, not by the first token's."""
        self._tokenizer = AutoTokenizer.from_pretrained(
            (checkpoint.folder / shared).resolve() if shared else checkpoint.folder
        )
        self._mel = ClapMel.from_extractor(ClapFeatureExtractor.from_pretrained(checkpoint.folder))
        self._fusion = bool(config.audio_config.enable_fusion)
        self._dtype, self._device = dtype, device
        self._longest = min(int(config.text_config.max_position_embeddings) - 2, 512)

    @property
    def window_seconds(self) -> float:
        """Length of an embedded window."""
        return self._mel.samples / self._mel.sample_rate

    @torch.inference_mode()
    def embed_texts(self, texts: Sequence[str]) -> list[tuple[float, ...]]:
        """Embed sentences; words beyond the encoder's reach are cut off."""
        ids, mask = self._tokens(texts)
        if self._mean_text:
            pooled = self._mean_states(ids, mask)
            read = self._model.text_projection(torch.tanh(self._model.text_model.pooler.dense(pooled)))
            out = torch.nn.functional.normalize(read, dim=-1)
        else:
            out = self._model.get_text_features(input_ids=ids, attention_mask=mask).pooler_output
        return [tuple(row) for row in out.float().cpu().tolist()]

    @torch.inference_mode()
    def meanings(self, texts: Sequence[str]) -> list[tuple[float, ...]] | None:
        """Mean states of sentences, of unit length; None for encoders whose sentences are read otherwise."""
        if not self._mean_text:
            return None
        blocks = (texts[i : i + _TEXTS] for i in range(0, len(texts), _TEXTS))
        rows = torch.cat([self._mean_states(*self._tokens(block)) for block in blocks])
        return [tuple(row) for row in torch.nn.functional.normalize(rows, dim=-1).float().cpu().tolist()]

    def _tokens(self, texts: Sequence[str]) -> tuple[Tensor, Tensor]:
        batch = self._tokenizer(
            list(texts), padding=True, truncation=True, max_length=self._longest, return_tensors="pt"
        )
        return batch["input_ids"].to(self._device), batch["attention_mask"].to(self._device)

    def _mean_states(self, ids: Tensor, mask: Tensor) -> Tensor:
        return mean_state(self._model.text_model(input_ids=ids, attention_mask=mask).last_hidden_state, mask)

    @torch.inference_mode()
    def embed_windows(self, windows: Sequence[npt.NDArray[np.float32]]) -> Tensor:
        """Embed mono windows at the model's rate, (n, dimensions); short ones are repeated to fill 10 s."""
        size = self._mel.samples
        filled = np.zeros((len(windows), size), np.float32)
        for row, window in zip(filled, windows, strict=True):
            if window.size >= size:
                row[:] = window[:size]
            else:  # "repeatpad": whole repeats, then silence, as CLAP was trained
                whole = max(1, size // max(1, window.size))
                row[: whole * window.size] = np.tile(window, whole)
        features = self._mel(torch.from_numpy(filled))
        if self._fusion:
            features = features.expand(-1, 4, -1, -1)
        longer = torch.zeros(len(windows), 1, dtype=torch.bool, device=self._device)
        out = self._model.get_audio_features(input_features=features.to(self._device, self._dtype), is_longer=longer)
        return out.pooler_output.float().cpu()

    def embed_files(
        self, paths: Sequence[Path], progress: Progress = ignore_progress, cancelled: CancelledFlag = never
    ) -> list[Embedded | str]:
        """Embed files, batching windows across them; a string is the reason why one could not be."""
        reasons: dict[int, str] = {}
        starts: list[list[float]] = [[] for _ in paths]
        vectors: list[list[tuple[float, ...]]] = [[] for _ in paths]
        waiting: list[tuple[int, float, Window]] = []

        def flush() -> None:
            rows = self.embed_windows([w for _, _, w in waiting]).tolist()
            for (index, at, _), row in zip(waiting, rows, strict=True):
                starts[index].append(at)
                vectors[index].append(tuple(row))
            waiting.clear()

        for index, found in ahead(self._read(paths), _AHEAD):
            if cancelled():
                raise Cancelled("embedding was stopped")
            if isinstance(found, str):
                reasons[index] = found
            elif found is None:
                progress(index + 1, len(paths), "embedding")
            else:
                waiting.append((index, *found))
                if len(waiting) == BATCH:
                    flush()
        if waiting:
            flush()
        return [
            reasons[i] if i in reasons else Embedded(tuple(starts[i]), tuple(vectors[i])) for i in range(len(paths))
        ]

    def _read(self, paths: Sequence[Path]) -> Iterator[tuple[int, tuple[float, Window] | str | None]]:
        """Yield each file's windows with their starts, or why the rest can't be read; then None."""
        for index, path in enumerate(paths):
            try:
                for at, window in self._windows(path):
                    yield index, (at, window)
            except UnreadableAudio as error:
                yield index, error.message
            yield index, None

    def _windows(self, path: Path) -> Iterator[tuple[float, Window]]:
        """Yield (start in seconds, mono samples at the model's rate), one window in memory at a time.

        Windows of silence say nothing, and would be alike whatever they are of: they are left out.

        Raises
        ------
        UnreadableAudio
            When the file can't be read, and when there is nothing to hear in it.
        """
        info = probe(path)
        if info.seconds < _SHORTEST:
            raise UnreadableAudio(f"{path}: too short to be heard ({info.seconds:.3f} s)")
        silent = True
        length = self.window_seconds
        count = max(1, int(np.ceil((info.seconds - _SHORTEST_TAIL) / length)))
        for k in range(count):
            audio, rate = read_audio(path, start=k * length, seconds=length)
            mono = audio.mean(0)
            if float(np.abs(mono).max()) < _SILENCE:
                continue
            silent = False
            yield k * length, np.asarray(soxr.resample(mono, rate, self._mel.sample_rate), np.float32)
        if silent:
            raise UnreadableAudio(f"{path}: silent")
