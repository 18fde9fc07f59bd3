"""The library: list, search, audition."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import DataTable, Footer, Input, Static

from soundlab.domain.clip import Clip
from soundlab.tui.messages import Finished
from soundlab.tui.screens.ask import AskScreen
from soundlab.tui.screens.stage import StageScreen
from soundlab.tui.widgets.job_bar import JobBar
from soundlab.tui.widgets.waveform import Waveform

_EMPTY = "The library is empty. Press i to import a folder, or start over with: soundlab init PATH --starter"


class LibraryScreen(StageScreen):
    """Clips of the project."""

    CSS_PATH = "library.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "search", "Search", id="search"),
        Binding("m", "more_like", "More like this", id="more_like"),
        Binding("i", "import_files", "Import", id="import"),
        Binding("u", "use", "Use in brief", id="use"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._clips: dict[str, Clip] = {}
        self._query = ""

    def compose(self) -> ComposeResult:
        yield Input(placeholder='search: "distant metal groan" — enter', id="query")
        yield DataTable(cursor_type="row", zebra_stripes=True, id="clips")
        yield Static(_EMPTY, id="empty", classes="hint")
        yield Waveform(id="wave")
        yield Static("", id="details", classes="hint", markup=False)
        yield JobBar(id="job")
        yield Footer(compact=True, show_command_palette=False)

    def on_mount(self) -> None:
        super().on_mount()
        table = self.query_one(DataTable)
        for label, key in (
            ("score", "score"),
            ("title", "title"),
            ("length", "length"),
            ("rights", "rights"),
            ("tags", "tags"),
        ):
            table.add_column(label, key=key)
        self.query_one("#empty").display = False
        self.run_worker(self._load, thread=True, exit_on_error=False, group="load")
        table.focus()

    def _load(self) -> None:
        """Read the clips off-thread: SQLAlchemy is imported after the first paint."""
        clips = self.app.project.clips.all()
        self.app.call_from_thread(self.fill, [(clip, None) for clip in clips])

    def fill(self, rows: list[tuple[Clip, float | None]]) -> None:
        """Show clips, with scores where they come from a search."""
        table = self.query_one(DataTable)
        table.clear()
        self._clips = {clip.id: clip for clip, _ in rows}
        room = max(24, self.size.width - 52)
        for clip, score in rows:
            mark = "" if clip.training.allowed else " ·"
            table.add_row(
                "" if score is None else f"{score:.2f}",
                clip.title[:room],
                f"{clip.duration:6.1f} s",
                clip.rights + mark,
                " ".join(clip.tags)[:40],
                key=clip.id,
            )
        self.query_one("#empty").display = not rows and not self._query
        if not rows and self._query:
            self.query_one(JobBar).say(f'nothing found for "{self._query}"')
        else:
            self.query_one(JobBar).say(
                f"{len(rows)} clips" + (f' for "{self._query}"; / and enter shows all' if self._query else "")
            )

    def on_input_submitted(self, message: Input.Submitted) -> None:
        self._query = message.value.strip()
        if not self._query:
            self.run_worker(self._load, thread=True, exit_on_error=False, group="load")
        else:
            text = self._query
            self._start("search", lambda p, c: self.app.project.searcher.search(text, k=50))
        self.query_one(DataTable).focus()

    def _start(self, name: str, work: Any) -> None:
        if not self.app.jobs.start(name, work):
            self.app.notify(f"still busy: {self.app.jobs.running}; escape stops it", severity="warning")
        else:
            self.query_one(JobBar).say(f"{name}…")

    def job_finished(self, message: Finished) -> None:
        if message.job == "search":
            self.fill([(r.clip, r.score) for r in message.result])
        elif message.job == "import":
            self.run_worker(self._load, thread=True, exit_on_error=False, group="load")
            bad = "".join(f"\n{Path(path).name}: {reason}" for path, reason in message.result.failed[:5])
            counts = f"imported {len(message.result.imported)}, unchanged {len(message.result.unchanged)}"
            self.app.notify(f"{counts}, failed {len(message.result.failed)}{bad}", timeout=8)

    def on_data_table_row_highlighted(self, message: DataTable.RowHighlighted) -> None:
        clip = self._clips.get(str(message.row_key.value)) if message.row_key else None
        if clip is None:
            return
        self.show_file(clip.path)
        where = "file is missing" if clip.missing else clip.path
        self.query_one("#details", Static).update(
            f"{clip.id}  {clip.sample_rate} Hz, {clip.channels} ch  {clip.rights}: {clip.training.reason}\n{where}"
        )

    def _selected(self) -> Clip | None:
        table = self.query_one(DataTable)
        if not table.row_count:
            return None
        key = table.coordinate_to_cell_key(table.cursor_coordinate).row_key
        return self._clips.get(str(key.value))

    def selected_path(self) -> str | None:
        clip = self._selected()
        return clip.path if clip else None

    def action_search(self) -> None:
        """Go to the search field."""
        self.query_one("#query", Input).focus()

    def action_more_like(self) -> None:
        """Search by the clip under the cursor."""
        if (clip := self._selected()) is not None:
            self._query = f"like {clip.title}"
            self._start("search", lambda p, c: self.app.project.searcher.search(like=[clip.id], k=50))

    def action_use(self) -> None:
        """Make the clip a reference of the next brief."""
        if (clip := self._selected()) is not None:
            self.app.references.append(clip.id)
            self.app.notify(f"{clip.title} steers the next take; F3 to write the brief")

    def action_import_files(self) -> None:
        """Ask for a path and import it."""

        def start(answer: str | None) -> None:
            if answer:
                path = Path(answer).expanduser()
                self._start("import", lambda p, c: _import(self.app.project, path, p, c))

        self.app.push_screen(AskScreen("Import which file or folder?", placeholder="~/sounds"), start)


def _import(project: Any, path: Path, progress: Any, cancelled: Any) -> Any:
    from soundlab.services.importing import Labels

    return project.importer.run([path], Labels(), progress=progress, cancelled=cancelled)
