"""Where to cut a recording into pieces: in its silences, else just before something begins."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

_FRAME = 0.02
_PAUSE = 0.3
"""Silence of this many seconds is a place to cut."""
_JOIN = 1.0
"""Sounds nearer to each other than this belong together."""
_QUIET = 50.0
"""Decibels under the loudest frame that are silence, and never above -60 dBFS."""
_BEFORE = 0.02
_EARLIEST = 0.6
"""Share of the longest piece before which none is cut."""


def segments(
    mono: npt.NDArray[np.floating], rate: int, *, shortest: float = 0.1, longest: float = 10.0
) -> list[tuple[int, int]]:
    """Return (start, end) in samples of pieces of mono audio (n,), without the silence around them.

    Sounds that lie close together stay in one piece while it is no longer than
    ``longest`` seconds; longer ones are cut where the level rises most in the last
    two fifths of what fits. Pieces shorter than ``shortest`` are left out; silence
    has no pieces.
    """
    frame = max(1, round(_FRAME * rate))
    count = len(mono) // frame
    if not count:
        return []
    power = (np.asarray(mono[: count * frame], np.float64).reshape(count, frame) ** 2).mean(1)
    level = 10 * np.log10(power + 1e-12)
    loud = level > max(-60.0, float(level.max()) - _QUIET)
    most = round(longest / _FRAME)
    pieces: list[tuple[int, int]] = []
    for first, last in _runs(loud, round(_PAUSE / _FRAME)):
        near = bool(pieces) and first - pieces[-1][1] <= _JOIN / _FRAME
        if near and last - pieces[-1][0] <= most:
            pieces[-1] = (pieces[-1][0], last)
        else:
            pieces += _cut(level, first, last, most)
    before = round(_BEFORE * rate)
    out = [(max(0, a * frame - before), min(len(mono), b * frame)) for a, b in pieces]
    return [(a, b) for a, b in out if b - a >= shortest * rate]


def _runs(loud: npt.NDArray[np.bool_], pause: int) -> list[tuple[int, int]]:
    """Runs of sound, in frames; gaps shorter than ``pause`` frames are bridged."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], loud.astype(np.int8), [0]])))
    out: list[tuple[int, int]] = []
    for first, last in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
        if out and first - out[-1][1] < pause:
            out[-1] = (out[-1][0], last)
        else:
            out.append((first, last))
    return out


def _cut(level: npt.NDArray[np.float64], first: int, last: int, most: int) -> list[tuple[int, int]]:
    """Cut a run into pieces of at most ``most`` frames, each just before the steepest rise that is in reach."""
    out = []
    while last - first > most:
        low = first + round(_EARLIEST * most)
        rises = np.diff(level[low - 1 : first + most + 1], n=1)
        place = low + int(np.argmax(rises[: first + most - low + 1]))
        place = max(low, min(first + most, place))
        out.append((first, place))
        first = place
    return [*out, (first, last)]
