"""A waveform in braille with a playhead."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from rich.segment import Segment
from rich.style import Style
from textual.reactive import var
from textual.strip import Strip
from textual.widget import Widget

from soundlab.tui.widgets.heat import heat_row

_DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
"""Bits of the four rows and two columns of a braille cell."""


def braille_rows(peaks: list[tuple[float, float]], width: int, height: int) -> list[str]:
    """Draw (low, high) pairs as ``height`` lines of ``width`` braille characters."""
    cells = [[0] * width for _ in range(height)]
    dots = height * 4
    if not peaks:
        return [" " * width] * height
    for x in range(width * 2):
        first = x * len(peaks) // (width * 2)
        last = max(first + 1, (x + 1) * len(peaks) // (width * 2))
        low = min(p[0] for p in peaks[first:last])
        high = max(p[1] for p in peaks[first:last])
        top = min(dots - 1, max(0, round((1 - high) / 2 * (dots - 1))))
        bottom = min(dots - 1, max(0, round((1 - low) / 2 * (dots - 1))))
        for y in range(top, bottom + 1):
            cells[y // 4][x // 2] |= _DOTS[y % 4][x % 2]
    return ["".join(chr(0x2800 + bits) for bits in row) for row in cells]


class Waveform(Widget):
    """Shows one file. ``fraction`` is the playhead in [0, 1]."""

    DEFAULT_CSS = "Waveform { height: 5; }"
    fraction: var[float] = var(0.0)
    marked: var[tuple[float, float] | None] = var(None)
    """A part of the file that is marked, as fractions."""
    levels: var[Sequence[Sequence[float]] | None] = var(None)
    """A spectrogram to draw instead: (bands, columns) from 0 to 1, the lowest band first."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._peaks: list[tuple[float, float]] = []
        self._rows: list[str] = []
        self._drawn = (0, 0)
        self._label = "nothing selected"

    def show(self, peaks: list[tuple[float, float]], label: str = "") -> None:
        """Draw new peaks; none shows the label instead."""
        loudest = max((max(-low, high) for low, high in peaks), default=0.0)
        scale = 1 / max(loudest, 0.02)  # quiet clips fill the height too, silence does not
        self._peaks = [(low * scale, high * scale) for low, high in peaks]
        self._label, self._drawn = label, (0, 0)
        self.fraction = 0.0
        self.marked = self.levels = None
        self.refresh()

    def watch_fraction(self) -> None:
        self.refresh()

    def watch_levels(self) -> None:
        self.refresh()

    def watch_marked(self) -> None:
        self.refresh()

    def _heat(self, y: int) -> list[Segment]:
        """A row of the spectrogram with playhead and marked part."""
        assert self.levels is not None
        width, height = self.size
        cells = heat_row(self.levels, y, width, height)
        if self.marked is not None and y == 0:
            for x in range(round(self.marked[0] * width), min(width, round(self.marked[1] * width))):
                cells[x] = Segment("▔", (cells[x].style or Style()) + Style(color="bright_cyan"))
        head = min(width - 1, round(self.fraction * width))
        cells[head] = Segment("│", (cells[head].style or Style()) + Style(color="bright_cyan"))
        return cells

    def render_line(self, y: int) -> Strip:
        width, height = self.size
        if self.levels is not None:
            return Strip(self._heat(y), width)
        if self._drawn != (width, height):
            self._drawn = (width, height)
            self._rows = braille_rows(self._peaks, width, height) if self._peaks else []
        base = self.rich_style
        if not self._rows:
            text = self._label.center(width) if y == height // 2 else " " * width
            return Strip([Segment(text[:width], base + Style(dim=True))], width)
        head = round(self.fraction * width)
        row = self._rows[y] if y < len(self._rows) else " " * width
        played = Style(color="bright_cyan")
        cuts = {0, head, width}
        first = last = -1
        if self.marked is not None:
            first, last = (round(f * width) for f in self.marked)
            cuts |= {first, last}
        segments = []
        for a, b in pairwise(sorted(cuts)):
            style = base + played if a < head else base
            segments.append(Segment(row[a:b], style + Style(reverse=True) if first <= a < last else style))
        return Strip(segments, width)
