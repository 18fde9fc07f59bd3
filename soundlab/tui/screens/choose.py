"""A choice from a list."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import OptionList, Static


class ChooseScreen(ModalScreen[str | None]):
    """Returns the value of the row that was chosen, or None.

    Parameters
    ----------
    rows
        What is shown, and the value of it.
    """

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss(None)", "Cancel")]
    DEFAULT_CSS = """
    ChooseScreen { align: center middle; }
    ChooseScreen Vertical { width: 80%; max-width: 90; height: auto; max-height: 90%; padding: 0 1; }
    ChooseScreen Vertical { border: round $accent; background: $surface; }
    ChooseScreen OptionList { height: auto; max-height: 20; border: none; }
    """

    def __init__(self, question: str, rows: Sequence[tuple[str, str]]) -> None:
        super().__init__()
        self._question, self._rows = question, rows

    def compose(self) -> ComposeResult:
        with Vertical():
            yield Static(self._question, markup=False)
            yield OptionList(*(shown for shown, _ in self._rows), markup=False)

    def on_option_list_option_selected(self, message: OptionList.OptionSelected) -> None:
        self.dismiss(self._rows[message.option_index][1])
