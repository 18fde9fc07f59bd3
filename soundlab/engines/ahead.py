"""Items prepared on another thread while the ones before them are used."""

from __future__ import annotations

from collections.abc import Iterator
from queue import Full, Queue
from threading import Event, Thread
from typing import TypeVar

_T = TypeVar("_T")


def ahead(items: Iterator[_T], count: int) -> Iterator[_T]:
    """Yield ``items``, prepared up to ``count`` ahead on another thread: files are decoded while models compute."""
    ready: Queue[tuple[_T | None, BaseException | None, bool]] = Queue(count)
    stopped = Event()

    def put(item: _T | None, error: BaseException | None, last: bool) -> bool:
        while not stopped.is_set():
            try:
                ready.put((item, error, last), timeout=0.1)
                return True
            except Full:
                continue
        return False

    def work() -> None:
        try:
            for item in items:
                if not put(item, None, False):
                    return
            put(None, None, True)
        except BaseException as error:  # raised where the items are wanted
            put(None, error, True)

    thread = Thread(target=work, name="decode", daemon=True)
    thread.start()
    try:
        while True:
            item, error, last = ready.get()
            if error is not None:
                raise error
            if last:
                return
            yield item  # type: ignore[misc]  # only the last has none
    finally:
        stopped.set()
        thread.join()
