"""Finished codes become audio while the rest is still being decoded.

Each piece is decoded with frames of context on both sides and only its middle
is kept, so pieces meet without a seam. For the sketch codec the context covers
its whole receptive field, the phase of its tones is counted from the first frame,
and the streamed audio equals the one-shot decode; EnCodec's recurrent layers see
a bounded past instead.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import torch
from torch import Tensor

Decode = Callable[[Tensor, Tensor], Tensor]
"""Codes (takes, books, frames) and those before them → audio of the former (takes, channels, samples)."""


@dataclass(slots=True)
class StreamDecoder:
    """Decodes growing codes piece by piece.

    Attributes
    ----------
    decode
        Decodes a piece, given the codes before it.
    frame_samples
        Samples a frame stands for.
    before, after
        Context in frames. ``after`` frames are held back until more have come.
    """

    decode: Decode
    frame_samples: int
    before: int
    after: int
    _emitted: int = field(default=0, init=False)

    @torch.inference_mode()
    def push(self, codes: Tensor, *, last: bool) -> Tensor:
        """Take all codes so far; return the new audio (takes, channels, samples), maybe empty."""
        ready = codes.shape[-1] if last else codes.shape[-1] - self.after
        if ready <= self._emitted:
            return torch.zeros(codes.shape[0], 1, 0)
        start = max(0, self._emitted - self.before)
        stop = min(codes.shape[-1], ready + self.after)
        audio = self.decode(codes[..., start:stop], codes[..., :start])
        skip = (self._emitted - start) * self.frame_samples
        piece = audio[..., skip : skip + (ready - self._emitted) * self.frame_samples]
        self._emitted = ready
        return piece
