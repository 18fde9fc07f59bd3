"""Feedback on a take, with how it is understood while it is written."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from soundlab.domain.feedback import Adjustment
from soundlab.domain.language import Reading
from soundlab.tui.widgets.understanding import Understanding

Understand = Callable[[str], Reading]
"""What text is understood as."""
Treats = Callable[[Sequence[Adjustment]], bool]
"""Whether treatment suits what was understood."""


_WAY = "enter makes new takes, ctrl+T treats this one; ↓ goes to what was understood"
_TREATS = "enter treats this take, as it is to stay itself; ctrl+G makes a new one"
_CORRECT = "← → weaker or stronger, space leaves out, r turns round, ↑ back to the words; enter {}"


@dataclass(frozen=True, slots=True)
class Wish:
    """What was written, and whether the take is to be treated or made anew; None where the words decide."""

    text: str
    treat: bool | None = None
    understood: tuple[Adjustment, ...] | None = None
    """What was understood, where it was corrected."""


class FeedbackScreen(ModalScreen[Wish | None]):
    """Returns what should change, or None.

    Parameters
    ----------
    understand
        Called on a thread. Raises SoundlabError when nothing is understood.
    treats
        Asked of what was understood, as it is corrected.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(None)", "Cancel"),
        Binding("ctrl+t", "treat", "Treat"),
        Binding("ctrl+g", "anew", "New take"),
        Binding("enter", "accept", "Make takes", show=False),
        Binding("down", "correct", "Correct", show=False),
    ]
    DEFAULT_CSS = """
    FeedbackScreen { align: center middle; }
    FeedbackScreen Vertical { width: 80%; max-width: 96; height: auto; padding: 0 1; }
    FeedbackScreen Vertical { border: round $accent; background: $surface; }
    """

    def __init__(self, about: str, understand: Understand, treats: Treats) -> None:
        super().__init__()
        self._about, self._understand, self._treats = about, understand, treats
        self._refused = ""
        """The words, once they have been read and ask for nothing."""

    def compose(self) -> ComposeResult:
        with Vertical():
            yield Static(self._about, markup=False)
            yield Input(placeholder="more metallic, less bright, further away", select_on_focus=False)
            yield Static("", id="understood", markup=False)
            yield Understanding(id="list")
            yield Static("", id="way", classes="hint", markup=False)

    def on_input_changed(self, message: Input.Changed) -> None:
        """Say how it is understood, so that it can be said otherwise; read on a thread, the last word wins."""
        text = message.value
        self.run_worker(lambda: self._read(text), thread=True, exclusive=True, group="read", exit_on_error=False)

    def _read(self, text: str) -> None:
        from soundlab.errors import SoundlabError

        said, refused = "", ""
        found: list[Adjustment] = []
        if text.strip():
            try:
                read = self._understand(text)
            except SoundlabError as error:
                said, refused = f"{error.message}\n{error.hint}".strip(), text.strip()
            else:
                found = read.adjustments
                left = [f"taken for no wish: {', '.join(read.left)}"] if read.left else []
                said = "\n".join((*read.beyond, *left, "understood:"))
        self.app.call_from_thread(self._say, text, said, found, refused)

    def _say(self, text: str, said: str, found: list[Adjustment], refused: str) -> None:
        if self.is_mounted and text == self.query_one(Input).value:
            self._refused = refused
            self.query_one("#understood", Static).update(said)
            self.query_one(Understanding).show(found)
            self._show_way()

    def _show_way(self) -> None:
        """Say what enter will do."""
        shown = self.query_one(Understanding)
        treats = bool(shown.adjustments) and self._treats(shown.adjustments)
        way = _TREATS if treats else _WAY
        if shown.has_focus:
            way = _CORRECT.format("treats this take" if treats else "makes new takes")
        self.query_one("#way", Static).update(way)

    def on_input_submitted(self) -> None:
        self.action_accept()

    def action_correct(self) -> None:
        """Go to what was understood."""
        if self.query_one(Understanding).adjustments:
            self.query_one(Understanding).focus()

    def on_understanding_left(self) -> None:
        self.query_one(Input).focus()

    def on_descendant_focus(self) -> None:
        self._show_way()

    def on_understanding_corrected(self) -> None:
        self._show_way()

    def action_accept(self) -> None:
        """Answer by new takes, or as the words say."""
        self._close(None)

    def action_treat(self) -> None:
        """Answer by signal processing."""
        self._close(True)

    def action_anew(self) -> None:
        """Answer by a new take, whatever the words say."""
        self._close(False)

    def _close(self, treat: bool | None) -> None:
        text, shown = self.query_one(Input).value.strip(), self.query_one(Understanding)
        if shown.corrected and not shown.adjustments:
            self.query_one("#way", Static).update("nothing is left of it; space takes a line in again")
            return
        if text and text == self._refused:
            self.query_one("#way", Static).update("say what should change, and enter makes takes; esc leaves")
            return
        understood = tuple(shown.adjustments) if shown.corrected else None
        if text or treat is None:
            self.dismiss(Wish(text, treat, understood) if text else None)
