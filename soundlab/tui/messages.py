"""What background work tells the interface. No arrays travel in messages."""

from __future__ import annotations

from typing import Any

from textual.message import Message


class Progress(Message):
    """Work has moved on; a newer one replaces an older one that waits."""

    def __init__(self, done: int, total: int, what: str) -> None:
        super().__init__()
        self.done, self.total, self.what = done, total, what

    def can_replace(self, message: Message) -> bool:
        return isinstance(message, Progress)


class Finished(Message):
    """Work has ended well and its results are stored."""

    def __init__(self, job: str, result: Any = None) -> None:
        super().__init__()
        self.job, self.result = job, result


class Failed(Message):
    """Work has ended with a message for the person; ``stopped`` when they asked for it."""

    def __init__(self, job: str, message: str, hint: str = "", *, stopped: bool = False) -> None:
        super().__init__()
        self.job, self.text, self.hint, self.stopped = job, message, hint, stopped


class Streaming(Message):
    """A part file has grown."""

    def __init__(self, take: int, path: str, seconds: float) -> None:
        super().__init__()
        self.take, self.path, self.seconds = take, path, seconds


class PeaksReady(Message):
    """The outline of a file has been computed: lists of (low, high) in [-1, 1], one a column."""

    def __init__(self, path: str, peaks: list[tuple[float, float]], duration: float) -> None:
        super().__init__()
        self.path, self.peaks, self.duration = path, peaks, duration
