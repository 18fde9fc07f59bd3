"""The keys of the screen below."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static

_TEXT = """\
[b]soundlab[/b]  references → brief → takes → feedback → approved → adapter

[b]Everywhere[/b]
  F2 library   F3 generate   F1 this help   ctrl+Q quit
  space        play or stop what the cursor is on
  w            waveform or spectrogram
  escape       stop the running job, else leave the line, else stop
               what plays
  ctrl+Y / ctrl+R / ctrl+E   copy the path, show it in its folder, open
               it in an editor
  tab          to the next field or table

[b]Library[/b]
  /            search as you type: distant groan tag:metal
               NOT rights:unknown brightness<2000; an empty line shows
               all
  m            more like the clip under the cursor, or its marked part
  p            play each clip that the cursor comes to, or no longer
  j / k / l    two seconds back, pause, play on (again: two seconds on)
  i / o        mark the start and the end of a region at the playhead
  1 to 5, 0    rate the clip, or all that are marked; no stars
  t            tags, category, rights, collection, note
  y            give the clip the tags and the category that are suggested
  v / V        mark the clip; take all marks away, or mark what is shown
  z            take back the last change of labels
  g            the map: what sounds alike lies together
  c / s        collections and saved searches; save this search
  a            add a file or folder
  u            use the clip as a reference for the next take

[b]Generate[/b]
  p            write the prompt (enter generates); options as on the
               command line: rain on tin -n 4 -d 8 --avoid "birds"
  f            say what should change about the take under the cursor:
               "more metallic, less bright, further away"; ctrl+T treats
               the take instead of making new ones, as "keep it but…" and
               "wetter" do; ctrl+G makes a new one all the same
               ↓ goes to what was understood, to correct it
  v / c        mark the take; compare with the marked one, or with the one
               it came from: side by side, and blind (A/B, A/B/X) at one
               loudness
  s            what if: one axis in 5 steps; with a mark, what is between
  a / x / z    approve, reject, take the verdict back
  t            train an adapter on the approved takes
  n            adapters: their cards, and each against its base, blind
  e            export the take: 48 kHz, 24 bit, to export/

Press escape to close.
"""


class HelpScreen(ModalScreen[None]):
    """What can be done, and with which key."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,f1,q", "dismiss", "Close"),
        Binding("f2", "go('library')", "Library", show=False),
        Binding("f3", "go('generate')", "Generate", show=False),
    ]
    DEFAULT_CSS = """
    HelpScreen { align: center middle; }
    HelpScreen VerticalScroll { width: 80; max-width: 100%; height: auto; max-height: 90%; padding: 0 1; }
    HelpScreen VerticalScroll { border: round $accent; background: $surface; }
    """

    def compose(self) -> ComposeResult:
        with VerticalScroll():
            yield Static(_TEXT)

    def action_go(self, mode: str) -> None:
        """Leave the help for a screen."""
        self.dismiss()
        self.app.switch_mode(mode)
