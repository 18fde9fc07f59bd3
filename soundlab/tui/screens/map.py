"""The map: clips that sound alike lie together; wander and listen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import ModalScreen
from textual.timer import Timer
from textual.widgets import Footer, Static

from soundlab.domain.clip import Clip
from soundlab.tui.widgets.map_view import MapView

if TYPE_CHECKING:
    from soundlab.services.mapping import Map
    from soundlab.tui.app import SoundlabApp

_PAUSE = 0.15
_NAMES = 12


class MapScreen(ModalScreen[str | None]):
    """Returns the clip whose likes are wanted, or None.

    Parameters
    ----------
    ids
        The clips to lay out; None for all.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,g,q", "dismiss(None)", "Back"),
        Binding("m", "like", "More like this"),
        Binding("space", "audition", "Play"),
        Binding("p", "preview", "Auto-play"),
    ]
    DEFAULT_CSS = """
    MapScreen { background: $background; }
    MapScreen #said { height: 2; }
    """
    app: SoundlabApp

    def __init__(self, ids: Sequence[str] | None, preview: bool) -> None:
        super().__init__()
        self._wanted, self._preview = ids, preview
        self._clips: list[Clip] = []
        self._state = "laying out…"
        self._left = False
        self._listening: Timer | None = None

    def compose(self) -> ComposeResult:
        yield MapView(id="map")
        yield Static("", id="said", classes="hint", markup=False)
        yield Footer(compact=True, show_command_palette=False)

    def on_mount(self) -> None:
        self._say()
        self.query_one(MapView).focus()
        self.run_worker(self._lay_out, thread=True, exit_on_error=False)

    def on_unmount(self) -> None:
        self._left = True

    def _lay_out(self) -> None:
        """By principal components at once, by UMAP when that is ready."""
        from soundlab.errors import Cancelled, SoundlabError

        project = self.app.project
        try:
            laid = project.mapper.map(self._wanted)
            held = {clip.id: clip for clip in project.clips.all(ids=laid.ids)}
            self.app.call_from_thread(
                self._show, laid, [held[i] for i in laid.ids], "principal components; UMAP comes…"
            )
            better = project.mapper.refined(laid, lambda: self._left)
            if better is not laid:
                self.app.call_from_thread(self._show, better, self._clips, "UMAP")
            else:
                self.app.call_from_thread(self._show, laid, self._clips, "principal components")
        except Cancelled:
            return
        except SoundlabError as error:
            self.app.call_from_thread(self._fail, f"{error.message}  {error.hint}")

    def _fail(self, why: str) -> None:
        self._state = why
        self._say()

    def _show(self, laid: Map, clips: list[Clip], state: str) -> None:
        self._clips = clips
        share = f"{len(clips):,} of {laid.of:,} clips" if laid.of > len(clips) else f"{len(clips):,} clips"
        self._state = f"{share}, by {state}"
        points = [(float(x), float(y)) for x, y in laid.points]
        self.query_one(MapView).show(points, _names(clips, points))
        self._say()

    def _say(self) -> None:
        clip = self._clip()
        about = f"{clip.title}  {clip.duration:.1f} s  {clip.rights}  [{', '.join(clip.tags)}]" if clip else ""
        self.query_one("#said", Static).update(f"{about}\n{self._state}")

    def _clip(self) -> Clip | None:
        return self._clips[self.query_one(MapView).cursor] if self._clips else None

    def on_map_view_moved(self) -> None:
        self._say()
        if self._listening is not None:
            self._listening.stop()
        clip = self._clip()
        if self._preview and clip is not None and not clip.missing:
            self._listening = self.set_timer(_PAUSE, lambda: self.app.play(clip.path))

    def action_audition(self) -> None:
        """Play the clip under the cursor, or stop."""
        clip = self._clip()
        if self.app.player.playing:
            self.app.player.stop()
        elif clip is not None:
            self.app.play(clip.path)

    def action_preview(self) -> None:
        """Play each clip that the cursor comes to, or stop doing so."""
        self._preview = not self._preview
        self.on_map_view_moved()

    def action_like(self) -> None:
        """Go back to the list, with what is like the clip."""
        clip = self._clip()
        if clip is not None:
            self.dismiss(clip.id)


def _names(clips: Sequence[Clip], points: Sequence[tuple[float, float]]) -> list[tuple[str, float, float]]:
    """The most used tags, each where half of its clips lie to either side."""
    names = []
    for tag, count in Counter(tag for clip in clips for tag in clip.tags).most_common(_NAMES):
        if 2 <= count <= len(clips) / 2:
            xs, ys = (sorted(p[k] for p, clip in zip(points, clips, strict=True) if tag in clip.tags) for k in (0, 1))
            names.append((tag, xs[count // 2], ys[count // 2]))
    return names
