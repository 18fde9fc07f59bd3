"""One line that says what is being worked on."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence

from textual.widgets import Static

_LOSS = re.compile(r"loss ([\d.]+)")
_WIDTH = 24
_BARS = "▁▂▃▄▅▆▇█"


def curve(values: Sequence[float], width: int = 60) -> str:
    """Values as a line of bars, from their lowest to their highest."""
    columns = min(width, len(values))
    parts = [values[k * len(values) // columns : (k + 1) * len(values) // columns] for k in range(columns)]
    means = [sum(part) / len(part) for part in parts]
    low = min(means, default=0.0)
    span = max(max(means, default=0.0) - low, 1e-9)
    return "".join(_BARS[min(7, int((v - low) / span * 8))] for v in means)


class JobBar(Static):
    """Progress with ETA, or the last thing that happened."""

    DEFAULT_CSS = "JobBar { height: 1; padding: 0 1; background: $surface; color: $text-muted; }"

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__("", id=id, markup=False)
        self._what = ""
        self._began = 0.0
        self._losses: list[float] = []

    def progress(self, done: int, total: int, what: str) -> None:
        """Show progress."""
        now = time.monotonic()
        stage = what.split(",", maxsplit=1)[0]
        if stage != self._what:
            self._what, self._began = stage, now
            self._losses = []
        if (found := _LOSS.search(what)) is not None:
            self._losses.append(float(found.group(1)))
            what = f"{what} {curve(self._losses, _WIDTH)}"
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
