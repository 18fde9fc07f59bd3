"""What the stages share: a job line, audition with a waveform, messages from jobs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.screen import Screen

from soundlab.tui import desktop
from soundlab.tui.messages import Failed, Finished, PeaksReady, Progress, Streaming
from soundlab.tui.widgets.job_bar import JobBar
from soundlab.tui.widgets.waveform import Waveform

if TYPE_CHECKING:
    from soundlab.tui.app import SoundlabApp

_COLUMNS = 600
_SPECTRUM_COLUMNS, _BANDS = 300, 48
WAYS: tuple[Binding, ...] = (
    Binding("f1", "app.help", "Help", id="help"),
    Binding("f2", "app.switch_mode('library')", "Library", id="library"),
    Binding("f3", "app.switch_mode('generate')", "Generate", id="generate"),
)
"""Where else to go: said before what is rarer, so that a terminal of 80 columns shows it."""


class StageScreen(Screen[None]):
    """A stage of the loop."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "audition", "Play", id="audition"),
        Binding("w", "spectrum", "Spectrum", id="spectrum", show=False),
        Binding("ctrl+y", "copy_path", "Copy path", id="copy_path", show=False),
        Binding("ctrl+r", "reveal", "Show in folder", id="reveal", show=False),
        Binding("ctrl+e", "open_outside", "Open in an editor", id="open_outside", show=False),
    ]
    LIST: ClassVar[str]
    """Selector of what the keys are about."""
    app: SoundlabApp

    def __init__(self) -> None:
        super().__init__()
        self._shown = ""
        self._duration = 0.0
        self._spectrum = False

    def on_mount(self) -> None:
        self.set_interval(1 / 15, self._move_playhead)

    def leave_line(self) -> None:
        """Go from the line that is written in to the list."""
        self.query_one(self.LIST).focus()

    def show_file(self, path: str) -> None:
        """Draw a file's waveform; computed on a thread."""
        if path == self._shown:
            return
        self._shown = path
        self.run_worker(lambda: self._outline(path), thread=True, exclusive=True, group="peaks", exit_on_error=False)

    def show_nothing(self) -> None:
        """Take the waveform away."""
        self._shown, self._duration = "", 0.0
        self.query_one(Waveform).show([], "nothing selected")

    def _outline(self, path: str) -> None:
        from soundlab.audio.peaks import outline
        from soundlab.errors import SoundlabError

        try:
            peaks, duration = outline(Path(path), _COLUMNS)
        except SoundlabError as error:
            self.app.call_from_thread(self.query_one(Waveform).show, [], error.message)
            return
        self.post_message(PeaksReady(path, peaks, duration))

    def on_peaks_ready(self, message: PeaksReady) -> None:
        if message.path == self._shown:
            self._duration = message.duration
            self.query_one(Waveform).show(message.peaks)
            if self._spectrum:
                self._analyse()

    def action_spectrum(self) -> None:
        """Change between waveform and spectrogram."""
        self._spectrum = not self._spectrum
        self.query_one(Waveform).set_class(self._spectrum, "tall")
        if self._spectrum and self._shown:
            self._analyse()
        elif not self._spectrum:
            self.query_one(Waveform).levels = None

    def _analyse(self) -> None:
        path = self._shown
        self.run_worker(lambda: self._colours(path), thread=True, exclusive=True, group="spectrum", exit_on_error=False)

    def _colours(self, path: str) -> None:
        from soundlab.audio.spectrum import spectrogram
        from soundlab.errors import SoundlabError

        try:
            levels = spectrogram(Path(path), _SPECTRUM_COLUMNS, _BANDS).tolist()
        except SoundlabError as error:
            self.app.call_from_thread(self.app.notify, error.message, severity="warning")
            return
        self.app.call_from_thread(self._coloured, path, levels)

    def _coloured(self, path: str, levels: list[list[float]]) -> None:
        if self._spectrum and path == self._shown:
            self.query_one(Waveform).levels = levels

    def action_copy_path(self) -> None:
        """Put the path of what the cursor is on into the clipboard."""
        if (path := self.selected_path()) is not None:
            self.app.copy_to_clipboard(path)
            self.app.notify(f"copied: {path}")

    def action_reveal(self) -> None:
        """Show the file in its folder."""
        self._outside(desktop.reveal)

    def action_open_outside(self) -> None:
        """Open the file in the editor that ``$SOUNDLAB_EDITOR`` names, else in what the system opens it with."""
        self._outside(desktop.edit)

    def _outside(self, act: Callable[[Path], None]) -> None:
        from soundlab.errors import SoundlabError

        if (path := self.selected_path()) is None:
            return
        try:
            act(Path(path))
        except SoundlabError as error:
            self.app.notify(f"{error.message}\n{error.hint}", severity="error")

    def _move_playhead(self) -> None:
        if self._duration and self.app.playing == self._shown and self.app.player.playing:
            self.query_one(Waveform).fraction = min(1.0, self.app.player.position / self._duration)

    def selected_path(self) -> str | None:
        """Path of what the cursor is on."""
        raise NotImplementedError

    def action_audition(self) -> None:
        """Play what the cursor is on, or stop."""
        if self.app._player is not None and self.app.player.playing:
            self.app.player.stop()
            return
        path = self.selected_path()
        if path is None:
            self.app.notify("nothing selected")
            return
        self.show_file(path)
        self.app.play(path)

    def job_progress(self, message: Progress) -> None:
        """Show how far a job is."""
        self.query_one(JobBar).progress(message.done, message.total, message.what)

    def job_streaming(self, message: Streaming) -> None:
        """React to audio that has arrived."""

    def job_failed(self, message: Failed) -> None:
        """Say that a job has ended badly."""
        self.query_one(JobBar).say(message.text)

    def job_finished(self, message: Finished) -> None:
        """Take in a job's results."""
