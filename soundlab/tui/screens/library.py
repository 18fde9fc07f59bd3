"""The library: list, search, audition."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.timer import Timer
from textual.widgets import Footer, Input, Static

from soundlab.domain.clip import Clip
from soundlab.domain.labels import Labels
from soundlab.errors import Cancelled, SoundlabError
from soundlab.tui.messages import Finished
from soundlab.tui.screens.ask import AskScreen
from soundlab.tui.screens.choose import ChooseScreen
from soundlab.tui.screens.labels import LabelScreen
from soundlab.tui.screens.map import MapScreen
from soundlab.tui.screens.stage import WAYS, StageScreen
from soundlab.tui.widgets.clip_table import ClipTable, Page
from soundlab.tui.widgets.job_bar import JobBar
from soundlab.tui.widgets.waveform import Waveform

if TYPE_CHECKING:
    from soundlab.services.suggesting import Suggestion

_EMPTY = "The library is empty. Press a to add a folder, or start over with: soundlab init PATH --starter"
_FOUND = 200
_PAUSE = 0.15
"""Seconds without a key after which a search, or a preview, begins."""
_STEP = 2.0
_ADVISE = 0.4
"""Seconds on one clip after which something is suggested for it."""
_ACCEPTED = 3


class LibraryScreen(StageScreen):
    """Clips of the project."""

    CSS_PATH = "library.tcss"
    LIST = "ClipTable"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "search", "Search", id="search"),
        Binding("m", "more_like", "Like this", id="more_like"),
        Binding("a", "import_files", "Add", id="import"),
        Binding("u", "use", "Use", id="use"),
        Binding("t", "label", "Labels", id="label"),
        *WAYS,
        Binding("p", "preview", "Auto-play", id="preview"),
        Binding("y", "accept", "Accept suggestion", id="accept", show=False),
        Binding("z", "undo", "Undo", id="undo"),
        Binding("g", "map", "Map", id="map"),
        Binding("s", "save", "Save search", id="save", show=False),
        Binding("c", "choose", "Collections", id="choose"),
        *(Binding(str(n), f"rate({n})", "Rate", id=f"rate_{n}", show=False) for n in range(6)),
        Binding("j", "shuttle(-1)", "Back", id="back", show=False),
        Binding("k", "pause", "Pause", id="pause", show=False),
        Binding("l", "shuttle(1)", "On", id="on", show=False),
        Binding("i", "mark(0)", "Mark in", id="mark_in", show=False),
        Binding("o", "mark(1)", "Mark out", id="mark_out", show=False),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._query = ""
        self._searching: str | None = None
        self._timer: Timer | None = None
        self._listening: Timer | None = None
        self._preview = False
        self._marks: list[float | None] = [None, None]
        self._advising: Timer | None = None
        self._advice: Suggestion | None = None
        self._left = False
        self._writing: Event | None = None
        self._results: list[tuple[Clip, float | None]] = []

    def compose(self) -> ComposeResult:
        yield Input(
            placeholder="search as you type: distant groan tag:metal NOT rights:unknown brightness<2000",
            id="query",
        )
        yield ClipTable(id="clips")
        yield Static(_EMPTY, id="empty", classes="hint")
        yield Waveform(id="wave")
        yield Static("", id="details", classes="hint", markup=False)
        yield Static("", id="advice", classes="hint", markup=False)
        yield JobBar(id="job")
        yield Footer(compact=True, show_command_palette=False)

    def on_mount(self) -> None:
        super().on_mount()
        self.query_one("#empty").display = False
        self._all()
        self.query_one(ClipTable).focus()
        self.run_worker(self._catch_up, thread=True, exit_on_error=False, group="embed")

    def on_unmount(self) -> None:
        self._left = True

    def _catch_up(self) -> None:
        """Embed what this CLAP has not heard yet, beside all other work; until then earlier vectors are searched."""
        try:
            waiting = self.app.project.switch.waiting()
        except SoundlabError as error:  # the CLAP that the project names is not here
            self.app.call_from_thread(self.app.notify, f"{error.message}\n{error.hint}", severity="warning")
            return
        if not waiting:
            return

        def progress(done: int, total: int, what: str) -> None:
            if not self._left and not self.app.jobs.running:
                self.app.call_from_thread(
                    self.query_one(JobBar).say, f"{what} in the background: {done:,} of {total:,}"
                )

        try:
            self.app.project.importer.embed_missing(progress, lambda: self._left)
        except Cancelled:
            return  # the rest is done next time
        except SoundlabError as error:
            if not self._left:
                self.app.call_from_thread(self.app.notify, f"{error.message}\n{error.hint}", severity="warning")

    def _all(self) -> None:
        self.run_worker(self._load, thread=True, exit_on_error=False, group="load")

    def _load(self) -> None:
        """Read which clips there are off-thread: SQLAlchemy is imported after the first paint."""
        store = self.app.project.clips
        order = store.order()

        def page(start: int, stop: int) -> list[tuple[Clip, float | None]]:
            return [(clip, None) for clip in store.page(order[start:stop].tolist())]

        self.app.call_from_thread(self._everything, len(order), page)

    def _everything(self, count: int, page: Page) -> None:
        if not self._query:
            self.query_one(ClipTable).show(count, page)
            self.query_one("#empty").display = not count
            self.query_one(JobBar).say(f"{count:,} clips")

    def fill(self, rows: list[tuple[Clip, float | None]]) -> None:
        """Show what a search found."""
        self._results = rows
        self.query_one(ClipTable).show(len(rows), lambda start, stop: self._results[start:stop])
        self.query_one("#empty").display = False
        self.query_one(JobBar).say(
            f'{len(rows)} {"clip" if len(rows) == 1 else "clips"} for "{self._query}"; / and an empty line shows all'
            if rows
            else f'nothing found for "{self._query}"'
        )

    def on_input_changed(self, message: Input.Changed) -> None:
        """Search when the typing pauses."""
        if self._timer is not None:
            self._timer.stop()
        text = message.value.strip()
        self._timer = self.set_timer(_PAUSE, lambda: self._look_for(text))

    def on_input_submitted(self, message: Input.Submitted) -> None:
        self._look_for(message.value.strip())
        self.query_one(ClipTable).focus()

    def _look_for(self, text: str, **how: Any) -> None:
        """Search for what the field says; a search that runs is followed by the last one asked for."""
        if self._timer is not None:
            self._timer.stop()
        if text == self._query and not how:
            return
        self._query = text
        if not text:
            self._all()
        elif how:
            self._search(text, how)
        elif self._searching is None:
            self._search(text, {"text": text})

    def _search(self, name: str, how: dict[str, Any]) -> None:
        self._searching = name
        self.query_one(JobBar).say(f"searching for {name}…")
        self.run_worker(lambda: self._found(name, how), thread=True, exit_on_error=False, group="search")

    def _found(self, name: str, how: dict[str, Any]) -> None:
        """Search off-thread; words are embedded by a worker that generation never holds up."""
        try:
            found = [(r.clip, r.score) for r in self.app.project.searcher.search(**how, k=_FOUND)]
        except SoundlabError as error:
            self.app.call_from_thread(self._searched, name, None, f"{error.message}  {error.hint}".strip())
        else:
            self.app.call_from_thread(self._searched, name, found, "")

    def _searched(self, name: str, found: list[tuple[Clip, float | None]] | None, why: str) -> None:
        self._searching = None
        if name != self._query:  # typed on meanwhile
            if self._query:
                self._search(self._query, {"text": self._query})
        elif found is None:
            self.query_one(JobBar).say(why)
        else:
            self.fill(found)

    def _start(self, name: str, work: Any) -> None:
        if not self.app.jobs.start(name, work):
            self.app.notify(f"still busy: {self.app.jobs.running}; escape stops it", severity="warning")
        else:
            self.query_one(JobBar).say(f"{name}…")

    def job_finished(self, message: Finished) -> None:
        if message.job == "import":
            self._query = ""
            self._all()
            bad = "".join(f"\n{Path(path).name}: {reason}" for path, reason in message.result.failed[:5])
            counts = f"imported {len(message.result.imported)}, unchanged {len(message.result.unchanged)}"
            self.app.notify(f"{counts}, failed {len(message.result.failed)}{bad}", timeout=8)

    def on_clip_table_moved(self, message: ClipTable.Moved) -> None:
        clip = message.clip
        self._marks = [None, None]
        self.query_one("#advice", Static).update("")
        if self._listening is not None:
            self._listening.stop()
        if clip is None:
            self.show_nothing()
            self.query_one("#details", Static).update("")
            return
        self.show_file(clip.path)
        where = "file is missing: soundlab relink FOLDER finds it" if clip.missing else clip.path
        self.query_one("#details", Static).update(
            f"{clip.id}  {clip.sample_rate} Hz, {clip.channels} ch  {clip.rights}: {clip.training.reason}\n{where}"
        )
        if self._preview and not clip.missing:
            self._listening = self.set_timer(_PAUSE, lambda: self.app.play(clip.path))
        if self._advising is not None:
            self._advising.stop()
        self._advice = None
        self._advising = self.set_timer(_ADVISE, lambda: self._advise(clip.id))

    def _advise(self, identity: str) -> None:
        self.run_worker(lambda: self._consider(identity), thread=True, exit_on_error=False, group="advice")

    def _consider(self, identity: str) -> None:
        """Find what may be said of a clip, off-thread."""
        found = self._suggestions([identity])
        if found:
            self.app.call_from_thread(self._advised, found[0])

    def _suggestions(self, ids: list[str]) -> list[Suggestion]:
        try:
            return self.app.project.suggester.suggest(ids)
        except SoundlabError as error:
            self.app.call_from_thread(self.app.notify, error.message, severity="warning")
            return []

    def _advised(self, advice: Suggestion) -> None:
        clip = self._selected()
        if clip is None or clip.id != advice.clip.id:
            return
        self._advice = advice
        parts = [tag for tag, _ in advice.tags[:_ACCEPTED]]
        if advice.categories and not clip.category:
            parts.append(advice.categories[0][0])
        if parts:
            self.query_one("#advice", Static).update(f"y adds: {', '.join(parts)}")

    def _targets(self) -> list[Clip]:
        """What a change is for: the marked clips, else the one under the cursor."""
        marked = list(self.query_one(ClipTable).marked.values())
        clip = self._selected()
        return marked or ([clip] if clip is not None else [])

    def _change(self, clips: list[Clip], labels: Labels) -> None:
        """Change clips off-thread and show them as they are now."""
        if not labels.told:
            return
        ids = [clip.id for clip in clips]
        several = f"{len(clips)} clips: " if len(clips) > 1 else ""

        def work() -> None:
            self.app.project.clips.label(ids, labels, undoable=True)
            self._changed(ids, f"{several}{labels.told}; z takes it back")

        self._write(work)

    def _write(self, work: Callable[[], None]) -> None:
        """Write to the database on a thread, one change after the other as they were asked for."""
        before = self._writing

        def then() -> None:
            if before is not None:
                before.wait()
            try:
                work()
            except SoundlabError as error:
                self.app.call_from_thread(self.app.notify, f"{error.message}\n{error.hint}", severity="error")
            finally:
                done.set()

        done = self._writing = Event()
        self.run_worker(then, thread=True, exit_on_error=False, group="write")

    def _changed(self, ids: list[str], said: str) -> None:
        """Read clips that were changed; on a thread."""
        fresh = {clip.id: clip for clip in self.app.project.clips.all(ids=ids)}
        self.app.call_from_thread(self._renew, fresh, said)

    def _renew(self, fresh: dict[str, Clip], said: str) -> None:
        self._results = [(fresh.get(clip.id, clip), score) for clip, score in self._results]
        self.query_one(ClipTable).patch(list(fresh.values()))
        self.query_one(JobBar).say(said)

    def action_rate(self, stars: int) -> None:
        """Rate the marked clips, or the one under the cursor; 0 takes it away."""

        if clips := self._targets():
            self._change(clips, Labels(rating=stars))

    def action_label(self) -> None:
        """Open the panel of tags, category, rights, collection and note."""
        if not (clips := self._targets()):
            return

        def keep(labels: Labels | None) -> None:
            if labels is not None:
                self._change(clips, labels)

        ids = [clip.id for clip in clips]
        self.app.push_screen(LabelScreen(clips, lambda: self._suggestions(ids)), keep)

    def action_accept(self) -> None:
        """Give the clip under the cursor what is suggested."""

        clip, advice = self._selected(), self._advice
        if clip is None or advice is None:
            return
        category = advice.categories[0][0] if advice.categories and not clip.category else None
        self._change([clip], Labels(tags=tuple(tag for tag, _ in advice.tags[:_ACCEPTED]), category=category))

    def action_undo(self) -> None:
        """Take back the last change of labels."""

        def work() -> None:
            last = self.app.project.clips.undo()
            if last is None:
                self.app.call_from_thread(self.query_one(JobBar).say, "there is no change to take back")
            else:
                titles = [clip.title for clip in self.app.project.clips.all(ids=last[1][:1])]
                more = f" and {len(last[1]) - 1} more" if len(last[1]) > 1 else ""
                self._changed(last[1], f"taken back on {''.join(titles) or 'what is gone'}{more}: {last[0]}")

        self._write(work)

    def action_map(self) -> None:
        """Lay out what the list shows as a map."""
        ids = [clip.id for clip, _ in self._results] if self._query else None

        def back(identity: str | None) -> None:
            if identity is not None:
                clip = self.app.project.clips.get(identity)
                self._look_for(f"like {clip.title}", like=[clip.id])

        self.app.push_screen(MapScreen(ids, self._preview), back)

    def action_save(self) -> None:
        """Save the line that is searched for under a name."""
        line = self.query_one("#query", Input).value.strip()
        if not line:
            self.query_one(JobBar).say("write a search first: / goes there")
            return

        def keep(name: str | None) -> None:
            if name:
                self.app.project.searches.save(name, {"text": line})
                self.query_one(JobBar).say(f"saved as {name}; c finds it again")

        self.app.push_screen(AskScreen(f"Save the search “{line}” as", placeholder="name"), keep)

    def action_choose(self) -> None:
        """Choose a collection or a saved search."""
        self.run_worker(self._collections, thread=True, exit_on_error=False, group="load")

    def _collections(self) -> None:
        """Count off-thread: a large library takes a moment."""
        project = self.app.project
        named, saved = project.clips.collections(), project.searches.all()
        rows = [(f"all clips ({project.clips.count():,})", "")]
        rows += [(f"{name} ({count:,})", f'collection:"{name}"') for name, count in named.items()]
        rows += [
            (f"{name}: {recipe['text']}", str(recipe["text"])) for name, recipe in saved.items() if recipe.get("text")
        ]
        self.app.call_from_thread(self._offer, rows)

    def _offer(self, rows: list[tuple[str, str]]) -> None:
        def go(line: str | None) -> None:
            if line is not None:
                self.query_one("#query", Input).value = line
                self._look_for(line)

        self.app.push_screen(ChooseScreen("Collections and saved searches", rows), go)

    def _selected(self) -> Clip | None:
        return self.query_one(ClipTable).clip

    def selected_path(self) -> str | None:
        clip = self._selected()
        return clip.path if clip else None

    def action_search(self) -> None:
        """Go to the search field."""
        self.query_one("#query", Input).focus()

    def action_more_like(self) -> None:
        """Search by the clip under the cursor, or by the part of it that is marked."""
        if (clip := self._selected()) is None:
            return
        start, stop = self._marks
        if start is not None and stop is not None:
            part = f"{clip.title} from {start:.1f} to {stop:.1f} s"
            self._look_for(f"like {part}", like=[f"{clip.id}@{start:.3f}-{stop:.3f}"])
        else:
            self._look_for(f"like {clip.title}", like=[clip.id])

    def action_preview(self) -> None:
        """Play each clip that the cursor comes to, or stop doing so."""
        self._preview = not self._preview
        self.query_one(JobBar).say("plays what the cursor comes to" if self._preview else "plays on space only")
        if self._preview and (clip := self._selected()) is not None:
            self.app.play(clip.path)

    def action_shuttle(self, way: int) -> None:
        """Play from two seconds back or on; from where it stopped, if it had."""
        if (path := self.selected_path()) is None:
            return
        step = way * _STEP if self.app.player.playing or way < 0 else 0.0
        self.app.play(path, max(0.0, min(self._position(path) + step, max(self._duration - 0.1, 0.0))))

    def action_pause(self) -> None:
        """Stop where it is; l goes on."""
        self.app.player.stop()

    def action_mark(self, end: int) -> None:
        """Mark where the playhead is as the start or the end of a region."""
        if (path := self.selected_path()) is None or not self._duration:
            return
        at = self._position(path)
        self._marks[end] = at
        start, stop = self._marks
        if start is not None and stop is None:
            stop = self._duration
        elif start is None:
            start = 0.0
        if start is None or stop is None or stop - start < 0.05:
            self._marks = [None, None]
            self.query_one(Waveform).marked = None
            self.query_one(JobBar).say("the region is empty: i marks its start and o its end while the clip plays")
            return
        self._marks = [start, stop]
        self.query_one(Waveform).marked = (start / self._duration, stop / self._duration)
        self.query_one(JobBar).say(f"{start:.2f} to {stop:.2f} s; m finds more like it")

    def _position(self, path: str) -> float:
        """Where the playhead of a clip is, in seconds."""
        return self.app.player.position if self.app.playing == path else 0.0

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

    return project.importer.run([path], Labels(), progress=progress, cancelled=cancelled)
