"""Long work off the interface's thread: one job at a time, cancelled by an event."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from textual.app import App

from soundlab.domain.ports import Cancelled as CancelledFlag
from soundlab.domain.ports import Progress as ProgressPort
from soundlab.errors import Cancelled, SoundlabError
from soundlab.tui.messages import Failed, Finished, Progress

Work = Callable[[ProgressPort, CancelledFlag], Any]


class Jobs:
    """Runs work on threads of the app, which outlive screens."""

    def __init__(self, app: App[None]) -> None:
        self._app = app
        self._stop = threading.Event()
        self._running = ""

    @property
    def running(self) -> str:
        """Name of the job that runs, or empty."""
        return self._running

    def start(self, name: str, work: Work) -> bool:
        """Start ``work(progress, cancelled)``; False when another job runs."""
        if self._running:
            return False
        self._running = name
        self._stop.clear()
        self._app.run_worker(lambda: self._run(name, work), thread=True, exit_on_error=False, group="jobs", name=name)
        return True

    def cancel(self) -> None:
        """Ask the running job to stop."""
        self._stop.set()

    def _run(self, name: str, work: Work) -> None:
        def progress(done: int, total: int, what: str) -> None:
            self._app.post_message(Progress(done, total, what))

        try:
            result = work(progress, self._stop.is_set)
        except Cancelled as error:
            self._end(Failed(name, error.message, error.hint, stopped=True))
        except SoundlabError as error:
            self._end(Failed(name, error.message, error.hint))
        except Exception as error:  # shown to the person, written to the log
            self._app.log.error(f"{name} failed: {error!r}")
            self._end(Failed(name, f"{type(error).__name__}: {error}", "see the project's logs in .soundlab/"))
        else:
            self._end(Finished(name, result))

    def _end(self, message: Failed | Finished) -> None:
        self._running = ""
        self._app.post_message(message)
