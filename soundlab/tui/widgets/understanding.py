"""How feedback is understood, a line each, to be corrected by keys."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from soundlab.domain.feedback import BARE, FULL, MUCH, TOUCH, Adjustment, spoken

_DEGREES = (TOUCH, BARE, MUCH, FULL)


class Understanding(Widget, can_focus=True):
    """Adjustments that can be left out, turned round, and made weaker or stronger."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "move(-1)", "Up", show=False),
        Binding("down", "move(1)", "Down", show=False),
        Binding("left", "degree(-1)", "Weaker"),
        Binding("right", "degree(1)", "Stronger"),
        Binding("space", "leave_out", "Leave out"),
        Binding("r", "turn", "The other way"),
    ]
    DEFAULT_CSS = "Understanding { height: auto; }"

    class Left(Message):
        """The cursor has gone up out of the list."""

    class Corrected(Message):
        """What is understood is another."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._rows: list[Adjustment] = []
        self._out: set[int] = set()
        self._at = 0
        self.corrected = False

    def show(self, found: Sequence[Adjustment]) -> None:
        """Show a new reading; corrections of an earlier one are gone."""
        if list(found) == self._rows:
            return
        self._rows, self._out, self._at, self.corrected = list(found), set(), 0, False
        self.refresh(layout=True)

    @property
    def adjustments(self) -> list[Adjustment]:
        """What is left, as corrected."""
        return [a for k, a in enumerate(self._rows) if k not in self._out]

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return len(self._rows)

    def on_focus(self) -> None:
        self.refresh()

    def on_blur(self) -> None:
        self.refresh()

    def action_move(self, by: int) -> None:
        """Go to another line; up from the first leaves the list."""
        if self._at + by < 0:
            self.post_message(self.Left())
            return
        self._at = min(len(self._rows) - 1, self._at + by)
        self.refresh()

    def action_degree(self, by: int) -> None:
        """Make it weaker or stronger."""
        self._change(lambda a: replace(a, strength=_next(a.strength, by)))

    def action_turn(self) -> None:
        """Turn it round."""
        self._change(_turned)

    def action_leave_out(self) -> None:
        """Leave it out, or take it in again."""
        if self._rows:
            self._out ^= {self._at}
            self._correct()

    def _change(self, change: Callable[[Adjustment], Adjustment]) -> None:
        if self._rows:
            self._rows[self._at] = change(self._rows[self._at])
            self._correct()

    def _correct(self) -> None:
        self.corrected = True
        self.refresh()
        self.post_message(self.Corrected())

    def render_line(self, y: int) -> Strip:
        if y >= len(self._rows):
            return Strip.blank(self.size.width, self.rich_style)
        a = self._rows[y]
        text = f"{'✗' if y in self._out else '·'} {spoken(a)}" + (f"   “{a.text}”" if a.text else "")
        style = self.rich_style + Style(dim=y in self._out, reverse=self.has_focus and y == self._at)
        return Strip([Segment(text[: self.size.width].ljust(self.size.width), style)], self.size.width)


def _next(strength: float, by: int) -> float:
    """The next degree up or down."""
    if by > 0:
        return next((d for d in _DEGREES if d > strength + 1e-6), FULL)
    return next((d for d in reversed(_DEGREES) if d < strength - 1e-6), TOUCH)


def _turned(a: Adjustment) -> Adjustment:
    kinds = {"like": "unlike", "unlike": "like"}
    return replace(a, kind=kinds.get(a.kind, a.kind), direction=-a.direction)
