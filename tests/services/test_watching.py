"""A watched folder: what appears is imported when it is whole."""

import hashlib
import threading
from pathlib import Path

import numpy as np
import pytest
import soundfile

from soundlab.domain.labels import Labels
from soundlab.errors import NotFound
from soundlab.project import Project
from soundlab.services.watching import watch


def test_what_appears_is_imported_whole(warm: Project, tmp_path: Path) -> None:
    folder = tmp_path / "incoming"
    folder.mkdir()
    soundfile.write(tmp_path / "all.wav", 0.1 * np.random.default_rng(0).standard_normal(64_000), 32_000)
    data = (tmp_path / "all.wav").read_bytes()
    stop, seen = threading.Event(), threading.Event()

    def recorder() -> None:
        """Write a text, a broken file, and a sound bit by bit, as a recorder does."""
        while not seen.wait(0.05):  # until the watcher has taken notice of the folder
            (folder / "first.wav").write_bytes(b"junk")
        (folder / "notes.txt").write_text("no sound")
        with (folder / "slow.wav").open("wb") as file:
            for start in range(0, len(data), 16_000):
                file.write(data[start : start + 16_000])
                file.flush()
                seen.clear()
                seen.wait(0.1)

    writer = threading.Thread(target=recorder)
    writer.start()
    ticks = 0

    def clock() -> float:
        """A second for each look: the first file is seen to be changing before it is whole."""
        nonlocal ticks
        ticks += 1
        if ticks == 3:
            seen.set()
        return float(ticks)

    reports = watch(warm.importer, [folder], Labels(rights="own", tags=("new",)), stop, quiet=3.0, clock=clock)
    imported, failed = [], []
    for report in reports:
        imported += report.imported
        failed += report.failed
        if imported:
            stop.set()
    writer.join()
    assert [(c.title, c.duration, c.tags, c.rights) for c in imported] == [("slow", 2.0, ("new",), "own")]
    assert [path.name for path, _ in failed] == ["first.wav"]
    assert warm.clips.count_without_vectors(warm.embedder.model_id) == 0


def test_a_copy_that_pauses_is_imported_once_and_whole(warm: Project, tmp_path: Path) -> None:
    folder = tmp_path / "incoming"
    folder.mkdir()
    soundfile.write(tmp_path / "all.flac", 0.1 * np.random.default_rng(0).standard_normal(64_000), 32_000)
    data = (tmp_path / "all.flac").read_bytes()
    stop = threading.Event()
    ticks = 0

    def clock() -> float:
        """A second for each look; the copy goes on after eight of them, when it has long been quiet."""
        nonlocal ticks
        ticks += 1
        if ticks == 8:
            with (folder / "slow.flac").open("ab") as file:
                file.write(data[len(data) // 2 :])
        elif not (folder / "slow.flac").exists():
            (folder / "slow.flac").write_bytes(data[: len(data) // 2])
        return float(ticks)

    titles = []
    for report in watch(warm.importer, [folder], Labels(), stop, quiet=2.0, clock=clock):
        titles += [(c.title, c.sha256) for c in report.imported]
        stop.set()
    assert titles == [("slow", hashlib.sha256(data).hexdigest())] and warm.clips.count() == 1


def test_a_missing_folder_is_named(warm: Project, tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="no such folder"):
        next(watch(warm.importer, [tmp_path / "nowhere"], Labels(), threading.Event()))
