"""Two takes side by side, and blind: A/B and A/B/X at one loudness."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Footer, Static

from soundlab.tui.widgets.waveform import Waveform

if TYPE_CHECKING:
    from soundlab.services.comparing import Comparison
    from soundlab.tui.app import SoundlabApp

_COLUMNS, _SPECTRUM_COLUMNS, _BANDS = 400, 200, 40
_OPEN = "1 and 2 play them at one loudness, tab changes over. b: which do you like better, not knowing which is which?"
_BLIND = "Blind. 1 and 2 play them, tab changes over. Which is better? ← the first, → the second, escape neither"
_ABX = "1 plays A, 2 plays B, 3 plays X, which is one of them. What is X? ← it is A, → it is B, escape ends"
_LEAST = 10


class CompareScreen(ModalScreen[bool]):
    """Returns whether anything was kept.

    Parameters
    ----------
    first, second
        Ids of takes.
    blind
        Begin with the question which is better, before anything is shown.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("1", "hear(0)", "Play 1"),
        Binding("2", "hear(1)", "Play 2"),
        Binding("3", "hear(2)", "Play X", show=False),
        Binding("tab", "other", "Change over", priority=True),
        Binding("space", "pause", "Stop", show=False),
        Binding("w", "spectrum", "Waveform", show=False),
        Binding("b", "blind", "Blind A/B"),
        Binding("x", "abx", "A/B/X"),
        Binding("left", "choose(0)", "Left", show=False),
        Binding("right", "choose(1)", "Right", show=False),
        Binding("escape,q", "back", "Back"),
    ]
    DEFAULT_CSS = """
    CompareScreen { background: $background; }
    CompareScreen .side { width: 1fr; height: 12; }
    CompareScreen Waveform { height: 10; color: $success; }
    CompareScreen #sides { height: 12; }
    CompareScreen .name { height: 2; padding: 0 1; }
    CompareScreen #difference { height: 1fr; padding: 0 1; }
    CompareScreen #ask { height: 2; padding: 0 1; }
    """
    app: SoundlabApp

    def __init__(self, first: str, second: str, *, blind: bool = False) -> None:
        super().__init__()
        self._begin_blind = blind
        self._ids = (first, second)
        self._found: Comparison | None = None
        self._state = "open"
        self._order = [0, 1]
        """Which take stands behind each key; X is the third in an A/B/X."""
        self._at = 0
        self._kept = False
        self._told = (0, 0)
        """A/B/X answers about the two that were right, and all."""
        self._spectrum = True

    def compose(self) -> ComposeResult:
        with Horizontal(id="sides"):
            for index in (0, 1):
                with Vertical(classes="side"):
                    yield Static("", classes="name", id=f"name{index}", markup=False)
                    yield Waveform(id=f"wave{index}")
        with VerticalScroll(id="difference"):
            yield Static("comparing…", id="table", markup=False)
        yield Static("", id="ask", markup=False)
        yield Footer(compact=True, show_command_palette=False)

    def on_mount(self) -> None:
        self.set_interval(1 / 15, self._move)
        self.run_worker(self._load, thread=True, exit_on_error=False)

    def _load(self) -> None:
        from soundlab.audio.peaks import outline
        from soundlab.audio.spectrum import spectrogram
        from soundlab.errors import SoundlabError

        try:
            found = self.app.project.comparer.compare(*self._ids)
            told = self.app.project.comparisons.told_apart(*self._ids)
            drawn = []
            for take in (found.first, found.second):
                peaks, _ = outline(Path(take.path), _COLUMNS)
                drawn.append((peaks, spectrogram(Path(take.path), _SPECTRUM_COLUMNS, _BANDS).tolist()))
        except SoundlabError as error:
            self.app.call_from_thread(self.query_one("#table", Static).update, f"{error.message}\n{error.hint}")
            return
        self.app.call_from_thread(self._show, found, drawn, told)

    def _show(
        self,
        found: Comparison,
        drawn: list[tuple[list[tuple[float, float]], list[list[float]]]],
        told: tuple[int, int],
    ) -> None:
        self._found, self._drawn, self._told = found, drawn, told
        if not self._begin_blind:
            self._open()
        self.query_one("#table", Static).update("\n".join(found.lines()))
        if self._begin_blind:
            self.action_blind()

    def _open(self, said: str = _OPEN) -> None:
        """Everything is seen again."""
        self._state, self._order = "open", [0, 1]
        assert self._found is not None
        for index, take in enumerate((self._found.first, self._found.second)):
            self.query_one(f"#name{index}", Static).update(f"{index + 1}  {take.id}  seed {take.seed}\n{take.prompt}")
            wave = self.query_one(f"#wave{index}", Waveform)
            wave.show(self._drawn[index][0])
            if self._spectrum:
                wave.levels = self._drawn[index][1]
        self.query_one("#difference").display = True
        self.query_one("#ask", Static).update(said)

    def _hide(self, said: str) -> None:
        """Nothing is seen that tells which is which."""
        for index in (0, 1):
            self.query_one(f"#name{index}", Static).update("AB"[index] if self._state == "abx" else str(index + 1))
            self.query_one(f"#wave{index}", Waveform).show([], "hidden")
        self.query_one("#difference").display = False
        self.query_one("#ask", Static).update(said)

    def _take(self, key: int) -> int | None:
        return self._order[key] if key < len(self._order) else None

    def action_hear(self, key: int) -> None:
        """Play what stands behind a key from where the other one was."""
        index = self._take(key)
        if self._found is None or index is None:
            return
        take = (self._found.first, self._found.second)[index]
        heard = self.app.player if self.app.playing else None
        start = heard.position if heard is not None and heard.playing else 0.0
        self._at = key
        self.app.play(take.path, start, self._found.gains[index])

    def action_other(self) -> None:
        """Change over to the next one at the same place."""
        self.action_hear((self._at + 1) % len(self._order))

    def action_pause(self) -> None:
        """Stop, or play on."""
        if self.app.player.playing:
            self.app.player.stop()
        else:
            self.action_hear(self._at)

    def action_spectrum(self) -> None:
        """Change between waveforms and spectrograms."""
        self._spectrum = not self._spectrum
        if self._found is not None and self._state == "open":
            self._open()

    def action_blind(self) -> None:
        """Hear both without knowing which is which, and say which is better."""
        if self._found is not None:
            self.app.player.stop()
            self._state, self._order = "blind", random.sample([0, 1], 2)
            self._hide(_BLIND)

    def action_abx(self) -> None:
        """Can the two be told apart? X is one of them."""
        if self._found is not None:
            self.app.player.stop()
            self._state, self._order = "abx", [0, 1, random.randrange(2)]
            self._hide(f"{_ABX}\n{abx_text(*self._told)}")

    def action_choose(self, side: int) -> None:
        """Answer a blind question; the answer is kept on a thread."""
        if self._found is None or self._state == "open":
            return
        ids = (self._found.first.id, self._found.second.id)
        project, self._kept = self.app.project, True
        if self._state == "blind":
            chosen, other = ids[self._order[side]], ids[1 - self._order[side]]
            self._keep(lambda: project.comparer.prefer(chosen, other))
            self._open(f"You liked {chosen}, which is {ids.index(chosen) + 1}. Kept: ranking learns from it.\n{_OPEN}")
            return
        hidden, answer = ids[self._order[2]], ids[side]
        self._told = (self._told[0] + (hidden == answer), self._told[1] + 1)
        self._keep(lambda: project.comparer.told(*ids, hidden=hidden, answer=answer))
        self.action_abx()

    def _keep(self, write: Callable[[], object]) -> None:
        self.run_worker(write, thread=True, exit_on_error=False, group="keep")

    def action_back(self) -> None:
        """Leave the blind question, or the screen."""
        if self._state == "open":
            self.app.player.stop()
            self.dismiss(self._kept)
            return
        said = abx_text(*self._told) if self._state == "abx" and self._told[1] else "Not decided."
        self._open(f"{said}\n{_OPEN}")

    def _move(self) -> None:
        if self._found is None or self._state != "open" or not self.app.playing:
            return
        for index, take in enumerate((self._found.first, self._found.second)):
            if self.app.playing == take.path and self.app.player.playing and take.duration:
                self.query_one(f"#wave{index}", Waveform).fraction = min(1.0, self.app.player.position / take.duration)


def abx_text(right: int, n: int) -> str:
    """What A/B/X answers show so far."""
    from soundlab.services.comparing import by_chance

    if not n:
        return "No answers yet."
    chance = by_chance(right, n)
    told = "they can be told apart" if chance < 0.05 else "not told apart so far"
    more = f"; {_LEAST - n} more make it worth something" if n < _LEAST else ""
    return f"{right} of {n} right, by guessing {chance:.0%} would do as well: {told}{more}"
