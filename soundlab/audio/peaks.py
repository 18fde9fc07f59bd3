"""Outlines of files for drawing."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from soundlab.audio.decode import blocks, probe


def outline(path: Path, columns: int) -> tuple[list[tuple[float, float]], float]:
    """Return ``columns`` pairs of lowest and highest sample in [-1, 1], and the duration in seconds.

    Reads in blocks, so a file of hours needs little memory. Raises UnreadableAudio.
    """
    info = probe(path)
    edges = np.linspace(0, info.frames, columns + 1).astype(np.int64)
    low, high = np.zeros(columns), np.zeros(columns)
    position = 0
    for block in blocks(path):
        mono = block.mean(1)
        first = int(np.searchsorted(edges, position, "right")) - 1
        last = int(np.searchsorted(edges, position + len(mono), "left"))
        for column in range(max(first, 0), min(last, columns)):
            part = mono[max(0, edges[column] - position) : max(0, edges[column + 1] - position)]
            if part.size:
                low[column] = min(low[column], float(part.min()))
                high[column] = max(high[column], float(part.max()))
        position += len(mono)
    pairs = [(float(max(-1.0, a)), float(min(1.0, b))) for a, b in zip(low, high, strict=True)]
    return pairs, info.seconds
