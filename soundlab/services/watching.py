"""Watching folders: what appears in them, or changes, is imported once it is whole."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from threading import Event

from soundlab.audio.decode import SUFFIXES, breaks_off
from soundlab.domain.labels import Labels
from soundlab.errors import NotFound, UnreadableAudio
from soundlab.services.importing import Importer, Report

QUIET = 3.0
"""Seconds for which a file must stay as it is: recorders and copies write for a while."""
_PATIENCE = 10
"""Times as long is waited for the rest of a file that breaks off."""
_TICK = 250


def watch(
    importer: Importer,
    folders: Sequence[Path],
    labels: Labels,
    stop: Event,
    *,
    copy: bool = False,
    quiet: float = QUIET,
    clock: Callable[[], float] = time.monotonic,
) -> Iterator[Report]:
    """Import what appears in ``folders`` until ``stop`` is set; yield a report whenever something was.

    Files that are there already are not touched: import the folders first.

    Raises
    ------
    NotFound
        When a folder does not exist.
    """
    from watchfiles import Change, DefaultFilter
    from watchfiles import watch as changes

    for folder in folders:
        if not folder.is_dir():
            raise NotFound(f"no such folder: {folder}", "name a folder to watch")
    waiting: dict[Path, tuple[tuple[int, int], float]] = {}
    events = changes(
        *folders,
        watch_filter=DefaultFilter(),
        stop_event=stop,
        rust_timeout=_TICK,
        yield_on_timeout=True,
        debounce=200,
        raise_interrupt=True,
    )
    for batch in events:
        for change, name in batch:
            path = Path(name)
            if change is not Change.deleted and path.suffix.lower() in SUFFIXES and not path.name.startswith("."):
                waiting.setdefault(path, ((-1, -1), clock()))
        whole = _whole(waiting, clock(), quiet)
        if whole:
            report = Report()
            importer.add(whole, labels, report, copy=copy)
            report.failed += importer.embed_missing()
            yield report


def _unfinished(path: Path) -> bool:
    """Whether a file looks as if more of it were to come."""
    try:
        return breaks_off(path)
    except UnreadableAudio:  # it is told so now, and looked at again when it changes
        return False


def _whole(waiting: dict[Path, tuple[tuple[int, int], float]], now: float, quiet: float) -> list[Path]:
    """Take out of ``waiting`` the files that have not changed for a while, and those that are gone."""
    ready = []
    for path, (before, since) in list(waiting.items()):
        try:
            state = path.stat()
        except OSError:
            del waiting[path]
            continue
        seen = (state.st_size, state.st_mtime_ns)
        if seen != before:
            waiting[path] = (seen, now)
        elif now - since >= quiet and (now - since >= _PATIENCE * quiet or not _unfinished(path)):
            del waiting[path]
            ready.append(path)
    return sorted(ready)
