"""Which precision a processor is fast in."""

from __future__ import annotations

import time

import torch


def fast_bf16() -> bool:
    """Whether this processor multiplies bf16 faster, which is tried, not guessed."""

    def spent(dtype: torch.dtype) -> float:
        x = torch.ones(768, 768, dtype=dtype)
        times = []
        for _ in range(5):
            begun = time.perf_counter()
            x @ x
            times.append(time.perf_counter() - begun)
        return min(times)

    return spent(torch.bfloat16) < 0.7 * spent(torch.float32)
