"""A table of clips of any length: only the rows on screen are read and drawn."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import ClassVar

from rich.cells import set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual.binding import Binding, BindingType
from textual.events import Click, Resize
from textual.geometry import Size
from textual.message import Message
from textual.reactive import var
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.worker import Worker, WorkerState

from soundlab.domain.clip import Clip

Page = Callable[[int, int], Sequence[tuple[Clip, float | None]]]
"""Reads rows from start to stop; called on a thread."""

_PAGE, _HELD = 64, 32
_HEADER = 1
_FIXED = 2 + 6 + 10 + 7 + 15
_NARROW = 60


class ClipTable(ScrollView, can_focus=True):
    """Clips with an optional score, read page by page as they come into view."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "move(-1)", "Up", show=False),
        Binding("down", "move(1)", "Down", show=False),
        Binding("pageup", "leaf(-1)", "Page up", show=False),
        Binding("pagedown", "leaf(1)", "Page down", show=False),
        Binding("home", "go(0)", "First", show=False),
        Binding("end", "go(-1)", "Last", show=False),
        Binding("v", "mark", "Mark", show=False),
        Binding("V", "unmark", "Unmark all", show=False),
    ]
    COMPONENT_CLASSES: ClassVar[set[str]] = {"clip-table--cursor", "clip-table--header"}
    DEFAULT_CSS = """
    ClipTable { height: 1fr; background: $surface; overflow-x: hidden; }
    ClipTable > .clip-table--cursor { background: $accent 40%; }
    ClipTable > .clip-table--header { background: $panel; color: $foreground; text-style: bold; }
    """
    cursor: var[int] = var(0)

    class Moved(Message):
        """The cursor is on another clip, or on None."""

        def __init__(self, clip: Clip | None) -> None:
            super().__init__()
            self.clip = clip

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._read: Page = lambda start, stop: ()
        self._pages: OrderedDict[int, list[tuple[Clip, float | None]]] = OrderedDict()
        self._asked: set[int] = set()
        self._edition = 0
        self._told: str | None = ""
        self.row_count = 0
        self.marked: dict[str, Clip] = {}
        """Clips that the next change is for, by id; they stay marked when others are shown."""

    def show(self, count: int, read: Page) -> None:
        """Show ``count`` rows that ``read`` gives, the cursor on the first."""
        self._edition += 1
        self._read, self.row_count = read, count
        self._pages.clear()
        self._asked.clear()
        self._told = ""
        self.virtual_size = Size(self.size.width, count + _HEADER)
        self.scroll_to(y=0, animate=False)
        self.set_reactive(ClipTable.cursor, 0)
        if count:
            self._want(0)
        else:
            self._tell()
        self.refresh()

    @property
    def clip(self) -> Clip | None:
        """The clip under the cursor, if it has been read."""
        row = self._row(self.cursor)
        return row[0] if row else None

    def rows(self) -> list[tuple[Clip, float | None]]:
        """What is on screen, as far as it has been read."""
        top = self.scroll_offset.y
        rows = (self._row(y) for y in range(top, min(top + self.size.height - _HEADER, self.row_count)))
        return [row for row in rows if row]

    def patch(self, clips: Sequence[Clip]) -> None:
        """Take in clips that have changed, where they have been read."""
        changed = {clip.id: clip for clip in clips}
        for number, rows in self._pages.items():
            self._pages[number] = [(changed.get(clip.id, clip), score) for clip, score in rows]
        self.marked = {identity: changed.get(identity, clip) for identity, clip in self.marked.items()}
        self._told = ""
        self._tell()
        self.refresh()

    def action_mark(self) -> None:
        """Mark the clip under the cursor, or no longer, and go on."""
        if (clip := self.clip) is not None:
            if self.marked.pop(clip.id, None) is None:
                self.marked[clip.id] = clip
            self.refresh()
            self.cursor += 1

    def action_unmark(self) -> None:
        """Take all marks away; without any, mark what is shown, as far as it has been read."""
        if self.marked:
            self.marked = {}
        else:
            self.marked = {clip.id: clip for rows in self._pages.values() for clip, _ in rows}
        self.refresh()

    def _row(self, index: int) -> tuple[Clip, float | None] | None:
        page = self._pages.get(index // _PAGE)
        if page is None:
            return None
        self._pages.move_to_end(index // _PAGE)
        return page[index % _PAGE] if index % _PAGE < len(page) else None

    def _want(self, number: int) -> None:
        """Ask for a page, once."""
        if number in self._asked or number in self._pages:
            return
        self._asked.add(number)
        edition, read = self._edition, self._read

        def work() -> None:
            # A page that has gone out of view by now is asked for again when it comes back.
            rows = list(read(number * _PAGE, min((number + 1) * _PAGE, self.row_count)))
            self.app.call_from_thread(self._take, edition, number, rows)

        self.run_worker(work, thread=True, exit_on_error=False, group="pages")

    def on_worker_state_changed(self, message: Worker.StateChanged) -> None:
        """Say why a page could not be read."""
        if message.state == WorkerState.ERROR:
            self.app.notify(f"cannot read the library: {message.worker.error}", severity="error")

    def _take(self, edition: int, number: int, rows: list[tuple[Clip, float | None]]) -> None:
        if edition != self._edition:
            return
        self._asked.discard(number)
        self._pages[number] = rows
        while len(self._pages) > _HELD:
            self._pages.popitem(last=False)
        self.refresh()
        if self.cursor // _PAGE == number:
            self._tell()

    def _tell(self) -> None:
        clip = self.clip
        identity = clip.id if clip else None
        if self.row_count and clip is None:
            self._want(self.cursor // _PAGE)
        elif identity != self._told:
            self._told = identity
            self.post_message(self.Moved(clip))

    def validate_cursor(self, value: int) -> int:
        return max(0, min(value, self.row_count - 1))

    def watch_cursor(self, before: int, now: int) -> None:
        height = self.size.height - _HEADER
        top = self.scroll_offset.y
        if now < top:
            self.scroll_to(y=now, animate=False)
        elif height > 0 and now >= top + height:
            self.scroll_to(y=now - height + 1, animate=False)
        self.refresh()
        self._tell()

    def action_move(self, by: int) -> None:
        """Move the cursor by rows."""
        self.cursor += by

    def action_leaf(self, by: int) -> None:
        """Move the cursor by screens."""
        self.cursor += by * max(1, self.size.height - _HEADER)

    def action_go(self, to: int) -> None:
        """Go to the first or the last row."""
        self.cursor = to if to >= 0 else self.row_count - 1

    def on_click(self, message: Click) -> None:
        if message.y >= _HEADER and (row := self.scroll_offset.y + message.y - _HEADER) < self.row_count:
            self.cursor = row

    def on_resize(self, message: Resize) -> None:
        self.virtual_size = Size(self.size.width, self.row_count + _HEADER)
        self.watch_cursor(self.cursor, self.cursor)

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        if y < _HEADER:
            style = self.get_component_rich_style("clip-table--header")
            return self._strip(("", "score", "length", "rating", "rights", "title", "tags"), width, style)
        index = self.scroll_offset.y + y - _HEADER
        if index >= self.row_count:
            return Strip.blank(width, self.rich_style)
        style = self.rich_style
        if index == self.cursor:
            style += self.get_component_rich_style("clip-table--cursor")
        row = self._row(index)
        if row is None:
            self._want(index // _PAGE)
            return self._strip(("", "", "", "", "", "…", ""), width, style)
        clip, score = row
        said = "" if score is None else f"{score:.2f}"
        title = f"✗ {clip.title}" if clip.missing else clip.title
        rights = clip.rights + ("" if clip.training.allowed else " ·")
        mark = "▌" if clip.id in self.marked else ""
        length = f"{clip.duration:7.1f} s"
        return self._strip((mark, said, length, "★" * clip.rating, rights, title, " ".join(clip.tags)), width, style)

    @staticmethod
    def _strip(cells: tuple[str, str, str, str, str, str, str], width: int, style: Style) -> Strip:
        mark, score, length, rating, rights, title, tags = cells
        room = max(10, width - _FIXED)
        named = room if width < _NARROW else room * 3 // 5
        text = (
            set_cell_size(mark, 2)
            + set_cell_size(score, 6)
            + set_cell_size(length, 10)
            + set_cell_size(rating, 7)
            + set_cell_size(rights, 15)
            + set_cell_size(title, named - 1)
            + " "
            + set_cell_size(tags, max(0, room - named))
        )
        return Strip([Segment(set_cell_size(text, width), style)], width)
