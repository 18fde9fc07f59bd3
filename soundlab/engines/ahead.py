"""Items prepared on another thread while the ones before them are used."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from queue import Full, Queue
from threading import Event, Thread
from typing import TypeVar

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class _End:
    """Nothing more comes; ``error`` is why, when it is not because all has come."""

    error: BaseException | None = None


def ahead(items: Iterator[_T], count: int) -> Iterator[_T]:
    """Yield ``items``, prepared up to ``count`` ahead on another thread: files are decoded while models compute."""
    ready: Queue[_T | _End] = Queue(count)
    stopped = Event()

    def put(item: _T | _End) -> None:
        while not stopped.is_set():
            try:
                ready.put(item, timeout=0.1)
                return
            except Full:
                continue

    def work() -> None:
        try:
            for item in items:
                put(item)
                if stopped.is_set():
                    return
            put(_End())
        except BaseException as error:  # raised where the items are wanted
            put(_End(error))

    thread = Thread(target=work, name="decode", daemon=True)
    thread.start()
    try:
        while not isinstance(item := ready.get(), _End):
            yield item
        if item.error is not None:
            raise item.error
    finally:
        stopped.set()
        thread.join()
