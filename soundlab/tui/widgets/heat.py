"""Spectrograms in cells: two bands in each, as an upper half block and what is behind it."""

from __future__ import annotations

from collections.abc import Sequence

from rich.color import Color
from rich.segment import Segment
from rich.style import Style

_STOPS = (
    "#080814", "#140e36", "#281159", "#420f75", "#5c167f", "#771e81", "#93267d", "#ae2f76",
    "#c93a69", "#e04c5c", "#f06854", "#f98a5d", "#fdac72", "#fecf92", "#fcefbb",
)  # fmt: skip
"""Dark to bright, evenly to the eye (after matplotlib's magma, CC0)."""
_COLOURS = tuple(Color.parse(stop) for stop in _STOPS)


def heat_row(levels: Sequence[Sequence[float]], y: int, width: int, height: int) -> list[Segment]:
    """Row ``y`` of ``height`` of a spectrogram (bands, columns) with levels from 0 to 1, the lowest band first."""
    bands = len(levels)
    upper, lower = (levels[bands - 1 - min(bands - 1, (2 * y + k) * bands // (2 * height))] for k in (0, 1))
    places = [x * len(upper) // width for x in range(width)]
    return [Segment("▀", Style(color=_colour(upper[k]), bgcolor=_colour(lower[k]))) for k in places]


def _colour(level: float) -> Color:
    return _COLOURS[min(len(_COLOURS) - 1, int(level * len(_COLOURS)))]
