"""Generate: brief, takes as they come, feedback, verdicts."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import DataTable, Footer, Input, Static

from soundlab.domain.axes import AXES
from soundlab.domain.brief import USUAL_LEVEL, Reference
from soundlab.domain.feedback import Adjustment, undecided, wished
from soundlab.domain.language import Reading
from soundlab.domain.take import Take
from soundlab.tui.brief_line import read
from soundlab.tui.messages import Failed, Finished, Streaming
from soundlab.tui.screens.adapters import AdaptersScreen
from soundlab.tui.screens.ask import AskScreen
from soundlab.tui.screens.choose import ChooseScreen
from soundlab.tui.screens.compare import CompareScreen
from soundlab.tui.screens.feedback import FeedbackScreen, Wish
from soundlab.tui.screens.stage import WAYS, StageScreen
from soundlab.tui.widgets.job_bar import JobBar
from soundlab.tui.widgets.waveform import Waveform

_EMPTY = 'No takes yet. Press p, write what should be heard ("distant wind over a low industrial drone"), press enter.'
_ASKED = 28
"""Columns for the words a take answers."""
_MARKS = {"approved": "✓", "rejected": "✗", None: " "}


def check_line(take: Take) -> str:
    """How a take answered the feedback it was made for."""
    parts = []
    for row in take.obeyed or []:
        name = wished(row)
        by = " treated" if row["axis"] in take.treated else ""
        parts.append(f"{name} {undecided(row['axis']) if row['ok'] is None else '✓' if row['ok'] else '✗'}{by}")
    return ", ".join(parts)


class GenerateScreen(StageScreen):
    """Takes of the project."""

    CSS_PATH = "generate.tcss"
    LIST = "DataTable"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("p", "prompt", "Prompt", id="prompt"),
        Binding("f", "feedback", "Feedback", id="feedback"),
        Binding("a", "verdict('approved')", "Approve", id="approve"),
        Binding("x", "verdict('rejected')", "Reject", id="reject"),
        Binding("e", "export", "Export", id="export"),
        *WAYS,
        Binding("z", "verdict('')", "Undo verdict", id="undo", show=False),
        Binding("v", "mark", "Mark", id="mark", show=False),
        Binding("c", "compare", "Compare", id="compare"),
        Binding("s", "vary", "What if", id="vary"),
        Binding("t", "train", "Train", id="train"),
        Binding("n", "adapters", "Adapters", id="adapters", show=False),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._takes: dict[str, Take] = {}
        self._streamed = False
        self._marked: str | None = None

    def compose(self) -> ComposeResult:
        yield Input(placeholder="what should be heard (-n 4 -d 8 --adapter night) — enter generates", id="brief")
        yield DataTable(cursor_type="row", zebra_stripes=True, id="takes")
        yield Static(_EMPTY, id="empty", classes="hint", markup=False)
        yield Waveform(id="wave")
        yield Static("", id="details", classes="hint", markup=False)
        yield JobBar(id="job")
        yield Footer(compact=True, show_command_palette=False)

    def on_mount(self) -> None:
        super().on_mount()
        table = self.query_one(DataTable)
        for label, key in (
            ("", "mark"),
            ("take", "id"),
            ("asked", "asked"),
            ("prompt", "prompt"),
            ("length", "length"),
            ("check", "check"),
        ):
            table.add_column(label, key=key)
        self.query_one("#empty").display = False
        self._refresh()
        table.focus()

    def _refresh(self, select: str | None = None) -> None:
        self.run_worker(lambda: self._load(select), thread=True, exit_on_error=False, group="load")

    def _load(self, select: str | None) -> None:
        takes = self.app.project.takes.all()
        self.app.call_from_thread(self.fill, takes, select)

    def fill(self, takes: list[Take], select: str | None = None) -> None:
        """Show the tree of takes, children under their parents, newest tree first."""
        table = self.query_one(DataTable)
        before = self._selected()
        table.clear()
        self._takes = {t.id: t for t in takes}
        wanted = select or (before.id if before else None)
        asked = max((len(_asked(t)) for t in takes), default=0)
        self._marked = self._marked if self._marked in self._takes else None
        room = max(24, self.size.width - 58 - min(asked, _ASKED))
        for take, depth in _ordered(takes):
            indent = "  " * (depth - 1) + "└ " if depth else ""
            table.add_row(
                ("●" if take.id == self._marked else "") + _MARKS[take.verdict],
                indent + take.id,
                _asked(take)[:_ASKED],
                take.prompt[:room],
                f"{take.duration:5.1f} s",
                check_line(take),
                key=take.id,
            )
        if wanted in self._takes:
            table.move_cursor(row=table.get_row_index(str(wanted)))
        self.query_one("#empty").display = not takes

    def on_data_table_row_highlighted(self, message: DataTable.RowHighlighted) -> None:
        take = self._takes.get(str(message.row_key.value)) if message.row_key else None
        if take is not None and self.app.jobs.running != "generate":
            self.show_file(take.path)
            self._describe(take)

    def _describe(self, take: Take) -> None:
        asked = check_line(take)
        first = f"{take.id}  seed {take.seed}  {take.checkpoint}  {take.licence}" + (f"  {asked}" if asked else "")
        measured = ("brightness", "density", "movement", "tonality", "loudness")
        values = "  ".join(f"{a} {take.descriptors[a]:.1f}" for a in measured if take.descriptors.get(a) is not None)
        mixed = ", ".join(
            f"{row['prompt']} {row['level']:+.0f} dB" for row in take.recipe.get("layers") or () if row.get("take")
        )
        said = f"{take.prompt}  (mixed from {mixed})" if mixed else take.prompt
        self.query_one("#details", Static).update(f"{first}\n{said}\n{values}")

    def _selected(self) -> Take | None:
        table = self.query_one(DataTable)
        if not table.row_count:
            return None
        key = table.coordinate_to_cell_key(table.cursor_coordinate).row_key
        return self._takes.get(str(key.value))

    def selected_path(self) -> str | None:
        take = self._selected()
        return take.path if take else None

    def _start(self, name: str, work: Any) -> None:
        self._streamed = False
        self.app.listen()
        if not self.app.jobs.start(name, work):
            self.app.notify(f"still busy: {self.app.jobs.running}; escape stops it", severity="warning")
        else:
            self.query_one(JobBar).say(f"{name}…")

    def on_input_submitted(self, message: Input.Submitted) -> None:
        if not message.value.strip():
            return
        project, words = self.app.project, message.value
        references = tuple(Reference(target) for target in self.app.references)

        def work(progress: Any, cancelled: Any) -> list[Take]:
            s = project.settings
            asked = read(
                words,
                seconds=s.seconds,
                takes=s.takes,
                checkpoint=s.checkpoint,
                sampling=project.sampling(s.checkpoint),
                references=references,
            )
            for line in project.clearing.warnings(name for name, _ in asked.brief.adapters):
                self.app.call_from_thread(self.app.notify, line, severity="warning")
            return project.generation.generate(
                asked.brief, asked.takes, asked.seed, stream=True, progress=progress, cancelled=cancelled
            )

        self.app.references.clear()
        self._start("generate", work)
        self.leave_line()

    def action_prompt(self) -> None:
        """Write a brief."""
        self.query_one("#brief", Input).focus()

    def action_feedback(self) -> None:
        """Ask what should change about the take under the cursor."""
        take = self._selected()
        if take is None:
            self.app.notify("no take to speak of; press p first")
            return

        project = self.app.project

        def understand(text: str) -> Reading:
            from soundlab.services.understanding import workable

            found = project.understanding.read(text, take)  # called on a thread: it reads the lexicon at first
            workable(take, found.adjustments)
            return found

        def treats(found: Sequence[Adjustment]) -> bool:
            return project.steering.treats(found)  # not asked for before something was understood

        def start(wish: Wish | None) -> None:
            if wish is None:
                return

            def work(progress: Any, cancelled: Any) -> list[Take]:
                made: list[Take] = project.steering.follow(
                    take.id,
                    wish.text,
                    by_treatment=wish.treat,
                    understood=wish.understood,
                    progress=progress,
                    cancelled=cancelled,
                    stream=True,
                )
                return made

            self._start("generate", work)

        about = f"What should change about {take.id}, {take.prompt[:60]}?"
        self.app.push_screen(FeedbackScreen(about, understand, treats), start)

    def action_verdict(self, verdict: str) -> None:
        """Approve or reject the take under the cursor, or take the verdict back."""
        from soundlab.services.reviewing import decide

        if (take := self._selected()) is not None:
            decide(self.app.project.takes, self.app.project.taste, [take.id], verdict or None)
            self._refresh(take.id)
            self.query_one(JobBar).say(f"{take.id} {verdict or 'has no verdict'}")

    def action_mark(self) -> None:
        """Mark the take under the cursor, to be compared or gone to; again takes the mark away."""
        if (take := self._selected()) is not None:
            self._marked = None if self._marked == take.id else take.id
            self._refresh(take.id)

    def action_compare(self) -> None:
        """Compare the take under the cursor with the marked one, else with the one it came from."""
        take = self._selected()
        other = self._marked or (take.parent if take is not None else None)
        if take is None or other is None or other == take.id:
            self.app.notify("nothing to compare it with; v marks a take, c on another compares them")
            return

        def done(kept: bool | None) -> None:
            if kept:
                self.query_one(JobBar).say("kept; soundlab taste says what has been learnt")

        self.app.push_screen(CompareScreen(other, take.id), done)

    def action_vary(self) -> None:
        """What if one axis were otherwise; or, with a take marked, what lies between the two."""
        take, marked = self._selected(), self._marked
        if take is None:
            self.app.notify("no take to vary; press p first")
            return
        project = self.app.project
        if marked is not None and marked != take.id:
            self._start(
                "generate",
                lambda p, c: project.exploring.between(marked, take.id, progress=p, cancelled=c),
            )
            return

        def start(axis: str | None) -> None:
            if axis:
                self._start("generate", lambda p, c: _sweep(project, take.id, axis, p, c))

        rows = [(f"{axis.id:16} {axis.less} … {axis.more}", axis.id) for axis in AXES.values()]
        self.app.push_screen(ChooseScreen(f"What if {take.id} were otherwise? In 5 steps:", rows), start)

    def action_train(self) -> None:
        """Ask for a name and train on what is approved."""

        def start(answer: str | None) -> None:
            if answer:
                project = self.app.project
                self._start("train", lambda p, c: _train(project, answer, p, c))

        self.app.push_screen(AskScreen("Train an adapter on the approved takes. Its name?", placeholder="night"), start)

    def action_adapters(self) -> None:
        """Show the adapters and what they do."""

        def chosen(wish: tuple[str, str] | None) -> None:
            if wish is None:
                return
            what, name = wish
            if what == "use":
                brief = self.query_one("#brief", Input)
                brief.value = f"{brief.value} --adapter {name}".strip()
                brief.cursor_position = 0
                brief.focus()
            else:
                project = self.app.project
                self._start("evaluate", lambda p, c: project.evaluation.evaluate(name, p, c))

        self.app.push_screen(AdaptersScreen(), chosen)

    def action_export(self) -> None:
        """Export the take under the cursor to export/ in the project."""
        if (take := self._selected()) is not None:
            project = self.app.project
            self._start("export", lambda p, c: _export(project, take.id, p))

    def job_streaming(self, message: Streaming) -> None:
        """Play the first take as soon as there is sound, and keep drawing it."""
        if message.take != 0:
            return
        self._shown = ""
        self.show_file(message.path)
        if not self._streamed:
            self._streamed = True
            self.run_worker(lambda: self._begin(message), thread=True, exit_on_error=False)

    def _begin(self, message: Streaming) -> None:
        """Play what has no level yet about as loud as it will be."""
        from soundlab.audio.playback import gain_of_beginning
        from soundlab.errors import UnreadableAudio

        try:
            gain = gain_of_beginning(Path(message.path), message.seconds, USUAL_LEVEL)
        except UnreadableAudio:  # it was finished meanwhile, and lies elsewhere
            return
        self.app.call_from_thread(self.app.play, message.path, 0.0, gain)

    def job_finished(self, message: Finished) -> None:
        bar = self.query_one(JobBar)
        if message.job == "generate":
            first: Take = message.result[0]
            self._shown = ""
            bar.say(f"{len(message.result)} new in {first.seconds_to_generate:.1f} s; space plays, f is for feedback")
            self._refresh(first.id)
        elif message.job == "train":
            adapter, plan = message.result
            bar.say(f"adapter {adapter.name}: {adapter.learnt}, {len(plan.refused)} refused; n shows it")
        elif message.job == "evaluate":
            bar.say(f"{message.result.name}: {message.result.evaluation['verdict']}; n shows it")
        elif message.job == "export":
            bar.say(f"written: {message.result[0]['path']}")

    def job_failed(self, message: Failed) -> None:
        super().job_failed(message)
        self._refresh()


def _ordered(takes: list[Take]) -> list[tuple[Take, int]]:
    known = {t.id for t in takes}
    children: dict[str | None, list[Take]] = {}
    for take in takes:
        children.setdefault(take.parent if take.parent in known else None, []).append(take)
    out: list[tuple[Take, int]] = []

    def walk(take: Take, depth: int) -> None:
        out.append((take, depth))
        for child in children.get(take.id, ()):
            walk(child, depth + 1)

    for root in reversed(children.get(None, [])):
        walk(root, 0)
    return out


def _asked(take: Take) -> str:
    """The words a take answers."""
    return ", ".join(str(a["text"]) for a in take.adjustments)


def _sweep(project: Any, take: str, axis: str, progress: Any, cancelled: Any) -> list[Take]:
    made: list[Take] = project.exploring.sweep(take, axis, progress=progress, cancelled=cancelled)
    return [t for t in made if t.id != take]


def _train(project: Any, name: str, progress: Any, cancelled: Any) -> Any:
    adapter, plan = project.training.train(
        name, checkpoint=project.settings.checkpoint, progress=progress, cancelled=cancelled
    )
    return project.evaluation.evaluate(adapter.name, progress, cancelled), plan


def _export(project: Any, take: str, progress: Any) -> Any:
    from soundlab.services.exporting import Delivery

    return project.exporter.export([take], None, project.folder / "export", Delivery(), progress=progress)
