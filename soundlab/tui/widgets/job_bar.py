"""One line that says what is being worked on."""

from __future__ import annotations

import time

from textual.widgets import Static


class JobBar(Static):
    """Progress with ETA, or the last thing that happened."""

    DEFAULT_CSS = "JobBar { height: 1; padding: 0 1; background: $surface; color: $text-muted; }"

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__("", id=id, markup=False)
        self._what = ""
        self._began = 0.0

    def progress(self, done: int, total: int, what: str) -> None:
        """Show progress."""
        now = time.monotonic()
        stage = what.split(",", maxsplit=1)[0]
        if stage != self._what:
            self._what, self._began = stage, now
        if not total:
            self.update(f"{what}…  (escape stops)")
            return
        filled = 20 * done // total
        spent = now - self._began
        eta = f"  {spent / done * (total - done):.0f} s left" if done and spent > 1 and done < total else ""
        self.update(f"{what} {'█' * filled}{'░' * (20 - filled)} {done}/{total}{eta}  (escape stops)")

    def say(self, text: str) -> None:
        """Show a sentence."""
        self._what = ""
        self.update(text)
