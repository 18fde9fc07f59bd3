"""The app: a table of contents. Screens hold the stages, jobs do the work."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import ClassVar

from textual.app import App
from textual.binding import Binding, BindingType
from textual.widgets import Input

from soundlab.domain.ports import Player
from soundlab.project import Project
from soundlab.tui.jobs import Jobs
from soundlab.tui.messages import Failed, Finished, Progress, Streaming
from soundlab.tui.screens.generate import GenerateScreen
from soundlab.tui.screens.help import HelpScreen
from soundlab.tui.screens.library import LibraryScreen
from soundlab.tui.screens.stage import StageScreen


def _find_sound_card() -> None:
    from soundlab.audio.playback import has_device

    has_device()


class SoundlabApp(App[None]):
    """The interface on one project."""

    TITLE = "soundlab"
    CSS_PATH = "soundlab.tcss"
    MODES: ClassVar = {"library": LibraryScreen, "generate": GenerateScreen}
    DEFAULT_MODE = "library"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f1", "help", "Help", id="help"),
        Binding("f2", "switch_mode('library')", "Library", id="library"),
        Binding("f3", "switch_mode('generate')", "Generate", id="generate"),
        Binding("escape", "stop", "Stop", id="stop", show=False),
        Binding("ctrl+q", "quit", "Quit", id="quit"),
    ]

    def __init__(self, project: Project, player: Player | None = None) -> None:
        super().__init__()
        self.project = project
        self.jobs = Jobs(self)
        self._player = player
        self.playing = ""
        """Path of what plays, or played last."""
        self.references: list[str] = []
        self.sub_title = project.settings.name

    @property
    def player(self) -> Player:
        """The player, made when something is first played."""
        if self._player is None:
            from soundlab.audio.playback import FilePlayer

            self._player = FilePlayer()
        return self._player

    def play(self, path: str, start: float = 0.0, gain: float = 1.0) -> None:
        """Play a file, its samples multiplied by ``gain``; say why if it cannot be."""
        from soundlab.errors import SoundlabError

        try:
            self.player.play(Path(path), start, gain)
            self.playing = path
        except SoundlabError as error:
            self.notify(error.message, severity="error")

    def on_mount(self) -> None:
        if self._player is None:  # asking for a sound card takes a moment: do it before the first play
            self.run_worker(_find_sound_card, thread=True, exit_on_error=False, group="sound")

    def listen(self) -> None:
        """Let the generator's streamed audio reach the screens."""
        self.project.generator.on_audio = self._streamed

    def _streamed(self, take: int, path: str, seconds: float) -> None:
        self.post_message(Streaming(take, path, seconds))

    def action_help(self) -> None:
        """Show the keys of this screen."""
        self.push_screen(HelpScreen())

    def action_stop(self) -> None:
        """Stop the running job, else leave the line that is written in, else stop the playback."""
        if self.jobs.running:
            self.jobs.cancel()
            self.notify("stopping…")
        elif isinstance(self.focused, Input) and isinstance(self.screen, StageScreen):
            self.screen.leave_line()
        elif self._player is not None:
            self._player.stop()

    def on_progress(self, message: Progress) -> None:
        self._stage(lambda stage: stage.job_progress(message))

    def on_streaming(self, message: Streaming) -> None:
        self._stage(lambda stage: stage.job_streaming(message))

    def on_finished(self, message: Finished) -> None:
        for screens in self._screen_stacks.values():
            for screen in screens:
                if isinstance(screen, StageScreen):
                    screen.job_finished(message)

    def on_failed(self, message: Failed) -> None:
        text = f"{message.text}\n{message.hint}".strip()
        self.notify(text, severity="information" if message.stopped else "error", timeout=8)
        self._stage(lambda stage: stage.job_failed(message))

    def _stage(self, tell: Callable[[StageScreen], None]) -> None:
        stage = next((s for s in reversed(self.screen_stack) if isinstance(s, StageScreen)), None)
        if stage is not None:
            tell(stage)

    def on_unmount(self) -> None:
        self.jobs.cancel()
        if self._player is not None:
            self._player.stop()
