"""Reading ahead: same items, same order, and nothing left running."""

import threading
from collections.abc import Iterator

import pytest

from soundlab.engines.ahead import ahead


def _alive() -> int:
    return sum(t.name == "decode" for t in threading.enumerate())


def test_items_come_in_order_and_the_thread_ends() -> None:
    assert list(ahead(iter(range(100)), 3)) == list(range(100))
    assert _alive() == 0


def test_an_error_comes_where_its_item_would_have() -> None:
    def items() -> Iterator[int]:
        yield 1
        raise ValueError("broken")

    got = []
    with pytest.raises(ValueError, match="broken"):
        for item in ahead(items(), 3):
            got.append(item)
    assert got == [1]
    assert _alive() == 0


def test_stopping_early_stops_the_preparing() -> None:
    made = []

    def items() -> Iterator[int]:
        for k in range(10_000):
            made.append(k)
            yield k

    stream = ahead(items(), 4)
    assert next(stream) == 0
    stream.close()
    assert _alive() == 0
    assert len(made) < 20
