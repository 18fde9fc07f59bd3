"""Captions follow what was measured."""

import json

import numpy as np
import pytest

from soundlab.corpus import shards, telling
from soundlab.corpus.bends import AXES


def z(**values: float) -> np.ndarray:
    return np.array([values.get(axis, 0.0) for axis in AXES])


EVERY = frozenset(AXES)


def test_what_was_asked_is_said_only_where_it_is_heard() -> None:
    assert telling.heard({"brightness": 0.8}, z(brightness=1.0), EVERY)["brightness"] >= 0.8
    assert "brightness" not in telling.heard({"brightness": 0.8}, z(brightness=-0.5), EVERY)
    assert "brightness" not in telling.heard({"brightness": 0.8}, z(brightness=0.1), EVERY)


def test_what_is_heard_without_being_asked_may_be_said() -> None:
    assert telling.heard({}, z(speed=-2.0), EVERY)["speed"] < -0.35
    assert "speed" not in telling.heard({}, z(speed=-2.0), frozenset({"warmth"}))
    assert not telling.heard({}, z(speed=0.4), EVERY)


def test_nothing_is_said_of_what_cannot_be_measured() -> None:
    assert "space" not in telling.heard({"space": 0.9}, np.full(len(AXES), np.nan), EVERY)


def test_norms_are_of_the_family() -> None:
    rows = np.concatenate([np.full((6, len(AXES)), 1.0), np.full((6, len(AXES)), 5.0)]).astype(np.float32)
    rows += np.linspace(-0.1, 0.1, 12)[:, None]
    table = telling.norms(rows, ["low"] * 6 + ["high"] * 6)
    assert table["low"][0][0] == pytest.approx(1.0, abs=0.1)
    assert table["high"][0][0] == pytest.approx(5.0, abs=0.1)


def test_shards_are_captioned_again(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("soundlab.corpus.shards.SHARD_CLIPS", 6)
    for index in range(2):
        shards.write_shard(index, tmp_path, 1.0, None, 0.0)
    monkeypatch.setattr("sys.argv", ["telling", str(tmp_path)])
    draw = telling.scene.draw
    telling.main()
    for index in range(2):
        rows = json.loads((tmp_path / f"shard-{index:05d}.captions.json").read_text())
        assert len(rows) == 6
        assert all(len(row) == shards.TELLINGS and all(row) for row in rows)
    monkeypatch.setattr(telling.scene, "draw", lambda seed, **given: draw(seed + 1, **given))
    with pytest.raises(SystemExit, match="other sources"):
        telling.main()
