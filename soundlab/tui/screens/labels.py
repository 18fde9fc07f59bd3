"""Labels of one clip or many: tags with suggestions, UCS category, rights, collection, note."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Input, Select, SelectionList, Static
from textual.widgets.selection_list import Selection

from soundlab.domain.clip import Clip
from soundlab.domain.labels import Labels
from soundlab.domain.rights import STATUSES

if TYPE_CHECKING:
    from soundlab.services.suggesting import Suggestion


class LabelScreen(ModalScreen[Labels | None]):
    """Returns what should change about the clips, or None.

    Parameters
    ----------
    suggest
        Finds suggestions; called on a thread, they appear when they are there.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+s", "keep", "Keep"),
        Binding("escape", "dismiss(None)", "Leave as it is"),
    ]
    DEFAULT_CSS = """
    LabelScreen { align: center middle; }
    LabelScreen VerticalScroll { width: 80%; max-width: 96; height: auto; max-height: 95%; padding: 0 1; }
    LabelScreen VerticalScroll { border: round $accent; background: $surface; }
    LabelScreen SelectionList { height: auto; max-height: 10; border: none; }
    LabelScreen Input { height: 1; border: none; background: $panel; margin: 0; }
    LabelScreen Select { height: auto; }
    """

    def __init__(self, clips: Sequence[Clip], suggest: Callable[[], list[Suggestion]]) -> None:
        super().__init__()
        self._clips, self._suggest = clips, suggest
        self._before = {tag for clip in clips for tag in clip.tags}

    def compose(self) -> ComposeResult:
        first = self._clips[0]
        several = len(self._clips) > 1
        with VerticalScroll():
            yield Static(f"{len(self._clips)} clips" if several else first.title, markup=False)
            yield SelectionList[str](
                *(Selection(self._held(tag), tag, initial_state=True) for tag in sorted(self._before)), id="tags"
            )
            yield Input(placeholder="more tags, with commas", id="more", compact=True)
            category = first.category if not several else ""
            yield Select[str](
                [(category, category)] if category else [],
                prompt="UCS category",
                value=category or Select.NULL,
                id="category",
                compact=True,
            )
            yield Select[str](
                [(status, status) for status in STATUSES],
                prompt="rights stay as they are",
                value=Select.NULL if several else first.rights,
                id="rights",
                compact=True,
            )
            yield Input(
                "" if several else first.evidence,
                placeholder="evidence: a text, a file, a URL",
                id="evidence",
                compact=True,
            )
            yield Input(placeholder="into the collection", id="collection", compact=True)
            yield Input("" if several else first.note, placeholder="note", id="note", compact=True)
            yield Static("space ticks, tab goes on, enter or ctrl+s keeps, escape leaves", classes="hint", markup=False)

    def _held(self, tag: str) -> str:
        count = sum(tag in clip.tags for clip in self._clips)
        return tag if count == len(self._clips) else f"{tag}  ({count} of {len(self._clips)})"

    def on_mount(self) -> None:
        self.query_one(SelectionList).focus()
        self.run_worker(self._find, thread=True, exit_on_error=False)

    def _find(self) -> None:
        found = self._suggest()
        self.app.call_from_thread(self._advise, found)

    def _advise(self, found: list[Suggestion]) -> None:
        """Add suggestions: those of most clips first, none of them ticked."""
        tags: dict[str, float] = {}
        categories: dict[str, float] = {}
        for row in found:
            for pairs, sums in ((row.tags, tags), (row.categories, categories)):
                for name, score in pairs:
                    sums[name] = sums.get(name, 0.0) + score / len(found)
        listed = self.query_one(SelectionList)
        for tag in sorted(tags, key=lambda t: -tags[t])[:6]:
            if tag not in self._before:
                listed.add_option(Selection(f"{tag}  (suggested)", tag))
        chooser = self.query_one("#category", Select)
        held = chooser.value
        names = [str(held)] if held is not Select.NULL else []
        names += [name for name in sorted(categories, key=lambda c: -categories[c])[:5] if name not in names]
        chooser.set_options([(name, name) for name in names])
        if held is not Select.NULL:
            chooser.value = held

    def on_input_submitted(self, message: Input.Submitted) -> None:
        self.action_keep()

    def action_keep(self) -> None:
        """Return what differs from before."""

        first, several = self._clips[0], len(self._clips) > 1
        ticked = {str(tag) for tag in self.query_one(SelectionList).selected}
        more = [part.strip() for part in self.query_one("#more", Input).value.split(",") if part.strip()]

        def typed(name: str, before: str) -> str | None:
            value = self.query_one(f"#{name}", Input).value.strip()
            return None if value == ("" if several else before) else value

        def chosen(name: str, before: str) -> str | None:
            value = self.query_one(f"#{name}", Select).value
            return None if value is Select.NULL or (not several and value == before) else str(value)

        collection = self.query_one("#collection", Input).value.strip()
        self.dismiss(
            Labels(
                tags=tuple(sorted((ticked - self._before) | {*more})),
                untag=tuple(sorted(self._before - ticked)),
                category=chosen("category", first.category),
                rights=chosen("rights", first.rights),
                evidence=typed("evidence", first.evidence),
                collections=(collection,) if collection else (),
                note=typed("note", first.note),
            )
        )
