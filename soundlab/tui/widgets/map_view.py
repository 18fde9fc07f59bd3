"""Clips as points to wander among."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.binding import Binding, BindingType
from textual.events import Click
from textual.message import Message
from textual.reactive import var
from textual.strip import Strip
from textual.widget import Widget

_DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
_FEW = 400
"""Points up to which each is drawn as large as a letter."""
_ASIDE = 2.0
"""How much further a point aside of the way counts than one on it."""
_TALL = 2.0
"""A cell's height in its widths."""


class MapView(Widget, can_focus=True):
    """Points in the unit square; arrow keys go to the nearest one that way."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "go(-1, 0)", "Left", show=False),
        Binding("right", "go(1, 0)", "Right", show=False),
        Binding("up", "go(0, -1)", "Up", show=False),
        Binding("down", "go(0, 1)", "Down", show=False),
    ]
    DEFAULT_CSS = "MapView { height: 1fr; color: $accent; }"
    cursor: var[int] = var(0)

    class Moved(Message):
        """The cursor is on another point."""

        def __init__(self, index: int) -> None:
            super().__init__()
            self.index = index

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._points: list[tuple[float, float]] = []
        self._names: list[tuple[str, float, float]] = []

    def show(self, points: Sequence[tuple[float, float]], names: Sequence[tuple[str, float, float]] = ()) -> None:
        """Draw points, and names at their places; the cursor stays on its point."""
        self._points, self._names = list(points), list(names)
        self.refresh()

    def _cell(self, x: float, y: float) -> tuple[int, int]:
        width, height = self.size
        return min(width - 1, int(x * width)), min(height - 1, int(y * height))

    def action_go(self, dx: int, dy: int) -> None:
        """Go to the nearest point in a direction."""
        if not self._points:
            return
        width, height = self.size
        x, y = self._points[self.cursor]

        def cost(index: int) -> float:
            ahead = (self._points[index][0] - x) * width * dx + (self._points[index][1] - y) * height * _TALL * dy
            aside = abs((self._points[index][0] - x) * width * dy) + abs(
                (self._points[index][1] - y) * height * _TALL * dx
            )
            return ahead + _ASIDE * aside if ahead > 0 and aside <= 2 * ahead else math.inf

        best = min((i for i in range(len(self._points)) if i != self.cursor), key=cost, default=self.cursor)
        if cost(best) < math.inf:
            self.cursor = best

    def watch_cursor(self) -> None:
        self.refresh()
        if self._points:
            self.post_message(self.Moved(self.cursor))

    def on_click(self, message: Click) -> None:
        if not self._points:
            return
        width, height = self.size

        def far(index: int) -> float:
            x, y = self._points[index]
            return math.hypot(x * width - message.x - 0.5, (y * height - message.y - 0.5) * _TALL)

        self.cursor = min(range(len(self._points)), key=far)

    def render_line(self, y: int) -> Strip:
        width, height = self.size
        cells = [0] * width
        for px, py in self._points:
            dot_x, dot_y = min(2 * width - 1, int(px * 2 * width)), min(4 * height - 1, int(py * 4 * height))
            if dot_y // 4 == y:
                cells[dot_x // 2] |= _DOTS[dot_y % 4][dot_x % 2]
        base = self.rich_style
        few = len(self._points) <= _FEW
        drawn = [(("•" if few else chr(0x2800 + bits)) if bits else " ", base) for bits in cells]
        for name, px, py in self._names:
            column, row = self._cell(px, py)
            if row == y:
                start = max(0, min(column - len(name) // 2, width - len(name)))
                for k, letter in enumerate(name[:width]):
                    drawn[start + k] = (letter, Style(dim=True, color="white"))
        if self._points:
            column, row = self._cell(*self._points[self.cursor])
            if row == y:
                drawn[column] = ("◉", Style(color="bright_yellow", bold=True))
        return Strip([Segment(letter, style) for letter, style in drawn], width)
