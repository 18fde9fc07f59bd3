"""Adapters: what each was trained on, what it does against its base, and both heard blind."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import DataTable, Footer, Static

from soundlab.domain.adapter import Adapter
from soundlab.tui.screens.compare import CompareScreen
from soundlab.tui.widgets.job_bar import curve

if TYPE_CHECKING:
    from soundlab.tui.app import SoundlabApp

_EMPTY = "No adapters yet. Approve takes (a), then train one (t)."


class AdaptersScreen(ModalScreen[tuple[str, str] | None]):
    """Returns what is to be done with which adapter, or None: ``("evaluate", name)`` or ``("use", name)``."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("b", "blind", "Hear it against its base"),
        Binding("e", "choose('evaluate')", "Evaluate"),
        Binding("u", "choose('use')", "Use in the prompt"),
        Binding("escape,q", "dismiss(None)", "Back"),
    ]
    DEFAULT_CSS = """
    AdaptersScreen { background: $background; }
    AdaptersScreen DataTable { height: 10; }
    AdaptersScreen VerticalScroll { height: 1fr; padding: 0 1; }
    """
    app: SoundlabApp

    def __init__(self) -> None:
        super().__init__()
        self._adapters: dict[str, Adapter] = {}
        self._outdated: dict[str, list[tuple[str, str]]] = {}

    def compose(self) -> ComposeResult:
        yield DataTable(cursor_type="row", zebra_stripes=True)
        with VerticalScroll():
            yield Static("", id="card", markup=False)
        yield Footer(compact=True, show_command_palette=False)

    def on_mount(self) -> None:
        self.query_one(DataTable).add_columns("adapter", "base", "steps", "sources", "loss", "verdict")
        self.run_worker(self._load, thread=True, exit_on_error=False)

    def _load(self) -> None:
        project = self.app.project
        found = project.adapters.all()
        outdated = {a.name: project.clearing.outdated(a) for a in found}
        self.app.call_from_thread(self._show, found, outdated)

    def _show(self, found: list[Adapter], outdated: dict[str, list[tuple[str, str]]]) -> None:
        self._adapters, self._outdated = {a.name: a for a in found}, outdated
        table = self.query_one(DataTable)
        for a in reversed(found):
            verdict = str(a.evaluation["verdict"]).split(":")[0] if a.evaluation else "not evaluated"
            gone = f"{len(outdated[a.name])} sources may not train any more" if outdated[a.name] else ""
            loss = f"{a.loss_first:.2f} → {a.loss_last:.2f}" if a.loss_first and a.loss_last else ""
            table.add_row(a.name, a.checkpoint, str(a.steps), str(len(a.clips)), loss, gone or verdict, key=a.name)
        if not found:
            self.query_one("#card", Static).update(_EMPTY)
        table.focus()

    def on_data_table_row_highlighted(self, message: DataTable.RowHighlighted) -> None:
        adapter = self._adapters.get(str(message.row_key.value)) if message.row_key else None
        if adapter is not None:
            self.query_one("#card", Static).update(card_text(adapter, self._outdated[adapter.name]))

    def _selected(self) -> Adapter | None:
        table = self.query_one(DataTable)
        if not table.row_count:
            return None
        return self._adapters.get(str(table.coordinate_to_cell_key(table.cursor_coordinate).row_key.value))

    def action_choose(self, what: str) -> None:
        """Leave with the adapter under the cursor."""
        if (adapter := self._selected()) is not None:
            self.dismiss((what, adapter.name))

    def action_blind(self) -> None:
        """Hear a take with the adapter and one without it, of one prompt and seed, not knowing which is which."""
        adapter = self._selected()
        if adapter is None:
            return
        if adapter.evaluation is None:
            self.app.notify("it has not been compared with its base yet; e does that")
            return
        base, own = random.choice(adapter.evaluation["pairs"])
        self.app.push_screen(CompareScreen(base, own, blind=True))


def card_text(a: Adapter, outdated: list[tuple[str, str]]) -> str:
    """An adapter's card in lines."""
    lines = [f"{a.name} on {a.checkpoint}, rank {a.rank}, {a.steps} steps  [{a.licence}]"]
    lines += [f"{i} may not train any more ({why}): train it again without it" for i, why in outdated]
    training = a.training
    if training.get("losses"):
        lines.append(f"loss      {curve(training['losses'])}  {a.loss_last}")
    if training.get("held_out"):
        lines.append(f"held out  {curve([v for _, v in training['held_out']])}  step {training['kept']} was kept")
    if a.evaluation is not None:
        lines += [a.evaluation["verdict"], *a.findings()]
    lines.append("")
    lines += [f"{c['id']}  {c['rights']}  {c['caption']}{'  (held out)' if c.get('held_out') else ''}" for c in a.clips]
    return "\n".join(lines)
